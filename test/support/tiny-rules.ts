// Rules of every kind for tiny worlds: limits of a few ticks, graces and days that end on quotes.
import { withoutDeadWarning } from './dead-warning.ts';
import type { Random } from './random.ts';
import type { ScenarioDayAnchor, ScenarioRule } from './scenario.ts';

/** How the time of a tiny world goes by. */
export interface TinyPace {
  /** What the times of quotes are multiples of. */
  readonly unitMs: number;
  readonly startTs: number;
  /** Units between two quotes, one of these each time. */
  readonly steps: readonly number[];
  readonly graces: readonly number[];
  /** Where the clocks change within these days. */
  readonly timezone: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const quarterMs = 15 * 60 * 1000;
const quarterS = 900;

/** Clocks that change by an hour at night or at midnight, by half an hour, and never. */
const changes = [
  ['Europe/Prague', '2014-03-30T01:00Z'],
  ['Europe/Prague', '2014-10-26T01:00Z'],
  ['America/New_York', '2014-03-09T07:00Z'],
  ['America/New_York', '2014-11-02T06:00Z'],
  ['America/Chicago', '2014-03-09T08:00Z'],
  ['America/Chicago', '2014-11-02T07:00Z'],
  ['America/Sao_Paulo', '2014-02-16T02:00Z'],
  ['America/Sao_Paulo', '2014-10-19T03:00Z'],
  ['Australia/Lord_Howe', '2014-04-05T15:00Z'],
  ['Australia/Lord_Howe', '2014-10-04T15:30Z'],
  ['Asia/Kolkata', '2014-06-01T00:00Z'],
] as const;
const otherZones = ['UTC', 'Europe/Prague', 'America/Chicago', 'Asia/Kolkata'];
const resets = ['00:00', '17:00', '02:30', '02:00', '01:30', '03:00', '02:15', '23:30', '09:45'];

const dayAnchors: readonly ScenarioDayAnchor[] = [
  'dayStartBalance',
  'dayStartEquity',
  'dayStartHigher',
  'highestDayEndBalance',
];
const anchors = [
  ...(['peakEquity', 'initialBalance', 'fixed', 'marginLevel', 'marginLevel'] as const),
  ...dayAnchors,
] as const;
/** A close ends what an account can show: the others are more frequent. */
const actions = ['close', 'haltEntries', 'haltEntries', 'warn', 'warn'] as const;

/** Seconds, so that graces end, or days about a change of the clocks, in quarters of an hour. */
export function tinyPace(random: Random): TinyPace {
  const [timezone, change] = random.pick(changes);
  if (random.chance(0.25)) {
    const startTs = Date.parse(change) - random.int(0, 60) * 1000;
    return {
      ...{ unitMs: 1000, startTs, steps: [0, 0, 1, 1, 2, 3] },
      ...{ graces: [1, 2, 5, 10, 30], timezone },
    };
  }
  return {
    unitMs: quarterMs,
    startTs: Date.parse(change) - random.int(0, (2 * dayMs) / quarterMs) * quarterMs,
    steps: random.pick([
      [0, 0, 1, 1, 2, 4],
      [0, 1, 2, 4, 8, 13],
      [0, 0, 1, 2, 20, 90, 200],
    ]),
    graces: [quarterS, quarterS, 2 * quarterS, 4 * quarterS, 30 * quarterS, quarterS + 1],
    timezone,
  };
}

/** `unit` is about what a dollar is in the currency of the account. */
export function tinyRules(random: Random, unit: number, pace: TinyPace): ScenarioRule[] {
  return Array.from({ length: random.int(1, 5) }, (_, i) => {
    const anchor = random.pick(anchors);
    const base = { id: `r${i}`, anchor };
    if (anchor === 'fixed') return fixedRule(random, base, unit, pace);
    if (anchor === 'marginLevel') return marginRule(random, base, pace);
    return anchoredRule(random, { ...base, anchor }, unit, pace);
  });
}

type Base = Pick<ScenarioRule, 'id' | 'anchor'>;

function fixedRule(random: Random, base: Base, unit: number, pace: TinyPace): ScenarioRule {
  return {
    ...base,
    floor: Number(random.pick([260, '280', 295, 900, '975.5', 4900])) * unit,
    ...(random.chance(0.5) ? { warningPct: random.pick([1, '2.5', 10]) } : {}),
    ...observed(random),
    ...action(random, pace),
  };
}

function marginRule(random: Random, base: Base, pace: TinyPace): ScenarioRule {
  return {
    ...base,
    limitPct: random.pick([50, '80', 100, '12.5', 150]),
    ...(random.chance(0.5) ? { warningPct: random.pick([10, '50', 100, 120]) } : {}),
    ...(random.chance(0.65) ? { action: 'reduce' as const } : action(random, pace)),
  };
}

function anchoredRule(random: Random, base: Base, unit: number, pace: TinyPace): ScenarioRule {
  const hasLock = random.chance(0.4);
  const lockOffset = Number(random.pick([0, 5, '10', 40, -20])) * unit;
  const hasPct = random.chance(0.5);
  const pctOf = random.pick(['anchor', 'initialBalance', 'initialBalance'] as const);
  return withoutDeadWarning<ScenarioRule>({
    ...base,
    ...(hasPct
      ? { limitPct: random.pick([2, '5.5', 5, 10, 30]) }
      : { limitAmount: Number(random.pick([10, '12.5', 25, 50, 100])) * unit }),
    ...(random.chance(0.4) ? { pctOf } : {}),
    // Some lie beyond a limit that is an amount, or locked.
    ...(random.chance(0.3) ? { warningPct: random.pick([1, '1.25', '2.5', 6]) } : {}),
    ...(hasLock ? { lockAtInitial: true } : {}),
    ...(hasLock && random.chance(0.5) ? { lockOffset } : {}),
    ...(dayAnchors.some((anchor) => anchor === base.anchor) ? day(random, pace) : {}),
    ...observed(random),
    ...action(random, pace),
  });
}

function day(random: Random, pace: TinyPace): Pick<ScenarioRule, 'timezone' | 'resetAt'> {
  const timezone = random.chance(0.7) ? pace.timezone : random.pick(otherZones);
  return {
    ...(random.chance(0.85) ? { timezone } : {}),
    ...(random.chance(0.7) ? { resetAt: random.pick(resets) } : {}),
  };
}

function observed(random: Random): Pick<ScenarioRule, 'observed'> {
  return random.chance(0.4) ? { observed: random.pick(['balance', 'balance', 'equity']) } : {};
}

function action(random: Random, pace: TinyPace): Pick<ScenarioRule, 'action' | 'graceSeconds'> {
  const chosen = random.pick(actions);
  return {
    ...(chosen === 'close' && random.chance(0.5) ? {} : { action: chosen }),
    ...(chosen === 'close' && random.chance(0.6) ? { graceSeconds: random.pick(pace.graces) } : {}),
  };
}
