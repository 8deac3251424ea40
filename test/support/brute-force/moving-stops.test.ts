// The reference's stops that move, held against cases that were worked out by hand from the contract.
import { expect, test } from 'vitest';
import { evaluated, held, linesOf, reportOf, type Case } from './by-hand.ts';

function holds(given: Case): void {
  const result = evaluated(given);
  expect(linesOf(result)).toEqual(given.closes);
  expect(result.openPositions).toBe(given.open ?? 0);
  expect(reportOf(result)).toBe(given.report ?? reportOf(result));
}

test.for<Case>([
  {
    name: 'at its distance behind the best bid, both included',
    positions: [held('a', { exits: { trailing: { distance: 2 } } })],
    quotes: 'A 100 101, A 103 104, A 101.01 102, A 101 102',
    closes: ['a 1 trailing_stop@101 4 101 1'],
  },
  {
    name: 'of a short, behind the best ask',
    positions: [held('a', { side: 'short', exits: { trailing: { distance: 2 } } })],
    quotes: 'A 99 100, A 96 97, A 98 98.99, A 97 99.5',
    closes: ['a 1 trailing_stop@99 4 99.5 0.5'],
  },
  {
    name: 'from the first quote after the tracking, never the book before it',
    positions: [held('a', { openAt: 2, exits: { trailing: { distance: 2 } } })],
    quotes: 'A 110 111, B 100 101, A 100 101, A 98.01 99, A 98 99',
    closes: ['a 1 trailing_stop@98 5 98 -2'],
  },
  {
    name: 'by a percentage, exactly',
    positions: [
      held('a', { exits: { trailing: { percent: '0.333' } } }),
      held('b', { side: 'short', exits: { trailing: { percent: 10 } } }),
    ],
    // 103 · 0.99667 = 102.65701; 103 · 1.1 = 113.3
    quotes: 'A 103 103, A 102.65702 113.29, A 102.65701 113.29, A 103 113.3',
    closes: [
      'a 1 trailing_stop@102.65701 3 102.65701 2.65701',
      'b 1 trailing_stop@113.3 4 113.3 -13.3',
    ],
  },
  {
    name: 'with a step, the peak moves only by at least that',
    positions: [held('a', { exits: { trailing: { distance: 1, step: 2 } } })],
    quotes: 'A 100 101, A 101.99 102, A 99.5 100, A 102 103, A 103.99 104, A 101.01 102, A 101 102',
    closes: ['a 1 trailing_stop@101 7 101 1'],
  },
  {
    name: 'of a short, with a step',
    positions: [held('a', { side: 'short', exits: { trailing: { distance: '1.5', step: 2 } } })],
    quotes: 'A 99 100, A 98 98.01, A 101 101.49, A 97 98, A 96 96.01, A 98 99.5',
    closes: ['a 1 trailing_stop@99.5 6 99.5 0.5'],
  },
  {
    name: 'armed at its activation, that quote being its first peak',
    positions: [
      held('a', { exits: { trailing: { distance: 2, activation: 105 } } }),
      held('b', { side: 'short', exits: { trailing: { distance: 2, activation: 95 } } }),
    ],
    quotes: 'A 104.99 105, A 90 97, A 106 107, A 104 105, A 94 95, A 96 97',
    closes: ['a 1 trailing_stop@104 4 104 4', 'b 1 trailing_stop@97 6 97 3'],
  },
  {
    name: 'once a tier is reached by its distance, the first price that it can',
    positions: [
      held('a', {
        exits: {
          trailing: {
            distance: 5,
            tiers: [
              { at: 110, distance: 1 },
              { at: 105, percent: 2 },
            ],
          },
        },
      }),
    ],
    // 106 · 0.98 = 103.88
    quotes: 'A 104 105, A 100 101, A 106 107, A 103.89 104, A 103.88 104',
    closes: ['a 1 trailing_stop@103.88 5 103.88 3.88'],
  },
  {
    name: 'a tier is reached by the quote that arms it',
    positions: [
      held('a', { exits: { trailing: { distance: 5, tiers: [{ at: 104, distance: 1 }] } } }),
    ],
    quotes: 'A 104 105, A 103 104',
    closes: ['a 1 trailing_stop@103 2 103 3'],
  },
  {
    name: 'a tier that is not tighter changes nothing',
    positions: [
      held('a', { exits: { trailing: { distance: 5, tiers: [{ at: 105, distance: 9 }] } } }),
    ],
    quotes: 'A 106 107, A 101 102',
    closes: ['a 1 trailing_stop@101 2 101 1'],
  },
  {
    name: 'a tier counts only once it is armed, and for good',
    positions: [
      held('a', {
        side: 'short',
        exits: { trailing: { distance: 5, activation: 95, tiers: [{ at: 98, distance: 1 }] } },
      }),
    ],
    quotes: 'A 96 97, A 99 100, A 93 94, A 94 94.99, A 94 95',
    closes: ['a 1 trailing_stop@95 5 95 5'],
  },
  {
    name: 'a tier is reached by the price, though the step keeps the peak',
    positions: [
      held('a', {
        exits: { trailing: { distance: 5, step: 4, tiers: [{ at: 103, distance: 1 }] } },
      }),
    ],
    quotes: 'A 100 101, A 103 104, A 99.01 100, A 99 100',
    closes: ['a 1 trailing_stop@99 4 99 -1'],
  },
])('trailing stop: $name', holds);

test.for<Case>([
  {
    name: 'at the entry and the offset, once the trigger was reached',
    positions: [
      held('a', { exits: { breakEven: { trigger: 102, offset: '0.5' } } }),
      held('b', { side: 'short', exits: { stopLoss: 105, breakEven: { trigger: 98, offset: 1 } } }),
    ],
    quotes: 'A 100 101, A 102 103, A 100.5 101, A 97 98, A 98 98.99, A 98 99',
    closes: ['a 1 break_even@100.5 3 100.5 0.5', 'b 1 break_even@99 6 99 1'],
  },
  {
    name: 'from the quote after the trigger on, though it is crossed by then',
    positions: [held('a', { exits: { breakEven: { trigger: 99 } } })],
    quotes: 'A 98 99, A 99 100, A 99 100',
    closes: ['a 1 break_even@100 3 99 -1'],
  },
  {
    name: 'not where the stop loss is as tight',
    positions: [
      held('a', { exits: { stopLoss: 100, breakEven: { trigger: 102 } } }),
      held('b', {
        side: 'short',
        exits: { stopLoss: 105, breakEven: { trigger: 103, offset: -5 } },
      }),
    ],
    quotes: 'A 102 103, A 99 100, A 104 105',
    closes: ['a 1 stop_loss@100 2 99 -1', 'b 1 stop_loss@105 3 105 -5'],
  },
  {
    name: 'with a loose offset, an older stop loss stays',
    positions: [held('a', { exits: { stopLoss: 99, breakEven: { trigger: 102, offset: -2 } } })],
    quotes: 'A 103 104, A 99 100',
    closes: ['a 1 stop_loss@99 2 99 -1'],
  },
])('break-even: $name', holds);
