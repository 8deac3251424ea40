// The latest quotes of all symbols in one ring, with the extremes of every block of them: an account's
// peak is looked for in it later, when it matters. A quote costs a few nanoseconds.
import { invariant } from '#src/domain/errors';
import type { Quote } from '#src/domain/quote';
import { decodeNote, encodeNote, type RingNote } from './ring-note.ts';
import { RingTexts } from './ring-texts.ts';

/** Entries of a block, and blocks of a superblock; either has a row of extremes. */
export const blockEntries = 64;
export const superBlocks = 64;
export const superEntries = blockEntries * superBlocks;

/**
 * What a row says of a column: the extremes of its prices, those with which it came in included, and
 * these themselves; NaN where there were none. One column of a row is one line of the cache.
 */
export const rowWidth = 8;
export const highBid = 0;
export const lowBid = 1;
export const highAsk = 2;
export const lowAsk = 3;
export const lowSpread = 4;
export const firstBid = 5;
export const firstAsk = 6;

const quotesMaxDefault = 2 ** 18;
const quotesMin = 256;
const columnsAtFirst = 32;
/** The rows of all blocks; those of the superblocks are a small part more. */
const rowBytesMax = 64 * 2 ** 20;

/**
 * Entries are numbered for ever, and an entry's place is its index modulo the size of the ring. With
 * many columns the ring holds fewer entries, since the rows of all blocks take at most 64 MiB
 * (2^18 entries up to 256 columns, half as many at each doubling beyond, never fewer than 256):
 * what is older falls out as soon as the column is added, and `start` moves.
 */
export class QuoteRing {
  /** How many entries it holds, a power of two. */
  size: number;
  /** Doubles from one row to the next. */
  stride: number;
  bids = new Float64Array(0);
  asks = new Float64Array(0);
  times = new Float64Array(0);
  columns = new Int32Array(0);
  /** The rows of the blocks, by place, and behind them those of the superblocks. */
  rows = new Float64Array(0);
  readonly texts = new RingTexts();
  /** Nothing before this index was ever there, or it fell out when the ring shrank. */
  base = 0;
  private records = new Float64Array(0);
  private readonly quotesMax: number;
  private readonly columnsBySymbol = new Map<string, number>();
  private capacity = columnsAtFirst;
  /** Of each column: prices now, and the generation of its last entry. */
  private lastBids = new Float64Array(0);
  private lastAsks = new Float64Array(0);
  private generations = new Int32Array(0);
  private generation = 0;
  /** Where the next entry goes, and the index of the entry at place 0. */
  private place = 0;
  private lap = 0;
  /** The place behind the block that is being filled; its row, and that of its superblock. */
  private blockEnd = 0;
  private blockRow = 0;
  private superRow = 0;
  private superIndex = -1;

  constructor({ quotesMax = quotesMaxDefault }: { readonly quotesMax?: number } = {}) {
    invariant(
      quotesMax >= quotesMin && Number.isInteger(Math.log2(quotesMax)),
      `a ring holds a power of two of quotes, at least ${quotesMin}`,
    );
    this.quotesMax = quotesMax;
    this.size = quotesMax;
    this.stride = this.capacity * rowWidth;
  }

  /** Index of the next entry. */
  get end(): number {
    return this.lap + this.place;
  }

  /** The oldest index from which on can be searched. */
  get start(): number {
    return Math.max(this.base, this.lap + this.blockEnd - this.size);
  }

  /** The symbol's column, for ever the same; a new symbol may make the ring hold fewer quotes. */
  columnOf(symbol: string): number {
    const known = this.columnsBySymbol.get(symbol);
    if (known !== undefined) return known;
    const column = this.columnsBySymbol.size;
    this.columnsBySymbol.set(symbol, column);
    if (column === this.capacity) this.rebuild(this.capacity * 2);
    return column;
  }

  /** Whether `columnOf` would drop nothing; where it would, resolve the peaks before. */
  hasRoomFor(symbol: string): boolean {
    if (this.columnsBySymbol.has(symbol) || this.columnsBySymbol.size < this.capacity) return true;
    const size = this.sizeWith(this.capacity * 2);
    return this.lap + this.blockEnd - size <= this.start;
  }

  /** The column of a symbol, unless it has none. */
  findColumn(symbol: string): number | undefined {
    return this.columnsBySymbol.get(symbol);
  }

  /**
   * Adds a quote; `n` is the last journal record before it. One that repeats its symbol's last entry
   * is left out: it moves no equity.
   */
  append(column: number, quote: RingQuote, n: number): void {
    const { bid, ask, bidExact, askExact } = quote;
    if (
      bid === this.lastBids[column] &&
      ask === this.lastAsks[column] &&
      this.isRepeated(column, bidExact, askExact)
    ) {
      return;
    }
    this.put(column, bid, ask, quote.ts, n);
    const { texts } = this;
    if (bidExact !== undefined || askExact !== undefined || (!texts.isEmpty && texts.has(column))) {
      texts.add(column, { index: this.end - 1, bid: bidExact, ask: askExact });
    }
  }

  /**
   * To be called when balances or positions have changed: each symbol's next quote is kept, even if
   * it repeats the last, since equity is another at the end of it.
   */
  keepNext(): void {
    this.generation = (this.generation + 1) | 0;
  }

  /** The first index that can be searched whose quote came after record `n` or a later one. */
  firstBehind(n: number): number {
    const { records, size } = this;
    let low = this.start;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((records[middle & (size - 1)] as number) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Tells of each column that has a price the first index at which it has one. */
  firstPrices(tell: (column: number, index: number) => void): void {
    const untold = new Set(this.columnsBySymbol.values());
    const row = this.rowOf(this.start);
    for (const column of untold) {
      if (Number.isNaN(this.rows[row + column * rowWidth + firstBid])) continue;
      untold.delete(column);
      tell(column, this.start);
    }
    for (let index = this.start; index < this.end && untold.size > 0; index++) {
      const column = this.columns[index & (this.size - 1)] as number;
      if (untold.delete(column)) tell(column, index);
    }
  }

  timeAt(index: number): number {
    return this.times[index & (this.size - 1)] as number;
  }

  /** Where the row of the block begins in which the index lies. */
  rowOf(index: number): number {
    return ((index & (this.size - 1)) >> 6) * this.stride;
  }

  /** Where the row of a superblock begins: `ordinal` is its first index by its entries. */
  superRowOf(ordinal: number): number {
    const blocks = this.size / blockEntries;
    // One more than fit: the oldest has lost some of its blocks, and bounds the others still.
    const supers = Math.ceil(blocks / superBlocks) + 1;
    return (blocks + (ordinal % supers)) * this.stride;
  }

  /** All from `from` on as a note for `restore`; undefined where nothing came since. */
  entriesSince(from: number): RingNote | undefined {
    const first = Math.max(from, this.start);
    const { end, columnsBySymbol } = this;
    if (first >= end) return undefined;
    const [bids, asks] = this.pricesBefore(first);
    const length = end - first;
    const copy = <T extends Float64Array | Int32Array>(from: T, to: T): T => {
      const place = first & (this.size - 1);
      const behind = from.subarray(place, place + length);
      to.set(behind);
      to.set(from.subarray(0, length - behind.length), behind.length);
      return to;
    };
    const doubles = (all: Float64Array): Float64Array => copy(all, new Float64Array(length));
    return encodeNote({
      from: first,
      symbols: [...columnsBySymbol.keys()],
      firstBids: bids.subarray(0, columnsBySymbol.size),
      firstAsks: asks.subarray(0, columnsBySymbol.size),
      columns: copy(this.columns, new Int32Array(length)),
      bids: doubles(this.bids),
      asks: doubles(this.asks),
      times: doubles(this.times),
      records: doubles(this.records),
      texts: this.texts.from(first),
    });
  }

  /**
   * Takes over what was noted, in the order in which it was, before the first quote. What notes have
   * in common is taken once; behind a gap it begins anew. A malformed note is left out, and the
   * answer is false then.
   */
  restore(notes: readonly RingNote[]): boolean {
    invariant(this.bids.length === 0, 'a ring is restored before its first quote');
    let isWhole = true;
    for (const raw of notes) {
      const note = decodeNote(raw);
      if (note === undefined) {
        isWhole = false;
        continue;
      }
      const columns = note.symbols.map((symbol) => this.columnOf(symbol));
      const isAnew = this.bids.length === 0 || note.from > this.end;
      if (isAnew) {
        this.texts.clear();
        this.beginAt(note.from);
        columns.forEach((column, i) => {
          this.lastBids[column] = note.firstBids[i] as number;
          this.lastAsks[column] = note.firstAsks[i] as number;
        });
      }
      for (const [column, mark] of note.texts) {
        if (isAnew || mark.index >= this.end) this.texts.add(columns[column] as number, mark);
      }
      for (let i = this.end - note.from; i < note.columns.length; i++) {
        const column = columns[note.columns[i] as number] as number;
        const [bid, ask] = [note.bids[i] as number, note.asks[i] as number];
        this.put(column, bid, ask, note.times[i] as number, note.records[i] as number);
      }
    }
    this.keepNext();
    return isWhole;
  }

  private isRepeated(column: number, bid: string | undefined, ask: string | undefined): boolean {
    if (this.generations[column] !== this.generation) return false;
    if (this.texts.isEmpty) return bid === undefined && ask === undefined;
    const mark = this.texts.at(column, this.end);
    return mark?.bid === bid && mark?.ask === ask;
  }

  private put(column: number, bid: number, ask: number, ts: number, n: number): void {
    if (this.place === this.blockEnd) this.beginBlock();
    const place = this.place++;
    this.columns[place] = column;
    this.bids[place] = bid;
    this.asks[place] = ask;
    this.times[place] = ts;
    this.records[place] = n;
    this.lastBids[column] = bid;
    this.lastAsks[column] = ask;
    this.generations[column] = this.generation;
    // Negated, so that the first price takes the place of NaN. A superblock is at least as wide.
    const { rows } = this;
    const row = this.blockRow + column * rowWidth;
    const over = this.superRow + column * rowWidth;
    const spread = ask - bid;
    if (!(bid <= (rows[row + highBid] as number))) {
      rows[row + highBid] = bid;
      if (!(bid <= (rows[over + highBid] as number))) rows[over + highBid] = bid;
    }
    if (!(bid >= (rows[row + lowBid] as number))) {
      rows[row + lowBid] = bid;
      if (!(bid >= (rows[over + lowBid] as number))) rows[over + lowBid] = bid;
    }
    if (!(ask <= (rows[row + highAsk] as number))) {
      rows[row + highAsk] = ask;
      if (!(ask <= (rows[over + highAsk] as number))) rows[over + highAsk] = ask;
    }
    if (!(ask >= (rows[row + lowAsk] as number))) {
      rows[row + lowAsk] = ask;
      if (!(ask >= (rows[over + lowAsk] as number))) rows[over + lowAsk] = ask;
    }
    if (!(spread >= (rows[row + lowSpread] as number))) {
      rows[row + lowSpread] = spread;
      if (!(spread >= (rows[over + lowSpread] as number))) rows[over + lowSpread] = spread;
    }
  }

  private beginBlock(): void {
    if (this.bids.length === 0) this.beginAt(0);
    if (this.place === this.size) {
      this.place = 0;
      this.lap += this.size;
    }
    this.blockEnd = (this.place | (blockEntries - 1)) + 1;
    this.blockRow = this.rowOf(this.place);
    this.beginRow(this.blockRow);
    const superIndex = Math.floor(this.end / superEntries);
    if (superIndex === this.superIndex) return;
    this.superIndex = superIndex;
    this.superRow = this.superRowOf(superIndex);
    this.beginRow(this.superRow);
    this.texts.prune(this.start);
  }

  private beginRow(row: number): void {
    const { rows, lastBids, lastAsks } = this;
    for (let column = 0, at = row; column < lastBids.length; column++, at += rowWidth) {
      const bid = lastBids[column] as number;
      const ask = lastAsks[column] as number;
      rows[at + highBid] = bid;
      rows[at + lowBid] = bid;
      rows[at + highAsk] = ask;
      rows[at + lowAsk] = ask;
      rows[at + lowSpread] = ask - bid;
      rows[at + firstBid] = bid;
      rows[at + firstAsk] = ask;
    }
  }

  /** Makes it an empty ring whose next entry has this index; nothing was allocated before the first. */
  private beginAt(index: number): void {
    const { capacity } = this;
    const size = this.sizeWith(capacity);
    this.size = size;
    this.stride = capacity * rowWidth;
    this.bids = new Float64Array(size);
    this.asks = new Float64Array(size);
    this.times = new Float64Array(size);
    this.records = new Float64Array(size);
    this.columns = new Int32Array(size);
    const supers = Math.ceil(size / superEntries) + 1;
    this.rows = new Float64Array((size / blockEntries + supers) * this.stride);
    this.lastBids = new Float64Array(capacity).fill(NaN);
    this.lastAsks = new Float64Array(capacity).fill(NaN);
    this.generations = new Int32Array(capacity);
    this.base = index;
    this.place = index & (size - 1);
    this.lap = index - this.place;
    this.blockEnd = this.place;
    this.superIndex = -1;
  }

  /** Lays everything out anew for more columns, with the newest entries that there is room for. */
  private rebuild(capacity: number): void {
    this.capacity = capacity;
    const { bids, asks, times, records, columns, size, end } = this;
    if (bids.length === 0) return;
    const from = Math.max(this.start, this.lap + this.blockEnd - this.sizeWith(capacity));
    const [firstBids, firstAsks] = this.pricesBefore(from);
    this.beginAt(from);
    this.lastBids.set(firstBids);
    this.lastAsks.set(firstAsks);
    for (let index = from; index < end; index++) {
      const i = index & (size - 1);
      const [bid, ask] = [bids[i] as number, asks[i] as number];
      this.put(columns[i] as number, bid, ask, times[i] as number, records[i] as number);
    }
    this.keepNext();
  }

  private sizeWith(capacity: number): number {
    const bytes = (capacity * rowWidth * Float64Array.BYTES_PER_ELEMENT) / blockEntries;
    return Math.max(quotesMin, Math.min(this.quotesMax, rowBytesMax / bytes));
  }

  /** The prices of all columns as they were before the entry at the index. */
  private pricesBefore(index: number): [bids: Float64Array, asks: Float64Array] {
    const { rows, size } = this;
    const row = this.rowOf(index);
    const bids = this.lastBids.map(
      (_, column) => rows[row + column * rowWidth + firstBid] as number,
    );
    const asks = this.lastAsks.map(
      (_, column) => rows[row + column * rowWidth + firstAsk] as number,
    );
    const blockStart = index - (index % blockEntries);
    for (let i = Math.max(blockStart, this.base); i < index; i++) {
      const place = i & (size - 1);
      const column = this.columns[place] as number;
      bids[column] = this.bids[place] as number;
      asks[column] = this.asks[place] as number;
    }
    return [bids, asks];
  }
}

export type RingQuote = Pick<Quote, 'bid' | 'ask' | 'bidExact' | 'askExact' | 'ts'>;
