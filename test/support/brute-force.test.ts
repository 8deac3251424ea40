// The reference itself, held against cases that were worked out by hand from the contract.
import { expect, test } from 'vitest';
import { Scenario as ScenarioSchema, scenarioFaults } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { bruteForce } from './brute-force.ts';
import {
  evaluated,
  held,
  instruments,
  peak10,
  quotesOf,
  reportOf,
  type Case,
} from './brute-force/by-hand.ts';
import { dayScenario } from './scenarios.ts';
import { tinyWorld } from './tiny-worlds.ts';

/** `position reason[/rule] ts price pnl` of each close. */
test.for<Case>([
  {
    name: 'a stop at its level, a target beyond it, at the market',
    positions: [
      held('a', { exits: { stopLoss: 99 } }),
      held('b', { side: 'short', exits: { takeProfit: 98.5 } }),
    ],
    quotes: 'A 100 101, A 99 100, A 97 98',
    closes: ['a stop_loss 2 99 -1', 'b take_profit 3 98 2'],
    report: 'normal 1001 1001',
  },
  {
    name: 'the stop before the target, where both are crossed',
    positions: [held('a', { exits: { stopLoss: 101, takeProfit: 99 } })],
    quotes: 'A 100 101',
    closes: ['a stop_loss 1 100 0'],
  },
  {
    name: 'commission, charged on the entry at the close',
    positions: [
      held('a', { symbol: 'B', side: 'short', quantity: '0.5', exits: { stopLoss: 110 } }),
    ],
    quotes: 'B 109 110',
    // (100 − 110) · 0.5 · 10 = −50, less 0.01 · 100 · 0.5 · 10 = 5
    closes: ['a stop_loss 1 110 -55'],
  },
  {
    name: 'a division by the mid, rounded to ten decimals',
    positions: [held('a', { exits: { takeProfit: 101 } })],
    account: { currency: 'EUR' },
    quotes: 'EURUSD 1.1 1.3, A 101 102',
    closes: ['a take_profit 2 101 0.8333333333'],
  },
  {
    name: 'a cross: from EUR through USD to JPY',
    positions: [held('a', { exits: { takeProfit: 101 } })],
    account: { currency: 'JPY' },
    quotes: 'USDJPY 99 101, A 101 102',
    closes: ['a take_profit 2 101 100'],
  },
  {
    name: 'a close that waits for its conversion pair, filled at the book as it is then',
    positions: [held('a', { exits: { stopLoss: 99 } }), held('b')],
    account: { currency: 'EUR' },
    quotes: 'A 98 99, A 97 98, EURUSD 2 2',
    closes: ['a stop_loss 3 97 -1.5'],
    report: 'normal 998.5 997',
    open: 1,
  },
  {
    name: 'a breach: worst first, then in tracking order',
    positions: [
      held('a'),
      held('b', { quantity: 3 }),
      held('c'),
      held('d', { side: 'short', entryPrice: 98 }),
    ],
    account: peak10,
    quotes: 'A 100 101, A 97 98, B 100 101, A 97.99 98, A 97 98, A 96 97',
    closes: [
      'b drawdown_critical/p 2 97 -9',
      'a drawdown_critical/p 2 97 -3',
      'c drawdown_critical/p 2 97 -3',
      'd drawdown_critical/p 2 98 0',
    ],
    report: 'halted 985 985 1000',
  },
  {
    name: 'a floor that rises with the peak, and a breach at the floor exactly',
    positions: [held('a'), held('b', { symbol: 'B', openAt: 9 })],
    account: peak10,
    quotes: 'A 100 101, A 105 106, A 96 97, A 95 96',
    closes: ['a drawdown_critical/p 4 95 -5'],
    report: 'halted 995 995 1005',
  },
  {
    name: 'the peak as it stood before the quote',
    positions: [held('a', { quantity: 100 })],
    account: { rules: [{ id: 'p', anchor: 'peakEquity', limitPct: 50 }] },
    quotes: 'A 100 101, A 120 121, A 106 107, A 105 106',
    closes: ['a drawdown_critical/p 4 105 500'],
    report: 'halted 1500 1500 3000',
  },
  {
    name: 'a fixed floor: only below it',
    positions: [held('a')],
    account: { rules: [{ id: 'f', anchor: 'fixed', floor: 990 }] },
    quotes: 'A 90 91, A 89.99 91',
    closes: ['a drawdown_critical/f 2 89.99 -10.01'],
    report: 'halted 989.99 989.99',
  },
  {
    name: 'in a halted account, what had no quote and what comes later, at their next quote',
    positions: [
      held('a', { quantity: 5 }),
      held('b', { symbol: 'B', exits: { takeProfit: 150 } }),
      held('c', { symbol: 'B' }),
      held('d', { openAt: 3 }),
    ],
    account: peak10,
    quotes: 'A 100 101, A 98 99, B 150 151, A 99 100',
    closes: [
      'a drawdown_critical/p 2 98 -10',
      'b take_profit 3 150 490',
      'c drawdown_critical/p 3 150 490',
      'd drawdown_critical/p 4 99 -1',
    ],
    report: 'halted 1969 1969 1969',
  },
  {
    name: 'a warning at three quarters of the limit, over below 90 % of that',
    positions: [held('a')],
    account: peak10,
    quotes: 'A 92.5 93',
    closes: [],
    report: 'warning 1000 992.5 1000',
    open: 1,
  },
  {
    name: 'a warning that is not over at 90 % of it',
    positions: [held('a')],
    account: peak10,
    quotes: 'A 92.5 93, A 93.25 94',
    closes: [],
    report: 'warning 1000 993.25 1000',
    open: 1,
  },
  {
    name: 'a warning that is over',
    positions: [held('a')],
    account: peak10,
    quotes: 'A 92.5 93, A 93.26 94',
    closes: [],
    report: 'normal 1000 993.26 1000',
    open: 1,
  },
  {
    name: 'a gap at its limit, before a stop',
    positions: [held('a', { exits: { stopLoss: 95 } }), held('b', { symbol: 'B' })],
    guards: { A: {} },
    quotes: 'A 100 100, B 100 100, A 95 95',
    closes: ['a market_gap 3 95 -5'],
    open: 1,
  },
  {
    name: 'a spread above its limit only, and as critical above twice that',
    positions: [held('a'), held('b', { symbol: 'B', quantity: '0.1' })],
    guards: {
      A: { gap: false, spread: { limit: 1 } },
      B: { spread: { limit: '0.5', closeOn: 'critical' } },
    },
    quotes: 'A 100 101, B 100 101, A 100 101.01, B 100 101.01',
    closes: ['a market_spread 3 100 0', 'b market_spread 4 100 -1'],
  },
  {
    name: 'a condition that never closes',
    positions: [held('a')],
    guards: { A: { gap: { closeOn: 'never' }, spread: false } },
    quotes: 'A 100 101, A 50 51',
    closes: [],
    open: 1,
  },
  {
    name: 'positions in the order of openAt, then of the list',
    positions: [
      held('a', { openAt: 2, exits: { stopLoss: 200 } }),
      held('b', { openAt: '1970-01-01T00:00:00.001Z', exits: { stopLoss: 99 } }),
      held('c', { openAt: 2, exits: { stopLoss: 200 } }),
      held('d', { openAt: 3 }),
    ],
    quotes: 'A 100 101, A 98 99',
    closes: ['b stop_loss 2 98 -2', 'a stop_loss 2 98 -2', 'c stop_loss 2 98 -2'],
    open: 0,
  },
])('brute force: $name', (given) => {
  const { closes, report, open = 0 } = given;
  const result = evaluated(given);
  const told = result.closes.map(({ positionId, reason, ruleId, ts, price, pnl }) => {
    return `${positionId} ${reason}${ruleId === undefined ? '' : `/${ruleId}`} ${ts} ${price} ${pnl}`;
  });
  expect(told).toEqual(closes);
  expect(result.openPositions).toBe(open);
  expect(reportOf(result)).toBe(report ?? reportOf(result));
});

test('brute force: what hygiene refuses has no effect', () => {
  const good: Quote = { symbol: 'A', bid: 100, ask: 101, ts: 10 };
  const stopped = { instruments, accounts: [{ accountId: 'usd', currency: 'USD', balance: 1000 }] };
  const positions = [held('a', { openAt: 11, exits: { stopLoss: 99, takeProfit: 200 } })];
  const { closes, quotes, refusedQuotes, openPositions } = bruteForce({ ...stopped, positions }, [
    good,
    { ...good, bid: NaN, ts: 11 },
    { ...good, ask: Infinity, ts: 11 },
    { ...good, bid: 0, ts: 11 },
    { ...good, bid: -1, ts: 11 },
    { ...good, bid: 250, ts: 11 },
    { ...good, bid: 98, ts: 9 },
    { ...good, symbol: 'NOPE', ts: 11 },
    { ...good, ask: 100, bidExact: '100.00000000000000000001', ts: 11 },
  ]);
  expect({ closes, quotes, refusedQuotes, openPositions }).toEqual({
    closes: [],
    quotes: 1,
    refusedQuotes: 8,
    openPositions: 0,
  });
});

test('a line of the output has the keys of the contract, in their order', () => {
  const { closes } = bruteForce(
    {
      instruments,
      accounts: [{ accountId: 'usd', currency: 'USD', balance: '1000' }],
      positions: [held('a', { quantity: '1.50', exits: { stopLoss: '99.0' } })],
    },
    quotesOf('A 98.5 99'),
  );
  expect(closes.map((line) => JSON.stringify(line))).toEqual([
    '{"positionId":"a","accountId":"usd","symbol":"A","side":"long","quantity":"1.5",' +
      '"reason":"stop_loss","ts":1,"triggerPrice":"99","price":"98.5","pnl":"-2.25"}',
  ]);
});

test('what the generators make is valid, and the same for the same seed', () => {
  const quotes = Array.from({ length: 500 }, (_, i): Quote => {
    const bid = Number((1.39 + Math.sin(i / 9) / 200).toFixed(5));
    return { symbol: 'EURUSD', bid, ask: Number((bid + 0.0001).toFixed(5)), ts: i };
  });
  const timed = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    for (const exits of ['levels', 'untimed', 'every'] as const) {
      const options = { positions: 20, accounts: 4, exits };
      const day = dayScenario(seed, [{ symbol: 'EURUSD', quotes }], options);
      expect(ScenarioSchema.safeParse(day).error).toBeUndefined();
      expect(scenarioFaults(day)).toEqual([]);
      if (day.positions.some((one) => one.exits?.expiresAt !== undefined)) timed.add(exits);
    }
    const { scenario } = tinyWorld(seed);
    expect(ScenarioSchema.safeParse(scenario).error).toBeUndefined();
    expect(scenarioFaults(scenario)).toEqual([]);
    expect(tinyWorld(seed)).toEqual(tinyWorld(seed));
  }
  expect([...timed]).toEqual(['every']);
});

test('in a few hundred tiny worlds every exit acts often, in parts and several at once', () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let seed = 1; seed <= 300; seed++) {
    const { scenario, quotes } = tinyWorld(seed);
    const parts = new Map<string, number>();
    for (const { positionId, quantity, reason, ts, triggerPrice } of bruteForce(scenario, quotes)
      .closes) {
      const position = scenario.positions.find((one) => one.positionId === positionId);
      const trailing = position?.exits?.trailing;
      count(triggerPrice === undefined ? `${reason} without a level` : reason);
      if (reason === 'trailing_stop') {
        for (const key of Object.keys(trailing ?? {})) count(`trailing ${key}`);
      }
      if (Number(quantity) === Number(position?.quantity)) continue;
      count(`part ${reason}`);
      const key = `${positionId} ${ts}`;
      parts.set(key, (parts.get(key) ?? 0) + 1);
    }
    for (const many of parts.values()) if (many > 1) count('several parts at once');
  }
  const often = [
    ...['stop_loss', 'take_profit', 'trailing_stop', 'break_even', 'several parts at once'],
    ...['stop_loss', 'take_profit', 'expired'].map((reason) => `${reason} without a level`),
    ...['distance', 'percent', 'activation', 'step', 'tiers'].map((key) => `trailing ${key}`),
    ...['take_profit', 'trailing_stop', 'expired', 'drawdown_critical'].map((one) => `part ${one}`),
  ];
  for (const what of often) expect(counts.get(what) ?? 0, what).toBeGreaterThan(9);
});
