import { expect, test } from 'vitest';
import type { QuoteReader } from '#src/cli/replay/csv-quotes';
import { mergeQuotes, needsRefill } from '#src/cli/replay/merge';
import type { Quote } from '#src/domain/quote';
import * as fc from 'fast-check';

/** A reader over chunks of times: each chunk is what one refill brings, the first is there at once. */
class ChunkReader implements QuoteReader {
  malformed = 1;
  isClosed = false;
  readonly #symbol: string;
  readonly #chunks: number[][];

  constructor(symbol: string, chunks: readonly (readonly number[])[]) {
    this.#symbol = symbol;
    this.#chunks = chunks.map((chunk) => [...chunk]);
  }

  next(): Quote | undefined {
    const ts = this.#chunks[0]?.shift();
    return ts === undefined ? undefined : { symbol: this.#symbol, bid: 1, ask: 2, ts };
  }

  async refill(): Promise<boolean> {
    await Promise.resolve();
    while (this.#chunks[0]?.length === 0) this.#chunks.shift();
    return this.#chunks.length > 0;
  }

  close(): void {
    this.isClosed = true;
  }
}

type Chunks = readonly (readonly number[])[];

/** The merged order as `A1 B2 …`, the files being A, B, … */
async function merged(files: readonly Chunks[]): Promise<string> {
  const quotes = mergeQuotes(
    files.map((chunks, i) => new ChunkReader(String.fromCodePoint(65 + i), chunks)),
  );
  const order: string[] = [];
  for (;;) {
    const quote = quotes.nextSync();
    if (quote === undefined) break;
    if (quote === needsRefill) await quotes.refill();
    else order.push(quote.symbol + quote.ts);
  }
  expect(quotes.nextSync()).toBeUndefined();
  expect(quotes.malformed).toBe(files.length);
  return order.join(' ');
}

test.for<[name: string, files: Chunks[], expected: string]>([
  ['no file', [], ''],
  ['one file', [[[1, 2], [3]]], 'A1 A2 A3'],
  ['one empty file', [[]], ''],
  ['one file that is out of order', [[[5, 2], [3]]], 'A5 A2 A3'],
  ['two files by time', [[[1, 4]], [[2, 3, 5]]], 'A1 B2 B3 A4 B5'],
  ['ties in argument order', [[[1, 2]], [[1, 2]], [[1]]], 'A1 B1 C1 A2 B2'],
  ['a tie within a file before the next file', [[[1, 1]], [[1]]], 'A1 A1 B1'],
  ['an older row as the next head, at once', [[[5, 1, 6]], [[4, 7]]], 'B4 A5 A1 A6 B7'],
  ['an empty file among others', [[[1]], [], [[0]]], 'C0 A1'],
  [
    'files in chunks',
    [
      [[1], [2], [9]],
      [[], [3], [], [4]],
    ],
    'A1 A2 B3 B4 A9',
  ],
])('merges %s', async ([, files, expected]) => {
  expect(await merged(files)).toBe(expected);
});

test('how a file is chunked changes nothing', async () => {
  const times = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(times, { maxLength: 4 }), async (files) => {
      expect(await merged(files)).toBe(await merged(files.map((chunks) => [chunks.flat()])));
    }),
  );
});

test('the order is that of a stable sort where every file is in order', async () => {
  const times = fc.array(fc.nat(20), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(times, { maxLength: 4 }), async (files) => {
      const sorted = files.map((file) => file.toSorted((a, b) => a - b));
      const all = sorted.flatMap((file, i) =>
        file.map((ts) => [String.fromCodePoint(65 + i), ts] as const),
      );
      const expected = all.toSorted((a, b) => a[1] - b[1]).map((one) => one.join(''));
      expect(await merged(sorted.map((file) => [file]))).toBe(expected.join(' '));
    }),
  );
});

test.for([1, 2])('closing closes all of %i files', (count) => {
  const readers = Array.from({ length: count }, () => new ChunkReader('A', [[1]]));
  mergeQuotes(readers).close();
  expect(readers.map((reader) => reader.isClosed)).toEqual(readers.map(() => true));
});
