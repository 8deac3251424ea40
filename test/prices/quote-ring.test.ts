// The ring of quotes: what it keeps, for how long, within which bounds, and across a restart.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import { QuoteRing, type RingQuote } from '#src/prices/quote-ring';
import type { RingNote } from '#src/prices/ring-note';
import { priceText } from '../domain/arbitraries.ts';
import { quoteOf, RingDesk, type Given, type Held } from './ring-desk.ts';

const at = (bid: number, ask = bid, ts = 1): RingQuote => ({ bid, ask, ts });

/** Appends so many quotes that each change a price. */
function fill(ring: QuoteRing, column: number, count: number): void {
  for (let i = 0; i < count; i++) ring.append(column, at(1 + (ring.end % 1000) / 1000), ring.end);
}

test.each([0, 128, 255, 257, 300, 2 ** 9 + 1])('a ring of %i quotes is refused', (quotesMax) => {
  expect(() => new QuoteRing({ quotesMax })).toThrow(InvariantError);
});

test('an index counts up for ever; whole blocks are forgotten', () => {
  const ring = new QuoteRing({ quotesMax: 256 });
  const column = ring.columnOf('A');
  const seen = [0, 1, 191, 1, 62, 1, 1, 62, 1, 1, 1024].map((count) => {
    fill(ring, column, count);
    return [ring.end, ring.start];
  });
  expect(seen).toEqual([
    [0, 0],
    [1, 0],
    [192, 0],
    [193, 0],
    [255, 0],
    [256, 0],
    [257, 64],
    [319, 64],
    [320, 64],
    [321, 128],
    [1345, 1152],
  ]);
});

describe('a quote that repeats the last of its symbol', () => {
  const fine = quoteOf({ symbol: 'A', bid: '1.000000000000000000001', ask: '2' }, 2);
  const finer = quoteOf({ symbol: 'A', bid: '1.000000000000000000002', ask: '2' }, 2);
  test.each<[string, RingQuote[], number]>([
    ['is left out', [at(1, 2), at(1, 2, 5)], 1],
    ['is left out, fine as it may be', [fine, fine, fine], 1],
    ['is none with another bid', [at(1, 2), at(1.5, 2)], 2],
    ['is none with another ask', [at(1, 2), at(1, 3)], 2],
    ['is none with digits that no double has', [at(1, 2), fine, finer, at(1, 2)], 4],
    ['is none after another', [at(1, 2), at(1, 3), at(1, 2)], 3],
  ])('%s', (_, quotes, entries) => {
    const ring = new QuoteRing({ quotesMax: 256 });
    const [a, b] = [ring.columnOf('A'), ring.columnOf('B')];
    for (const quote of quotes) {
      ring.append(a, quote, 0);
      ring.append(b, at(7), 0);
    }
    expect(ring.end).toBe(entries + 1);
  });

  test('is kept once after something else has changed', () => {
    const ring = new QuoteRing({ quotesMax: 256 });
    const [a, b] = [ring.columnOf('A'), ring.columnOf('B')];
    const ends = [1, 2, 3].map((round) => {
      if (round === 2) ring.keepNext();
      for (const column of [a, b, a]) ring.append(column, at(1), 0);
      return ring.end;
    });
    expect(ends).toEqual([2, 4, 4]);
  });
});

test('the first quote behind a record is found by its number', () => {
  const ring = new QuoteRing({ quotesMax: 256 });
  const column = ring.columnOf('A');
  expect(ring.firstBehind(0)).toBe(0);
  for (let i = 0; i < 300; i++) ring.append(column, at(1 + i), Math.floor(i / 10));
  expect(ring.start).toBe(64);
  expect([0, 6, 7, 20, 29, 30].map((n) => ring.firstBehind(n))).toEqual([
    64, 64, 70, 200, 290, 300,
  ]);
});

test('a symbol has one column; columns without end cost older quotes', () => {
  const ring = new QuoteRing({ quotesMax: 2 ** 18 });
  ring.hold(2 ** 18);
  const first = ring.columnOf('S0');
  fill(ring, first, 2 ** 18);
  expect([ring.start, ring.end]).toEqual([0, 2 ** 18]);
  const held = [256, 257, 512, 513, 1025].map((count) => {
    for (let i = 0; i < count; i++) {
      const hasRoom = ring.hasRoomFor(`S${i}`);
      const { start } = ring;
      expect(ring.columnOf(`S${i}`)).toBe(i);
      expect(ring.start === start).toBe(hasRoom);
    }
    const bytes = ring.blocks.numbers.byteLength + ring.supers.numbers.byteLength;
    expect(bytes).toBeLessThan(70 * 2 ** 20);
    return ring.end - ring.start;
  });
  expect(held).toEqual([2 ** 18, 2 ** 17, 2 ** 17, 2 ** 16, 2 ** 15]);
});

test('it becomes as large as it was asked to be, and keeps what it holds', () => {
  const ring = new QuoteRing({ quotesMax: 2 ** 17 });
  const column = ring.columnOf('A');
  fill(ring, column, 2 ** 15 + 100);
  const { start, end } = ring;
  expect([ring.size, start, end]).toEqual([2 ** 15, 128, 2 ** 15 + 100]);
  const known = ring.entriesSince(start);
  for (const [asked, size] of [
    [1000, 2 ** 15],
    [2 ** 15 + 1, 2 ** 16],
    [2 ** 30, 2 ** 17],
  ] as const) {
    ring.hold(asked);
    expect([ring.size, ring.start, ring.end]).toEqual([size, start, end]);
    expect(ring.entriesSince(start)).toEqual(known);
  }
  fill(ring, column, 2 ** 16);
  expect(ring.start).toBe(start);
});

test('what fell out as columns came is looked for no more, and what is left is the same', () => {
  const desk = new RingDesk(2 ** 18);
  desk.ring.hold(2 ** 18);
  for (let i = 0; i < 40_000; i++) {
    const price = (2 + Math.sin(i / 700) + (i % 7) / 100).toFixed(4);
    desk.quote({ symbol: i % 3 === 0 ? 'A' : 'B', bid: price, ask: price });
  }
  const before = desk.ring.size;
  for (let i = 0; i < 2050; i++) desk.ring.columnOf(`S${i}`);
  expect([before, desk.ring.size]).toEqual([2 ** 18, 2 ** 14]);
  expect(desk.ring.start).toBe(40_000 - 2 ** 14);
  desk.quote({ symbol: 'S2049', bid: '3', ask: '3' });
  const positions = ['A', 'B', 'S2049'].map((symbol): Held => {
    return { symbol, size: 1, isLong: symbol !== 'B', entry: '2', legs: [] };
  });
  for (const since of [desk.ring.start, 30_000, 39_990]) {
    const window = { since, balance: '5', positions, peak: '0' };
    expect(desk.found(window)).toEqual(desk.expected(window));
  }
});

test('digits that no double has are forgotten with their quotes', () => {
  const ring = new QuoteRing({ quotesMax: 256 });
  const [a, b] = [ring.columnOf('A'), ring.columnOf('B')];
  for (let i = 0; i < 3000; i++) {
    ring.append(a, { ...at(1, 2), bidExact: `1.${String(i).padStart(30, '0')}` }, i);
  }
  expect(ring.texts.size).toBe(3000);
  fill(ring, b, 1500);
  // That of the price which stands is still needed.
  expect([ring.texts.size, ring.texts.has(a)]).toEqual([1, true]);
  ring.append(a, at(1), 0);
  fill(ring, b, 4500);
  expect([ring.texts.size, ring.texts.isEmpty]).toEqual([0, true]);
});

const anyGiven = fc
  .tuple(fc.constantFrom('A', 'B', 'C', 'late'), priceText, fc.constantFrom('0', '0.5'))
  .map(([symbol, bid, spread]): Given => ({
    symbol,
    bid,
    ask: spread === '0' ? bid : `${Number(bid.split('.')[0]) + 1}`,
  }));

test('what was noted is restored: the same entries, the same peaks, and it goes on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyGiven, { maxLength: 30 }), { minLength: 1, maxLength: 8 }),
      fc.array(anyGiven, { maxLength: 300, size: 'max' }),
      fc.nat(3),
      (parts, fillers, overlap) => {
        const desk = new RingDesk(256);
        const notes: RingNote[] = [];
        for (const given of fillers) desk.quote(given);
        let from = Math.max(0, desk.ring.end - 50);
        for (const part of parts) {
          for (const given of part) desk.quote(given);
          const note = desk.ring.entriesSince(from);
          expect(note === undefined).toBe(from === desk.ring.end);
          if (note !== undefined) notes.push(JSON.parse(JSON.stringify(note)) as RingNote);
          from = Math.max(0, desk.ring.end - overlap);
        }
        const before = desk.ring;
        const [start, end] = [notes[0]?.from ?? 0, before.end];
        desk.ring = new QuoteRing({ quotesMax: 256 });
        // Another order of columns.
        desk.ring.columnOf('late');
        expect(desk.ring.restore(notes)).toBe(true);
        if (notes.length === 0) return;
        expect(desk.ring.end).toBe(end);
        expect(desk.ring.start).toBe(Math.max(start, before.start));
        desk.keepNext();
        for (const given of parts.flat()) desk.quote(given);
        const positions = ['A', 'B', 'C', 'late'].map((symbol, i): Held => {
          const legs = i === 1 ? [{ symbol: 'C', divides: true }] : [];
          return { symbol, size: 1e12 * (1 + i), isLong: i % 2 === 0, entry: '2', legs };
        });
        for (const since of [desk.ring.start, desk.ring.end - 20, desk.ring.end - 2]) {
          if (since < desk.ring.start) continue;
          const window = { since, balance: '5', positions, peak: '-1e15', error: 1 };
          expect(desk.found(window)).toEqual(desk.expected(window));
          const all = desk.ring.entriesSince(since);
          expect(all?.from).toBe(since === desk.ring.end ? undefined : since);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what notes have in common is taken once', () => {
  const ring = new QuoteRing({ quotesMax: 256 });
  const column = ring.columnOf('A');
  const notes = ['1', '2', '3', '4'].map((digit, n) => {
    const bid = `2.00000000000000000000${digit}`;
    ring.append(column, quoteOf({ symbol: 'A', bid, ask: '3' }, n), n);
    return ring.entriesSince(Math.max(0, n - 2)) as RingNote;
  });
  const restored = new QuoteRing({ quotesMax: 256 });
  expect(restored.restore(notes)).toBe(true);
  expect(restored.entriesSince(0)).toEqual(ring.entriesSince(0));
  expect(restored.texts.size).toBe(4);
});

test('an index far beyond 2^32 is as good as any', () => {
  const desk = new RingDesk(256);
  for (let i = 0; i < 100; i++) desk.quote({ symbol: 'A', bid: String(1 + (i % 9)), ask: '10' });
  const note = desk.ring.entriesSince(70) as RingNote;
  const ring = new QuoteRing({ quotesMax: 256 });
  const from = 2 ** 40 + 70;
  expect(ring.restore([{ ...note, from }])).toBe(true);
  expect([ring.start, ring.end, ring.timeAt(from + 5)]).toEqual([from, from + 30, 76]);
  fill(ring, 0, 500);
  expect([ring.start, ring.end]).toEqual([2 ** 40 + 384, from + 530]);
  expect(ring.entriesSince(ring.end - 1)?.from).toBe(ring.end - 1);
});

describe('a note that is not what was noted', () => {
  const ring = new QuoteRing({ quotesMax: 256 });
  for (const [i, name] of ['A', 'B', 'A', 'B', 'A', 'B'].entries()) {
    ring.append(ring.columnOf(name), { ...at(1 + i), bidExact: `${1 + i}.${'0'.repeat(20)}1` }, i);
  }
  const good = ring.entriesSince(0) as RingNote;
  const later = ring.entriesSince(4) as RingNote;
  const doubles = (...numbers: number[]): string =>
    Buffer.from(new Float64Array(numbers).buffer).toString('base64');
  const six = doubles(1, 2, 3, 4, 5, 6);
  test.each<[string, unknown]>([
    ['no object', 'text'],
    ['nothing', null],
    ['without an index', { ...good, from: undefined }],
    ['of a negative index', { ...good, from: -1 }],
    ['of half an index', { ...good, from: 0.5 }],
    ['without symbols', { ...good, symbols: undefined }],
    ['of symbols that are none', { ...good, symbols: ['A', 5] }],
    ['of one symbol twice', { ...good, symbols: ['A', 'A'] }],
    ['of fewer symbols than columns', { ...good, symbols: ['A'] }],
    ['without columns', { ...good, columns: undefined }],
    ['without any entry', { ...good, columns: '' }],
    ['of half a column', { ...good, columns: good.columns.slice(0, 6) }],
    ['of fewer columns than prices', { ...good, columns: later.columns }],
    ['of fewer prices', { ...good, prices: six }],
    ['of prices at 0', { ...good, prices: doubles(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1) }],
    ['of crossed prices', { ...good, prices: doubles(2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1) }],
    ['of infinite prices', { ...good, prices: doubles(...Array<number>(12).fill(Infinity)) }],
    ['of times that are none', { ...good, times: doubles(1, 2, 3, 4, 5, NaN) }],
    ['of records that are none', { ...good, records: doubles(1, 2, 3, 4, 5, Infinity) }],
    ['of one first bid', { ...good, firstBids: doubles(1) }],
    ['of a first bid at 0', { ...good, firstBids: doubles(0, NaN) }],
    ['of a first bid without its ask', { ...good, firstBids: doubles(1, NaN) }],
    ['of a first ask without its bid', { ...good, firstAsks: doubles(NaN, 1) }],
    ['without texts', { ...good, texts: undefined }],
    ['of a text of no column', { ...good, texts: [[2, 1, '1', null]] }],
    ['of a text of no entry', { ...good, texts: [[0, null, '1', null]] }],
    ['of a text that is no number', { ...good, texts: [[0, 1, 'x', null]] }],
    ['of a text that is too short', { ...good, texts: [[0, 1, '1']] }],
  ])('%s is left out', (_, note) => {
    const restored = new QuoteRing({ quotesMax: 256 });
    expect(restored.restore([note as RingNote])).toBe(false);
    expect([restored.start, restored.end]).toEqual([0, 0]);
  });

  test('costs what came before it', () => {
    const restored = new QuoteRing({ quotesMax: 256 });
    const first = new QuoteRing({ quotesMax: 256 });
    first.append(first.columnOf('B'), at(7), 0);
    const bad = { ...good, from: 0.5 };
    expect(restored.restore([first.entriesSince(0) as RingNote, bad, later])).toBe(false);
    expect([restored.start, restored.end]).toEqual([4, 6]);
    expect(restored.entriesSince(0)).toEqual({
      ...later,
      symbols: ['B', 'A'],
      columns: Buffer.from(new Int32Array([1, 0]).buffer).toString('base64'),
      firstBids: doubles(4, 3),
      firstAsks: doubles(4, 3),
      texts: expect.arrayContaining(later.texts.map(([column, ...rest]) => [1 - column, ...rest])),
    });
  });

  test('comes before the first quote', () => {
    expect(() => ring.restore([good])).toThrow(InvariantError);
    expect(new QuoteRing().restore([])).toBe(true);
  });
});
