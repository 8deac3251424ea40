// Peaks of accounts, looked for only where they matter: in a ring of the quotes since each account's
// peak was known last. What the ring is about to forget is looked for before.
import type { Decimal } from '#src/domain/money';
import { closedWorth } from '#src/domain/pnl';
import type { Quote } from '#src/domain/quote';
import type { Account } from '#src/domain/state';
import type { EquityWatch } from './equity-watch.ts';
import { equityOf } from './exposure.ts';
import { nearestDouble } from './nearest-double.ts';
import { highestSince } from './peak-search.ts';
import type { QuoteBook } from './quote-book.ts';
import { blockEntries, QuoteRing } from './quote-ring.ts';
import { countOf, type RingNote } from './ring-note.ts';

/** Most entries that a part of the ring must have before the next one begins, and fewest such parts. */
const chunkEntriesMax = 1024;
const ringChunksMin = 4;

/** The more accounts there are, the longer the ring, so that few of them are looked for a quote. */
const quotesPerAccount = 20;

/** How often every account has a turn until the ring has come round. */
const roundsPerRing = 16;
/** Of the ring what an account may be behind at its turn; at the next it still holds all of that. */
const behindMax = 7 / 8;

/** A part of the ring as it is noted. */
export interface RingChunk {
  /** Counts the parts for ever; the place of one is its slot. */
  readonly number: number;
  readonly slot: number;
  readonly lastN: number;
  readonly entries: RingNote;
}

export class AccountPeaks {
  readonly ring: QuoteRing;
  /** Accounts whose peak has moved since they were noted last. */
  readonly moved = new Set<Account>();
  /** How often a peak was looked for in the ring. */
  searches = 0;
  /** A part of the ring is noted as a whole from so many entries on; less is noted again with more. */
  private readonly chunkEntries: number;
  /** Parts that cover the ring, whatever they hold, and the one that grows. */
  private readonly chunksMax: number;
  private readonly watches: EquityWatch[] = [];
  private readonly places = new Map<EquityWatch, number>();
  /** By place: entries before it are certainly in the account's peak. */
  private readonly sinces: number[] = [];
  private readonly columns = new Map<string, number>();
  /** Of each column the first entry at which it has a price. */
  private readonly pricedFrom: number[] = [];
  /** The last record before the last quote. */
  private lastN = 0;
  /** Which part of the ring is noted next, and from which entry on. */
  private chunk = 0;
  private chunkFrom = 0;
  private notedEnd = 0;
  /** Whose turn it is to be looked for before the ring comes round, and how much of a turn is due. */
  private turn = 0;
  private due = 0;

  constructor({ quotesMax }: { readonly quotesMax?: number | undefined } = {}) {
    this.ring = new QuoteRing({ quotesMax });
    const entries = this.ring.quotesMax;
    this.chunkEntries = Math.min(chunkEntriesMax, entries / ringChunksMin);
    this.chunksMax = entries / this.chunkEntries + 2;
  }

  /** The index of the next quote. */
  get end(): number {
    return this.ring.end;
  }

  add(watch: EquityWatch): void {
    if (!watch.needsPeak) return;
    this.places.set(watch, this.watches.length);
    this.watches.push(watch);
    this.sinces.push(watch.since);
    this.ring.hold(this.watches.length * quotesPerAccount);
  }

  remove(watch: EquityWatch): void {
    const place = this.places.get(watch);
    if (place === undefined) return;
    this.places.delete(watch);
    const last = this.watches.pop();
    this.sinces.pop();
    if (last === undefined || last === watch) return;
    this.watches[place] = last;
    this.places.set(last, place);
    // Its turn may just have been.
    this.settle(last);
    this.sinces[place] = last.since;
  }

  /** Quotes of the symbol are kept from now on, and what its book says now. */
  columnOf(book: QuoteBook): number {
    const { symbol } = book;
    let column = this.columns.get(symbol);
    if (column !== undefined) return column;
    if (!this.ring.hasRoomFor(symbol)) for (const watch of this.watches) this.settle(watch);
    column = this.ring.columnOf(symbol);
    this.columns.set(symbol, column);
    this.pricedFrom[column] ??= this.ring.end;
    // What the ring had before a restart is no other quote.
    if (book.hasQuote && !this.ring.endsWith(column, book)) {
      this.ring.append(column, book, this.lastN);
    }
    return column;
  }

  /** A quote is finished; `n` is that of the last record. */
  append(quote: Quote, n: number): void {
    const column = this.columns.get(quote.symbol);
    if (column === undefined) return;
    this.lastN = n;
    this.ring.append(column, quote, n);
    this.due += (roundsPerRing * this.watches.length) / this.ring.size;
    for (; this.due >= 1; this.due--) {
      this.turn = this.turn + 1 < this.watches.length ? this.turn + 1 : 0;
      const watch = this.watches[this.turn];
      if (watch !== undefined && this.isOld(this.sinces[this.turn] as number)) {
        this.settleOld(watch);
      }
    }
  }

  /** Brings the account's peak up to the last quote that is finished. */
  settle(watch: EquityWatch): void {
    const { ring } = this;
    if (!watch.needsPeak || watch.since >= ring.end) return;
    if (watch.mayHaveMoved) this.search(watch);
    watch.peakSettled(ring.end);
  }

  /** The equity at the end of a quote, known exactly. */
  seen(watch: EquityWatch, equity: Decimal, ts: number): void {
    if (watch.needsPeak && equity.gt(watch.account.peak)) this.move(watch.account, equity, ts);
  }

  /**
   * What the ring holds that was not noted yet, to be noted under its number; a later part under the
   * same number takes the place of one that the ring has forgotten.
   */
  takeChunk(): RingChunk | undefined {
    const { ring, chunk, chunkFrom, lastN } = this;
    if (ring.end === this.notedEnd) return undefined;
    const entries = ring.entriesSince(chunkFrom);
    if (entries === undefined) return undefined;
    this.notedEnd = ring.end;
    if (ring.end - chunkFrom >= this.chunkEntries) {
      this.chunk++;
      this.chunkFrom = ring.end;
    }
    return { number: chunk, slot: chunk % this.chunksMax, lastN, entries };
  }

  /** After a restart, before anything else: false where a part was not readable. */
  restore(chunks: readonly RingChunk[]): boolean {
    const last = chunks.at(-1);
    if (last === undefined) return true;
    const { ring } = this;
    ring.hold(chunks.reduce((sum, { entries }) => sum + countOf(entries), 0));
    const isWhole = ring.restore(chunks.map(({ entries }) => entries));
    this.lastN = last.lastN;
    // A part that is not full is noted again: many short lives must not crowd out what came before.
    const isFull = !isWhole || ring.end - last.entries.from >= this.chunkEntries;
    this.chunk = isFull ? last.number + 1 : last.number;
    this.chunkFrom = isFull ? ring.end : last.entries.from;
    this.notedEnd = ring.end;
    if (ring.end === 0) return isWhole;
    ring.firstPrices((column, index) => (this.pricedFrom[column] = index));
    return isWhole;
  }

  /** From where on an account that has not changed since record `n` may be looked at in the ring. */
  firstBehind(n: number, watch: EquityWatch): number {
    let first = this.ring.firstBehind(n);
    for (const { column, legs } of watch.holdings) {
      for (const one of [column, ...legs.map((leg) => leg.column)]) {
        first = Math.max(first, this.pricedFrom[one] ?? 0);
      }
    }
    return Math.min(first, this.ring.end);
  }

  /** Looks for its peak if the ring is about to forget what is not in it yet. */
  settleOld(watch: EquityWatch): void {
    if (this.isOld(watch.since)) {
      const isSearched = watch.mayHaveMoved;
      this.settle(watch);
      if (isSearched) watch.setBandsAnew();
    }
    const place = this.places.get(watch);
    if (place !== undefined) this.sinces[place] = watch.since;
  }

  private isOld(since: number): boolean {
    return this.ring.end - since > behindMax * (this.ring.size - blockEntries);
  }

  private search(watch: EquityWatch): void {
    const { account } = watch;
    this.searches++;
    const found = highestSince(this.ring, {
      since: Math.max(watch.since, this.ring.start),
      balance: nearestDouble(closedWorth(account)),
      holdings: watch.holdings,
      peak: account.peak,
      error: watch.errorBound(),
      equityAt: (pricesAt) => equityOf(account, pricesAt),
    });
    if (found !== undefined) this.move(account, found.peak, found.ts);
  }

  private move(account: Account, peak: Decimal, ts: number): void {
    account.peak = peak;
    account.peakMoved = { what: 'quote', ts };
    this.moved.add(account);
  }
}
