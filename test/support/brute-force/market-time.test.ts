// The reference's market guard, held against cases that were worked out by hand from the contract:
// what is silent, what is volatile, what is held back.
import { expect, test } from 'vitest';
import { outcomesOf, type GuardCase } from './market-by-hand.ts';
import type { Sessions, VolatilityCondition } from './market-terms.ts';

const monday = Date.parse('2024-07-08T13:30Z');
const weekly: Sessions = {
  timezone: 'America/New_York',
  weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' }],
};

function holds(given: GuardCase): void {
  const { expected, actual } = outcomesOf(given);
  expect(actual).toEqual(expected);
}

test.for<GuardCase>([
  {
    name: 'from so many seconds on, critical from twice as many, cleared some time after a quote',
    guard: { stale: { limit: '0.01', closeOn: 'warning', clearAfterMs: 5 } },
    open: 'l0 l12 l25',
    quotes: '1 A, 10 B, 11 B, 20 B, 21 B, 25 A, 29 B, 30 B',
    closes: ['l0 stale 11 100'],
    levels: ['11 stale warning', '21 stale critical', '30 stale clear'],
  },
  {
    name: 'before the quote that ends it, at its price',
    guard: { stale: { limit: '0.01', closeOn: 'warning', clearAfterMs: 5 } },
    open: 'l0 l12',
    quotes: '1 A 100 100, 12 A 90 90, 17 B',
    closes: ['l0 stale 12 90', 'l12 stale 12 90'],
    levels: ['12 stale warning', '17 stale clear'],
  },
  {
    name: 'closes at the level that it names',
    guard: { stale: { limit: '0.01', closeOn: 'critical' } },
    open: 'l0',
    quotes: '1 A, 20 B, 21 B',
    closes: ['l0 stale 21 100'],
    levels: ['20 stale warning', '21 stale critical'],
  },
  {
    name: 'not while quotes come in time, nor without a first one',
    guard: { stale: { limit: '0.01', closeOn: 'warning' } },
    open: 'l0',
    quotes: '1 B, 100 B, 101 A, 110 A, 119 A, 128 B',
    closes: [],
    levels: [],
  },
  {
    name: 'confirmed by time only, which is added',
    guard: { stale: { limit: '0.01', confirmQuotes: 9, confirmMs: 3 } },
    open: 'l0',
    quotes: '1 A, 13 B, 14 B, 23 B, 24 B',
    closes: [],
    levels: ['14 stale warning', '24 stale critical'],
  },
  {
    name: 'silent anew before it has cleared: it acts again, and clears after the next quote',
    guard: { stale: { limit: '0.01', closeOn: 'warning', confirmMs: 1, clearAfterMs: 20 } },
    open: 'l0 l13 l22 l33',
    quotes: '1 A, 12 B, 13 A, 23 B, 33 B, 34 B, 35 A, 44 A, 52 A, 54 B, 55 B',
    closes: ['l0 stale 12 100', 'l13 stale 23 100', 'l22 stale 23 100'],
    levels: ['12 stale warning', '34 stale critical', '55 stale clear'],
  },
  {
    name: 'silent anew when it has just cleared: with a new confirmation',
    guard: { stale: { limit: '0.01', closeOn: 'warning', confirmMs: 2, clearAfterMs: 10 } },
    open: 'l0 l14',
    quotes: '1 A, 13 B, 14 A, 24 B, 26 B',
    closes: ['l0 stale 13 100', 'l14 stale 26 100'],
    levels: ['13 stale warning', '24 stale clear', '26 stale warning'],
  },
  {
    name: 'behind the other conditions at the same time',
    guard: {
      stale: { limit: '0.01', closeOn: 'warning' },
      spread: { limit: 1, confirmMs: 10 },
    },
    open: 'l0',
    quotes: '1 A 100 102, 11 B',
    closes: ['l0 spread 11 100'],
    levels: ['11 spread warning', '11 stale warning'],
  },
  {
    name: 'inside sessions only',
    guard: { stale: { limit: 7200 } },
    sessions: weekly,
    open: '',
    // 15:30 on a Friday there: an hour and a half is left, half an hour is of Monday.
    quotes: `2024-07-05T19:30Z A, 2024-07-06T12:00Z B, ${monday - 1} B, ${monday} B`,
    closes: [],
    levels: [`${monday} stale warning`],
  },
  {
    name: 'with holidays left out',
    guard: { stale: { limit: 7200 } },
    sessions: { ...weekly, holidays: [{ date: '2024-07-08', from: '09:00', to: '09:15' }] },
    open: '',
    // A quarter of an hour is of Monday, another of Tuesday.
    quotes: `2024-07-05T19:30Z A, 2024-07-09T13:14Z B, 2024-07-09T13:15Z B`,
    closes: [],
    levels: [`${Date.parse('2024-07-09T13:15Z')} stale warning`],
  },
])('stale: $name', holds);

const reject = { deviationPct: 5, withinMs: 10, confirmQuotes: 1 };
const twice = { ...reject, confirmQuotes: 2 };

test.for<GuardCase>([
  {
    name: 'and refused once contradicted: nothing happens',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '1 A 100 100, 2 A 95 95, 3 A 95.01 95.01',
    ...{ closes: [], levels: [], refused: 1 },
  },
  {
    name: 'and counted once confirmed, at its own time',
    guard: { gap: {}, reject },
    open: 'l0 l3',
    quotes: '1 A 100 100, 2 A 90 90, 3 A 89 89',
    closes: ['l0 gap 2 90'],
    levels: ['2 gap critical'],
  },
  {
    name: 'until so many have confirmed; what was tracked meanwhile is left out',
    guard: { gap: {}, reject: twice },
    open: 'l0 l4 l5',
    quotes: '1 A 100 100, 2 A 90 90, 3 A 91 91, 4 B, 5 A 86 86',
    // From 90 to 91 and from 91 to 86: the second is a gap of 5.5 %.
    closes: ['l0 gap 2 90', 'l4 gap 5 86', 'l5 gap 5 86'],
    levels: ['2 gap critical'],
  },
  {
    name: 'and refused for one on the other side, which is held itself',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '1 A 100 100, 2 A 90 90, 3 A 110 110, 4 A 111 111',
    closes: ['l0 gap 3 110'],
    levels: ['3 gap critical'],
    refused: 1,
  },
  {
    name: 'until a late one, which counts at once, and with it what is on its side',
    guard: { gap: {}, reject: twice },
    open: 'l0',
    quotes: '1 A 100 100, 2 A 90 90, 12 A 89 89',
    closes: ['l0 gap 2 90'],
    levels: ['2 gap critical'],
  },
  {
    name: 'but not what is on the other side of a late one',
    guard: { gap: {}, reject: twice },
    open: 'l0',
    quotes: '1 A 100 100, 2 A 90 90, 12 A 110 110',
    closes: ['l0 gap 12 110'],
    levels: ['12 gap critical'],
    refused: 1,
  },
  {
    name: 'at the end of the time still, for as long as nothing comes, and refused where nothing does',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '1 A 100 100, 11 A 90 90, 1000 B',
    ...{ closes: [], levels: [], accepted: 2, refused: 1 },
  },
  {
    name: 'not without a quote before it, nor later',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '1 A 100 100, 12 A 90 90',
    closes: ['l0 gap 12 90'],
    levels: ['12 gap critical'],
  },
  {
    name: 'and confirmed by none that is older',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '1 A 100 100, 5 A 90 90, 4 A 89 89, 6 A 88 88',
    closes: ['l0 gap 5 90'],
    levels: ['5 gap critical'],
    refused: 1,
  },
  {
    name: 'and contradicted by one that is no older than what counted last',
    guard: { gap: {}, reject },
    open: 'l0',
    quotes: '2 A 100 100, 5 A 90 90, 1 A 100 100, 4 A 101 101, 6 A 90 90, 7 A 102 102',
    ...{ closes: [], levels: [], refused: 3 },
  },
  {
    name: 'and no quote to what is stale',
    guard: { stale: { limit: '0.01', closeOn: 'warning', clearAfterMs: 3 }, reject },
    open: 'l0',
    quotes: '1 A 100 100, 8 A 90 90, 10 B, 11 B, 13 A 90 90, 15 B, 16 B',
    closes: ['l0 stale 11 100'],
    // What was held ends it at 8, and has cleared it by 11: on the next quote that is worked on.
    levels: ['11 stale warning', '13 stale clear'],
  },
])('held back: $name', holds);

/** One A in each window of 10 ms from 1 on, 100 and 101 in turn; of two equal ones no return. */
function windowsOf(count: number, changed: Record<number, number> = {}): string {
  const mids = Array.from({ length: count }, (_, i) => changed[i] ?? 100 + (i % 2));
  return mids.map((mid, i) => `${1 + 10 * i} A ${mid} ${mid}`).join(', ');
}

/** The mid at so many times the logarithm from 100 to 101 above 101. */
function above(times: number): string {
  const mid = (101 * 1.01 ** times).toFixed(9);
  return `A ${mid} ${mid}`;
}

function volatile(given: VolatilityCondition, rest: Omit<GuardCase, 'guard'>): GuardCase {
  return { guard: { volatility: { windowMs: 10, halfLifeMs: 10, ...given } }, ...rest };
}

test.for<GuardCase>([
  volatile(
    { limit: '1.9', closeOn: 'warning' },
    {
      name: 'from its limit on, of the deviation of windows before it',
      open: 'l0 l1003',
      quotes: `${windowsOf(100)}, 1001 ${above(1.89)}, 1002 ${above(1.91)}, 1003 ${above(-1.91)}`,
      closes: [
        `l0 volatility 1002 ${above(1.91).split(' ')[1]}`,
        `l1003 volatility 1003 ${above(-1.91).split(' ')[1]}`,
      ],
      levels: ['1002 volatility warning'],
    },
  ),
  volatile(
    { limit: '1.9' },
    {
      name: 'critical from twice its limit on',
      open: 'l0',
      quotes: `${windowsOf(100)}, 1001 ${above(3.79)}, 1002 ${above(3.81)}`,
      closes: [`l0 volatility 1002 ${above(3.81).split(' ')[1]}`],
      levels: ['1001 volatility warning', '1002 volatility critical'],
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'not before a hundred windows',
      open: '',
      quotes: `${windowsOf(99)}, 991 A 200 200, 1000 A 200 200`,
      ...{ closes: [], levels: [] },
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'and a window without a quote is none',
      open: '',
      quotes: `${windowsOf(99)}, 1001 A 101 101, 1002 A 200 200, 1011 A 200 200, 1012 A 101 101`,
      closes: [],
      levels: ['1012 volatility warning'],
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'the deviation halves its weight by its half-life: after a window without a return',
      open: '',
      // A hundred windows, the last from 100 to 100: a variance of half of what it was.
      quotes: `${windowsOf(100, { 99: 100 })}, 1001 A 100.706 100.706, 1002 A 100.707 100.707`,
      closes: [],
      levels: ['1002 volatility warning'],
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'after a window without a quote from its own first mid',
      open: '',
      quotes: `${windowsOf(100)}, 1011 A 200 200, 1012 A 203 203`,
      closes: [],
      levels: ['1012 volatility warning'],
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'from the last mid of the window before, which may itself have begun anew',
      // That one had no return: 0.75 of the usual one is beyond √½ of it.
      open: '',
      quotes: `${windowsOf(100)}, 1011 A 200 200, 1021 A 201.5 201.5`,
      closes: [],
      levels: ['1021 volatility warning'],
    },
  ),
  volatile(
    { limit: 1, closeOn: 'never' },
    {
      name: 'nothing where nothing moves',
      open: '',
      quotes: windowsOf(120, Object.fromEntries(Array.from({ length: 120 }, (_, i) => [i, 100]))),
      ...{ closes: [], levels: [] },
    },
  ),
])('volatility: $name', holds);

test('the first window has a return from its own first mid, and weighs in full', () => {
  // Doubled within the first window, then 99 times halved in weight.
  const sigma = Math.log(2) * 2 ** -49.5;
  const still = Array.from({ length: 99 }, (_, i) => `${11 + 10 * i} A 200 200`);
  const quotes = ['1 A 100 100', '2 A 200 200', ...still, '1001 A 201 201'].join(', ');
  for (const [share, level] of [
    [0.4999, 'critical'],
    [0.5001, 'warning'],
    [0.9999, 'warning'],
    [1.0001, undefined],
  ] as const) {
    const limit = (share * Math.log(1.005)) / sigma;
    const levels = level === undefined ? [] : [`1001 volatility ${level}`];
    const given = { name: '', open: '', quotes, closes: [], levels };
    const { expected, actual } = outcomesOf(volatile({ limit, closeOn: 'never' }, given));
    expect(actual).toEqual(expected);
  }
});
