// Bands that are left by prices of one kind: two comparisons say that none is.
import type { EquityWatch } from './equity-watch.ts';
import { KeyHeap } from './key-heap.ts';
import type { QuoteBook } from './quote-book.ts';

/**
 * By which prices a band is left: those of longs alone hang on the bid, those of shorts alone on the
 * ask; where both or a rate are in it, its low is one of the bid and its high one of the ask.
 */
export type LaneName = 'bid' | 'ask' | 'both';

/** That an account is moved by the quotes of a symbol, and how far they may go unseen. */
export interface Hold {
  readonly watch: EquityWatch;
  readonly book: QuoteBook;
  lane: LaneName;
  home: BandLane;
  /** Its place in the lane. */
  slot: number;
}

/** Doubles of a band, a line of the cache for two: its bounds, and the keys by which each is found. */
const rowWidth = 4;
const lowAt = 0;
const highAt = 1;
const lowKeyAt = 2;
const highKeyAt = 3;

export class BandLane {
  /** Of the lows, negated: the highest one is on top. A slot is the same in both. */
  private readonly lows = new KeyHeap();
  private readonly highs = new KeyHeap();
  private readonly watches: EquityWatch[] = [];
  /** Keys are no wider than the bands; `Infinity` where the band was left and is to be set. */
  private rows = new Float64Array(16 * rowWidth);
  private readonly passed: number[] = [];

  /** Every quote leaves its band until that is set. */
  add(hold: Hold): void {
    const slot = this.lows.add(-Infinity);
    this.highs.add(-Infinity);
    hold.slot = slot;
    this.watches[slot] = hold.watch;
    if (this.rows.length <= slot * rowWidth) {
      const rows = new Float64Array(2 * this.rows.length);
      rows.set(this.rows);
      this.rows = rows;
    }
    const at = slot * rowWidth;
    this.rows[at + lowAt] = Infinity;
    this.rows[at + highAt] = this.rows[at + lowKeyAt] = this.rows[at + highKeyAt] = -Infinity;
  }

  remove({ slot }: Hold): void {
    this.lows.remove(slot);
    this.highs.remove(slot);
  }

  set({ slot }: Hold, low: number, high: number): void {
    const { rows } = this;
    const at = slot * rowWidth;
    rows[at + lowAt] = low;
    rows[at + highAt] = high;
    // What has become wider is found out when its old bound is passed: most never is.
    if ((rows[at + lowKeyAt] as number) > -low) {
      rows[at + lowKeyAt] = -low;
      this.lows.set(slot, -low);
    }
    if ((rows[at + highKeyAt] as number) > high) {
      rows[at + highKeyAt] = high;
      this.highs.set(slot, high);
    }
  }

  open(hold: Hold): void {
    this.set(hold, Infinity, -Infinity);
  }

  /** Prices of at least the first and at most the second are in the band. */
  bandOf({ slot }: Hold): readonly [low: number, high: number] {
    const at = slot * rowWidth;
    return [this.rows[at + lowAt] as number, this.rows[at + highAt] as number];
  }

  /** Whether a price below some low, or above some high, may have left a band. */
  isLeft(lowest: number, highest: number): boolean {
    return this.lows.first < -lowest || this.highs.first < highest;
  }

  /** Adds the accounts whose band is left; their bands have to be set again. */
  collect(lowest: number, highest: number, into: Set<EquityWatch>): void {
    if (this.lows.first < -lowest) this.collectFrom(this.lows, -lowest, -1, lowAt, into);
    if (this.highs.first < highest) this.collectFrom(this.highs, highest, 1, highAt, into);
  }

  /** Of the bounds, times the sign, those that are below the key. */
  private collectFrom(
    heap: KeyHeap,
    key: number,
    sign: 1 | -1,
    boundAt: typeof lowAt | typeof highAt,
    into: Set<EquityWatch>,
  ): void {
    const { rows, passed } = this;
    const keyAt = boundAt === lowAt ? lowKeyAt : highKeyAt;
    heap.forEachUpTo(key, (slot, known) => {
      if (known < key) passed.push(slot);
    });
    for (const slot of passed) {
      const at = slot * rowWidth;
      const bound = sign * (rows[at + boundAt] as number);
      if (bound < key) {
        // It stays where it is until it is set.
        rows[at + keyAt] = Infinity;
        into.add(this.watches[slot] as EquityWatch);
      } else {
        rows[at + keyAt] = bound;
        heap.set(slot, bound);
      }
    }
    passed.length = 0;
  }
}
