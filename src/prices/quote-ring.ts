// The latest quotes of all symbols in one ring, with the extremes of every block of them: an account's
// peak is looked for in it later, when it matters. A quote costs a few nanoseconds.
import { invariant } from '#src/domain/errors';
import { compareExact } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import { decodeNote, encodeNote, type RingNote } from './ring-note.ts';
import {
  columnBytes,
  firstAsk,
  firstBid,
  highAsk,
  highBid,
  lowAsk,
  lowBid,
  lowSpread,
  RingLevel,
  rowWidth,
} from './ring-level.ts';
import { RingTexts } from './ring-texts.ts';

/** Entries of a block, and blocks of a superblock. */
export const blockEntries = 64;
export const superBlocks = 64;
export const superEntries = blockEntries * superBlocks;

const quotesMaxDefault = 2 ** 20;
const quotesMin = 256;
/** A ring is no larger than it was asked to be, and no smaller than this unless it may not be. */
const quotesAtFirst = 2 ** 15;
const columnsAtFirst = 32;
/** What is known of all blocks; that of the superblocks is a small part more. */
const levelBytesMax = 64 * 2 ** 20;

/**
 * Entries are numbered for ever, and an entry's place is its index modulo the size of the ring. With
 * many columns the ring holds fewer entries, since what is known of its blocks takes at most 64 MiB
 * (2^20 entries up to 64 columns, half as many at each doubling beyond, never fewer than 256):
 * what is older falls out as soon as the column is added, and `start` moves.
 */
export class QuoteRing {
  /** How many entries it holds, a power of two. */
  size: number;
  /** Bid and ask of each entry. */
  prices = new Float64Array(0);
  times = new Float64Array(0);
  columns = new Int32Array(0);
  blocks = new RingLevel(0, 0);
  supers = new RingLevel(0, 0);
  readonly texts = new RingTexts();
  /** Nothing before this index was ever there, or it fell out when the ring shrank. */
  base = 0;
  private records = new Float64Array(0);
  readonly quotesMax: number;
  /** How many entries it is to hold, where the columns leave room for them. */
  private quotes: number;
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
  /** The place behind the block that is being filled, and the ordinal of its superblock. */
  private blockEnd = 0;
  private superOrdinal = -1;

  constructor({ quotesMax = quotesMaxDefault }: { readonly quotesMax?: number | undefined } = {}) {
    invariant(
      quotesMax >= quotesMin && Number.isInteger(Math.log2(quotesMax)),
      `a ring holds a power of two of quotes, at least ${quotesMin}`,
    );
    this.quotesMax = quotesMax;
    this.quotes = this.size = Math.min(quotesMax, quotesAtFirst);
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
    if (column === this.capacity) this.rebuild(this.capacity * 2);
    this.columnsBySymbol.set(symbol, column);
    if (this.prices.length > 0) {
      this.blocks.open(column);
      this.supers.open(column);
    }
    return column;
  }

  /** Makes it hold that many entries at least, as far as it may; what it holds is kept. */
  hold(quotes: number): void {
    if (quotes <= this.quotes || this.quotes === this.quotesMax) return;
    this.quotes = Math.min(this.quotesMax, 2 ** Math.ceil(Math.log2(quotes)));
    if (this.sizeWith(this.capacity) > this.size) this.rebuild(this.capacity);
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
    const isSame = bid === this.lastBids[column] && ask === this.lastAsks[column];
    if (isSame && this.isRepeated(column, bidExact, askExact)) return;
    this.put(column, bid, ask, quote.ts, n);
    const { texts } = this;
    if (bidExact !== undefined || askExact !== undefined || (!texts.isEmpty && texts.has(column))) {
      texts.add(column, { index: this.end - 1, bid: bidExact, ask: askExact });
    }
  }

  /** Whether these prices are those of the column's last entry. */
  endsWith(column: number, { bid, ask, bidExact, askExact }: Omit<RingQuote, 'ts'>): boolean {
    if (bid !== this.lastBids[column] || ask !== this.lastAsks[column]) return false;
    const mark = this.texts.at(column, this.end);
    return (
      compareExact(bid, bidExact, bid, mark?.bid) === 0 &&
      compareExact(ask, askExact, ask, mark?.ask) === 0
    );
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
    if (this.end === this.start) return;
    const [bids] = this.pricesBefore(this.start);
    for (const column of untold) {
      if (Number.isNaN(bids[column])) continue;
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

  /** How many columns there is room for: every column is below it. */
  get columnsMax(): number {
    return this.capacity;
  }

  /** To be called before the levels are asked about a column. */
  settle(column: number): void {
    this.blocks.settle(column);
    this.supers.settle(column);
  }

  /** All from `from` on as a note for `restore`; undefined where nothing came since. */
  entriesSince(from: number): RingNote | undefined {
    const first = Math.max(from, this.start);
    const { end, columnsBySymbol } = this;
    if (first >= end) return undefined;
    const [bids, asks] = this.pricesBefore(first);
    const length = end - first;
    const copy = <T extends Float64Array | Int32Array>(all: T, to: T): T => {
      const width = all.length / this.size;
      const place = (first & (this.size - 1)) * width;
      const upToEnd = all.subarray(place, place + length * width);
      to.set(upToEnd);
      to.set(all.subarray(0, length * width - upToEnd.length), upToEnd.length);
      return to;
    };
    return encodeNote({
      from: first,
      symbols: [...columnsBySymbol.keys()],
      firstBids: bids.subarray(0, columnsBySymbol.size),
      firstAsks: asks.subarray(0, columnsBySymbol.size),
      columns: copy(this.columns, new Int32Array(length)),
      prices: copy(this.prices, new Float64Array(2 * length)),
      times: copy(this.times, new Float64Array(length)),
      records: copy(this.records, new Float64Array(length)),
      texts: this.texts.from(first),
    });
  }

  /**
   * Takes over what was noted, in the order in which it was, before the first quote. What notes have
   * in common is taken once; behind a gap it begins anew. A malformed note is left out, and the
   * answer is false then.
   */
  restore(notes: readonly RingNote[]): boolean {
    invariant(this.prices.length === 0, 'a ring is restored before its first quote');
    let isWhole = true;
    for (const raw of notes) {
      const note = decodeNote(raw);
      if (note === undefined) {
        isWhole = false;
        continue;
      }
      const columns = note.symbols.map((symbol) => this.columnOf(symbol));
      const isAnew = this.prices.length === 0 || note.from > this.end;
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
        const [bid, ask] = [note.prices[2 * i] as number, note.prices[2 * i + 1] as number];
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
    this.prices[2 * place] = bid;
    this.prices[2 * place + 1] = ask;
    this.times[place] = ts;
    this.records[place] = n;
    this.lastBids[column] = bid;
    this.lastAsks[column] = ask;
    this.generations[column] = this.generation;
    // Negated, so that the first price takes the place of NaN. A superblock is at least as wide.
    const block = this.blocks.now;
    const over = this.supers.now;
    const row = column * rowWidth;
    const spread = ask - bid;
    if (!(bid <= (block[row + highBid] as number))) {
      block[row + highBid] = bid;
      if (!(bid <= (over[row + highBid] as number))) over[row + highBid] = bid;
    }
    if (!(bid >= (block[row + lowBid] as number))) {
      block[row + lowBid] = bid;
      if (!(bid >= (over[row + lowBid] as number))) over[row + lowBid] = bid;
    }
    if (!(ask <= (block[row + highAsk] as number))) {
      block[row + highAsk] = ask;
      if (!(ask <= (over[row + highAsk] as number))) over[row + highAsk] = ask;
    }
    if (!(ask >= (block[row + lowAsk] as number))) {
      block[row + lowAsk] = ask;
      if (!(ask >= (over[row + lowAsk] as number))) over[row + lowAsk] = ask;
    }
    if (!(spread >= (block[row + lowSpread] as number))) {
      block[row + lowSpread] = spread;
      if (!(spread >= (over[row + lowSpread] as number))) over[row + lowSpread] = spread;
    }
  }

  private beginBlock(): void {
    if (this.prices.length === 0) this.beginAt(0);
    if (this.place === this.size) {
      this.place = 0;
      this.lap += this.size;
    }
    this.blockEnd = (this.place | (blockEntries - 1)) + 1;
    const { end, lastBids, lastAsks } = this;
    const columns = this.columnsBySymbol.size;
    this.blocks.begin(Math.floor(end / blockEntries), columns, lastBids, lastAsks);
    const superOrdinal = Math.floor(end / superEntries);
    if (superOrdinal === this.superOrdinal) return;
    this.superOrdinal = superOrdinal;
    this.supers.begin(superOrdinal, columns, lastBids, lastAsks);
    this.texts.prune(this.start);
  }

  /** Makes it an empty ring whose next entry has this index; nothing was allocated before the first. */
  private beginAt(index: number): void {
    const { capacity } = this;
    const size = this.sizeWith(capacity);
    this.size = size;
    this.prices = new Float64Array(2 * size);
    this.times = new Float64Array(size);
    this.records = new Float64Array(size);
    this.columns = new Int32Array(size);
    this.blocks = new RingLevel(capacity, size / blockEntries);
    // More than fit: the oldest has lost some of its blocks, and bounds the others still.
    this.supers = new RingLevel(capacity, Math.max(2, (2 * size) / superEntries));
    this.lastBids = new Float64Array(capacity).fill(NaN);
    this.lastAsks = new Float64Array(capacity).fill(NaN);
    this.generations = new Int32Array(capacity);
    this.base = index;
    this.place = index & (size - 1);
    this.lap = index - this.place;
    this.blockEnd = this.place;
    this.superOrdinal = -1;
  }

  /** Lays everything out anew for more columns, with the newest entries that there is room for. */
  private rebuild(capacity: number): void {
    const { prices, times, records, columns, size, end } = this;
    if (prices.length === 0) {
      this.capacity = capacity;
      this.size = this.sizeWith(capacity);
      return;
    }
    const from = Math.max(this.start, this.lap + this.blockEnd - this.sizeWith(capacity));
    const [firstBids, firstAsks] = this.pricesBefore(from);
    this.capacity = capacity;
    this.beginAt(from);
    this.lastBids.set(firstBids);
    this.lastAsks.set(firstAsks);
    for (let index = from; index < end; index++) {
      const i = index & (size - 1);
      const [bid, ask] = [prices[2 * i] as number, prices[2 * i + 1] as number];
      this.put(columns[i] as number, bid, ask, times[i] as number, records[i] as number);
    }
    this.keepNext();
  }

  private sizeWith(capacity: number): number {
    const bytes = (capacity * columnBytes) / blockEntries;
    return Math.max(quotesMin, Math.min(this.quotes, levelBytesMax / bytes));
  }

  /** The prices of all columns as they were before the entry at the index. */
  private pricesBefore(index: number): [bids: Float64Array, asks: Float64Array] {
    const { blocks, size } = this;
    const block = Math.floor(index / blockEntries);
    const bids = new Float64Array(this.capacity).fill(NaN);
    const asks = new Float64Array(this.capacity).fill(NaN);
    for (let column = 0; column < this.columnsBySymbol.size; column++) {
      this.settle(column);
      bids[column] = blocks.get(firstBid, column, block);
      asks[column] = blocks.get(firstAsk, column, block);
    }
    const blockStart = index - (index % blockEntries);
    for (let i = Math.max(blockStart, this.base); i < index; i++) {
      const at = i & (size - 1);
      const column = this.columns[at] as number;
      bids[column] = this.prices[2 * at] as number;
      asks[column] = this.prices[2 * at + 1] as number;
    }
    return [bids, asks];
  }
}

export type RingQuote = Pick<Quote, 'bid' | 'ask' | 'bidExact' | 'askExact' | 'ts'>;
