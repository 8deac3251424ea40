// Holes and repeats in the sequence numbers of a feed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceWatch, type SequenceView } from '#src/prices/sequence';

function viewOf(seqs: readonly number[]): SequenceView {
  const watch = new SequenceWatch();
  for (const seq of seqs) watch.see(seq);
  return watch.view;
}

test.each<[string, number[], number | undefined, holes: number, missed: number, repeats: number]>([
  ['nothing seen', [], undefined, 0, 0, 0],
  ['the first may be any', [700], 700, 0, 0, 0],
  ['one after the other', [1, 2, 3], 3, 0, 0, 0],
  ['from 0', [0, 1], 1, 0, 0, 0],
  ['one left out', [1, 3], 3, 1, 1, 0],
  ['many left out', [1, 100], 100, 1, 98, 0],
  ['two holes', [1, 3, 4, 8], 8, 2, 4, 0],
  ['the same twice', [1, 2, 2, 3], 3, 0, 0, 1],
  ['the same thrice', [5, 5, 5], 5, 0, 0, 2],
  ['a restart, once', [900, 901, 1, 2, 3], 3, 0, 0, 1],
  ['a restart at 0', [900, 0, 1], 1, 0, 0, 1],
  ['a restart with a hole in it', [900, 1, 3], 3, 1, 1, 1],
  ['a late one is a repeat, and a hole after it', [5, 6, 4, 7], 7, 1, 2, 1],
  ['below 0', [-2, -1, 0, 1], 1, 0, 0, 0],
  ['what is no integer is passed over', [1, NaN, 1.5, Infinity, -Infinity, 2], 2, 0, 0, 0],
  ['what no double counts up to is passed over', [1, 2 ** 53, 2], 2, 0, 0, 0],
  ['no integer first', [NaN, 4, 6], 6, 1, 1, 0],
])('%s: %j', (_, seqs, last, holes, missed, repeats) => {
  expect(viewOf(seqs)).toEqual({ last, holes, missed, repeats });
});

test('of a feed that only loses quotes, as many are missed as were lost', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (arrives) => {
      const seqs = [0, ...arrives.flatMap((does, i) => (does ? [i + 1] : []))];
      const last = seqs.at(-1) ?? 0;
      const view = viewOf(seqs);
      expect(view).toMatchObject({ last, missed: last + 1 - seqs.length, repeats: 0 });
      expect(view.holes).toBeLessThanOrEqual(view.missed);
    }),
  );
});

test('each number is the next one, in a hole, or a repeat', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 50 }), (seqs) => {
      const jumps = seqs.slice(1).map((seq, i) => seq - (seqs[i] ?? 0));
      const holes = jumps.filter((by) => by > 1);
      expect(viewOf(seqs)).toEqual({
        last: seqs.at(-1),
        holes: holes.length,
        missed: holes.reduce((sum, by) => sum + by - 1, 0),
        repeats: jumps.filter((by) => by <= 0).length,
      });
    }),
  );
});
