// The exits of a position as they are held, and what becomes of their state when they are replaced.
import { expect, test } from 'vitest';
import {
  exitsOf,
  progressAfter,
  trailsFrom,
  type ExitProgress,
  type Exits,
  type ExitsSpec,
} from '#src/domain/exits';

test.each<[ExitsSpec | undefined, Exits]>([
  [undefined, {}],
  [{}, {}],
  [{ stopLoss: '1.10' }, { stopLoss: '1.1' }],
  [{ takeProfit: 2000 }, { takeProfit: '2000' }],
  [
    { stopLoss: 1e-7, takeProfit: '+2.50' },
    { stopLoss: '0.0000001', takeProfit: '2.5' },
  ],
  [{ stopLoss: undefined, ladder: undefined, trailing: undefined }, {}],
  [
    { stopLossAmount: '050.0', takeProfitAmount: 0.1 },
    { stopLossAmount: '50', takeProfitAmount: '0.1' },
  ],
  [{ trailing: { distance: '1.50' } }, { trailing: { distance: '1.5' } }],
  [{ trailing: { percent: 2 } }, { trailing: { percent: '2' } }],
  // A step of nothing is no step.
  [{ trailing: { distance: 1, step: 0 } }, { trailing: { distance: '1' } }],
  [{ trailing: { distance: 1, step: '0.00' } }, { trailing: { distance: '1' } }],
  [{ trailing: { distance: 1, step: '0.10' } }, { trailing: { distance: '1', step: '0.1' } }],
  [
    { trailing: { percent: 1, activation: '9.0' } },
    { trailing: { percent: '1', activation: '9' } },
  ],
  [{ trailing: { distance: 1, tiers: [] } }, { trailing: { distance: '1' } }],
  [
    {
      trailing: {
        distance: 1,
        tiers: [
          { percent: '.50', at: 7 },
          { at: '8.0', distance: '0.5' },
        ],
      },
    },
    {
      trailing: {
        distance: '1',
        tiers: [
          { at: '7', percent: '0.5' },
          { at: '8', distance: '0.5' },
        ],
      },
    },
  ],
  [{ breakEven: { trigger: '1.20' } }, { breakEven: { trigger: '1.2', offset: '0' } }],
  [{ breakEven: { trigger: 1, offset: '-0.0' } }, { breakEven: { trigger: '1', offset: '0' } }],
  [{ breakEven: { trigger: 1, offset: '-0.10' } }, { breakEven: { trigger: '1', offset: '-0.1' } }],
  [{ expiresAt: 1_700_000_000_000 }, { expiresAt: 1_700_000_000_000 }],
  [{ ladder: [] }, {}],
  [
    {
      ladder: [
        { price: '2.0', fraction: '0.50' },
        { price: 3, fraction: 0.25 },
      ],
    },
    {
      ladder: [
        { price: '2', fraction: '0.5' },
        { price: '3', fraction: '0.25' },
      ],
    },
  ],
  // More digits than a double holds stay as they are.
  [{ stopLoss: '1.123456789012345678901' }, { stopLoss: '1.123456789012345678901' }],
])('exits given as %j are held as %j', (given, held) => {
  expect(exitsOf(given)).toEqual(held);
});

test('what is given in another order, or in other words, is held the same', () => {
  const one = exitsOf({
    trailing: { distance: '1.0', activation: 5, step: '0.5', tiers: [{ at: 6, distance: 1 }] },
    breakEven: { trigger: 1, offset: 0 },
    ladder: [{ price: 2, fraction: '0.5' }],
  });
  const other = exitsOf({
    ladder: [{ fraction: 0.5, price: '2.00' }],
    breakEven: { trigger: '1.0' },
    trailing: { tiers: [{ distance: '1', at: '6.0' }], step: 0.5, activation: '5', distance: 1 },
  });
  for (const name of ['trailing', 'breakEven', 'ladder'] as const) {
    expect(JSON.stringify(one[name])).toBe(JSON.stringify(other[name]));
  }
});

test.each<[Exits, Pick<ExitProgress, 'trailsSince'>]>([
  [{}, {}],
  [{ trailing: { distance: '1' } }, { trailsSince: 7 }],
  [{ trailing: { percent: '1', tiers: [{ at: '2', percent: '0.5' }] } }, { trailsSince: 7 }],
  [{ trailing: { distance: '1', activation: '3' } }, {}],
])('of %j, set by record 7, the start is %j', (exits, progress) => {
  expect(trailsFrom(exits, 7)).toEqual(progress);
});

const trailing = { distance: '1', tiers: [{ at: '5', distance: '0.5' }] };
const activated = { distance: '1', activation: '4' };
const breakEven = { trigger: '3', offset: '0' };
const ladder = [
  { price: '2', fraction: '0.5' },
  { price: '3', fraction: '0.5' },
];
const twin = { price: '2', fraction: '0.25' };
const moved = { movedStop: '2' };
const trails = { trailsSince: 3, tiers: [0] };
const done = { rungs: [0] };

/** Exits, their state, the exits that replace them by record 9, and the state then. */
test.each<[string, Exits, ExitProgress, Exits, ExitProgress]>([
  ['nothing stays nothing', {}, {}, {}, {}],
  ['break-even kept', { breakEven }, moved, { breakEven: { ...breakEven } }, moved],
  ['break-even kept, not moved yet', { breakEven }, {}, { breakEven }, {}],
  [
    'break-even of another trigger',
    { breakEven },
    moved,
    { breakEven: { ...breakEven, trigger: '4' } },
    {},
  ],
  [
    'break-even of another offset',
    { breakEven },
    moved,
    { breakEven: { ...breakEven, offset: '1' } },
    {},
  ],
  ['break-even removed', { breakEven }, moved, {}, {}],
  ['break-even added', {}, {}, { breakEven }, {}],
  [
    'break-even kept beside another stop',
    { breakEven, stopLoss: '1' },
    moved,
    { breakEven, stopLoss: '2' },
    moved,
  ],
  ['trailing kept', { trailing }, trails, { trailing: structuredClone(trailing) }, trails],
  [
    'trailing of another distance',
    { trailing },
    trails,
    { trailing: { ...trailing, distance: '2' } },
    { trailsSince: 9 },
  ],
  [
    'trailing by percent now',
    { trailing },
    trails,
    { trailing: { percent: '1' } },
    { trailsSince: 9 },
  ],
  [
    'trailing with another step',
    { trailing },
    trails,
    { trailing: { ...trailing, step: '1' } },
    { trailsSince: 9 },
  ],
  [
    'trailing without its tiers',
    { trailing },
    trails,
    { trailing: { distance: '1' } },
    { trailsSince: 9 },
  ],
  ['trailing that waits now', { trailing }, trails, { trailing: activated }, {}],
  ['trailing removed', { trailing }, trails, {}, {}],
  ['trailing added', {}, {}, { trailing }, { trailsSince: 9 }],
  ['trailing added that waits', {}, {}, { trailing: activated }, {}],
  [
    'activated, kept',
    { trailing: activated },
    { trailsSince: 5 },
    { trailing: activated },
    { trailsSince: 5 },
  ],
  ['waiting, kept', { trailing: activated }, {}, { trailing: activated }, {}],
  [
    'activated, of another activation',
    { trailing: activated },
    { trailsSince: 5 },
    { trailing: { ...activated, activation: '5' } },
    {},
  ],
  [
    'activated, the activation removed',
    { trailing: activated },
    { trailsSince: 5 },
    { trailing: { distance: '1' } },
    { trailsSince: 9 },
  ],
  ['ladder kept', { ladder }, done, { ladder: structuredClone(ladder) }, done],
  ['ladder of other prices', { ladder }, done, { ladder: [{ price: '2.5', fraction: '0.5' }] }, {}],
  ['ladder in another order', { ladder }, done, { ladder: ladder.toReversed() }, { rungs: [1] }],
  ['ladder with one rung more', { ladder: ladder.slice(0, 1) }, done, { ladder }, done],
  ['ladder with equal rungs', { ladder: [twin, twin] }, done, { ladder: [twin, twin, twin] }, done],
  [
    'ladder with one of two equal rungs',
    { ladder: [twin, twin] },
    { rungs: [1] },
    { ladder: [twin] },
    {},
  ],
  ['ladder removed', { ladder }, done, {}, {}],
  [
    'each for itself: one kept, one changed, one removed',
    { trailing, breakEven, ladder, stopLoss: '1' },
    { ...trails, ...moved, ...done },
    { trailing, breakEven: { ...breakEven, offset: '1' } },
    trails,
  ],
  [
    'all kept, what has no state changed',
    { trailing, breakEven, ladder, stopLoss: '1', takeProfit: '9', expiresAt: 5 },
    { ...trails, ...moved, ...done },
    { trailing, breakEven, ladder, stopLossAmount: '1', takeProfit: '8', expiresAt: 6 },
    { ...trails, ...moved, ...done },
  ],
])('replaced: %s', (_, before, progress, after, expected) => {
  expect(progressAfter(before, after, progress, 9)).toEqual(expected);
});
