// The conditions of a market guard (contract section 4): what is measured, at which limits, how it is
// confirmed and cleared, and what acts on it.
import { canonical } from './chain.ts';
import { decimal, text, type Numeric } from './money.ts';
import type { Side } from './quote.ts';

export type Condition = 'gap' | 'spread' | 'liquidity' | 'stale' | 'volatility';
export type ConditionLevel = 'warning' | 'critical';
export type ActsOn = ConditionLevel | 'never';

export const conditions: readonly Condition[] = [
  'gap',
  'spread',
  'liquidity',
  'volatility',
  'stale',
];

/** What is measured by itself: liquidity is a condition on each side. In the order in which they act. */
export type Gauge = 'gap' | 'spread' | 'liquidityLong' | 'liquidityShort' | 'volatility' | 'stale';

export const gauges: readonly Gauge[] = [
  'gap',
  'spread',
  'liquidityLong',
  'liquidityShort',
  'volatility',
  'stale',
];

export const levels: readonly ConditionLevel[] = ['critical', 'warning'];

/** Which condition a gauge is of, and of which side's positions where it is of one. */
export const gaugeParts: Readonly<Record<Gauge, { condition: Condition; side?: Side }>> = {
  gap: { condition: 'gap' },
  spread: { condition: 'spread' },
  liquidityLong: { condition: 'liquidity', side: 'long' },
  liquidityShort: { condition: 'liquidity', side: 'short' },
  volatility: { condition: 'volatility' },
  stale: { condition: 'stale' },
};

export function gaugeOf(condition: Condition, side: Side | undefined): Gauge {
  if (condition !== 'liquidity') return condition;
  return side === 'short' ? 'liquidityShort' : 'liquidityLong';
}

/** A condition as it is given: what is absent has its default. */
export interface ConditionSpec {
  limit?: Numeric | undefined;
  closeOn?: ActsOn | undefined;
  haltEntriesOn?: ActsOn | undefined;
  confirmQuotes?: number | undefined;
  confirmMs?: number | undefined;
  clearAfterMs?: number | undefined;
}

/** `limit` is in standard deviations; the condition is off where nothing is said of it. */
export interface VolatilitySpec extends ConditionSpec {
  limit: Numeric;
  windowMs?: number | undefined;
  halfLifeMs?: number | undefined;
}

/** Which quotes are held until others confirm them (`PrintFilter`). */
export interface RejectSpec {
  deviationPct: Numeric;
  withinMs: number;
  confirmQuotes?: number | undefined;
}

/** Whose quotes count where several feeds have the symbol (`FeedChoice`). */
export interface FeedsSpec {
  primary: string;
  fallback: string;
  fallbackAfterMs?: number | undefined;
  backAfterMs?: number | undefined;
}

export interface GuardSpec {
  symbol: string;
  gap?: ConditionSpec | false | undefined;
  spread?: ConditionSpec | false | undefined;
  liquidity?: ConditionSpec | false | undefined;
  stale?: ConditionSpec | false | undefined;
  volatility?: VolatilitySpec | false | undefined;
  reject?: RejectSpec | undefined;
  feeds?: FeedsSpec | undefined;
}

export interface ConditionRecord {
  limit: string;
  closeOn: ActsOn;
  haltEntriesOn: ActsOn;
  confirmQuotes: number;
  confirmMs: number;
  clearAfterMs: number;
}

export interface VolatilityRecord extends ConditionRecord {
  windowMs: number;
  halfLifeMs: number;
}

export interface RejectRecord {
  deviationPct: string;
  withinMs: number;
  confirmQuotes: number;
}

export type FeedRole = 'primary' | 'fallback';

/** The one that counted was silent, or the primary has been quoting again for long enough. */
export type FeedSwitchReason = 'silent' | 'back';

export interface FeedsRecord {
  primary: string;
  fallback: string;
  fallbackAfterMs: number;
  backAfterMs: number;
}

/** A guard with its defaults filled in; `false` is a condition that is off. */
export interface GuardRecord {
  symbol: string;
  gap: ConditionRecord | false;
  spread: ConditionRecord | false;
  liquidity: ConditionRecord | false;
  stale: ConditionRecord | false;
  volatility: VolatilityRecord | false;
  reject?: RejectRecord;
  feeds?: FeedsRecord;
}

/** As an earlier version wrote it, which knew gap and spread alone. */
export type StoredGuard = Pick<GuardRecord, 'symbol'> &
  Partial<Record<Condition, Partial<VolatilityRecord> | false>> &
  Pick<GuardRecord, 'reject' | 'feeds'>;

const common = { confirmQuotes: 1, confirmMs: 0, clearAfterMs: 5000 } as const;

const defaults: Readonly<Record<Condition, ConditionRecord>> = {
  gap: { limit: '5', closeOn: 'warning', haltEntriesOn: 'warning', ...common },
  spread: { limit: '0.5', closeOn: 'warning', haltEntriesOn: 'warning', ...common },
  liquidity: { limit: '10', closeOn: 'critical', haltEntriesOn: 'warning', ...common },
  stale: { limit: '60', closeOn: 'never', haltEntriesOn: 'warning', ...common },
  volatility: { limit: '0', closeOn: 'critical', haltEntriesOn: 'warning', ...common },
};

const volatilityDefaults = { windowMs: 60_000, halfLifeMs: 3_600_000 } as const;
const rejectDefaults = { confirmQuotes: 1 } as const;
/** Far below the limit of `stale`, which would halt entries at each change of feeds. */
const feedsDefaults = { fallbackAfterMs: 10_000, backAfterMs: 30_000 } as const;

/** How the measure is held against the limit; at twice of it, or half for `below`, it is critical. */
export const comparisons: Readonly<Record<Condition, 'atLeast' | 'above' | 'below'>> = {
  gap: 'atLeast',
  spread: 'above',
  liquidity: 'below',
  stale: 'atLeast',
  volatility: 'atLeast',
};

export const marketReasonPrefix = 'market_';

export type MarketCloseReason = `${typeof marketReasonPrefix}${Condition}`;

export function closeReasonOf(condition: Condition): MarketCloseReason {
  return `${marketReasonPrefix}${condition}`;
}

/** The guard that was asked for. */
export function guardOf(given: GuardSpec): GuardRecord {
  const read = (condition: Exclude<Condition, 'volatility'>): ConditionRecord | false => {
    const spec = given[condition];
    return spec !== false && conditionOf(condition, spec ?? {});
  };
  const { volatility = false, reject, feeds } = given;
  return {
    symbol: given.symbol,
    gap: read('gap'),
    spread: read('spread'),
    liquidity: read('liquidity'),
    stale: read('stale'),
    volatility: volatility !== false && volatilityOf(volatility),
    ...(reject && {
      reject: {
        ...{ ...rejectDefaults, ...present(reject) },
        deviationPct: text(decimal(reject.deviationPct)),
      },
    }),
    ...(feeds && { feeds: { ...feedsDefaults, ...present(feeds) } }),
  };
}

/** The guard of a record: what an earlier version did not know of is not done until it is put again. */
export function storedGuard(stored: StoredGuard): GuardRecord {
  const { symbol, gap = false, spread = false, liquidity = false, stale = false } = stored;
  const { volatility = false, reject, feeds } = stored;
  return {
    symbol,
    gap: gap !== false && conditionOf('gap', { haltEntriesOn: 'never', ...gap }),
    spread: spread !== false && conditionOf('spread', { haltEntriesOn: 'never', ...spread }),
    liquidity: liquidity !== false && conditionOf('liquidity', liquidity),
    stale: stale !== false && conditionOf('stale', stale),
    volatility: volatility !== false && volatilityOf(volatility),
    ...(reject && { reject }),
    ...(feeds && { feeds }),
  };
}

function conditionOf(condition: Condition, spec: ConditionSpec): ConditionRecord {
  const { limit, closeOn, haltEntriesOn, confirmQuotes, confirmMs, clearAfterMs } = {
    ...defaults[condition],
    ...present(spec),
  };
  const times = { confirmQuotes, confirmMs, clearAfterMs };
  return { limit: text(decimal(limit)), closeOn, haltEntriesOn, ...times };
}

function volatilityOf(spec: Partial<VolatilitySpec>): VolatilityRecord {
  const { windowMs, halfLifeMs } = { ...volatilityDefaults, ...present(spec) };
  return { ...conditionOf('volatility', spec), windowMs, halfLifeMs };
}

/** Parts of a guard that may be given again as they were. */
export type GuardPart = Condition | 'reject' | 'feeds';

/** Whether a guard says of a part what the one before it did: how that stands is kept then. */
export function isKept(part: GuardPart, before: GuardRecord, record: GuardRecord): boolean {
  const [was = false, is = false] = [before[part], record[part]];
  return canonical(was) === canonical(is);
}

/** Whether what acts on a level acts on this one. */
export function actsAt(level: ConditionLevel | undefined, actsOn: ActsOn): boolean {
  if (level === undefined || actsOn === 'never') return false;
  return actsOn === 'warning' || level === 'critical';
}

/** Without what was given as undefined. */
function present<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]: Exclude<T[K], undefined> };
}
