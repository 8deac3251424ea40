// The reference's rules as proprietary firms have them, and their days, held against cases that
// were worked out by hand from the contract.
import { expect, test } from 'vitest';
import type { ScenarioRule } from '../scenario.ts';
import { causesOf, evaluated, held, reportOf, statesOf, type Case } from './by-hand.ts';

function holds(given: Case): void {
  const result = evaluated(given);
  expect(causesOf(given, result)).toEqual(given.closes);
  expect(result.openPositions).toBe(given.open ?? 0);
  expect(reportOf(result)).toBe(given.report ?? reportOf(result));
  expect(statesOf(given)).toBe(given.states ?? statesOf(given));
}

/** 50 of the initial 1000 below the balance at midnight in Prague. */
const daily: ScenarioRule = {
  id: 'daily',
  anchor: 'dayStartBalance',
  limitPct: 5,
  pctOf: 'initialBalance',
  timezone: 'Europe/Prague',
};

/** 100 below the best end of a day in Chicago, up to the initial 1000. */
const trailing: ScenarioRule = {
  id: 'trailing',
  anchor: 'highestDayEndBalance',
  limitAmount: 100,
  lockAtInitial: true,
  timezone: 'America/Chicago',
  resetAt: '17:00',
};

/** A profit of 40 in the balance, and a loss of 55 that floats over midnight. */
const carried = {
  positions: [held('won', { exits: { takeProfit: 140 } }), held('lost', { symbol: 'M' })],
  quotes:
    'A 140 141 2026-01-14T20:00Z, M 45 46 2026-01-14T22:00Z, ' +
    'M 45 46 2026-01-14T22:59:59.999Z, M 45 46 2026-01-14T23:00Z',
};

test.for<Case>([
  {
    name: 'a daily loss: what floats over midnight breaches at the reset',
    ...carried,
    account: { rules: [daily] },
    // 1040 − 55 = 985: far from 1000 − 50, beyond 1040 − 50.
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/daily #4 45 -55'],
    states: 'normal normal normal halted',
    report: 'halted 985 985',
  },
  {
    name: 'a daily loss from the equity at midnight: what floats is in it',
    ...carried,
    account: { rules: [{ ...daily, anchor: 'dayStartEquity' }] },
    closes: ['won take_profit #1 140 40'],
    states: 'normal normal normal normal',
    report: 'normal 1040 985',
    open: 1,
  },
  {
    name: 'a daily loss from the higher of the two, the balance',
    ...carried,
    account: { rules: [{ ...daily, anchor: 'dayStartHigher' }] },
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/daily #4 45 -55'],
    report: 'halted 985 985',
  },
  {
    name: 'a daily loss from the higher of the two, the equity',
    positions: [held('a')],
    account: { rules: [{ ...daily, anchor: 'dayStartHigher' }] },
    quotes: 'A 130 131 2026-01-14T12:00Z, A 80.01 81 2026-01-14T23:00Z, A 80 81 2026-01-15T00:00Z',
    // 1030 at midnight, so 980
    closes: ['a drawdown_critical/daily #3 80 -20'],
    states: 'normal warning halted',
  },
  {
    name: 'a daily loss of the initial balance, however much there is by then',
    positions: [
      held('won', { quantity: 25, exits: { takeProfit: 140 } }),
      held('lost', { symbol: 'M' }),
    ],
    account: { rules: [daily] },
    quotes: 'A 140 141 2026-01-14T20:00Z, M 50.01 51 2026-01-15T12:00Z, M 50 51 2026-01-15T13:00Z',
    closes: ['won take_profit #1 140 1000', 'lost drawdown_critical/daily #3 50 -50'],
    states: 'normal warning halted',
    report: 'halted 1950 1950',
  },
  {
    name: 'a daily loss of what there was at midnight, where that is meant',
    positions: [
      held('won', { quantity: 25, exits: { takeProfit: 140 } }),
      held('lost', { symbol: 'M', quantity: 2 }),
    ],
    account: { rules: [{ ...daily, pctOf: 'anchor' }] },
    quotes: 'A 140 141 2026-01-14T20:00Z, M 50.01 51 2026-01-15T12:00Z, M 50 51 2026-01-15T13:00Z',
    closes: ['won take_profit #1 140 1000', 'lost drawdown_critical/daily #3 50 -100'],
    states: 'normal warning halted',
  },
  {
    name: 'a day is begun from what stood before the quote, several missed ones at once',
    positions: [held('a')],
    account: { rules: [{ id: 'd', anchor: 'dayStartEquity', limitAmount: 10 }] },
    quotes: 'A 105 106 2026-01-16T20:00Z, A 95.01 96 2026-01-19T08:00Z, A 95 96 2026-01-19T09:00Z',
    closes: ['a drawdown_critical/d #3 95 -5'],
    states: 'normal warning halted',
  },
  {
    name: 'a new day ends a warning of the day before',
    positions: [held('a')],
    account: { rules: [{ id: 'd', anchor: 'dayStartEquity', limitAmount: 10, action: 'warn' }] },
    quotes: 'A 90 91 2026-01-16T20:00Z, A 90 91 2026-01-16T23:59Z, A 90 91 2026-01-17T00:00Z',
    closes: [],
    states: 'warning warning normal',
    open: 1,
  },
])('$name', holds);

test.for<Case>([
  {
    name: 'the best end of a day, and a floor that stops at the initial balance',
    positions: [
      held('first', { exits: { takeProfit: 160 } }),
      held('floating', { symbol: 'M', quantity: 2 }),
      held('second', {
        entryPrice: 160,
        openAt: '2026-01-15T00:00Z',
        exits: { takeProfit: 250 },
      }),
      held('third', { entryPrice: 180, openAt: '2026-01-16T00:00Z', exits: { stopLoss: 140 } }),
    ],
    account: { rules: [trailing] },
    quotes: [
      'A 160 161 2026-01-14T12:00Z',
      // 964, and the floor is 900 until the day ends, then 960.
      'M 52 53 2026-01-14T22:59Z',
      'M 52 53 2026-01-14T23:00Z',
      'A 250 251 2026-01-15T12:00Z',
      // 1054, 1150 at the end of the day: 1050, were it not locked at 1000.
      'M 52 53 2026-01-15T23:00Z',
      'A 140 141 2026-01-16T10:00Z',
      // 1110 is no better end.
      'M 52 53 2026-01-16T23:00Z',
      'M 45.01 46 2026-01-17T00:00Z',
      'M 45 46 2026-01-17T00:01Z',
    ].join(', '),
    closes: [
      'first take_profit #1 160 60',
      'second take_profit #4 250 90',
      'third stop_loss #6 140 -40',
      'floating drawdown_critical/trailing #9 45 -110',
    ],
    states: 'normal normal warning normal warning warning warning warning halted',
    report: 'halted 1000 1000',
  },
  {
    name: 'the peak of the equity, and a floor that stops 100 above the initial balance',
    positions: [held('a', { quantity: 10 })],
    account: {
      rules: [
        { id: 'p', anchor: 'peakEquity', limitAmount: 250, lockAtInitial: true, lockOffset: 100 },
      ],
    },
    quotes: 'A 130 131, A 105.01 106, A 150 151, A 110.01 111, A 110 111',
    closes: ['a drawdown_critical/p #5 110 100'],
    states: 'normal warning normal warning halted',
    report: 'halted 1100 1100 1500',
  },
  {
    name: 'the initial balance',
    positions: [held('a', { quantity: 10 })],
    account: { rules: [{ id: 'i', anchor: 'initialBalance', limitPct: 10 }] },
    quotes: 'A 200 201, A 90.01 91, A 90 91',
    closes: ['a drawdown_critical/i #3 90 -100'],
    states: 'normal warning halted',
  },
])('a floor behind $name', holds);

test.for<Case>([
  {
    name: 'spring in Prague: the day has 23 hours',
    ...carried,
    account: { rules: [daily] },
    quotes:
      'A 140 141 2026-03-28T23:30Z, M 45 46 2026-03-29T21:59:59.999Z, M 45 46 2026-03-29T22:00Z',
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/daily #3 45 -55'],
    states: 'normal normal halted',
  },
  {
    name: 'autumn in Prague: the day has 25 hours',
    ...carried,
    account: { rules: [daily] },
    quotes: 'A 140 141 2026-10-24T22:30Z, M 45 46 2026-10-25T22:59Z, M 45 46 2026-10-25T23:00Z',
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/daily #3 45 -55'],
    states: 'normal normal halted',
  },
  {
    name: 'a reset that the clock leaves out is at the end of the gap',
    ...carried,
    account: { rules: [{ ...daily, timezone: 'America/New_York', resetAt: '02:30' }] },
    quotes: 'A 140 141 2026-03-08T05:00Z, M 45 46 2026-03-08T06:59Z, M 45 46 2026-03-08T07:00Z',
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/daily #3 45 -55'],
    states: 'normal normal halted',
  },
  {
    name: 'a reset that the clock shows twice is the first, and there is no second',
    positions: [
      held('won', { exits: { takeProfit: 140 } }),
      held('later', { openAt: '2026-11-01T06:00Z', exits: { takeProfit: 145 } }),
      held('lost', { symbol: 'M' }),
    ],
    account: { rules: [{ ...daily, timezone: 'America/New_York', resetAt: '01:30' }] },
    // 1040 is the anchor from 05:30 on; 1085 would be that of 06:30.
    quotes:
      'A 140 141 2026-11-01T05:00Z, M 60 61 2026-11-01T05:30Z, A 145 146 2026-11-01T06:10Z, ' +
      'M 6 7 2026-11-01T06:30Z, M 5 6 2026-11-01T06:31Z',
    closes: [
      'won take_profit #1 140 40',
      'later take_profit #3 145 45',
      'lost drawdown_critical/daily #5 5 -95',
    ],
    states: 'normal warning normal warning halted',
  },
  {
    name: 'each rule has its own days',
    ...carried,
    account: {
      rules: [
        { ...daily, id: 'utc', timezone: 'UTC' },
        { ...daily, id: 'kolkata', timezone: 'Asia/Kolkata' },
      ],
    },
    quotes: 'A 140 141 2026-01-14T12:00Z, M 45 46 2026-01-14T18:29Z, M 45 46 2026-01-14T18:30Z',
    closes: ['won take_profit #1 140 40', 'lost drawdown_critical/kolkata #3 45 -55'],
  },
])('days: $name', holds);
