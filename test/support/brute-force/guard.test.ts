// The reference's breaches and what follows from them, held against cases that were worked out by
// hand from the contract.
import { expect, test } from 'vitest';
import { bruteForce } from '../brute-force.ts';
import type { ScenarioRule } from '../scenario.ts';
import {
  causesOf,
  evaluated,
  held,
  instruments,
  peak10,
  quotesOf,
  reportOf,
  statesOf,
  type Case,
} from './by-hand.ts';

const peak: ScenarioRule = { id: 'p', anchor: 'peakEquity', limitAmount: 10 };
const minute: ScenarioRule = { ...peak, graceSeconds: 60 };
const margin: ScenarioRule = { id: 'm', anchor: 'marginLevel', limitPct: 50, action: 'reduce' };
const end = '2026-01-14T12:01:10Z';

/** Margins of 500, 550 and 525; together worth 150 · bid − 15750. */
const three = [
  held('a', { symbol: 'M', quantity: 50 }),
  held('b', { symbol: 'M', quantity: 50, entryPrice: 110 }),
  held('c', { symbol: 'M', quantity: 50, entryPrice: 105 }),
];

function holds(given: Case): void {
  const result = evaluated(given);
  expect(causesOf(given, result)).toEqual(given.closes);
  expect(result.openPositions).toBe(given.open ?? 0);
  expect(reportOf(result)).toBe(given.report ?? reportOf(result));
  expect(statesOf(given)).toBe(given.states ?? statesOf(given));
}

test.for<Case>([
  {
    name: 'is not cancelled by a recovery, and ends at the next quote of any symbol',
    positions: [held('a')],
    account: { rules: [minute] },
    quotes:
      'A 100 101 2026-01-14T12:00Z, A 90 91 2026-01-14T12:00:10Z, A 120 121 2026-01-14T12:00:30Z, ' +
      `A 130 131 2026-01-14T12:01:09.999Z, B 100 101 ${end}`,
    closes: ['a drawdown_critical/p #5 130 30'],
    states: 'normal grace grace grace halted',
    report: 'halted 1030 1030 1030',
  },
  {
    name: 'is not restarted, nor shortened by another rule',
    positions: [held('a')],
    account: { rules: [minute, { id: 'f', anchor: 'fixed', floor: 985 }] },
    quotes:
      'A 90 91 2026-01-14T12:00:10Z, A 80 81 2026-01-14T12:00:30Z, A 100 101 2026-01-14T12:00:40Z, ' +
      `A 70 71 2026-01-14T12:01:00Z, A 85 86 ${end}`,
    closes: ['a drawdown_critical/p #5 85 -15'],
    states: 'grace grace grace grace halted',
  },
  {
    name: 'ends after the expiries of its own time and of those before, before later ones',
    positions: [
      held('a'),
      held('b', { exits: { expiresAt: end } }),
      held('c', { quantity: 2, exits: { expiresAt: '2026-01-14T12:01:11Z' } }),
      held('d', { exits: { expiresAt: '2026-01-14T12:01:09Z' } }),
    ],
    account: { rules: [minute] },
    quotes: 'A 98 99 2026-01-14T12:00:10Z, A 95 96 2026-01-14T12:02Z',
    closes: [
      'd expired #2 95 -5',
      'b expired #2 95 -5',
      'c drawdown_critical/p #2 95 -10',
      'a drawdown_critical/p #2 95 -5',
    ],
    states: 'grace halted',
  },
  {
    name: 'leaves the exits alone, and halts an account that has nothing left',
    positions: [held('a', { exits: { stopLoss: 85 } })],
    account: { rules: [minute] },
    quotes: `A 90 91 2026-01-14T12:00:10Z, A 85 86 2026-01-14T12:00:11Z, B 100 101 ${end}`,
    closes: ['a stop_loss #2 85 -15'],
    states: 'grace grace halted',
  },
  {
    name: 'ends for what was tracked meanwhile, and for what has no quote at its first one',
    positions: [
      held('a'),
      held('b', { openAt: '2026-01-14T12:01Z' }),
      held('c', { symbol: 'B' }),
      held('d', { openAt: '2026-01-14T12:02Z' }),
    ],
    account: { rules: [minute] },
    quotes:
      `A 90 91 2026-01-14T12:00:10Z, A 95 96 2026-01-14T12:01Z, EURUSD 1 1 ${end}, ` +
      'B 100 101 2026-01-14T12:01:30Z, A 97 98 2026-01-14T12:02Z',
    closes: [
      'a drawdown_critical/p #3 95 -5',
      'b drawdown_critical/p #3 95 -5',
      'c drawdown_critical/p #4 100 -10',
      'd drawdown_critical/p #5 97 -3',
    ],
    states: 'grace grace halted halted halted',
  },
  {
    name: 'ends on the quote of its own time, at that price, and before its exits',
    positions: [held('a', { exits: { takeProfit: 140 } })],
    account: { rules: [minute] },
    quotes: `A 90 91 2026-01-14T12:00:10Z, A 140 141 ${end}`,
    closes: ['a drawdown_critical/p #2 140 40'],
    // The account had a position when the quote came: its peak is that of a step 7.
    report: 'halted 1040 1040 1040',
  },
  {
    name: 'ends in closing, as long as a close waits for its conversion pair',
    positions: [held('a')],
    account: {
      currency: 'EUR',
      rules: [{ id: 'f', anchor: 'fixed', floor: 1001, graceSeconds: 60 }],
    },
    quotes:
      'A 100 101 2026-01-14T12:00Z, A 101 102 2026-01-14T12:01Z, EURUSD 2 2 2026-01-14T12:02Z',
    closes: ['a drawdown_critical/f #3 101 0.5'],
    states: 'grace closing halted',
  },
])('a grace $name', holds);

test('graces end in the order of their times, those of one time in that of the accounts', () => {
  const accounts = [60, 30, 60].map((graceSeconds, i) => ({
    ...{ accountId: `a${i}`, currency: 'USD', balance: 1000 },
    rules: [{ ...peak, graceSeconds }],
  }));
  const positions = ['a2', 'a1', 'a0'].map((accountId) => held(`of-${accountId}`, { accountId }));
  const quotes = quotesOf('A 90 91 2026-01-14T12:00Z, A 90 91 2026-01-14T13:00Z');
  const { closes } = bruteForce({ instruments, accounts, positions }, quotes);
  expect(closes.map(({ positionId }) => positionId)).toEqual(['of-a1', 'of-a0', 'of-a2']);
});

test.for<Case>([
  {
    name: 'the worst two of three, until the level is above the limit',
    positions: three,
    account: { rules: [margin] },
    // 400 of 1575, of 1025, of 500
    quotes: 'M 105 106, M 101 102',
    closes: ['b margin_stop_out/m #2 101 -450', 'c margin_stop_out/m #2 101 -200'],
    states: 'normal normal',
    report: 'normal 350 400',
    open: 1,
  },
  {
    name: 'one more where the level is at the limit only',
    positions: three,
    account: { rules: [margin] },
    // 512.5 of 1025
    quotes: 'M 101.75 102',
    closes: ['b margin_stop_out/m #1 101.75 -412.5', 'c margin_stop_out/m #1 101.75 -162.5'],
    open: 1,
  },
  {
    name: 'nothing at the limit, but below it',
    positions: [held('a', { symbol: 'M', quantity: 50 })],
    account: { rules: [margin] },
    quotes: 'M 85 86, M 84.99 86',
    closes: ['a margin_stop_out/m #2 84.99 -750.5'],
    report: 'normal 249.5 249.5',
  },
  {
    name: 'nothing at the limit, once the reduction has brought the level above it',
    positions: three,
    account: { rules: [margin] },
    quotes: 'M 101 102, M 98 99',
    closes: ['b margin_stop_out/m #1 101 -450', 'c margin_stop_out/m #1 101 -200'],
    open: 1,
  },
  {
    name: 'on at the limit, where the level was not above it since',
    positions: [held('a', { symbol: 'M', quantity: 100 }), held('b')],
    account: { balance: 400, rules: [margin] },
    // 400 of 1000, which has no quote yet, then 500
    quotes: 'A 100 101, M 101 102',
    closes: ['b margin_stop_out/m #1 100 0', 'a margin_stop_out/m #2 101 100'],
  },
  {
    name: 'and makes the account a warning where the rule warns',
    positions: three,
    account: { rules: [{ ...margin, warningPct: 60 }] },
    // 80 % is 1260 of 1575 and 400 of 500; over above 83 %, which is 415
    quotes: 'M 107 108, M 106.73 108, M 101 102, M 101.3 102, M 101.31 102',
    closes: ['b margin_stop_out/m #3 101 -450', 'c margin_stop_out/m #3 101 -200'],
    states: 'normal warning warning warning normal',
    open: 1,
  },
  {
    name: 'everything with the action close',
    positions: three,
    account: { rules: [{ ...margin, action: 'close' }] },
    quotes: 'M 105 106, M 103 104',
    closes: [
      'b margin_stop_out/m #2 103 -350',
      'c margin_stop_out/m #2 103 -100',
      'a margin_stop_out/m #2 103 150',
    ],
    states: 'normal halted',
  },
  {
    name: 'what has a quote only, though it is another that uses the margin',
    positions: [held('a', { symbol: 'M', quantity: 100 }), held('b')],
    account: { balance: 400, rules: [margin] },
    quotes: 'A 100 101, M 100 101',
    closes: ['b margin_stop_out/m #1 100 0', 'a margin_stop_out/m #2 100 0'],
  },
])('a margin level closes $name', holds);

test.for<Case>([
  {
    name: 'in the account currency, at the mid of the pair',
    positions: [held('a', { symbol: 'M', quantity: 50 })],
    account: { currency: 'EUR', rules: [{ ...margin, limitPct: 100, action: 'warn' }] },
    // 500 dollars: none yet, 1000 euros, 1250, 1000
    quotes: 'M 100 101, EURUSD 0.5 0.5, EURUSD 0.3 0.5, EURUSD 0.4 0.6',
    closes: [],
    states: 'normal normal warning normal',
    open: 1,
  },
  {
    name: 'of what is left, also where its own symbol has no quote',
    positions: [
      held('a', {
        symbol: 'M',
        quantity: 40,
        exits: { ladder: [{ price: 101, fraction: '0.5' }] },
      }),
      held('b', { exits: { stopLoss: 1 } }),
    ],
    account: { balance: 380, rules: [{ ...margin, limitPct: 100, action: 'haltEntries' }] },
    // 400, then 200
    quotes: 'A 100 101, M 101 102',
    closes: ['a take_profit #2 101 20'],
    states: 'warning normal',
    open: 2,
  },
  {
    name: 'none: no level, whatever the equity is',
    positions: [held('a', { quantity: 50 })],
    account: { rules: [{ ...margin, warningPct: 100 }] },
    quotes: 'A 100 101, A 79 80',
    closes: [],
    states: 'normal normal',
    report: 'normal 1000 -50',
    open: 1,
  },
])('used margin: $name', holds);

test.for<Case>([
  {
    name: 'haltEntries: a warning until the loss is below 90 % of the warning level',
    positions: [held('a')],
    account: { rules: [{ ...peak, action: 'haltEntries' }] },
    quotes: 'A 90 91, A 93 94, A 93.25 94, A 93.26 94, A 80 81, A 94 95',
    closes: [],
    states: 'warning warning warning normal warning normal',
    open: 1,
  },
  {
    name: 'warn, without a warning level: a warning until it is not breached',
    positions: [held('a')],
    account: { rules: [{ id: 'f', anchor: 'fixed', floor: 990, action: 'warn' }] },
    quotes: 'A 90 91, A 89.99 91, A 90 91',
    closes: [],
    states: 'normal warning normal',
    open: 1,
  },
  {
    name: 'a fixed floor warns at so much above it, until a tenth of that further up',
    positions: [held('a', { quantity: 10 })],
    account: { rules: [{ id: 'f', anchor: 'fixed', floor: 800, warningPct: 5 }] },
    quotes: 'A 84.01 85, A 84 85, A 84.4 85, A 84.41 85',
    closes: [],
    states: 'normal warning warning normal',
    open: 1,
  },
  {
    name: 'a warning level beyond the limit: over only once the breach is',
    positions: [held('a')],
    account: { rules: [{ ...peak, warningPct: 5, action: 'warn' }] },
    quotes: 'A 90 91, A 89 91, A 90.01 91',
    closes: [],
    states: 'warning warning normal',
    open: 1,
  },
  {
    name: 'the warning level is of the same base as the limit',
    positions: [held('a', { quantity: 10 })],
    account: {
      rules: [{ ...peak, limitAmount: 900, warningPct: 10, pctOf: 'initialBalance' }],
    },
    // 2000 at the peak, so 1900
    quotes: 'A 200 201, A 190.01 191, A 190 191',
    closes: [],
    states: 'normal normal warning',
    open: 1,
  },
  {
    name: 'the lock moves the floor, not the warning',
    positions: [held('a', { quantity: 10 })],
    account: { rules: [{ ...peak, limitAmount: 100, lockAtInitial: true }] },
    quotes: 'A 150 151, A 142.5 143, A 100.01 101, A 100 101',
    closes: ['a drawdown_critical/p #4 100 0'],
    states: 'normal warning warning halted',
  },
  {
    name: 'the strongest action of one quote counts, and of those the first in the list',
    positions: [held('a')],
    account: {
      rules: [
        { ...peak, id: 'warns', action: 'warn' },
        { ...peak, id: 'halts', action: 'haltEntries' },
        { id: 'second', anchor: 'fixed', floor: 995 },
        { ...peak, id: 'third', graceSeconds: 9 },
      ],
    },
    quotes: 'A 90 91',
    closes: ['a drawdown_critical/second #1 90 -10'],
  },
  {
    name: 'a reduction is stronger than a warning, which is told with it',
    positions: three,
    account: { rules: [{ ...peak, limitAmount: 600, action: 'warn' }, margin] },
    quotes: 'M 101 102',
    closes: ['b margin_stop_out/m #1 101 -450', 'c margin_stop_out/m #1 101 -200'],
    states: 'warning',
    open: 1,
  },
  {
    name: 'a rule that warned keeps none from closing later',
    positions: [held('a')],
    account: {
      rules: [
        { ...peak, action: 'warn' },
        { id: 'f', anchor: 'fixed', floor: 980 },
      ],
    },
    quotes: 'A 90 91, A 80 81, A 79.99 81',
    closes: ['a drawdown_critical/f #3 79.99 -20.01'],
    states: 'warning warning halted',
  },
  {
    name: 'the balance, where that is observed: what floats breaches nothing',
    positions: [held('a', { exits: { stopLoss: 90 } }), held('b')],
    account: {
      rules: [{ id: 'i', anchor: 'initialBalance', limitAmount: 10, observed: 'balance' }],
    },
    quotes: 'A 90.01 91, A 90 91',
    closes: ['a stop_loss #2 90 -10', 'b drawdown_critical/i #2 90 -10'],
    states: 'normal halted',
    report: 'halted 980 980',
  },
  {
    name: 'an account whose last position that quote closed is looked at',
    positions: [held('a', { exits: { stopLoss: 90 } })],
    account: peak10,
    quotes: 'A 95 96, A 90 91',
    closes: ['a stop_loss #2 90 -10'],
    states: 'normal halted',
  },
  {
    name: 'an account that a deadline left without positions is looked at',
    positions: [held('a', { exits: { expiresAt: 2 } })],
    account: peak10,
    quotes: 'A 95 96, A 90 91',
    closes: ['a expired #2 90 -10'],
    states: 'normal halted',
  },
  {
    name: 'closing, as long as a close waits for the conversion pair',
    positions: [held('a', { quantity: 50 }), held('b', { symbol: 'USDJPY' })],
    account: {
      currency: 'JPY',
      rules: [{ id: 'f', anchor: 'fixed', floor: 1001 }],
    },
    quotes: 'A 100 101, USDJPY 100 100, A 101 102',
    closes: ['a drawdown_critical/f #2 100 0', 'b drawdown_critical/f #2 100 0'],
    states: 'closing halted halted',
  },
])('rules: $name', holds);
