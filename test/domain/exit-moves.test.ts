// What a price moves of the exits of a position, and where its stops are.
import { expect, test } from 'vitest';
import {
  breakEvenStop,
  reachedBy,
  stopOf,
  trailOf,
  trailsOf,
  type Reached,
} from '#src/domain/due-exits';
import { exitsOf, type ExitProgress, type ExitsSpec } from '#src/domain/exits';
import { text } from '#src/domain/money';
import { price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { armed, at, terms, tiered, trail1, type Given } from './exit-terms.ts';

const be = (trigger: number, offset = '0'): ExitsSpec => ({ breakEven: { trigger, offset } });
const waits = { trailing: { distance: 1, activation: 105, tiers: [{ at: 105, distance: '0.5' }] } };

/** What moves; it acts from the next quote on. */
test.each<[Side, ExitsSpec, string, Given, Reached['moves']]>([
  ['long', be(105), '104.99', {}, undefined],
  ['long', be(105), '105', {}, { stop: '100' }],
  ['long', be(105, '0.5'), '105', {}, { stop: '100.5' }],
  ['short', be(95, '0.5'), '95', {}, { stop: '99.5' }],
  ['short', be(95, '-0.5'), '94', {}, { stop: '100.5' }],
  // Once.
  ['long', be(105), '106', { progress: { movedStop: '100' } }, undefined],
  // Only where that is tighter than the stop.
  ['long', { ...be(105), stopLoss: 99 }, '105', {}, { stop: '100' }],
  ['long', { ...be(105), stopLoss: '100.0' }, '105', {}, undefined],
  ['long', { ...be(105), stopLoss: 101 }, '105', {}, undefined],
  ['short', { ...be(95), stopLoss: 101 }, '95', {}, { stop: '100' }],
  ['short', { ...be(95), stopLoss: 99 }, '95', {}, undefined],
  // A trailing stop that has no activation waits for no level.
  ['long', trail1, '200', { progress: armed, peak: '105' }, undefined],
  ['long', waits, '104.99', {}, undefined],
  ['long', waits, '105', {}, { activatedAt: '105', tiers: [0] }],
  [
    'long',
    waits,
    '105.000000000000000000000001',
    {},
    { activatedAt: '105.000000000000000000000001', tiers: [0] },
  ],
  ['long', waits, '106', { progress: { trailsSince: 2, tiers: [0] }, peak: '105' }, undefined],
  ['short', { trailing: { percent: 1, activation: 95 } }, '95.01', {}, undefined],
  ['short', { trailing: { percent: 1, activation: 95 } }, '95', {}, { activatedAt: '95' }],
  // A tier counts once the stop is armed, by the quote that arms it too.
  ['long', tiered, '125', { progress: armed }, { tiers: [0, 1] }],
  ['long', tiered, '110', { progress: armed, peak: '109' }, { tiers: [0] }],
  ['long', tiered, '125', { progress: { ...armed, tiers: [0] }, peak: '124' }, { tiers: [1] }],
  [
    'long',
    { trailing: { distance: 1, activation: 130, tiers: [{ at: 110, distance: '0.5' }] } },
    '120',
    {},
    undefined,
  ],
  ['long', { ...be(105), ...waits }, '105', {}, { stop: '100', activatedAt: '105', tiers: [0] }],
  // Beside rungs, not beside what ends the position.
  ['long', { ...be(105), ladder: [{ price: 105, fraction: '0.5' }] }, '105', {}, { stop: '100' }],
  ['long', { ...be(105), takeProfit: 105 }, '105', {}, undefined],
])('a %s with %j at %s, %j, moves %j', (side, exits, x, given, moves) => {
  expect(at(side, exits, x, given).moves).toEqual(moves);
});

test('the price is not asked for what it is worth where nothing hangs on it', () => {
  const seen = { price: price('99'), peak: undefined, pnl: () => expect.unreachable() };
  const exits = { stopLoss: 98, takeProfit: 101, ladder: [{ price: 101, fraction: 1 }] };
  expect(reachedBy(terms('long', exits), seen)).toEqual({ closes: [], moves: undefined });
});

test.each<[Side, ExitsSpec, ExitProgress, ReturnType<typeof stopOf>]>([
  ['long', {}, {}, undefined],
  ['long', { stopLoss: 99 }, {}, { level: '99', reason: 'stop_loss' }],
  ['long', { stopLoss: 99 }, { movedStop: '100' }, { level: '100', reason: 'break_even' }],
  ['long', {}, { movedStop: '100' }, { level: '100', reason: 'break_even' }],
  ['short', { stopLoss: 99 }, { movedStop: '100' }, { level: '99', reason: 'stop_loss' }],
])('the stop of a %s with %j and %j is %j', (side, exits, progress, stop) => {
  expect(stopOf(terms(side, exits, progress))).toEqual(stop);
});

test.each<[Side, ExitsSpec, ExitProgress, string | undefined]>([
  ['long', {}, {}, undefined],
  ['long', be(105, '1'), {}, '101'],
  ['short', be(95, '1'), {}, '99'],
  ['long', be(105, '1'), { movedStop: '101' }, undefined],
  ['long', { ...be(105, '1'), stopLoss: 101 }, {}, undefined],
])('break-even of a %s with %j and %j would move the stop to %j', (side, exits, progress, stop) => {
  expect(breakEvenStop(terms(side, exits, progress))).toBe(stop);
});

test.each<[Side, ExitsSpec, ExitProgress, string | undefined, string | undefined]>([
  ['long', trail1, armed, undefined, undefined],
  ['long', trail1, armed, '105', '104'],
  ['short', trail1, armed, '95', '96'],
  ['long', tiered, { ...armed, tiers: [0, 1] }, '150', '148.5'],
  ['long', tiered, { ...armed, tiers: [0, 1] }, '250', '248'],
  [
    'short',
    { trailing: { percent: '0.1' } },
    armed,
    '0.30000000000000000000001',
    '0.30030000000000000000001001',
  ],
])('a %s with %j and %j trails the peak %s at %s', (side, exits, progress, peak, trail) => {
  const found = trailOf(
    side,
    trailsOf(exitsOf(exits), progress),
    peak === undefined ? undefined : price(peak),
  );
  expect(found && text(found)).toBe(trail);
});
