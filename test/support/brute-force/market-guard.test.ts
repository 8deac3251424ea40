// The reference's market guard, held against cases that were worked out by hand from the contract:
// what is measured, what confirms it, when it has cleared.
import { expect, test } from 'vitest';
import { outcomesOf, type GuardCase } from './market-by-hand.ts';
import { termsOf } from './market-terms.ts';

/** Wide is a spread of 2 %, a warning, wider one of 3 %, critical. */
const tight = '100 100';
const wide = '100 102';
const wider = '100 103';

function holds(given: GuardCase): void {
  const { expected, actual } = outcomesOf(given);
  expect(actual).toEqual(expected);
}

test.for<GuardCase>([
  {
    name: 'a gap at its limit, critical at twice that; every open position, in tracking order',
    guard: { gap: {} },
    open: 'l0 s0 l3 s4',
    quotes: '1 A 100 100, 2 A 95 95, 3 A 95 95, 4 A 85.5 85.5',
    closes: ['l0 gap 2 95', 's0 gap 2 95', 'l3 gap 4 85.5', 's4 gap 4 85.5'],
    levels: ['2 gap warning', '4 gap critical'],
  },
  {
    name: 'no gap just below its limit, and none on the first quote',
    guard: { gap: {} },
    open: 'l0 l3',
    quotes: '1 A 95 95, 2 A 100 100, 3 A 95.01 95.01',
    // 5 / 95 · 100 = 5.26 upwards
    closes: ['l0 gap 2 100'],
    levels: ['2 gap warning'],
  },
  {
    name: 'a gap is from mid to mid',
    guard: { gap: { limit: 1 } },
    open: 'l0',
    quotes: '1 A 99 101, 2 A 100 101.98, 3 A 100 103.99',
    // 100 → 100.99 → 101.995, which is 1.005 of 100.99: 0.995 %
    closes: [],
    levels: [],
  },
  {
    name: 'a spread above its limit only, critical above twice that',
    guard: { spread: { limit: '1', closeOn: 'critical' } },
    open: 'l0',
    quotes: '1 A 100 101, 2 A 100 101.01, 3 A 100 102, 4 A 100 102.01',
    closes: ['l0 spread 4 100'],
    levels: ['2 spread warning', '4 spread critical'],
  },
  {
    name: 'liquidity below its limit only, critical below half of that: longs by the bid',
    guard: { liquidity: {} },
    open: 's0 l0 l3',
    quotes: '1 A 100 101 10 10, 2 A 100 101 5 10, 3 A 100 101 4.99 10',
    closes: ['l0 liquidity 3 100', 'l3 liquidity 3 100'],
    levels: ['2 liquidity/long warning', '3 liquidity/long critical'],
  },
  {
    name: 'shorts by the ask, after the longs of the same quote',
    guard: { liquidity: { limit: '2.5', closeOn: 'warning' } },
    open: 's0 l0 s2',
    quotes: '1 A 100 101 2.5 2.4, 2 A 100 101 2.4 1',
    closes: ['s0 liquidity 1 101', 'l0 liquidity 2 100', 's2 liquidity 2 101'],
    levels: ['1 liquidity/short warning', '2 liquidity/long warning', '2 liquidity/short critical'],
  },
  {
    name: 'without a size it does not hold, and its confirmation ends, for each side by itself',
    guard: { liquidity: { closeOn: 'warning', confirmQuotes: 2 } },
    open: 'l0 s0',
    quotes: '1 A 100 101 9 9, 2 A 100 101 - 9, 3 A 100 101 9, 4 A 100 101 9 9',
    closes: ['s0 liquidity 2 101', 'l0 liquidity 4 100'],
    levels: ['2 liquidity/short warning', '4 liquidity/long warning'],
  },
  {
    name: 'of several on one quote the first closes: gap, spread, the sides of liquidity',
    guard: {
      liquidity: { closeOn: 'warning' },
      spread: { limit: 1, closeOn: 'critical' },
      gap: { closeOn: 'critical' },
    },
    open: 'l0 s0 l3 s4',
    quotes: '1 A 100 100, 2 A 89 91 1 1, 3 A 88 92 1 1, 4 A 90 90 1 1',
    // At 2 a gap of 10 % and a spread of 2.2 %, at 3 a spread of 4.5 %, at 4 neither.
    closes: ['l0 gap 2 89', 's0 gap 2 91', 'l3 spread 3 88', 's4 liquidity 4 90'],
    levels: [
      '2 gap critical',
      '2 spread critical',
      '2 liquidity/long critical',
      '2 liquidity/short critical',
    ],
  },
  {
    name: 'closes nothing where it never closes, and levels are told',
    guard: { gap: { closeOn: 'never' }, spread: { limit: 1, closeOn: 'never' } },
    open: 'l0',
    quotes: `1 A ${tight}, 2 A ${wider}, 3 A 50 50`,
    closes: [],
    levels: ['2 spread critical', '3 gap critical'],
  },
])('measured: $name', holds);

test.for<GuardCase>([
  {
    name: 'by consecutive quotes of the symbol',
    guard: { spread: { limit: 1, confirmQuotes: 3 } },
    open: 'l0',
    quotes: `1 A ${wide}, 2 A ${wide}, 3 A ${tight}, 4 A ${wide}, 5 B, 6 A ${wide}, 7 A ${wide}`,
    closes: ['l0 spread 7 100'],
    levels: ['7 spread warning'],
  },
  {
    name: 'at each level by itself, where critical closes',
    guard: { spread: { limit: 1, confirmQuotes: 2, closeOn: 'critical' } },
    open: 'l0',
    quotes: `1 A ${wider}, 2 A ${wide}, 3 A ${wider}, 4 A ${wider}`,
    closes: ['l0 spread 4 100'],
    levels: ['2 spread warning', '4 spread critical'],
  },
  {
    name: 'at each level by itself, where the warning closes',
    guard: { spread: { limit: 1, confirmQuotes: 2 } },
    open: 'l0 l3',
    quotes: `1 A ${wider}, 2 A ${wide}, 3 A ${wider}, 4 A ${wider}`,
    closes: ['l0 spread 2 100', 'l3 spread 3 100'],
    levels: ['2 spread warning', '4 spread critical'],
  },
  {
    name: 'on the quote that completes both',
    guard: { spread: { limit: 1, confirmQuotes: 3, confirmMs: 10 } },
    open: 'l0',
    quotes: `1 A ${wide}, 5 A ${wide}, 11 B, 12 A 99.5 102`,
    closes: ['l0 spread 12 99.5'],
    levels: ['12 spread warning'],
  },
  {
    name: 'at the end of the time, on a quote of another symbol',
    guard: { spread: { limit: 1, confirmQuotes: 2, confirmMs: 10 } },
    open: 'l0',
    quotes: `1 A ${wide}, 5 A ${wide}, 10 B, 11 B`,
    closes: ['l0 spread 11 100'],
    levels: ['11 spread warning'],
  },
  {
    name: 'at the end of the time, on the book as it then stands, whatever that measures',
    guard: { spread: { limit: 1, confirmMs: 10 } },
    open: 'l0 s11 l12',
    quotes: `1 A ${wide}, 11 A 99 99, 12 A 99 99`,
    closes: ['l0 spread 11 99', 's11 spread 11 99'],
    levels: ['11 spread warning'],
  },
  {
    name: 'from the first quote behind one that contradicts',
    guard: { spread: { limit: 1, confirmMs: 10 } },
    open: 'l0',
    quotes: `1 A ${wide}, 10 A ${tight}, 11 A ${wide}, 20 B, 21 B`,
    closes: ['l0 spread 21 100'],
    levels: ['21 spread warning'],
  },
  {
    name: 'for each level from its own first quote',
    guard: { spread: { limit: 1, confirmMs: 10, closeOn: 'critical' } },
    open: 'l0',
    quotes: `1 A ${wide}, 4 A ${wider}, 11 B, 13 B, 14 B`,
    closes: ['l0 spread 14 100'],
    levels: ['11 spread warning', '14 spread critical'],
  },
  {
    name: 'behind the end of a position at the same time, before a later one',
    guard: { spread: { limit: 1, confirmMs: 10 } },
    open: 'l0x11 l0x12 s0',
    quotes: `1 A ${wide}, 20 B`,
    closes: ['l0x11 expired 20 100', 'l0x12 spread 20 100', 's0 spread 20 102'],
    levels: ['20 spread warning'],
  },
  {
    name: 'of two at the same time in the order of the conditions',
    guard: { spread: { limit: 1, confirmMs: 10 }, gap: { limit: 1, confirmMs: 10 } },
    open: 'l0',
    quotes: `1 A ${tight}, 2 A ${wider}, 12 B`,
    closes: ['l0 gap 12 100'],
    levels: ['12 gap warning', '12 spread critical'],
  },
  {
    name: 'of two at different times in their order',
    guard: { spread: { limit: 1, confirmMs: 9 }, gap: { limit: 1, confirmMs: 10 } },
    open: 'l0',
    quotes: `1 A ${tight}, 2 A ${wider}, 12 B`,
    closes: ['l0 spread 12 100'],
    levels: ['12 spread critical', '12 gap warning'],
  },
])('confirmed: $name', holds);

test.for<GuardCase>([
  {
    name: 'until then it acts on every quote on which it holds, and on no other',
    guard: { spread: { limit: 1, confirmQuotes: 2, clearAfterMs: 10 } },
    open: 'l0 l3 l4 l5 l15',
    quotes:
      `1 A ${wide}, 2 A ${wide}, 3 A ${tight}, 4 A ${wide}, 5 A ${tight}, 13 A ${tight}, ` +
      `14 B, 15 A ${wide}, 16 A ${wide}`,
    closes: [
      'l0 spread 2 100',
      ...['l3 spread 4 100', 'l4 spread 4 100'],
      ...['l5 spread 16 100', 'l15 spread 16 100'],
    ],
    levels: ['2 spread warning', '14 spread clear', '16 spread warning'],
  },
  {
    name: 'before the quote at that very time, which begins anew',
    guard: { spread: { limit: 1, confirmQuotes: 2, clearAfterMs: 10 } },
    open: 'l0 l12',
    quotes: `1 A ${wide}, 2 A ${wide}, 12 A ${wide}, 13 A ${wide}`,
    closes: ['l0 spread 2 100', 'l12 spread 13 100'],
    levels: ['2 spread warning', '12 spread clear', '13 spread warning'],
  },
  {
    name: 'each level by itself',
    guard: { spread: { limit: 1, clearAfterMs: 10, closeOn: 'never' } },
    open: '',
    quotes: `1 A ${wider}, 5 A ${wide}, 10 B, 11 B, 14 B, 15 B`,
    closes: [],
    levels: ['1 spread critical', '11 spread warning', '15 spread clear'],
  },
  {
    name: 'both levels at once',
    guard: { spread: { limit: 1, clearAfterMs: 10, closeOn: 'never' } },
    open: '',
    quotes: `1 A ${wider}, 11 B`,
    closes: [],
    levels: ['1 spread critical', '11 spread clear'],
  },
  {
    name: 'after five seconds unless given',
    guard: { spread: { closeOn: 'never' } },
    open: '',
    quotes: '1 A 100 100.51, 5000 B, 5001 B',
    closes: [],
    levels: ['1 spread warning', '5001 spread clear'],
  },
  {
    name: 'as soon as it acts, where the last quote on which it held is that long ago',
    guard: { spread: { limit: 1, confirmMs: 10, clearAfterMs: 5 } },
    open: 'l0 l12',
    quotes: `1 A ${wide}, 11 B, 12 A ${wide}`,
    closes: ['l0 spread 11 100'],
    levels: ['11 spread warning', '11 spread clear'],
  },
  {
    name: 'with no time to clear, before the next quote',
    guard: { spread: { limit: 1, clearAfterMs: 0 } },
    open: 'l0',
    quotes: `1 A ${wide}, 1 A ${wide}, 1 B`,
    closes: ['l0 spread 1 100'],
    levels: ['1 spread warning', '1 spread clear', '1 spread warning', '1 spread clear'],
  },
])('cleared: $name', holds);

test('a condition that is not named has its defaults, and false turns it off', () => {
  const percent = (value: bigint, scale = 1n) => ({ value, scale });
  const usual = { confirmQuotes: 1, confirmMs: 0, clearAfterMs: 5000 };
  expect(termsOf({ volatility: { limit: 3 } })).toEqual({
    gap: { limit: percent(5n), closeOn: 'warning', ...usual },
    spread: { limit: percent(5n, 10n), closeOn: 'warning', ...usual },
    liquidity: { limit: percent(10n), closeOn: 'critical', ...usual },
    stale: { limit: percent(60n), closeOn: 'never', ...usual },
    volatility: {
      ...{ limit: percent(3n), closeOn: 'critical', ...usual },
      ...{ windowMs: 60_000, halfLifeMs: 3_600_000 },
    },
  });
  expect(termsOf({}).volatility).toBeUndefined();
  const { gap, stale } = termsOf({ gap: false, stale: { closeOn: 'critical' } });
  expect([gap, stale?.closeOn]).toEqual([undefined, 'critical']);
});
