// Tiny worlds for property tests: a scenario and a few hundred quotes on coarse ticks, where ties,
// missing conversions, breaches, gaps and unusable quotes are frequent. Some last milliseconds, some
// minutes, some days about a change of the clocks.
import type { Quote } from '#src/domain/quote';
import type { GuardedScenario, MarketGuardSpec } from './brute-force/market-terms.ts';
import { Random } from './random.ts';
import type { ScenarioCondition, ScenarioPosition, ScenarioRule } from './scenario.ts';
import { tinyExits, type TinyMarket } from './tiny-exits.ts';
import { disturbed, tinyGuard, tinySessions } from './tiny-guards.ts';
import { tinyPace, tinyRules, type TinyPace } from './tiny-rules.ts';

export interface TinyWorld {
  readonly scenario: GuardedScenario;
  readonly quotes: Quote[];
}

export interface TinyOptions {
  /**
   * Which market guards there are: gaps and spreads that act at once unless given, or every
   * condition, with sizes, sessions and prints that are held back.
   */
  readonly guards?: 'plain' | 'every';
}

interface Market extends TinyMarket {
  readonly symbol: string;
}

/** From the first quote to the last. */
interface Span {
  readonly pace: TinyPace;
  readonly units: number;
}

/** EUR → JPY and back is a cross through USD; OIL has no quotes. */
const markets: readonly Market[] = [
  market('EURUSD', 'USD', 1000, 1.1, 0.01, 2),
  market('USDJPY', 'JPY', 1000, 100, 0.5, 1),
  market('XAUEUR', 'EUR', 1, 1000, 5, 0),
  market('SPX', 'USD', 10, 50, 0.25, 2),
];
const unquoted = market('OIL', 'USD', 10, 50, 1, 0);
const commissionRates = [0, '0.001', 0.0000033];
/** How likely a position has each exit but the two levels: in some worlds none has. */
const exitShares = [0, 0.15, 0.3, 0.5];
const marginRates = [0, '0.1', 0.25, '0.5', 1];
const startTs = 1_400_000_000_000;
/** A few milliseconds between two quotes. */
const quick: TinyPace = {
  ...{ unitMs: 1, startTs, steps: [0, 1, 2, 3], timezone: 'UTC' },
  graces: [0.002, 0.005, 0.01, 0.04, 1],
};

function market(
  symbol: string,
  quoteCurrency: string,
  contractSize: number,
  price: number,
  tick: number,
  decimals: number,
): Market {
  return { symbol, quoteCurrency, contractSize, price, tick, decimals };
}

export function tinyWorld(seed: number, { guards = 'plain' }: TinyOptions = {}): TinyWorld {
  const random = new Random(seed);
  // Chance of its own, so that prices, positions and exits are those of the seed in every world.
  const more = new Random(seed + 2_000_003);
  const isPlain = more.chance(0.2);
  const pace = isPlain || more.chance(0.2) ? quick : tinyPace(more);
  const other = guards === 'every' ? new Random(seed + 3_000_017) : undefined;
  // One in so many is long, mostly of one symbol: volatility takes a hundred windows.
  const favoured = other?.chance(0.15) === true ? other.pick(markets) : undefined;
  const quotes = walk(random, more, pace, favoured, other);
  const span = { pace, units: ((quotes.at(-1)?.ts ?? pace.startTs) - pace.startTs) / pace.unitMs };
  const accounts = ['USD', 'EUR', 'JPY', 'USD'].map((currency, i) => {
    const unit = currency === 'JPY' ? 100 : 1;
    const balance = currency === 'JPY' ? 120_000 : random.pick([300, '1000.00000000001', 5000]);
    const plain = plainRules(random, unit);
    const isKept = isPlain || more.chance(0.15);
    const rules = isKept ? plain : { rules: tinyRules(more, unit, pace) };
    return { accountId: `a${i}`, currency, balance, ...rules };
  });
  const share = random.pick(exitShares);
  const ends = Array.from({ length: 4 }, () => timeIn(random, span, 2));
  const positions = Array.from({ length: random.int(1, 24) }, (_, i) => {
    const { accountId, currency } = random.pick(accounts);
    const picked = random.chance(0.05) ? unquoted : random.pick(markets);
    const of = other?.chance(0.5) === true ? (favoured ?? picked) : picked;
    const usual = positionOf(random, i, accountId, of, span);
    const isLater = other?.chance(0.5) === true;
    const position = isLater ? { ...usual, openAt: timeIn(other, span, 2) } : usual;
    const exits = tinyExits(random, position, { market: of, currency, ends }, share);
    // Half of them without the two levels, which would mostly come first.
    const hasLevels = Object.keys(exits).length === 0 || random.chance(0.5);
    return { ...position, exits: { ...(hasLevels ? position.exits : {}), ...exits } };
  });
  // Twins have the same P&L, so their order in a breach is that of tracking.
  for (const [i, twin] of positions.slice(0, random.int(0, 3)).entries()) {
    positions.push({ ...twin, positionId: `t${i}` });
  }
  const guarded = markets.filter(() => random.chance(0.3));
  return {
    scenario: {
      instruments: [...markets, unquoted].map(({ symbol, quoteCurrency, contractSize }) => ({
        symbol,
        quoteCurrency,
        contractSize,
        commissionRate: random.pick(commissionRates),
        ...(isPlain || more.chance(0.15) ? {} : { marginRate: more.pick(marginRates) }),
        ...(other?.chance(0.4) === true ? { sessions: tinySessions(other, pace) } : {}),
      })),
      accounts,
      positions,
      marketGuards:
        other === undefined
          ? Object.fromEntries(guarded.map(({ symbol }) => [symbol, plainGuard(random)]))
          : everyGuard(other, pace, favoured),
    },
    quotes,
  };
}

function plainGuard(random: Random): MarketGuardSpec {
  return {
    ...(random.chance(0.7) ? { gap: condition(random, [2, '3.5', '0.9803']) } : {}),
    ...(random.chance(0.7) ? { spread: condition(random, [1, '0.5', 2]) } : {}),
  };
}

function everyGuard(
  random: Random,
  pace: TinyPace,
  favoured: Market | undefined,
): Record<string, MarketGuardSpec> {
  const guarded = markets.filter((one) => one === favoured || random.chance(0.6));
  return Object.fromEntries(
    guarded.map((one) => [one.symbol, tinyGuard(random, pace, one === favoured)]),
  );
}

function condition(random: Random, limits: (number | string)[]): ScenarioCondition | false {
  if (random.chance(0.1)) return false;
  return {
    ...(random.chance(0.8) ? { limit: random.pick(limits) } : {}),
    ...(random.chance(0.6)
      ? { closeOn: random.pick(['warning', 'critical', 'never'] as const) }
      : {}),
  };
}

function plainRules(random: Random, unit: number): { preset?: 'default'; rules?: ScenarioRule[] } {
  if (random.chance(0.2)) return {};
  if (random.chance(0.3)) return { preset: 'default' };
  const all: ScenarioRule[] = [
    { id: 'percent', anchor: 'peakEquity', limitPct: random.pick([2, '5.5', 30]) },
    { id: 'amount', anchor: 'peakEquity', limitAmount: 25 * unit, warningPct: '1.25' },
    { id: 'least', anchor: 'fixed', floor: 280 * unit, warningPct: 3 },
    { id: 'bare', anchor: 'fixed', floor: String(900 * unit) },
  ];
  return { rules: all.filter(() => random.chance(0.5)) };
}

function positionOf(
  random: Random,
  i: number,
  accountId: string,
  { symbol, price, tick, decimals }: Market,
  span: Span,
): ScenarioPosition {
  const near = (): string => (price + tick * random.int(-9, 9)).toFixed(decimals);
  return {
    positionId: `p${i}`,
    accountId,
    symbol,
    side: random.pick(['long', 'short'] as const),
    quantity: random.pick([1, '0.5', 0.03, '2.000', 7]),
    entryPrice: near(),
    ...(random.chance(0.4) ? { openAt: timeIn(random, span, 5) } : {}),
    exits: {
      ...(random.chance(0.6) ? { stopLoss: random.chance(0.1) ? `${near()}1` : near() } : {}),
      ...(random.chance(0.6) ? { takeProfit: random.chance(0.5) ? near() : Number(near()) } : {}),
    },
  };
}

/** One of a quote or between two, or so many units before the first one or after the last. */
function timeIn(random: Random, { pace, units }: Span, beyond: number): number {
  return pace.startTs + random.int(-beyond, units + beyond) * pace.unitMs;
}

/** Random walks of all markets in one list, some of which begin late. */
function walk(
  random: Random,
  more: Random,
  pace: TinyPace,
  favoured: Market | undefined,
  other: Random | undefined,
): Quote[] {
  const prices = new Map(markets.map(({ symbol, price }) => [symbol, price]));
  const begins = new Map(
    markets.map(({ symbol }) => [symbol, random.chance(0.3) ? random.int(1, 80) : 0]),
  );
  const quotes: Quote[] = [];
  let ts = pace.startTs;
  const short = random.int(20, 160);
  const count = favoured === undefined ? short : short + 500;
  for (let i = 0; i < count; i++) {
    const picked = random.pick(markets);
    const of = other?.chance(0.65) === true ? (favoured ?? picked) : picked;
    const { symbol, tick, decimals } = of;
    if (i < (begins.get(symbol) ?? 0)) continue;
    const quickStep = random.int(0, 3);
    ts += (pace === quick ? quickStep : more.pick(pace.steps)) * pace.unitMs;
    const steps = random.chance(0.04) ? random.int(-6, 6) : random.int(-1, 1);
    const bid = Number(((prices.get(symbol) ?? 0) + tick * steps).toFixed(decimals));
    prices.set(symbol, bid);
    const wide = random.chance(0.05) ? random.int(1, 4) : random.int(0, 1);
    const ask = Number((bid + tick * wide).toFixed(decimals));
    const quote = spoilt(random, { symbol, bid, ask, ts }, pace.unitMs);
    quotes.push(other === undefined ? quote : disturbed(other, quote, tick, pace));
  }
  return quotes;
}

/** The quote, or one in so many times something that hygiene refuses, or that a double cannot hold. */
function spoilt(random: Random, quote: Quote, unitMs: number): Quote {
  if (!random.chance(0.12)) return quote;
  const { bid, ask } = quote;
  return random.pick<Quote>([
    { ...quote, bid: NaN },
    { ...quote, ask: Infinity },
    { ...quote, bid: 0 },
    { ...quote, bid: -bid },
    { ...quote, bid: ask, ask: bid - 0.25 },
    { ...quote, ts: quote.ts - 20 * unitMs },
    { ...quote, symbol: 'NOPE' },
    { ...quote, bidExact: beyondDouble(bid, '1'), askExact: beyondDouble(ask, '2') },
    { ...quote, ask: bid, bidExact: beyondDouble(bid, '2'), askExact: beyondDouble(bid, '1') },
    { ...quote, ask: bid, bidExact: beyondDouble(bid, '1'), askExact: beyondDouble(bid, '1') },
  ]);
}

/** A decimal a little above the value whose double is the value. */
function beyondDouble(value: number, digit: string): string {
  const text = String(value);
  return `${text}${text.includes('.') ? '' : '.'}${'0'.repeat(20)}${digit}`;
}
