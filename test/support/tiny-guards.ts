// Market guards of every condition for tiny worlds: limits of a tick or two, times of a few quotes,
// hours that end among them, sizes about the limit, and prints that the next quote contradicts.
import type { Quote } from '#src/domain/quote';
import type {
  GuardCondition,
  MarketGuardSpec,
  Sessions,
  VolatilityCondition,
  Weekday,
} from './brute-force/market-terms.ts';
import type { Random } from './random.ts';
import type { TinyPace } from './tiny-rules.ts';

const levels = ['warning', 'critical', 'never'] as const;
const days: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** About the times at which clocks change, those that they leave out or repeat among them. */
const wallTimes = [
  ...['00:00', '00:30', '01:00', '01:01', '01:30', '01:59', '02:00', '02:15', '02:30'],
  ...['03:00', '03:30', '09:00', '10:00', '12:45', '17:00', '18:00', '22:00', '23:30'],
];
const dayMs = 24 * 60 * 60 * 1000;

/** A volatile one has windows so short that a hundred of them are over soon, and little else. */
export function tinyGuard(random: Random, pace: TinyPace, isVolatile: boolean): MarketGuardSpec {
  const guard: MarketGuardSpec = {};
  const some = (limits: (number | string)[]): GuardCondition | false | undefined => {
    if (!random.chance(isVolatile ? 0.8 : 0.6)) return undefined;
    return random.chance(isVolatile ? 0.7 : 0.15) ? false : condition(random, pace, limits);
  };
  const gap = some([0.4, '0.9', 1, '1.5', 3]);
  const spread = some(['0.3', 0.45, '0.5', 0.9]);
  const liquidity = some([3, '2.5', 4, 10]);
  const stale = some([2, 3, 4, 7, 12].map((units) => secondsOf(units, pace)));
  if (gap !== undefined) guard.gap = gap;
  if (spread !== undefined) guard.spread = spread;
  if (liquidity !== undefined) guard.liquidity = liquidity;
  if (stale !== undefined) guard.stale = stale;
  if (isVolatile || random.chance(0.1)) guard.volatility = volatility(random, pace);
  if (random.chance(0.4)) {
    guard.reject = {
      deviationPct: random.pick([0.6, '1.1', 2, '3.5']),
      withinMs: random.pick([1, 2, 5, 20, 1000]) * pace.unitMs,
      confirmQuotes: random.pick([1, 1, 2, 3]),
    };
  }
  return guard;
}

function condition(
  random: Random,
  { unitMs }: TinyPace,
  limits: (number | string)[],
): GuardCondition {
  return {
    ...(random.chance(0.9) ? { limit: random.pick(limits) } : {}),
    ...(random.chance(0.7) ? { closeOn: random.pick(levels) } : {}),
    ...(random.chance(0.3) ? { haltEntriesOn: random.pick(levels) } : {}),
    ...(random.chance(0.5) ? { confirmQuotes: random.pick([1, 2, 2, 3]) } : {}),
    ...(random.chance(0.5) ? { confirmMs: random.pick([0, 1, 2, 3, 5, 9]) * unitMs } : {}),
    ...(random.chance(0.8) ? { clearAfterMs: random.pick([0, 1, 3, 6, 12, 40]) * unitMs } : {}),
  };
}

/** No limit that a return could come to exactly: those are logarithms. */
function volatility(random: Random, pace: TinyPace): VolatilityCondition {
  const windowMs = random.pick([4, 5, 7]) * pace.unitMs;
  return {
    ...condition(random, pace, [1]),
    ...{ limit: random.pick([0.377, '0.713', 1.117]), windowMs },
    halfLifeMs: windowMs * random.pick([5, 20, 60]),
    closeOn: random.pick(['warning', 'warning', 'critical']),
  };
}

function secondsOf(units: number, { unitMs }: TinyPace): string {
  return ((units * unitMs) / 1000).toFixed(3);
}

/** Some hours of some days, and a few holidays within two months. */
export function tinySessions(random: Random, pace: TinyPace): Sessions {
  const weekly = Array.from({ length: random.int(1, 3) }, () => ({
    days: random.chance(0.6) ? [...days] : days.filter(() => random.chance(0.6)),
    from: random.pick(wallTimes),
    to: random.pick([...wallTimes, '24:00']),
  }));
  const dates = new Set(
    Array.from({ length: random.int(0, 5) }, () => {
      const ts = pace.startTs + random.int(-1, random.chance(0.5) ? 3 : 60) * dayMs;
      return new Date(ts).toISOString().slice(0, 10);
    }),
  );
  return {
    timezone: pace.timezone,
    weekly: weekly.filter((entry) => entry.days.length > 0),
    ...(random.chance(0.7) ? { holidays: [...dates].map((date) => holiday(random, date)) } : {}),
  };
}

function holiday(random: Random, date: string) {
  if (random.chance(0.5)) return { date, closed: true as const };
  return { date, from: random.pick(wallTimes), to: random.pick(wallTimes) };
}

/** The quote with sizes, or one in so many times without, far off, or a little late. */
export function disturbed(random: Random, quote: Quote, tick: number, pace: TinyPace): Quote {
  const size = (): number => random.pick([0, 1, 1.25, 2, 2.5, 4, 5, 8, 10, 10, 20, 20]);
  const sized: Quote = {
    ...quote,
    ...(random.chance(0.85) ? { bidSize: size() } : {}),
    ...(random.chance(0.85) ? { askSize: size() } : {}),
  };
  if (random.chance(0.02)) return { ...sized, ts: quote.ts - random.int(1, 4) * pace.unitMs };
  if (quote.bidExact !== undefined || !random.chance(0.05)) return sized;
  const off = tick * random.pick([-6, -3, -2, 2, 3, 6]);
  const moved = (side: number): number => Number((side + off).toFixed(3));
  return { ...sized, bid: moved(quote.bid), ask: moved(quote.ask) };
}
