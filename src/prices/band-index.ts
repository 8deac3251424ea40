// Bands of one symbol: while its quotes stay within an account's band, nothing of that account has to
// be looked at. O(1) for a quote that leaves no band.
import { BandLane, type Hold, type LaneName } from './band-lane.ts';
import type { EquityWatch } from './equity-watch.ts';
import type { QuoteBook } from './quote-book.ts';

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
  add(watch: EquityWatch, book: QuoteBook, lane: LaneName): Hold {
    const home = this.lanes[lane];
    const hold = { watch, book, lane, home, slot: 0 };
    home.add(hold);
    this.all.add(hold);
    return hold;
  }

  /** Other prices leave the band from now on; every quote does until it is set. */
  move(hold: Hold, lane: LaneName): void {
    hold.home.remove(hold);
    hold.lane = lane;
    hold.home = this.lanes[lane];
    hold.home.add(hold);
  }

  remove(hold: Hold): void {
    hold.home.remove(hold);
    this.all.delete(hold);
    if (this.isWorking) this.departed.push(hold.watch);
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
