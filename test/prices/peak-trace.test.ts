// What is traced of prices that move peaks: replayed over earlier peaks it gives what all of them give.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MovedPeak } from '#src/domain/closing';
import { price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { PeakTrace, tracedPricesMax } from '#src/prices/peak-trace';
import { priceText } from '../domain/arbitraries.ts';
import { naivePeak, type Exact } from '../domain/naive-exits.ts';
import { D } from '../support/brute-force/exact.ts';

const sides: readonly Side[] = ['long', 'short'];

function traced(side: Side, prices: readonly MovedPeak[], hasSteps = false): PeakTrace {
  const trace = new PeakTrace(side);
  for (const [n, text] of prices) trace.add(n, price(text), hasSteps);
  return trace;
}

const deep = '2.000000000000000000001';

describe('what is kept of the prices of a side', () => {
  test.each<[string, Side, boolean, MovedPeak[], MovedPeak[] | undefined]>([
    ['nothing', 'long', false, [], undefined],
    ['one', 'long', false, [[1, '2']], [[1, '2']]],
    [
      'better ones',
      'long',
      false,
      [
        [1, '2'],
        [1, '3'],
        [4, '4'],
      ],
      [[4, '4']],
    ],
    [
      'worse ones',
      'long',
      false,
      [
        [1, '4'],
        [2, '3'],
        [2, '2'],
      ],
      [
        [1, '4'],
        [2, '3'],
        [2, '2'],
      ],
    ],
    [
      'a better one behind worse',
      'long',
      false,
      [
        [1, '4'],
        [2, '2'],
        [3, '3'],
      ],
      [
        [1, '4'],
        [3, '3'],
      ],
    ],
    [
      'an equal one, the later',
      'long',
      false,
      [
        [1, '2'],
        [2, '2'],
      ],
      [[2, '2']],
    ],
    [
      'down is better',
      'short',
      false,
      [
        [1, '4'],
        [2, '2'],
        [3, '3'],
      ],
      [
        [2, '2'],
        [3, '3'],
      ],
    ],
    [
      'better by what no double tells',
      'long',
      false,
      [
        [1, '2'],
        [2, deep],
      ],
      [[2, deep]],
    ],
    [
      'worse by what no double tells',
      'short',
      false,
      [
        [1, '2'],
        [2, deep],
      ],
      [
        [1, '2'],
        [2, deep],
      ],
    ],
    [
      'all, with steps',
      'long',
      true,
      [
        [1, '2'],
        [2, '3'],
        [2, '3'],
      ],
      [
        [1, '2'],
        [2, '3'],
        [2, '3'],
      ],
    ],
    [
      'all, with steps',
      'short',
      true,
      [
        [1, '3'],
        [2, '2'],
      ],
      [
        [1, '3'],
        [2, '2'],
      ],
    ],
  ])('%s: %s, steps %s, of %j: %j', (_, side, hasSteps, prices, kept) => {
    const trace = traced(side, prices, hasSteps);
    expect(trace.take()).toEqual(kept);
    expect(trace.take()).toBeUndefined();
  });

  test('is what came last, where the stops with a step are gone', () => {
    const trace = traced(
      'long',
      [
        [1, '2'],
        [1, '3'],
      ],
      true,
    );
    trace.add(2, price('4'), false);
    expect(trace.take()).toEqual([[2, '4']]);
  });

  test('is nothing once it was noted', () => {
    const trace = traced('long', [[1, '2']]);
    trace.clear();
    expect(trace.take()).toBeUndefined();
  });
});

test.each(sides)('of a %s so much is traced, and then the peaks should be noted', (side) => {
  const trace = new PeakTrace(side);
  for (let i = 1; i < tracedPricesMax; i++) trace.add(1, price(i), true);
  expect(trace.isFull).toBe(false);
  trace.add(1, price(tracedPricesMax), true);
  expect(trace.isFull).toBe(true);
  expect(trace.take()).toHaveLength(tracedPricesMax);
  expect(trace.isFull).toBe(false);
  // Better ones are one, however many.
  for (let i = 1; i <= 2 * tracedPricesMax; i++) {
    trace.add(1, price(side === 'long' ? i : 2 * tracedPricesMax + 1 - i), false);
  }
  expect(trace.isFull).toBe(false);
  expect(trace.take()).toHaveLength(1);
});

const prices = fc.array(fc.tuple(fc.nat(2), priceText), { maxLength: 30 }).map((steps) => {
  let n = 1;
  return steps.map(([more, text]): MovedPeak => [(n += more), text]);
});

/** Of a stop that trails since that record, from this peak on. */
function replayed(side: Side, since: number, from: string | undefined, all: readonly MovedPeak[]) {
  let peak: Exact | undefined = from === undefined ? undefined : new D(from);
  for (const [n, text] of all) {
    if (n >= since) peak = naivePeak({ side, exits: {} }, new D(text), peak);
  }
  return peak?.toFixed();
}

test.each(sides)(
  '%s: what is kept does to each peak what all prices did, and gets worse',
  (side) => {
    fc.assert(
      fc.property(prices, fc.option(priceText, { nil: undefined }), (all, from) => {
        const kept = traced(side, all).take() ?? [];
        for (let since = 0; since <= (all.at(-1)?.[0] ?? 0) + 1; since++) {
          expect(replayed(side, since, from, kept)).toBe(replayed(side, since, from, all));
        }
        kept.slice(1).forEach(([n, text], i) => {
          const [nBefore, before] = kept[i] as MovedPeak;
          const worse = side === 'long' ? new D(before).gt(text) : new D(before).lt(text);
          expect([worse, nBefore <= n]).toEqual([true, true]);
        });
      }),
      { numRuns: 500 },
    );
  },
);

test.each(sides)('%s: with steps every price is kept, in order', (side) => {
  fc.assert(
    fc.property(prices, (all) => {
      const kept = (traced(side, all, true).take() ?? []).map(([n, text]) => [
        n,
        new D(text).toFixed(),
      ]);
      expect(kept).toEqual(all.map(([n, text]) => [n, new D(text).toFixed()]));
    }),
  );
});

test.each(sides)('%s: stops with a step that come and go find what moved them', (side) => {
  const changes = fc.array(fc.tuple(fc.nat(1), priceText, fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(changes, fc.constantFrom('0.25', '0.5', '1'), (given, step) => {
      const trace = new PeakTrace(side);
      let n = 1;
      let since: number | undefined;
      let peak: Exact | undefined;
      for (const [more, text, isThere] of given) {
        // A stop that comes is a new one: it trails from that record on.
        if (isThere !== (since !== undefined)) {
          since = isThere ? ++n : undefined;
          peak = undefined;
        }
        n += more;
        if (isThere) peak = naivePeak({ side, exits: exitsOfStep(step) }, new D(text), peak);
        trace.add(n, price(text), isThere);
      }
      let found: Exact | undefined;
      for (const [at, text] of trace.take() ?? []) {
        if (since === undefined || at < since) continue;
        found = naivePeak({ side, exits: exitsOfStep(step) }, new D(text), found);
      }
      expect(found?.toFixed()).toBe(since === undefined ? undefined : peak?.toFixed());
    }),
    { numRuns: 300 },
  );
});

const exitsOfStep = (step: string) => ({ trailing: { distance: '1', step } });
