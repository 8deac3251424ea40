// The reference's exits in money, by time and in parts, held against cases that were worked out by
// hand from the contract.
import { expect, test } from 'vitest';
import { evaluated, held, linesOf, peak10, reportOf, type Case } from './by-hand.ts';

const eur = { currency: 'EUR' };

function holds(given: Case): void {
  const result = evaluated(given);
  expect(linesOf(result)).toEqual(given.closes);
  expect(result.openPositions).toBe(given.open ?? 0);
  expect(reportOf(result)).toBe(given.report ?? reportOf(result));
}

test.for<Case>([
  {
    name: 'a loss at its amount exactly, without a trigger price',
    positions: [held('a', { quantity: 2, exits: { stopLossAmount: 3 } })],
    quotes: 'A 98.51 99, A 98.5 99',
    closes: ['a 2 stop_loss 2 98.5 -3'],
  },
  {
    name: 'a profit after commission',
    positions: [held('a', { symbol: 'B', quantity: '0.1', exits: { takeProfitAmount: 4 } })],
    // (105 − 100) · 0.1 · 10 = 5, less 0.01 · 100 · 0.1 · 10 = 1
    quotes: 'B 104.99 105, B 105 106',
    closes: ['a 0.1 take_profit 2 105 4'],
  },
  {
    name: 'of a short',
    positions: [
      held('a', { side: 'short', exits: { takeProfitAmount: '2.5', stopLossAmount: 1 } }),
    ],
    quotes: 'A 97 97.51, A 97 97.5',
    closes: ['a 1 take_profit 2 97.5 2.5'],
  },
  {
    name: 'in account currency, on quotes of its own symbol, once there is a rate',
    positions: [held('a', { exits: { stopLossAmount: 1 } })],
    account: eur,
    quotes: 'A 98 99, EURUSD 2 2, A 98.1 99, EURUSD 1.5 1.5, A 98.1 99',
    closes: ['a 1 stop_loss 5 98.1 -1.2666666667'],
  },
])('money: $name', holds);

test.for<Case>([
  {
    name: 'on the first quote of whatever symbol, at the last price of its own',
    positions: [held('a', { exits: { expiresAt: 3 } })],
    quotes: 'A 100 101, A 101 102, B 100 101, A 105 106',
    closes: ['a 1 expired 3 101 1'],
  },
  {
    name: 'before a stop loss of the same quote, at that quote',
    positions: [held('a', { exits: { stopLoss: 99, expiresAt: '1970-01-01T00:00:00.002Z' } })],
    quotes: 'A 100 101, A 98 99',
    closes: ['a 1 expired 2 98 -2'],
  },
  {
    name: 'waits for the first quote of its symbol, and of its conversion pair',
    positions: [
      held('a', { exits: { expiresAt: 1 } }),
      held('b', { symbol: 'USDJPY', side: 'short', exits: { expiresAt: 1 } }),
    ],
    account: eur,
    // USDJPY → EUR is a cross: 100 yen are 1 dollar, 0.5 euro.
    quotes: 'B 100 101, A 97 98, USDJPY 100 100, A 96 97, EURUSD 2 2',
    closes: ['a 1 expired 5 96 -2', 'b 1 expired 5 100 0'],
  },
  {
    name: 'in the order of their times, then of tracking',
    positions: [
      held('a', { exits: { expiresAt: 2 } }),
      held('b', { symbol: 'B', quantity: '0.1', exits: { expiresAt: 1 } }),
      held('c', { exits: { expiresAt: 1 } }),
      held('d', { exits: { expiresAt: 3 } }),
    ],
    quotes: 'EURUSD 1 1, EURUSD 1 1, A 100 101, B 101 102',
    closes: [
      'c 1 expired 3 100 0',
      'a 1 expired 3 100 0',
      'd 1 expired 3 100 0',
      'b 0.1 expired 4 101 0',
    ],
  },
  {
    name: 'of several that one quote makes due, the earliest first',
    positions: [
      held('a', { exits: { expiresAt: 1 } }),
      held('b', { exits: { expiresAt: 0 } }),
      held('c', { exits: { expiresAt: '1970-01-01T00:00:00Z' } }),
      held('d', { exits: { expiresAt: 1 } }),
    ],
    quotes: 'A 100 101',
    closes: ['b', 'c', 'a', 'd'].map((one) => `${one} 1 expired 1 100 0`),
  },
  {
    name: 'not by a quote that is refused',
    positions: [held('a', { exits: { expiresAt: 2 } })],
    quotes: 'A 100 101, A 102 101',
    closes: [],
    open: 1,
  },
  {
    name: 'before the market guard and the account guard, in another account too',
    positions: [held('a', { exits: { expiresAt: 2 } }), held('b')],
    guards: { A: {} },
    account: peak10,
    quotes: 'A 100 100, A 90 90',
    closes: ['a 1 expired 2 90 -10', 'b 1 market_gap 2 90 -10'],
    report: 'halted 980 980 1000',
  },
])('time: $name', holds);

const thirds = [
  { price: 101, fraction: '0.25' },
  { price: 102, fraction: 0.25 },
  { price: 103, fraction: '0.5' },
];

test.for<Case>([
  {
    name: 'each rung once, several on one quote, the last one ending the position',
    positions: [held('a', { quantity: 2, exits: { ladder: thirds } })],
    quotes: 'A 101 102, A 101.5 102, A 103.5 104',
    closes: [
      'a 0.5 take_profit@101 1 101 0.5',
      'a 0.5 take_profit@102 3 103.5 1.75',
      'a 1 take_profit@103 3 103.5 3.5',
    ],
    report: 'normal 1005.75 1005.75',
  },
  {
    name: 'of a short, in the order of the list, and the rest to the stop',
    positions: [
      held('a', {
        side: 'short',
        quantity: '0.3',
        exits: {
          stopLoss: 101,
          ladder: [
            { price: 97, fraction: '0.1' },
            { price: 99, fraction: '0.2' },
          ],
        },
      }),
    ],
    quotes: 'A 96 97, A 98 99, A 101 101.5',
    closes: [
      'a 0.03 take_profit@97 1 97 0.09',
      'a 0.06 take_profit@99 1 97 0.18',
      'a 0.21 stop_loss@101 3 101.5 -0.315',
    ],
  },
  {
    name: 'not where an exit of the whole is due',
    positions: [
      held('a', { exits: { takeProfit: 103, ladder: thirds } }),
      held('b', { exits: { takeProfitAmount: 3, ladder: thirds } }),
      held('c', { exits: { takeProfit: 103, takeProfitAmount: 3 } }),
      held('d', { exits: { stopLoss: 104, stopLossAmount: 1, trailing: { distance: 1 } } }),
    ],
    quotes: 'A 103 104',
    closes: [
      'a 1 take_profit@103 1 103 3',
      'b 1 take_profit 1 103 3',
      'c 1 take_profit@103 1 103 3',
      'd 1 stop_loss@104 1 103 3',
    ],
  },
  {
    name: 'a stop in money before the trailing stop',
    positions: [
      held('a', { exits: { stopLossAmount: 2, trailing: { distance: 2 } } }),
      held('b', { exits: { stopLossAmount: 3, trailing: { distance: 2 } } }),
    ],
    quotes: 'A 100 101, A 98 99',
    closes: ['a 1 stop_loss 2 98 -2', 'b 1 trailing_stop@98 2 98 -2'],
  },
  {
    name: 'money exits and equity go by what is left',
    positions: [
      held('a', {
        quantity: 2,
        exits: { takeProfitAmount: 3, ladder: [{ price: 101, fraction: '0.5' }] },
      }),
    ],
    account: peak10,
    quotes: 'A 101 102, A 102.99 103',
    closes: ['a 1 take_profit@101 1 101 1'],
    report: 'normal 1001 1003.99 1003.99',
    open: 1,
  },
  {
    name: 'commission and rounding of each part by itself',
    positions: [
      held('a', { symbol: 'B', exits: { ladder: thirds } }),
      held('b', { exits: { ladder: thirds.slice(0, 2) } }),
    ],
    account: eur,
    // (101 − 100) · 0.25 · 10 = 2.5, less 0.01 · 100 · 0.25 · 10 = 2.5; 0.25 / 1.2 = 0.20833…
    quotes: 'EURUSD 1.1 1.3, B 101 102, A 102 103',
    closes: [
      'a 0.25 take_profit@101 2 101 0',
      'b 0.25 take_profit@101 3 102 0.4166666667',
      'b 0.25 take_profit@102 3 102 0.4166666667',
    ],
    open: 2,
  },
  {
    name: 'a part that waits for its conversion pair leaves the rest guarded',
    positions: [
      held('a', { quantity: 2, exits: { stopLoss: 99, ladder: thirds } }),
      held('b', { exits: { ladder: thirds } }),
      held('c', { exits: { takeProfitAmount: 1 } }),
    ],
    account: eur,
    quotes: 'A 101 102, A 98 99, EURUSD 2 2, A 101 102',
    closes: [
      'a 0.5 take_profit@101 3 98 -0.5',
      'b 0.25 take_profit@101 3 98 -0.25',
      'a 1.5 stop_loss@99 3 98 -1.5',
    ],
    report: 'normal 997.75 998.625',
    open: 2,
  },
  {
    name: 'a breach closes what is left, and break-even moves beside a rung',
    positions: [
      held('a', { quantity: 4, exits: { ladder: [{ price: 105, fraction: '0.5' }] } }),
      held('b', {
        quantity: '0.1',
        exits: { breakEven: { trigger: 105 }, ladder: [{ price: 105, fraction: 0.5 }] },
      }),
    ],
    account: peak10,
    quotes: 'A 105 106, A 101 102, A 99.9 100',
    closes: [
      'a 2 take_profit@105 1 105 10',
      'b 0.05 take_profit@105 1 105 0.25',
      'b 0.05 break_even@100 3 99.9 -0.005',
      'a 2 drawdown_critical 3 99.9 -0.2',
    ],
    report: 'halted 1010.045 1010.045 1020.5',
  },
  {
    name: 'the market guard closes what is left before a rung',
    positions: [
      held('a', {
        side: 'short',
        exits: {
          ladder: [
            { price: 99, fraction: '0.4' },
            { price: 95, fraction: '0.4' },
          ],
        },
      }),
    ],
    guards: { A: {} },
    quotes: 'A 99 99, A 90 90',
    closes: ['a 0.4 take_profit@99 1 99 0.4', 'a 0.6 market_gap 2 90 6'],
  },
])('ladder: $name', holds);
