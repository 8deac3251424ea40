// What conflation keeps of a run of quotes, and that no crossing is lost with the rest.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import { conflate } from '#src/prices/conflation';
import { exactPrices, priceText, quoteAt, quoteOf } from '../domain/arbitraries.ts';

/** Quotes as [bid, ask]; expected are the places of those kept. */
test.each<[string, [string, string][], number[]]>([
  ['nothing', [], []],
  ['one quote', [['1', '2']], [0]],
  [
    'two, of which the last has the extremes of one kind',
    [
      ['1', '2'],
      ['3', '4'],
    ],
    [0, 1],
  ],
  [
    'the last of equal ones as well as the first',
    [
      ['1', '2'],
      ['1', '2'],
      ['1', '2'],
    ],
    [0, 2],
  ],
  [
    'lowest and highest of bid and ask, and the last',
    [
      ['5', '6'],
      ['1', '6'],
      ['9', '11'],
      ['5', '12'],
      ['2', '3'],
      ['5', '6'],
      ['5', '7'],
    ],
    [1, 2, 3, 4, 6],
  ],
  [
    'the order in which they came',
    [
      ['9', '10'],
      ['1', '2'],
      ['5', '6'],
    ],
    [0, 1, 2],
  ],
  [
    'the earliest of equal extremes',
    [
      ['1', '5'],
      ['1', '5'],
      ['3', '9'],
      ['3', '9'],
      ['2', '7'],
    ],
    [0, 2, 4],
  ],
  [
    'extremes that only exact digits tell apart',
    [
      ['1.1', '2'],
      ['1.0999999999999999999999', '2'],
      ['1.1000000000000000000001', '2'],
      ['1.1', '2'],
    ],
    [0, 1, 2, 3],
  ],
])('of a run it keeps %s', (_, prices, kept) => {
  const run = prices.map(([bid, ask], i) => quoteAt('S', bid, ask, i));
  expect(conflate(run).map((quote) => quote.ts)).toEqual(kept);
});

const runOf = fc
  .array(quoteOf('S'), { minLength: 1, maxLength: 30 })
  .map((run) => run.map((quote, ts) => ({ ...quote, ts })));

function crosses(
  run: readonly Quote[],
  side: 'bid' | 'ask',
  level: string,
  isBelow: boolean,
): boolean {
  return run.some((quote) => {
    const at = exactPrices(quote)[side];
    return isBelow ? at.lte(level) : at.gte(level);
  });
}

test('a level that the run crosses is crossed by what is kept of it, and no other', () => {
  fc.assert(
    fc.property(runOf, priceText, (run, level) => {
      const kept = conflate(run);
      for (const side of ['bid', 'ask'] as const) {
        for (const isBelow of [true, false]) {
          expect(crosses(kept, side, level, isBelow)).toBe(crosses(run, side, level, isBelow));
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('at most five are kept, in their order, the last among them, and again the same', () => {
  fc.assert(
    fc.property(runOf, (run) => {
      const kept = conflate(run);
      expect(kept.length).toBeLessThanOrEqual(5);
      expect(kept).toEqual(run.filter((quote) => kept.includes(quote)));
      expect(kept.at(-1)).toBe(run.at(-1));
      expect(conflate(kept)).toEqual(kept);
    }),
    { numRuns: 500 },
  );
});
