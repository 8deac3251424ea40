// A trading day over recordings: a seeded scenario of a few hundred positions in a dozen accounts.
import type { Quote } from '#src/domain/quote';
import { dayExits } from './day-exits.ts';
import { dayRules } from './day-rules.ts';
import { Random } from './random.ts';
import type {
  Scenario,
  ScenarioAccount,
  ScenarioGuard,
  ScenarioInstrument,
  ScenarioPosition,
  ScenarioRule,
} from './scenario.ts';

export interface DayOptions {
  /** 300 unless given. */
  readonly positions?: number;
  /** 12 unless given. */
  readonly accounts?: number;
  /** Whether one of the symbols has a market guard; as the seed says unless given. */
  readonly isGuarded?: boolean;
  /**
   * Which exits positions have: the two levels unless given, every kind, or every kind but time,
   * which a day that is long past cannot have live.
   */
  readonly exits?: 'levels' | 'untimed' | 'every';
  /**
   * Which rules accounts have: peaks and fixed floors that close unless given, or every kind, the
   * instruments with margin rates.
   */
  readonly rules?: 'plain' | 'every';
}

/** One symbol's recording; `quotes` in its order, with rows that hygiene refuses among them. */
export interface DayRecording {
  readonly symbol: string;
  readonly quotes: readonly Quote[];
}

const instruments: ScenarioInstrument[] = [
  { symbol: 'XAUUSD', quoteCurrency: 'USD', contractSize: 100, commissionRate: '0.00002' },
  { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000, commissionRate: 0.000025 },
  // Without quotes: its positions count nothing and stay open.
  { symbol: 'XAGUSD', quoteCurrency: 'USD', contractSize: 5000 },
];
const marginRates: Record<string, string> = { XAUUSD: '0.01', EURUSD: '0.02', XAGUSD: '0.01' };
const decimalsOf: Record<string, number> = { XAUUSD: 3, EURUSD: 5, XAGUSD: 3 };

/**
 * USD and EUR accounts, so that EURUSD converts; both sides; levels near the day's range, many
 * exactly at a recorded price; a quarter of the positions opened during the day, among them some in
 * accounts that are halted by then; accounts that breach at once, late and never.
 */
export function dayScenario(
  seed: number,
  recordings: readonly DayRecording[],
  options: DayOptions = {},
): Scenario {
  const random = new Random(seed);
  const days = recordings.map(({ symbol, quotes }) => dayOf(symbol, quotes));
  const accounts = Array.from({ length: options.accounts ?? 12 }, (_, i) => account(random, i));
  // Chance of its own each, so that the positions are the same but for their exits.
  const hasEveryRule = options.rules === 'every';
  if (hasEveryRule) {
    const chance = new Random(seed + 3_000_017);
    for (const one of accounts.filter((each) => each.rules !== undefined)) {
      one.rules = dayRules(chance, Number(one.balance), days);
    }
  }
  const more = { random: new Random(seed + 1_000_003), kinds: options.exits ?? 'levels' };
  const positions = Array.from({ length: options.positions ?? 300 }, (_, i) =>
    position(random, i, random.pick(accounts), random.pick(days), more),
  );
  for (const [i, { accountId }] of accounts.slice(0, 2).entries()) {
    positions.push({
      positionId: `unquoted-${i}`,
      accountId,
      symbol: 'XAGUSD',
      side: 'long',
      quantity: 1,
      entryPrice: '19.405',
      exits: { stopLoss: 19 },
    });
  }
  const isGuarded = options.isGuarded ?? random.chance(0.7);
  const guarded = random.pick(days);
  return {
    instruments: instruments.map((one) => {
      const marginRate = marginRates[one.symbol] ?? 0;
      return { ...one, ...(hasEveryRule ? { marginRate } : {}) };
    }),
    accounts,
    positions,
    ...(isGuarded ? { marketGuards: { [guarded.symbol]: guard(random, guarded) } } : {}),
  };
}

interface Day {
  readonly symbol: string;
  readonly quotes: readonly Quote[];
  readonly low: number;
  readonly high: number;
  /** Largest of the day, in percent. */
  readonly gap: number;
  readonly spread: number;
}

function dayOf(symbol: string, recorded: readonly Quote[]): Day {
  const quotes = recorded.filter(({ bid, ask }) => bid > 0 && ask >= bid);
  const day = { low: Infinity, high: 0, gap: 0, spread: 0 };
  let mid = 0;
  for (const { bid, ask } of quotes) {
    const move = mid === 0 ? 0 : Math.abs((bid + ask) / 2 - mid) / mid;
    mid = (bid + ask) / 2;
    day.low = Math.min(day.low, bid);
    day.high = Math.max(day.high, ask);
    day.gap = Math.max(day.gap, 100 * move);
    day.spread = Math.max(day.spread, (100 * (ask - bid)) / bid);
  }
  return { symbol, quotes, ...day };
}

function account(random: Random, i: number): ScenarioAccount {
  const base = {
    accountId: `account-${i}`,
    currency: i % 3 === 2 ? 'EUR' : 'USD',
    balance: random.pick([4000, '10000', 25_000.5, '50000.25', 250_000]),
  };
  if (i % 4 === 3) return base;
  return i % 4 === 0 ? { ...base, preset: 'default' } : { ...base, rules: rules(random) };
}

function rules(random: Random): ScenarioRule[] {
  const all: ScenarioRule[] = [
    { id: 'percent', anchor: 'peakEquity', limitPct: random.pick([4, '7.5', 12]) },
    {
      id: 'amount',
      anchor: 'peakEquity',
      limitAmount: random.pick([900, '2500.5']),
      warningPct: 3,
    },
    { id: 'least', anchor: 'fixed', floor: random.pick(['3500', 20_000]), warningPct: '2.5' },
  ];
  return all.filter(() => random.chance(0.6));
}

function position(
  random: Random,
  i: number,
  of: ScenarioAccount,
  day: Day,
  more: { random: Random; kinds: NonNullable<DayOptions['exits']> },
): ScenarioPosition {
  const side = random.pick(['long', 'short'] as const);
  const isOpenedLater = random.chance(0.25);
  const opening = isOpenedLater ? random.pick(day.quotes) : (day.quotes[0] as Quote);
  const price = side === 'long' ? opening.ask : opening.bid;
  const range = day.high - day.low;
  const towards = side === 'long' ? 1 : -1;
  const decimals = decimalsOf[day.symbol] ?? 5;
  /** A price so far in the position's favour, or exactly a recorded one. */
  const levelBy = (chance: Random, least: number, most: number): string => {
    const at = price + towards * chance.between(least, most) * range;
    if (chance.chance(0.6)) return at.toFixed(decimals);
    const near = Array.from({ length: 5 }, () => chance.pick(day.quotes))
      .map(({ bid, ask }) => (side === 'long' ? bid : ask))
      .reduce((best, one) => (Math.abs(one - at) < Math.abs(best - at) ? one : best));
    return String(near);
  };
  const level = (least: number, most: number): string => levelBy(random, least, most);
  const exits: NonNullable<ScenarioPosition['exits']> = {};
  if (random.chance(0.75)) exits.stopLoss = level(-0.9, -0.05);
  if (random.chance(0.75)) exits.takeProfit = level(0.05, 0.9);
  // Some are crossed from the start, and some have both levels on one side.
  if (random.chance(0.04)) exits.stopLoss = level(0.01, 0.3);
  const entry = price + random.between(-0.1, 0.1) * range;
  const quantity = random.int(1, random.chance(0.1) ? 300 : 60) / 100;
  if (more.kinds !== 'levels') {
    const { contractSize } = instruments.find(({ symbol }) => symbol === day.symbol) ?? {};
    const added = dayExits(more.random, {
      range,
      decimals,
      rangeWorth: range * Number(contractSize ?? 1) * quantity,
      level: (least, most) => levelBy(more.random, least, most),
      end: more.kinds === 'every' ? () => endAfter(more.random, opening, day) : undefined,
    });
    // Half of them without the two levels, which would often come first.
    if (Object.keys(added).length > 0 && more.random.chance(0.5)) {
      delete exits.stopLoss;
      delete exits.takeProfit;
    }
    Object.assign(exits, added);
  }
  return {
    positionId: `position-${i}`,
    accountId: of.accountId,
    symbol: day.symbol,
    side,
    quantity: random.chance(0.5) ? quantity : String(quantity),
    entryPrice: entry.toFixed(decimals),
    ...(isOpenedLater ? { openAt: random.chance(0.5) ? opening.ts : isoOf(opening.ts) } : {}),
    ...(random.chance(0.95) ? { exits } : {}),
  };
}

/** That of a recorded quote later than the opening, or between two. */
function endAfter(random: Random, opening: Quote, { quotes }: Day): number {
  const { ts } = random.pick(quotes);
  return Math.max(opening.ts + 1, ts + random.int(-1, 1));
}

function isoOf(ts: number): string {
  return new Date(ts).toISOString();
}

/** Limits about the day's largest move and spread: on some seeds they are reached, on some not. */
function guard(random: Random, day: Day): ScenarioGuard {
  const limit = (largest: number): string => (largest * random.between(0.6, 1.1)).toPrecision(4);
  const half = (largest: number): string => (largest * random.between(0.3, 0.55)).toPrecision(4);
  return {
    gap: random.pick([
      { limit: limit(day.gap) },
      { limit: half(day.gap), closeOn: 'critical' as const },
      { limit: half(day.gap), closeOn: 'never' as const },
      false as const,
    ]),
    ...(random.chance(0.5) ? { spread: { limit: limit(day.spread) } } : {}),
  };
}
