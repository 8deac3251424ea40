// The equity of one account, watched: bands around prices while nothing can happen, doubles when a
// band is left, exact decimals where doubles cannot tell.
import type { Conversion } from '#src/domain/conversion';
import { zero, type Decimal } from '#src/domain/money';
import type { Observation } from '#src/domain/rule-levels';
import { needsMargin, needsPeak } from '#src/domain/rules';
import type { Account, Position } from '#src/domain/state';
import type { Hold } from './band-index.ts';
import { bandReachMax, equityOf, Exposure, usedMarginOf, type Swing } from './exposure.ts';
import type { Market, Markets } from './market.ts';
import { nearestDouble } from './nearest-double.ts';
import type { QuoteBook } from './quote-book.ts';
import { actsBelow, boundsOf, type RuleBounds } from './rule-bounds.ts';

/** Relative error of a balance as a double. */
const balanceError = 1e-12;
/** Bands are a little narrower than they might be, for what is lost in computing them. */
const bandSlack = 1 - 1e-6;

const swing: Swing = {
  ...{ equity: 0, error: 0, perReach: 0, spread: 0 },
  ...{ margin: 0, marginError: 0, marginPerReach: 0, marginSpread: 0 },
};

interface Held {
  readonly hold: Hold;
  readonly market: Market;
  /** Positions by which the account hangs on the symbol. */
  count: number;
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
  private heldList: readonly Held[] = [];
  private bounds: RuleBounds;
  private areBoundsStale = false;
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
    this.peakMax = nearestDouble(account.peak);
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
    for (const one of symbolsOf(position)) this.hold(one);
    this.changed();
  }

  remove(position: Position): void {
    const key = keyOf(position.symbol, position.conversion);
    const exposure = this.exposures.get(key);
    exposure?.remove(position);
    if (exposure?.isEmpty === true) {
      this.exposures.delete(key);
      this.exposureList = [...this.exposures.values()];
    }
    for (const one of symbolsOf(position)) this.release(one);
    this.changed();
  }

  /** What is left of a position, or what was paid for it, is not what it was. */
  revalue({ symbol, conversion }: Position): void {
    this.exposures.get(keyOf(symbol, conversion))?.stale();
    this.changed();
  }

  /** Lets go of everything: nobody asks about the account any more. */
  end(): void {
    for (const { hold, market } of this.heldList) market.bands.remove(hold);
    this.held.clear();
    this.heldList = [];
  }

  /** Balance, positions, anchors, rules or warnings are not what they were: the next quote tells. */
  changed(): void {
    this.isChanged = true;
    this.areBoundsStale = true;
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
    this.peakMax = Math.max(nearestDouble(this.account.peak), this.bandTop);
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
    const { account } = this;
    const isJudged = this.judgedVersion >= 0 && this.judgedVersion === this.version();
    if (isJudged && !this.bounds.isOpen) {
      this.open();
      return true;
    }
    if (this.areBoundsStale) this.renewBounds();
    const isFirstLook = this.isChanged;
    this.isChanged = false;
    if (this.bounds.isOpen || (isFirstLook && this.bounds.watchesBalance)) return false;
    this.measure();
    const top = swing.equity + swing.error;
    const known = nearestDouble(account.peak);
    this.peakMax = Math.max(this.peakMax, known);
    if (this.needsPeak && this.peakMax > known && !this.isPeakGoodEnough(known, top)) {
      this.markets.peaks.settle(this);
      this.peakMax = nearestDouble(account.peak);
      this.renewBounds();
    }
    if (!this.isCertain()) return false;
    // At the end of the first quote after a change it counts as seen, whatever the ring holds.
    if (isFirstLook && this.needsPeak && top >= nearestDouble(account.peak)) return false;
    this.peakMax = Math.max(this.peakMax, top);
    this.setBands();
    return true;
  }

  /** The account was judged at the prices as they are, exactly, and its peak moved behind that. */
  judged(): void {
    this.renewBounds();
    this.measure();
    this.peakMax = Math.max(nearestDouble(this.account.peak), swing.equity + swing.error);
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

  private hold(symbol: string): void {
    const known = this.held.get(symbol);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const market = this.markets.of(symbol);
    this.held.set(symbol, { hold: market.bands.add(this), market, count: 1 });
    this.heldList = [...this.held.values()];
  }

  private release(symbol: string): void {
    const known = this.held.get(symbol);
    if (known === undefined || --known.count > 0) return;
    known.market.bands.remove(known.hold);
    this.held.delete(symbol);
    this.heldList = [...this.held.values()];
  }

  /** After a breach: whether a position has to be closed on the next quote of its symbol. */
  private closesLate(): boolean {
    const { halt, state, positions, closingCount } = this.account;
    return halt?.by === 'breach' && state !== 'grace' && positions.size > closingCount;
  }

  private open(): void {
    this.bandTop = -Infinity;
    for (const { hold, market } of this.heldList) market.bands.open(hold);
  }

  private renewBounds(): void {
    this.bounds = boundsOf(this.account);
    this.areBoundsStale = false;
  }

  private measure(): void {
    const balance = nearestDouble(this.account.balance);
    swing.equity = balance;
    swing.error = Math.abs(balance) * balanceError;
    swing.perReach = swing.spread = 0;
    swing.margin = swing.marginError = swing.marginPerReach = swing.marginSpread = 0;
    for (const exposure of this.exposureList) exposure.addTo(swing);
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
  private isPeakGoodEnough(known: number, top: number): boolean {
    const unknown = this.peakMax - Math.max(known, top);
    if (unknown <= 0) return this.peakMax < this.bounds.peakBelow;
    const room = swing.equity - swing.error - this.actsBelow(this.peakMax);
    return unknown < room && this.peakMax < this.bounds.peakBelow;
  }

  /**
   * The same part of every price up and down, so that a symbol is left as easily as another: all of
   * it together must neither bring the equity down to where a rule acts, the peak having risen as far
   * as it can by then, nor up to where something ends.
   */
  private setBands(): void {
    const { equity, error, perReach, spread, marginPerReach, marginSpread } = swing;
    const { bounds } = this;
    if (bounds.isOpen || this.closesLate() || (bounds.watchesBalance && this.isChanged)) {
      this.open();
      return;
    }
    const top = equity + error;
    const peak = Math.max(this.peakMax, top);
    // What the margin in use may rise by is taken from the same room.
    const factor = bounds.marginBelow;
    const down = perReach + factor * marginPerReach;
    const up = perReach + (bounds.marginAbove === Infinity ? 0 : bounds.marginAbove * marginPerReach);
    const room = equity - error - this.actsBelow(peak) - factor * marginSpread;
    const free = peak - top - spread;
    let reach = room / down;
    if (up * reach > free) reach = (room + free) / (down + up);
    const above = Math.min(this.endsAbove(), bounds.peakBelow);
    const marginDown = bounds.marginAbove === Infinity ? 0 : bounds.marginAbove * marginSpread;
    if (above < Infinity) reach = Math.min(reach, (above - top - spread - marginDown) / up);
    reach = Math.min(reach * bandSlack, bandReachMax);
    if (!(reach > 0)) {
      this.open();
      return;
    }
    this.bandTop = top + spread + up * reach;
    this.peakMax = Math.max(peak, this.bandTop);
    for (const { hold, market } of this.heldList) {
      const { book, bands } = market;
      if (book.hasQuote) bands.set(hold, book.bid * (1 - reach), book.ask * (1 + reach));
      else bands.open(hold);
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

function symbolsOf({ symbol, conversion }: Position): string[] {
  return [symbol, ...conversion.map((leg) => leg.symbol)];
}

function keyOf(symbol: string, conversion: Conversion): string {
  return [symbol, ...conversion.map((leg) => leg.symbol)].join(' ');
}
