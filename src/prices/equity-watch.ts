// The equity of one account, watched: bands around prices while nothing can happen, doubles when a
// band is left, exact decimals where doubles cannot tell.
import type { Conversion } from '#src/domain/conversion';
import { zero, type Decimal } from '#src/domain/money';
import type { Observation } from '#src/domain/rule-levels';
import { needsMargin, needsPeak } from '#src/domain/rules';
import type { Account, Position } from '#src/domain/state';
import type { Hold, LaneName } from './band-lane.ts';
import { bandReachMax, EquitySheet, type Swing } from './equity-sheet.ts';
import { equityOf, Exposure, usedMarginOf } from './exposure.ts';
import type { Market, Markets } from './market.ts';
import { nearestDouble } from './nearest-double.ts';
import type { QuoteBook } from './quote-book.ts';
import { actsBelow, boundsOf, type RuleBounds } from './rule-bounds.ts';

/** Of the reach that there would be without: a band may end at the peak where that leaves so much of it. */
const cappedPart = 0.25;
/** Bands are a little narrower than they might be, for what is lost in computing them. */
const bandSlack = 1 - 1e-6;

const swing: Swing = {
  ...{ equity: 0, error: 0, perReach: 0, spread: 0, rateSpread: 0 },
  ...{ margin: 0, marginError: 0, marginPerReach: 0, marginSpread: 0 },
};

/** Positions by which an account hangs on a symbol: in it, or converted by it. */
interface Counts {
  longs: number;
  shorts: number;
  legs: number;
}

interface Held extends Counts {
  readonly hold: Hold;
  readonly market: Market;
}

export class EquityWatch {
  readonly account: Account;
  /** Whether a rule asks for the peak. */
  readonly needsPeak: boolean;
  /** Entries of the quote ring before it are in `account.peak`. */
  since = 0;
  private readonly markets: Markets;
  private readonly exposures = new Map<string, Exposure>();
  private exposureList: readonly Exposure[] = [];
  private readonly held = new Map<string, Held>();
  private holds: readonly Hold[] = [];
  private bounds: RuleBounds;
  /** Whether bounds and sheet are of what the account was before. */
  private isStale = true;
  private readonly sheet = new EquitySheet();
  /** The account's peak. */
  private known: number;
  /** The peak cannot be above it: neither that of the past, nor while quotes stay in the bands. */
  private peakMax: number;
  /** The highest equity while quotes stay in the bands. */
  private bandTop = -Infinity;
  /** Whether no quote has been looked at since positions, balance or rules have changed. */
  private isChanged = true;
  /** Sum of the exposures' versions when the account was judged last; −1 where it must be again. */
  private judgedVersion = -1;

  constructor(account: Account, markets: Markets) {
    this.account = account;
    this.markets = markets;
    this.needsPeak = needsPeak(account.rules);
    this.bounds = boundsOf(account);
    this.peakMax = this.known = nearestDouble(account.peak);
    this.since = markets.peaks.end;
  }

  /** What is searched for a peak. */
  get holdings(): readonly Exposure[] {
    for (const exposure of this.exposureList) exposure.refresh();
    return this.exposureList;
  }

  add(position: Position): void {
    const { symbol, conversion } = position;
    const key = keyOf(symbol, conversion);
    let exposure = this.exposures.get(key);
    if (exposure === undefined) {
      const { peaks, bookOf } = this.markets;
      const { end } = peaks;
      const columnOf = (book: QuoteBook): number => (this.needsPeak ? peaks.columnOf(book) : -1);
      exposure = new Exposure(symbol, conversion, bookOf, columnOf);
      // A book that the ring did not know is no quote at whose end the equity was seen.
      if (this.since === end) this.since = peaks.end;
      this.exposures.set(key, exposure);
      this.exposureList = [...this.exposures.values()];
    }
    exposure.add(position);
    this.hold(symbol, position.side === 'long' ? 'longs' : 'shorts');
    for (const leg of conversion) this.hold(leg.symbol, 'legs');
    this.changed();
  }

  remove(position: Position): void {
    const key = keyOf(position.symbol, position.conversion);
    const exposure = this.exposures.get(key);
    exposure?.remove(position);
    if (exposure?.count === 0) {
      this.exposures.delete(key);
      this.exposureList = [...this.exposures.values()];
    }
    this.release(position.symbol, position.side === 'long' ? 'longs' : 'shorts');
    for (const leg of position.conversion) this.release(leg.symbol, 'legs');
    this.changed();
  }

  /** What is left of a position, or what was paid for it, is not what it was. */
  revalue({ symbol, conversion }: Position): void {
    this.exposures.get(keyOf(symbol, conversion))?.stale();
    this.changed();
  }

  /** Lets go of everything: nobody asks about the account any more. */
  end(): void {
    for (const { hold, market } of this.held.values()) market.bands.remove(hold);
    this.held.clear();
    this.holds = [];
  }

  /** Balance, positions, anchors, rules or warnings are not what they were: the next quote tells. */
  changed(): void {
    this.isChanged = true;
    this.isStale = true;
    this.judgedVersion = -1;
    this.open();
  }

  /** After a restart: quotes are in the ring that were not looked at. */
  resume(): void {
    const { peaks } = this.markets;
    if (!this.needsPeak) return;
    this.since = peaks.firstBehind(this.account.changedN, this);
    if (this.since < peaks.end) this.peakMax = Infinity;
  }

  /** The peak was looked for up to now, and is what the account says. */
  peakSettled(end: number): void {
    this.since = end;
    this.known = nearestDouble(this.account.peak);
    this.peakMax = Math.max(this.known, this.bandTop);
  }

  /** Between quotes: bands for a peak that is known better now. */
  setBandsAnew(): void {
    if (this.isChanged || this.bandTop === -Infinity) return;
    this.peakMax = this.known;
    this.measure();
    if (this.isCertain()) this.setBands();
  }

  /** Whether the quotes since the peak was looked for may have moved it. */
  get mayHaveMoved(): boolean {
    return this.peakMax > nearestDouble(this.account.peak);
  }

  /**
   * Whether the rules certainly have nothing to say at the prices as they are; if so, bands are set
   * within which that remains so.
   */
  isQuiet(): boolean {
    if (this.judgedVersion >= 0) {
      if (this.judgedVersion === this.version() && !this.bounds.isOpen) {
        this.open();
        return true;
      }
      this.judgedVersion = -1;
    }
    if (this.isStale) this.renew();
    const isFirstLook = this.isChanged;
    this.isChanged = false;
    if (this.bounds.isOpen || (isFirstLook && this.bounds.watchesBalance)) return false;
    this.measure();
    const top = swing.equity + swing.error;
    this.peakMax = Math.max(this.peakMax, this.known);
    if (this.needsPeak && this.peakMax > this.known && !this.isPeakGoodEnough(top)) {
      this.markets.peaks.settle(this);
      this.peakMax = this.known;
      // Levels that follow the peak were taken to rise as it does, which may be too fast.
      if (!this.isCertain()) this.renewBounds();
    }
    if (!this.isCertain()) return false;
    // At the end of the first quote after a change it counts as seen, whatever the ring holds.
    if (isFirstLook && this.needsPeak && top >= this.known) return false;
    this.peakMax = Math.max(this.peakMax, top);
    this.setBands();
    return true;
  }

  /** The account was judged at the prices as they are, exactly, and its peak moved behind that. */
  judged(): void {
    this.renewBounds();
    this.measure();
    this.peakMax = Math.max(this.known, swing.equity + swing.error);
    // What was closed, or a peak that has moved, is news to a rule that looks at the balance.
    if (!this.bounds.watchesBalance) this.isChanged = false;
    this.judgedVersion = this.bounds.watchesBalance ? -1 : this.version();
    if (this.isCertain()) this.setBands();
    else this.open();
  }

  /** How far a sum in doubles may be from the equity. */
  errorBound(): number {
    this.measure();
    return swing.error;
  }

  /** Exact equity (contract section 1). */
  equity(): Decimal {
    return equityOf(this.account, this.markets.bookOf);
  }

  observe(): Observation {
    return observe(this.account, this.markets.bookOf);
  }

  private hold(symbol: string, by: keyof Counts): void {
    let held = this.held.get(symbol);
    if (held === undefined) {
      const market = this.markets.of(symbol);
      const hold = market.bands.add(this, market.book, 'both');
      held = { hold, market, longs: 0, shorts: 0, legs: 0 };
      this.held.set(symbol, held);
      this.listHolds();
    }
    held[by]++;
    this.choose(symbol, held);
  }

  private release(symbol: string, by: keyof Counts): void {
    const held = this.held.get(symbol);
    if (held === undefined) return;
    held[by]--;
    if (held.longs + held.shorts + held.legs > 0) {
      this.choose(symbol, held);
      return;
    }
    held.market.bands.remove(held.hold);
    this.held.delete(symbol);
    this.listHolds();
  }

  private listHolds(): void {
    this.holds = Array.from(this.held.values(), ({ hold }) => hold);
  }

  /** The prices that the account hangs on, and how far apart they are where these are both. */
  private choose(symbol: string, { hold, market, longs, shorts, legs }: Held): void {
    const lane: LaneName =
      legs > 0 || (longs > 0 && shorts > 0) ? 'both' : longs > 0 ? 'bid' : 'ask';
    if (lane !== hold.lane) market.bands.move(hold, lane);
    for (const exposure of this.exposureList) {
      if (exposure.symbol === symbol) exposure.hasSpread = lane === 'both';
    }
  }

  /** After a breach: whether a position has to be closed on the next quote of its symbol. */
  private closesLate(): boolean {
    const { halt, state, positions, closingCount } = this.account;
    return halt?.by === 'breach' && state !== 'grace' && positions.size > closingCount;
  }

  private open(): void {
    this.bandTop = -Infinity;
    for (const hold of this.holds) hold.home.open(hold);
  }

  private renewBounds(): void {
    this.bounds = boundsOf(this.account);
    this.known = nearestDouble(this.account.peak);
  }

  private renew(): void {
    this.isStale = false;
    this.renewBounds();
    this.sheet.renew(this.account, this.exposureList);
  }

  private measure(): void {
    if (this.isStale) this.renew();
    this.sheet.measure(swing);
  }

  /** Equity at or below it may make a rule act, the peak being whatever it may be. */
  private actsBelow(peak: number): number {
    const { bounds } = this;
    const byPeak = actsBelow(bounds, peak);
    if (swing.margin === 0 || bounds.marginBelow === 0) return byPeak;
    return Math.max(byPeak, bounds.marginBelow * (swing.margin + swing.marginError));
  }

  private endsAbove(): number {
    const { bounds } = this;
    if (bounds.marginAbove === Infinity) return bounds.above;
    // Where no margin is used any more, what was told of its level is over.
    if (swing.margin === 0) return -Infinity;
    return Math.min(bounds.above, bounds.marginAbove * (swing.margin - swing.marginError));
  }

  private isCertain(): boolean {
    const { equity, error } = swing;
    const peak = Math.max(this.peakMax, equity + error);
    return (
      equity - error > this.actsBelow(peak) &&
      equity + error < this.endsAbove() &&
      peak < this.bounds.peakBelow
    );
  }

  /** Whether what is not known of the peak leaves more room than it takes. */
  private isPeakGoodEnough(top: number): boolean {
    const unknown = this.peakMax - Math.max(this.known, top);
    if (unknown <= 0) return this.peakMax < this.bounds.peakBelow;
    const room = swing.equity - swing.error - this.actsBelow(this.peakMax);
    return unknown < room && this.peakMax < this.bounds.peakBelow;
  }

  /**
   * The same part of every price, so that a symbol is left as easily as another: so far against the
   * account that all of it together cannot bring the equity down to where a rule acts, the peak having
   * risen as far as it can by then; so far for it that nothing can end.
   */
  private setBands(): void {
    const { equity, error, perReach, spread, rateSpread, marginPerReach, marginSpread } = swing;
    const { bounds } = this;
    if (bounds.isOpen || this.closesLate() || (bounds.watchesBalance && this.isChanged)) {
      this.open();
      return;
    }
    const top = equity + error;
    const peak = Math.max(this.peakMax, top);
    // What the margin in use may rise or fall by is taken from the same room.
    const ends = bounds.marginAbove === Infinity ? 0 : bounds.marginAbove;
    const down = perReach + bounds.marginBelow * marginPerReach;
    const up = perReach + ends * marginPerReach;
    const lost = rateSpread + bounds.marginBelow * marginSpread;
    const room = equity - error - this.actsBelow(peak) - lost;
    const free = peak - top - spread;
    // A rise up to the peak costs nothing; one beyond it may take the level along that acts.
    const half = (room + free) / 2;
    let [loss, gain] = room <= free ? [room / down, free / up] : [half / down, half / up];
    // A band that ends at the peak leaves nothing to look for.
    if (room > free && free > cappedPart * up * Math.min(gain, bandReachMax)) {
      [loss, gain] = [room / down, free / up];
    }
    const above = Math.min(this.endsAbove(), bounds.peakBelow);
    if (above < Infinity) gain = Math.min(gain, (above - top - spread - ends * marginSpread) / up);
    loss = Math.min(loss * bandSlack, bandReachMax);
    gain = Math.min(gain * bandSlack, bandReachMax);
    if (!(loss > 0 && gain > 0)) {
      this.open();
      return;
    }
    this.bandTop = top + spread + up * gain;
    this.peakMax = Math.max(peak, this.bandTop);
    const both = Math.min(loss, gain);
    for (const hold of this.holds) {
      const { book, lane, home } = hold;
      if (!book.hasQuote) home.open(hold);
      else if (lane === 'bid') home.set(hold, book.bid * (1 - loss), book.bid * (1 + gain));
      else if (lane === 'ask') home.set(hold, book.ask * (1 - gain), book.ask * (1 + loss));
      else home.set(hold, book.bid * (1 - both), book.ask * (1 + both));
    }
  }

  private version(): number {
    let version = 0;
    for (const exposure of this.exposureList) version += exposure.version();
    return version;
  }
}

/** What the rules of an account observe at the prices as they are, exactly. */
export function observe(account: Account, pricesOf: Markets['bookOf']): Observation {
  let usedMargin = zero;
  if (needsMargin(account.rules)) {
    for (const position of account.positions.values()) {
      usedMargin = usedMargin.plus(usedMarginOf(position, pricesOf));
    }
  }
  return { equity: equityOf(account, pricesOf), balance: account.balance, usedMargin };
}

function keyOf(symbol: string, conversion: Conversion): string {
  return [symbol, ...conversion.map((leg) => leg.symbol)].join(' ');
}
