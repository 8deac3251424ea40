// Bounds of a conversion pair's rate: whose are reached by its mid.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuoteBook } from '#src/prices/quote-book';
import { RateLevels, type RateSlot } from '#src/prices/rate-levels';
import { quoteAt } from '../domain/arbitraries.ts';

function bookAt(bid: number, ask = bid): QuoteBook {
  const book = new QuoteBook('P');
  book.take(quoteAt('P', String(bid), String(ask)));
  return book;
}

test.each<[bid: number, ask: number, reached: string[]]>([
  [1, 1, []],
  [1.09, 1.1, []],
  [1.1, 1.1, ['up']],
  [1, 1.3, ['up']],
  [0.91, 0.92, []],
  [0.9, 0.9, ['down']],
  [0.8, 0.9, ['down']],
])('with bounds at 1.1 and 0.9, the mid of %d and %d reaches those of %j', (bid, ask, reached) => {
  const rates = new RateLevels<string>();
  rates.add({ above: 1.1 }, 'up');
  rates.add({ below: 0.9 }, 'down');
  expect(rates.reached(bookAt(bid, ask))).toEqual(reached);
});

test('each is told once, however many of its bounds are reached', () => {
  const rates = new RateLevels<string>();
  for (const above of [1, 1.1, 1.2]) rates.add({ above }, 'a');
  rates.add({ below: 2 }, 'a');
  rates.add({ above: 0 }, 'b');
  expect(rates.reached(bookAt(1.5)).toSorted()).toEqual(['a', 'b']);
});

test('where no bound is reached nothing is allocated to tell it', () => {
  const rates = new RateLevels<string>();
  const none = rates.reached(bookAt(1));
  rates.add({ above: 2 }, 'a');
  expect(rates.reached(bookAt(1))).toBe(none);
});

test('a bound that is taken away is not reached any more', () => {
  const one = fc.record({ isAbove: fc.boolean(), value: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(
      fc.array(one, { maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 8 }),
      fc.integer({ min: 1, max: 9 }),
      (bounds, gone, mid) => {
        const rates = new RateLevels<number>();
        const slots = new Map<number, RateSlot<number>>();
        bounds.forEach(({ isAbove, value }, i) => {
          slots.set(i, rates.add(isAbove ? { above: value } : { below: value }, i));
        });
        for (const i of gone) {
          const slot = slots.get(i);
          if (slot === undefined) continue;
          slot.heap.remove(slot.slot);
          slots.delete(i);
        }
        const reached = bounds.flatMap(({ isAbove, value }, i) =>
          slots.has(i) && (isAbove ? mid >= value : mid <= value) ? [i] : [],
        );
        expect([...rates.reached(bookAt(mid))].toSorted((a, b) => a - b)).toEqual(reached);
      },
    ),
  );
});
