// Bands of one symbol: who is told of a quote, and who is not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BandIndex } from '#src/prices/band-index';
import type { Hold } from '#src/prices/band-lane';
import { EquityWatch } from '#src/prices/equity-watch';
import { Markets } from '#src/prices/market';
import { QuoteBook } from '#src/prices/quote-book';
import { accountCreated, Story } from '../domain/story.ts';

const markets = new Markets();

function watchOf(accountId: string): EquityWatch {
  return new EquityWatch(
    new Story().tell(accountCreated({ accountId })).account(accountId),
    markets,
  );
}

const [a, b, c] = ['a', 'b', 'c'].map(watchOf) as [EquityWatch, EquityWatch, EquityWatch];

const book = new QuoteBook('XAUUSD');

function setBand(hold: Hold, low: number, high: number): void {
  hold.home.set(hold, low, high);
}

function told(index: BandIndex, bid: number, ask: number): string {
  const found = new Set<EquityWatch>();
  const isLeft = index.isLeft(bid, ask);
  index.collect(bid, ask, found);
  const ids = [...found].map((watch) => watch.account.accountId).sort();
  // It may be said that somebody has to be told where a bound is looked up that has become wider.
  expect(isLeft || ids.length === 0).toBe(true);
  return ids.join(' ');
}

test('until its band is set, an account is told of every quote', () => {
  const index = new BandIndex();
  const hold = index.add(a, book, 'both');
  expect(index.size).toBe(1);
  index.begin();
  expect(told(index, 5, 6)).toBe('a');
  setBand(hold, 4, 7);
  expect(told(index, 5, 6)).toBe('');
  hold.home.open(hold);
  expect(told(index, 5, 6)).toBe('a');
});

/** A band of 4 to 7. */
test.each<[bid: number, ask: number, isTold: boolean]>([
  [5, 6, false],
  [4, 7, false],
  [3.999999, 6, true],
  [5, 7.000001, true],
  [3, 8, true],
  [8, 9, true],
  [1, 2, true],
])('a quote of %d, %d leaves the band: %j', (bid, ask, isTold) => {
  const index = new BandIndex();
  setBand(index.add(a, book, 'both'), 4, 7);
  index.begin();
  // A quote within it looks its bounds up.
  expect(told(index, 5, 6)).toBe('');
  expect(index.isLeft(bid, ask)).toBe(isTold);
  expect(told(index, bid, ask)).toBe(isTold ? 'a' : '');
});

test('a band that becomes wider is found out when its old bound is passed', () => {
  const index = new BandIndex();
  const hold = index.add(a, book, 'both');
  setBand(hold, 4, 7);
  setBand(hold, 3, 8);
  index.begin();
  expect(told(index, 3.5, 7.5)).toBe('');
  expect(index.isLeft(3.5, 7.5)).toBe(false);
  expect(told(index, 3.5, 8.5)).toBe('a');
  setBand(hold, 3, 8);
  expect(told(index, 2.5, 7.5)).toBe('a');
});

test('who has let go of the symbol since the quote came is told of it once more', () => {
  const index = new BandIndex();
  const holds = [a, b, c].map((watch) => index.add(watch, book, 'both')) as [Hold, Hold, Hold];
  for (const hold of holds) setBand(hold, 4, 7);
  // Before a quote came it is nobody's.
  index.remove(holds[2]);
  index.begin();
  expect(told(index, 5, 6)).toBe('');
  index.begin();
  index.remove(holds[0]);
  expect(index.isLeft(5, 6)).toBe(true);
  expect(told(index, 5, 6)).toBe('a');
  index.end();
  expect(told(index, 5, 6)).toBe('');
  expect([...index.holds()].map(({ watch }) => watch)).toEqual([b]);
  // What left when a quote was worked on is not told of the next one.
  index.begin();
  index.remove(holds[1]);
  index.begin();
  expect([told(index, 1, 9), index.size]).toEqual(['', 0]);
});

test.each([
  ['bid', 4, 9, ''],
  ['bid', 3, 9, 'a'],
  ['bid', 8, 9, 'a'],
  ['ask', 1, 7, ''],
  ['ask', 1, 3, 'a'],
  ['ask', 1, 8, 'a'],
  ['both', 4, 7, ''],
  ['both', 3, 7, 'a'],
  ['both', 4, 8, 'a'],
] as const)('a band from 4 to 7 of the %s: bid %s, ask %s tells "%s"', (lane, bid, ask, whom) => {
  const index = new BandIndex();
  const hold = index.add(a, book, 'both');
  setBand(hold, 1, 2);
  if (lane !== 'both') index.move(hold, lane);
  setBand(hold, 4, 7);
  expect(told(index, bid, ask)).toBe(whom);
});

test('a band that other prices leave from now on is left by every quote until it is set', () => {
  const index = new BandIndex();
  const hold = index.add(a, book, 'both');
  setBand(hold, 1, 9);
  index.move(hold, 'bid');
  expect(told(index, 4, 5)).toBe('a');
  setBand(hold, 1, 9);
  expect(told(index, 4, 500)).toBe('');
});

const anyPrice = fc.integer({ min: 1, max: 12 });
const anyStep = fc.oneof(
  fc.record({ what: fc.constant('set' as const), which: fc.nat(), low: anyPrice, high: anyPrice }),
  fc.record({
    what: fc.constantFrom('add' as const, 'remove' as const, 'open' as const),
    which: fc.nat(),
  }),
  fc.record({ what: fc.constant('quote' as const), bid: anyPrice, spread: fc.nat({ max: 3 }) }),
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** An index beside the bands as they were set. */
class Both {
  readonly index = new BandIndex();
  readonly bands = new Map<Hold, [low: number, high: number]>();

  /** Who is told of a quote, and who has not got it in his band; his bands are set again. */
  quote(bid: number, ask: number): { told: Set<EquityWatch>; out: Set<EquityWatch> } {
    const { index, bands } = this;
    index.begin();
    const out = new Set<EquityWatch>();
    for (const [{ watch }, [low, high]] of bands) if (bid < low || ask > high) out.add(watch);
    const found = new Set<EquityWatch>();
    if (index.isLeft(bid, ask)) index.collect(bid, ask, found);
    for (const [one, [low, high]] of bands) {
      if (low === Infinity) one.home.open(one);
      else if (out.has(one.watch)) setBand(one, low, high);
    }
    return { told: found, out };
  }

  change(step: Exclude<Step, { what: 'quote' }>): void {
    const { index, bands } = this;
    const hold = [...bands.keys()][step.which % bands.size];
    if (step.what === 'add') {
      bands.set(index.add([a, b, c][step.which % 3] as EquityWatch, book, 'both'), [
        Infinity,
        -Infinity,
      ]);
    } else if (hold !== undefined && step.what === 'set') {
      bands.set(hold, [step.low, step.high]);
      setBand(hold, step.low, step.high);
    } else if (hold !== undefined && step.what === 'open') {
      bands.set(hold, [Infinity, -Infinity]);
      hold.home.open(hold);
    } else if (hold !== undefined) {
      bands.delete(hold);
      index.remove(hold);
    }
  }
}

test('who is told of a quote is who has not got it in his band', () => {
  let inside = 0;
  let outside = 0;
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
      const both = new Both();
      for (const step of steps) {
        if (step.what !== 'quote') {
          both.change(step);
          continue;
        }
        const { told: found, out } = both.quote(step.bid, step.bid + step.spread);
        expect(found).toEqual(out);
        outside += Number(out.size > 0);
        inside += Number(out.size === 0 && both.bands.size > 0);
        expect(both.index.size).toBe(both.bands.size);
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(inside, outside)).toBeGreaterThan(100);
});
