// Bands of one symbol: while its quotes stay within an account's band, nothing of that account has to
// be looked at. O(1) for a quote that leaves no band.
import type { EquityWatch } from './equity-watch.ts';
import { KeyHeap } from './key-heap.ts';

/** That an account is moved by the quotes of a symbol, and how far they may go unseen. */
export interface Hold {
  readonly watch: EquityWatch;
  /** Its places in the two heaps. */
  lowSlot: number;
  highSlot: number;
  /** The band: quotes with a bid of at least `low` and an ask of at most `high`. */
  low: number;
  high: number;
}

export class BandIndex {
  /** Of the lows, negated: the highest one is on top. Keys are no wider than the bands. */
  private readonly lows = new KeyHeap();
  private readonly highs = new KeyHeap();
  private readonly byLow: Hold[] = [];
  private readonly byHigh: Hold[] = [];
  private readonly all = new Set<Hold>();
  /** Accounts that have let go of the symbol since the quote that is worked on came. */
  private readonly departed: EquityWatch[] = [];
  private isWorking = false;

  get size(): number {
    return this.all.size;
  }

  holds(): IterableIterator<Hold> {
    return this.all.values();
  }

  /** Every quote leaves the band until it is set. */
  add(watch: EquityWatch): Hold {
    const lowSlot = this.lows.add(-Infinity);
    const highSlot = this.highs.add(-Infinity);
    const hold: Hold = { watch, lowSlot, highSlot, low: Infinity, high: -Infinity };
    this.byLow[lowSlot] = hold;
    this.byHigh[highSlot] = hold;
    this.all.add(hold);
    return hold;
  }

  remove(hold: Hold): void {
    this.lows.remove(hold.lowSlot);
    this.highs.remove(hold.highSlot);
    this.all.delete(hold);
    if (this.isWorking) this.departed.push(hold.watch);
  }

  set(hold: Hold, low: number, high: number): void {
    hold.low = low;
    hold.high = high;
    // What has become wider is found out when its old bound is passed: most never is.
    const lowKey = this.lows.keyOf(hold.lowSlot);
    if (lowKey > -low) this.lows.set(hold.lowSlot, -low);
    const highKey = this.highs.keyOf(hold.highSlot);
    if (highKey > high) this.highs.set(hold.highSlot, high);
  }

  /** Every quote leaves it until it is set again. */
  open(hold: Hold): void {
    hold.low = Infinity;
    hold.high = -Infinity;
    if (this.lows.keyOf(hold.lowSlot) !== -Infinity) this.lows.set(hold.lowSlot, -Infinity);
    if (this.highs.keyOf(hold.highSlot) !== -Infinity) this.highs.set(hold.highSlot, -Infinity);
  }

  /** A quote of the symbol is worked on from now on. */
  begin(): void {
    this.isWorking = true;
    if (this.departed.length > 0) this.departed.length = 0;
  }

  /**
   * Adds the accounts whose band the quote has left, and those that have let go of the symbol since
   * `begin`. Their bands have to be set again.
   */
  collect(bid: number, ask: number, into: Set<EquityWatch>): void {
    const { lows, highs } = this;
    while (lows.first < -bid) {
      const slot = lows.top();
      const hold = this.byLow[slot] as Hold;
      if (bid >= hold.low) {
        lows.set(slot, -hold.low);
      } else {
        lows.set(slot, Infinity);
        into.add(hold.watch);
      }
    }
    while (highs.first < ask) {
      const slot = highs.top();
      const hold = this.byHigh[slot] as Hold;
      if (ask <= hold.high) {
        highs.set(slot, hold.high);
      } else {
        highs.set(slot, Infinity);
        into.add(hold.watch);
      }
    }
    for (const watch of this.departed) into.add(watch);
  }

  /** The quote is finished: who lets go of the symbol from now on has seen it. */
  end(): void {
    this.isWorking = false;
    if (this.departed.length > 0) this.departed.length = 0;
  }

  /** Whether `collect` would add anything. */
  isLeft(bid: number, ask: number): boolean {
    return this.lows.first < -bid || this.highs.first < ask || this.departed.length > 0;
  }
}
