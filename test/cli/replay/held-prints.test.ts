// Quotes that are held in a replay: what is open only since they came is not looked at by them, and what
// nothing confirms is refused.
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import { bruteForce } from '../../support/brute-force.ts';
import type { GuardedScenario } from '../../support/brute-force/market-terms.ts';
import { Random } from '../../support/random.ts';
import type { ScenarioExits, ScenarioPosition } from '../../support/scenario.ts';
import { replayed } from './replayed.ts';

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;
const reject = { deviationPct: 2, withinMs: 5000, confirmQuotes: 1 };

function position(positionId: string, openAt: number, exits: ScenarioExits): ScenarioPosition {
  const of = { accountId: 'a', symbol: 'X', side: 'long' as const, quantity: 1, entryPrice: 100 };
  return { positionId, ...of, openAt, exits };
}

/** X is held so; T lets time go by. */
function scenarioOf(positions: ScenarioPosition[], more: object = {}): GuardedScenario {
  return {
    instruments: [
      { symbol: 'X', quoteCurrency: 'USD' },
      { symbol: 'T', quoteCurrency: 'USD' },
    ],
    accounts: [{ accountId: 'a', currency: 'USD', balance: 10_000 }],
    positions,
    marketGuards: { X: { ...off, reject, ...more } },
  };
}

/** `2000 X 90` */
function quotesOf(...rows: string[]): Quote[] {
  return rows.map((row) => {
    const [ts, symbol = '', price] = row.split(' ');
    return { symbol, bid: Number(price), ask: Number(price), ts: Number(ts) };
  });
}

/** `p stop_loss 2000 90` */
function closesOf(scenario: GuardedScenario, quotes: readonly Quote[]): string[] {
  const { result } = replayed(scenario, quotes);
  expect(result).toEqual(bruteForce(scenario, quotes));
  return result.closes.map(({ positionId, reason, ts, price }) => {
    return `${positionId} ${reason} ${ts} ${price}`;
  });
}

const fall = quotesOf('1000 X 100', '2000 X 90', '3000 T 50', '4000 X 97.9');

test.each<[openAt: number, ...closes: string[]]>([
  [1500, 'p stop_loss 2000 90'],
  [2000, 'p stop_loss 2000 90'],
  [2001],
  [2500],
  [4000],
])('open since %d, a stop at 95 …', (openAt, ...closes) => {
  expect(closesOf(scenarioOf([position('p', openAt, { stopLoss: 95 })]), fall)).toEqual(closes);
});

test.each<[string, ScenarioExits, string[]]>([
  ['a stop', { stopLoss: 98 }, ['old stop_loss 2000 90', 'new stop_loss 4000 97.9']],
  ['money', { stopLossAmount: 2 }, ['old stop_loss 2000 90', 'new stop_loss 4000 97.9']],
  ['a trail', { trailing: { distance: 5 } }, ['old trailing_stop 2000 90']],
])('%s of what was open, and of what is open since', (_name, exits, closes) => {
  const positions = [position('old', 500, exits), position('new', 2500, exits)];
  expect(closesOf(scenarioOf(positions), fall)).toEqual(closes);
});

test('a guard that acts on what was held closes what was open then', () => {
  const gap = { limit: 5, closeOn: 'warning' };
  const positions = [position('old', 500, {}), position('new', 2500, {})];
  const quotes = quotesOf(
    '1000 X 100',
    '2000 X 90',
    '3000 T 50',
    '4000 X 90',
    '5000 X 50',
    '6000 X 50',
  );
  expect(closesOf(scenarioOf(positions, { gap }), quotes)).toEqual([
    'old market_gap 2000 90',
    'new market_gap 5000 50',
  ]);
});

test('what nothing confirms any more is refused: both add up to the rows', () => {
  const scenario = scenarioOf([], { reject: { ...reject, confirmQuotes: 3 } });
  const quotes = quotesOf('1000 X 100', '2000 X 90', '2500 T 50', '3000 X 91');
  const { result } = replayed(scenario, quotes);
  expect(result).toMatchObject({ quotes: 2, refusedQuotes: 2 });
  expect(result).toEqual(bruteForce(scenario, quotes));
});

const worlds = 400;

test(`${worlds} worlds with jumps, and positions that are opened among them`, () => {
  let early = 0;
  for (let seed = 1; seed <= worlds; seed++) {
    const { scenario, quotes } = madeWorld(new Random(seed));
    const { result } = replayed(scenario, quotes);
    expect(result, `seed ${seed}`).toEqual(bruteForce(scenario, quotes));
    early += result.closes.filter(({ positionId, ts }) => {
      const { openAt = 0 } = scenario.positions.find((one) => one.positionId === positionId) ?? {};
      return Number(openAt) > ts;
    }).length;
  }
  expect(early).toBe(0);
});

function madeWorld(random: Random): { scenario: GuardedScenario; quotes: Quote[] } {
  const quotes: Quote[] = [];
  let price = 100;
  for (let ts = 1000; ts < 1000 + 60 * 100; ts += random.pick([0, 50, 100, 300])) {
    if (random.chance(0.3)) price += random.pick([-6, -4, -3, 3, 4, 6]);
    else price += random.pick([-1, 0, 1]);
    price = Math.max(price, 50);
    const symbol = random.chance(0.3) ? 'T' : 'X';
    quotes.push({ symbol, bid: price, ask: price + random.pick([0, 0, 1]), ts });
  }
  const positions = Array.from({ length: 12 }, (_, i): ScenarioPosition => {
    const side = random.pick(['long', 'short'] as const);
    const sign = side === 'long' ? 1 : -1;
    const level = (away: number): number => 100 + sign * away;
    const exits = random.pick<ScenarioExits>([
      { stopLoss: level(-random.int(1, 9)), takeProfit: level(random.int(1, 9)) },
      { trailing: { distance: random.int(1, 6), ...(random.chance(0.5) && { step: 2 }) } },
      { trailing: { distance: random.int(1, 6), activation: level(random.int(-3, 6)) } },
      { trailing: { distance: 9, tiers: [{ at: level(random.int(-3, 6)), distance: 1 }] } },
      { breakEven: { trigger: level(random.int(1, 6)) } },
      { stopLossAmount: random.int(1, 9), takeProfitAmount: random.int(1, 9) },
      { ladder: [1, 2].map(() => ({ price: level(random.int(1, 9)), fraction: 0.4 })) },
    ]);
    return { ...position(`p${i}`, random.int(900, 7000), exits), side };
  });
  const confirmQuotes = random.pick([1, 1, 2, 4]);
  const made = { deviationPct: random.pick([2, '3.5']), withinMs: random.pick([150, 5000]) };
  const confirmMs = random.pick([0, 0, 100, 400]);
  const more = random.pick([
    {},
    { gap: { limit: random.pick([3, 5]), confirmMs } },
    { spread: { limit: '0.9', confirmMs, confirmQuotes: random.pick([1, 2]) } },
  ]);
  const limits = { ...made, confirmQuotes };
  return { scenario: scenarioOf(positions, { reject: limits, ...more }), quotes };
}
