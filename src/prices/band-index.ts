// Bands of one symbol: while its quotes stay within an account's band, nothing of that account has to
// be looked at. O(1) for a quote that leaves no band.
import { BandLane, type Hold, type LaneName } from './band-lane.ts';
import type { EquityWatch } from './equity-watch.ts';

export class BandIndex {
  private readonly lanes: Readonly<Record<LaneName, BandLane>> = {
    bid: new BandLane(),
    ask: new BandLane(),
    both: new BandLane(),
  };
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
  add(watch: EquityWatch, lane: LaneName): Hold {
    const hold = { watch, lane, slot: 0 };
    this.lanes[lane].add(hold);
    this.all.add(hold);
    return hold;
  }

  /** Other prices leave the band from now on; every quote does until it is set. */
  move(hold: Hold, lane: LaneName): void {
    this.lanes[hold.lane].remove(hold);
    hold.lane = lane;
    this.lanes[lane].add(hold);
  }

  remove(hold: Hold): void {
    this.lanes[hold.lane].remove(hold);
    this.all.delete(hold);
    if (this.isWorking) this.departed.push(hold.watch);
  }

  set(hold: Hold, low: number, high: number): void {
    this.lanes[hold.lane].set(hold, low, high);
  }

  /** Every quote leaves it until it is set again. */
  open(hold: Hold): void {
    this.lanes[hold.lane].open(hold);
  }

  /** Prices of at least the first and at most the second are in it. */
  bandOf(hold: Hold): readonly [low: number, high: number] {
    return this.lanes[hold.lane].bandOf(hold);
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
    this.lanes.bid.collect(bid, bid, into);
    this.lanes.ask.collect(ask, ask, into);
    this.lanes.both.collect(bid, ask, into);
    for (const watch of this.departed) into.add(watch);
  }

  /** The quote is finished: who lets go of the symbol from now on has seen it. */
  end(): void {
    this.isWorking = false;
    if (this.departed.length > 0) this.departed.length = 0;
  }

  /** Whether `collect` would add anything. */
  isLeft(bid: number, ask: number): boolean {
    return (
      this.lanes.bid.isLeft(bid, bid) ||
      this.lanes.ask.isLeft(ask, ask) ||
      this.lanes.both.isLeft(bid, ask) ||
      this.departed.length > 0
    );
  }
}
