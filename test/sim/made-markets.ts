// What the symbols of a simulated world are guarded by: conditions with limits that are reached now and
// then, prints that are held, two feeds, and hours in which a market is open.
import type { GuardConditions } from '#src/contracts/guard';
import type { SessionsSpec } from '#src/domain/instrument';
import type { Random } from '../support/random.ts';
import type { Market } from './market.ts';
import { hoursOf, type OpenMinutes } from './market-hours.ts';

/** The feeds of a symbol that has two. */
export const primaryFeed = 'alpha';
export const fallbackFeed = 'beta';

export interface MadeMarket {
  readonly guard: GuardConditions;
  /** Undefined where it is always open. */
  readonly hours: OpenMinutes | undefined;
  readonly sessions: SessionsSpec | undefined;
}

const acts = [
  ...[{}, { closeOn: 'never' }, { closeOn: 'never' }, { closeOn: 'warning' }],
  ...[{ closeOn: 'critical' }],
] as const;
const halts = [
  ...[{}, { haltEntriesOn: 'never' }, { haltEntriesOn: 'warning' }, { haltEntriesOn: 'critical' }],
] as const;

export function madeMarkets(random: Random, market: Market): ReadonlyMap<string, MadeMarket> {
  return new Map(
    market.symbols.map((symbol) => {
      const { hours, sessions } = random.chance(0.3) ? hoursOf(random) : always;
      return [symbol, { guard: madeGuard(random, market, symbol), hours, sessions }];
    }),
  );
}

const always = { hours: undefined, sessions: undefined };

function madeGuard(random: Random, market: Market, symbol: string): GuardConditions {
  const stepPct = Number(market.percent(symbol, 1));
  const shown = (limit: number): string => limit.toFixed(6);
  const condition = (limits: readonly number[]) => {
    const confirmMs = random.pick([0, 0, 0, 1000, 4000, 15_000]);
    return {
      limit: shown(random.pick(limits)),
      ...random.pick(acts),
      ...random.pick(halts),
      confirmQuotes: random.pick([1, 1, 2, 3]),
      confirmMs,
      // Longer, so that of two levels the warning is not over before the other is confirmed.
      clearAfterMs: (confirmMs === 0 ? 0 : confirmMs + 1) + random.pick([0, 1000, 5000, 30_000]),
    };
  };
  const off = (chance: number): boolean => random.chance(chance);
  const volatility = condition([2, 3, 5]);
  return {
    gap: off(0.1) ? false : condition([4, 6, 9, 14].map((steps) => steps * stepPct)),
    spread: off(0.2) ? false : condition([0.05, 0.1, 0.2]),
    liquidity: off(0.2) ? false : condition([5, 10]),
    stale: off(0.2) ? false : condition([20, 30, 45]),
    ...(!off(0.4) && {
      volatility: {
        ...volatility,
        windowMs: random.pick([1000, 2000, 4000]),
        halfLifeMs: random.pick([30_000, 300_000]),
      },
    }),
    ...(off(0.6) ? {} : { reject: madeReject(random, stepPct) }),
    ...(off(0.7) ? {} : { feeds: madeFeeds(random) }),
  };
}

const parts = [
  ...(['gap', 'spread', 'liquidity', 'stale', 'volatility', 'reject', 'feeds'] as const),
];

/** Some parts are others, or none is; feeds there are only where the symbol has two. */
export function changedGuard(
  random: Random,
  market: Market,
  symbol: string,
  before: GuardConditions,
  hasFeeds: boolean,
): GuardConditions {
  const fresh = madeGuard(random, market, symbol);
  const changed = parts.filter((part) => {
    return random.chance(0.2) && (part !== 'feeds' || hasFeeds);
  });
  return { ...before, ...Object.fromEntries(changed.map((part) => [part, fresh[part]])) };
}

function madeReject(random: Random, stepPct: number) {
  return {
    deviationPct: (random.pick([3, 7, 12]) * stepPct).toFixed(6),
    withinMs: random.pick([4000, 15_000, 60_000]),
    confirmQuotes: random.pick([1, 2, 3]),
  };
}

function madeFeeds(random: Random) {
  return {
    ...{ primary: primaryFeed, fallback: fallbackFeed },
    fallbackAfterMs: random.pick([15_000, 30_000]),
    backAfterMs: random.pick([0, 8000, 30_000]),
  };
}
