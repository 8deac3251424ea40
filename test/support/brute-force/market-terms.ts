// Market guards and sessions as a scenario gives them (contract sections 1 and 4), and as the
// brute-force reference holds them: defaults in place, limits exact.
import type {
  Scenario,
  ScenarioCondition,
  ScenarioGuard,
  ScenarioInstrument,
} from '../scenario.ts';
import { D, ratioOf, type Ratio } from './exact.ts';

export type ActsOn = 'warning' | 'critical' | 'never';
export type Condition = 'gap' | 'spread' | 'liquidity' | 'stale' | 'volatility';
export type Side = 'long' | 'short';
export type Level = 'clear' | 'warning' | 'critical';

export interface GuardCondition extends ScenarioCondition {
  haltEntriesOn?: ActsOn;
  confirmQuotes?: number;
  confirmMs?: number;
  clearAfterMs?: number;
}

/** Off without a limit. */
export interface VolatilityCondition extends GuardCondition {
  windowMs?: number;
  halfLifeMs?: number;
}

/** What is held back until the next quotes of the symbol confirm or contradict it. */
export interface Reject {
  deviationPct: number | string;
  withinMs: number;
  confirmQuotes: number;
}

export interface MarketGuardSpec extends ScenarioGuard {
  gap?: GuardCondition | false;
  spread?: GuardCondition | false;
  liquidity?: GuardCondition | false;
  stale?: GuardCondition | false;
  volatility?: VolatilityCondition | false;
  reject?: Reject;
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Wall times `HH:MM` of the zone; `to` at or before `from` is one of the next day. */
export interface Sessions {
  timezone: string;
  weekly: { days: Weekday[]; from: string; to: string }[];
  holidays?: ({ date: string; closed: true } | { date: string; from: string; to: string })[];
}

export interface GuardedInstrument extends ScenarioInstrument {
  sessions?: Sessions;
}

/** Every scenario is one. */
export interface GuardedScenario extends Scenario {
  instruments: GuardedInstrument[];
  marketGuards?: Record<string, MarketGuardSpec>;
}

/** How long until a latch acts, and until it has cleared. */
export interface Confirmation {
  readonly confirmQuotes: number;
  readonly confirmMs: number;
  readonly clearAfterMs: number;
}

/** One condition with its defaults. */
export interface Terms extends Confirmation {
  readonly limit: Ratio;
  readonly closeOn: ActsOn;
}

export interface VolatilityTerms extends Terms {
  readonly windowMs: number;
  readonly halfLifeMs: number;
}

/** Undefined is off. */
export interface GuardTerms {
  readonly gap: Terms | undefined;
  readonly spread: Terms | undefined;
  readonly liquidity: Terms | undefined;
  readonly stale: Terms | undefined;
  readonly volatility: VolatilityTerms | undefined;
}

const closeOnDefaults = {
  gap: 'warning',
  spread: 'warning',
  liquidity: 'critical',
  stale: 'never',
  volatility: 'critical',
} as const;
const limitDefaults = { gap: 5, spread: '0.5', liquidity: 10, stale: 60 };

export function termsOf(spec: MarketGuardSpec): GuardTerms {
  const given = spec.volatility === false ? undefined : spec.volatility;
  const volatility = readTerms('volatility', given, undefined);
  return {
    gap: readTerms('gap', spec.gap, limitDefaults.gap),
    spread: readTerms('spread', spec.spread, limitDefaults.spread),
    liquidity: readTerms('liquidity', spec.liquidity, limitDefaults.liquidity),
    stale: readTerms('stale', spec.stale, limitDefaults.stale),
    volatility: volatility && {
      ...volatility,
      windowMs: given?.windowMs ?? 60_000,
      halfLifeMs: given?.halfLifeMs ?? 3_600_000,
    },
  };
}

function readTerms(
  condition: Condition,
  spec: GuardCondition | false | undefined,
  limitDefault: number | string | undefined,
): Terms | undefined {
  if (spec === false) return undefined;
  const limit = spec?.limit ?? limitDefault;
  if (limit === undefined) return undefined;
  return {
    limit: ratioOf(limit),
    closeOn: spec?.closeOn ?? closeOnDefaults[condition],
    confirmQuotes: spec?.confirmQuotes ?? 1,
    confirmMs: spec?.confirmMs ?? 0,
    clearAfterMs: spec?.clearAfterMs ?? 5000,
  };
}

/** So many times the ratio, as a double. */
export function times(factor: number, { value, scale }: Ratio): number {
  return new D(value.toString()).times(factor).dividedBy(scale.toString()).toNumber();
}
