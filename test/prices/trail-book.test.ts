// Trailing stops in cohorts, held against trailing each of them on its own with exact integers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import type { Side } from '#src/domain/quote';
import { TrailBook } from '#src/prices/trail-book';
import { priceText } from '../domain/arbitraries.ts';
import {
  addTo,
  advance,
  Both,
  firedBy,
  textOf,
  type Action,
  type Given,
} from './trail-reference.ts';

test.each<[Side, string, string | undefined, string, boolean]>([
  ['long', '2', undefined, '1.9', false],
  ['long', '2', undefined, '2', false],
  ['long', '2', undefined, '2.1', true],
  ['short', '2', undefined, '2.1', false],
  ['short', '2', undefined, '2', false],
  ['short', '2', undefined, '1.9', true],
  // Equal as doubles: the digits behind decide.
  ['long', '2', undefined, '2.000000000000000000001', true],
  ['long', '2.000000000000000000001', undefined, '2', false],
  ['short', '2', undefined, '2.000000000000000000001', false],
  ['short', '2.000000000000000000001', undefined, '2', true],
  // 0.1 + 0.2 is above 0.3 in doubles, 0.3 - 0.1 below 0.2.
  ['long', '0.1', '0.2', '0.3', true],
  ['long', '0.1', '0.2', '0.299999999999999999999', false],
  ['short', '0.3', '0.1', '0.2', true],
  ['short', '0.3', '0.1', '0.200000000000000000001', false],
  ['long', '1', '0.000000000000000000001', '1.000000000000000000001', true],
  ['long', '1', '0.000000000000000000002', '1.000000000000000000001', false],
])('the peak of a %s at %s with step %s at %s: moves %j', (side, peak, step, at, expected) => {
  const book = new TrailBook<string>(side);
  const member = addTo(book, 'owner', { peak, step, distance: '1' });
  expect(advance(book, at)).toBe(expected);
  expect(textOf(book.peakOf(member))).toBe(expected ? at : peak);
});

test.each<[Side, Given, string, boolean]>([
  ['long', { peak: '2', distance: '0.5' }, '1.5', true],
  ['long', { peak: '2', distance: '0.5' }, '1.50000000001', false],
  ['long', { peak: '2', percent: '10' }, '1.8', true],
  ['long', { peak: '2', percent: '10' }, '1.80000000001', false],
  ['long', { peak: '2', distance: '0.5', percent: '10' }, '1.8', true],
  ['long', { peak: '0.3', distance: '0.1' }, '0.2', true],
  ['long', { peak: '1', distance: '2' }, '0.00000001', false],
  ['short', { peak: '2', distance: '0.5' }, '2.5', true],
  ['short', { peak: '2', distance: '0.5' }, '2.49999999999', false],
  ['short', { peak: '2', percent: '10' }, '2.2', true],
  ['short', { peak: '2', percent: '10' }, '2.19999999999', false],
  ['short', { peak: '0.1', distance: '0.2' }, '0.3', true],
])('the stop of a %s %j at %s: fires %j', (side, given, at, expected) => {
  const book = new TrailBook<string>(side);
  addTo(book, 'owner', given);
  expect(firedBy(book, at)).toEqual(expected ? ['owner'] : []);
});

test.each<[Side, number, number]>([
  ['long', -Infinity, Infinity],
  ['short', Infinity, -Infinity],
])('an empty book of %s is touched by no price', (side, fireFirst, moveFirst) => {
  const book = new TrailBook<string>(side);
  expect([book.fireFirst, book.moveFirst]).toEqual([fireFirst, moveFirst]);
  book.remove(addTo(book, 'owner', { peak: '1', step: '1', percent: '1' }));
  expect([book.fireFirst, book.moveFirst]).toEqual([fireFirst, moveFirst]);
  expect([book.size, book.cohorts, advance(book, '1'), firedBy(book, '1')]).toEqual([
    0,
    0,
    false,
    [],
  ]);
});

test('a trailing stop without a distance moves its peak and is never reached', () => {
  const book = new TrailBook<string>('long');
  const member = addTo(book, 'owner', { peak: '1' });
  expect(book.fireFirst).toBe(-Infinity);
  expect(advance(book, '2')).toBe(true);
  expect(textOf(book.peakOf(member))).toBe('2');
  expect(firedBy(book, '0.001')).toEqual([]);
});

test('a trailing stop can be removed once, and has no peak after that', () => {
  const book = new TrailBook<string>('short');
  const member = addTo(book, 'owner', { peak: '1', distance: '1' });
  book.remove(member);
  expect(() => book.remove(member)).toThrow(InvariantError);
  expect(() => book.peakOf(member)).toThrow(InvariantError);
  expect(book.size).toBe(0);
});

test('equal steps and peaks are one cohort; a new high makes one of all that it moves', () => {
  const book = new TrailBook<number>('long');
  const given = { distance: '1' };
  for (let i = 0; i < 100; i++) {
    addTo(book, i, { ...given, peak: i % 2 === 0 ? '2' : '3' });
    addTo(book, i, { ...given, peak: '2', step: '0.5' });
    addTo(book, i, { ...given, peak: '2.6', step: '0.50' });
  }
  expect(book.cohorts).toBe(4);
  advance(book, '2.8');
  expect(book.cohorts).toBe(4);
  advance(book, '3.3');
  expect(book.cohorts).toBe(2);
  // Who joins at the price to which the others have just moved is one of them.
  addTo(book, 100, { ...given, peak: '3.3' });
  addTo(book, 101, { ...given, peak: '3.3', step: '0.5' });
  expect(book.cohorts).toBe(2);
  expect(book.size).toBe(302);
});

test('who leaves takes the tightest stop along, and not the cohort', () => {
  const book = new TrailBook<string>('long');
  const given = { peak: '2', step: '0.5' };
  const tight = addTo(book, 'tight', { ...given, percent: '10' });
  addTo(book, 'wide', { ...given, distance: '1' });
  expect(book.fireFirst).toBeCloseTo(1.8, 12);
  book.remove(tight);
  expect(book.fireFirst).toBeCloseTo(1, 12);
  addTo(book, 'next', { ...given, distance: '0.5' });
  expect(book.fireFirst).toBeCloseTo(1.5, 12);
  expect(book.cohorts).toBe(1);
});

test('a cohort keeps its members however often newer ones take it in and leave', () => {
  const book = new TrailBook<string>('long');
  const old = addTo(book, 'old', { peak: '1', distance: '1' });
  for (let i = 2; i < 500; i++) {
    const newer = ['a', 'b', 'c'].map((owner) =>
      addTo(book, owner, { peak: `${i - 1}.5`, distance: '1' }),
    );
    expect(advance(book, String(i))).toBe(true);
    expect(book.cohorts).toBe(1);
    for (const member of newer) book.remove(member);
    expect(firedBy(book, String(i - 1))).toEqual(['old']);
  }
  expect(textOf(book.peakOf(old))).toBe('499');
});

/** Tenths, since doubles add and subtract them with errors; and what no double holds. */
const at = fc.oneof(
  priceText,
  fc.integer({ min: 10, max: 40 }).map((tenths) => `${Math.floor(tenths / 10)}.${tenths % 10}`),
);
const steps = [undefined, undefined, '0.1', '0.3', '0.5', '0.2500000000000000000001', '1'];
const distances = [undefined, '0.1', '0.2', '0.25', '0.7', '1', '0.5000000000000000000001', '5'];
const percents = [undefined, '5', '10', '25', '33.3', '50'];

const given: fc.Arbitrary<Given> = fc.record({
  peak: at,
  step: fc.constantFrom(...steps),
  distance: fc.constantFrom(...distances),
  percent: fc.constantFrom(...percents),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), given }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('quote' as const),
      at,
      closes: fc.boolean(),
      looks: fc.boolean(),
    }),
  },
);

test.each<Side>(['long', 'short'])(
  'each %s trails and is told as it would be on its own',
  (side) => {
    const both = new Both(side);
    fc.assert(
      fc.property(fc.array(action, { maxLength: 70, size: 'max' }), (actions) => both.run(actions)),
      { numRuns: 2000 },
    );
    const { due, moved, hidden } = both.tally;
    expect(Math.min(due, moved, hidden)).toBeGreaterThan(2000);
  },
);
