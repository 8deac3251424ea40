// Bands that are left by prices of one kind: two comparisons say that none is.
import type { EquityWatch } from './equity-watch.ts';
import { KeyHeap } from './key-heap.ts';

/**
 * By which prices a band is left: those of longs alone hang on the bid, those of shorts alone on the
 * ask; where both or a rate are in it, its low is one of the bid and its high one of the ask.
 */
export type LaneName = 'bid' | 'ask' | 'both';

/** That an account is moved by the quotes of a symbol, and how far they may go unseen. */
export interface Hold {
  readonly watch: EquityWatch;
  lane: LaneName;
  /** Its places in the two heaps of its lane. */
  lowSlot: number;
  highSlot: number;
  /** The band: prices of at least `low` and at most `high`. */
  low: number;
  high: number;
}

export class BandLane {
  /** Of the lows, negated: the highest one is on top. Keys are no wider than the bands. */
  private readonly lows = new KeyHeap();
  private readonly highs = new KeyHeap();
  private readonly byLow: Hold[] = [];
  private readonly byHigh: Hold[] = [];

  /** Every quote leaves its band until that is set. */
  add(hold: Hold): void {
    hold.lowSlot = this.lows.add(-Infinity);
    hold.highSlot = this.highs.add(-Infinity);
    hold.low = Infinity;
    hold.high = -Infinity;
    this.byLow[hold.lowSlot] = hold;
    this.byHigh[hold.highSlot] = hold;
  }

  remove(hold: Hold): void {
    this.lows.remove(hold.lowSlot);
    this.highs.remove(hold.highSlot);
  }

  set(hold: Hold, low: number, high: number): void {
    hold.low = low;
    hold.high = high;
    // What has become wider is found out when its old bound is passed: most never is.
    if (this.lows.keyOf(hold.lowSlot) > -low) this.lows.set(hold.lowSlot, -low);
    if (this.highs.keyOf(hold.highSlot) > high) this.highs.set(hold.highSlot, high);
  }

  open(hold: Hold): void {
    hold.low = Infinity;
    hold.high = -Infinity;
    if (this.lows.keyOf(hold.lowSlot) !== -Infinity) this.lows.set(hold.lowSlot, -Infinity);
    if (this.highs.keyOf(hold.highSlot) !== -Infinity) this.highs.set(hold.highSlot, -Infinity);
  }

  /** Whether a price below some low, or above some high, may have left a band. */
  isLeft(lowest: number, highest: number): boolean {
    return this.lows.first < -lowest || this.highs.first < highest;
  }

  /** Adds the accounts whose band is left; their bands have to be set again. */
  collect(lowest: number, highest: number, into: Set<EquityWatch>): void {
    const { lows, highs } = this;
    while (lows.first < -lowest) {
      const slot = lows.top();
      const hold = this.byLow[slot] as Hold;
      if (lowest >= hold.low) {
        lows.set(slot, -hold.low);
      } else {
        lows.set(slot, Infinity);
        into.add(hold.watch);
      }
    }
    while (highs.first < highest) {
      const slot = highs.top();
      const hold = this.byHigh[slot] as Hold;
      if (highest <= hold.high) {
        highs.set(slot, hold.high);
      } else {
        highs.set(slot, Infinity);
        into.add(hold.watch);
      }
    }
  }
}
