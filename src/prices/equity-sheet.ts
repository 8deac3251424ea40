// What an account holds, laid out in one row of doubles: its equity at the prices now, and how far that
// may go, in a few multiplications and a few lines of the cache, however many positions there are.
import { closedWorth } from '#src/domain/pnl';
import type { Account } from '#src/domain/state';
import { nearestDouble } from './nearest-double.ts';
import type { Exposure } from './exposure.ts';
import type { QuoteBook } from './quote-book.ts';

/** Relative error of a balance as a double. */
const balanceError = 1e-12;
/** Relative error bound of the sums below: far above what doubles lose, far below what matters. */
const relativeError = 1e-11;
/** Each exact P&L is rounded to 10 decimals. */
const roundingError = 1e-10;

/** Furthest that a band may lie from the prices that it was set at, as a part of them. */
export const bandReachMax = 0.05;
/** Half a spread of a conversion pair, as a part of its mid, beyond which no band is set. */
const halfSpreadMax = 0.05;
/** 1 / ((1 − x)(1 − y)) − 1 ≤ 1.18 · (x + y) and ≤ 0.24 for two legs, each off by 0.1 at the most. */
const legFactor = 1.18;
const legGrowthMax = 1.24;

/** How far sums may be from what is exact, and how far they may go where prices stay in a band. */
export interface Swing {
  equity: number;
  error: number;
  /** Equity rises or falls by no more than `reach · perReach`, and rises by `spread` beside that. */
  perReach: number;
  spread: number;
  /** As much it falls beside that, where the ask of a rate comes down to its bid, or the bid goes up. */
  rateSpread: number;
  margin: number;
  marginError: number;
  /** As much for the margin that is used, up and down alike. */
  marginPerReach: number;
  marginSpread: number;
}

/** Doubles of an exposure in the row. */
const longAt = 0;
const shortAt = 1;
const costAt = 2;
const magnitudeAt = 3;
const marginAt = 4;
const countAt = 5;
/** Size of what is moved where only the spread of the symbol changes. */
const spreadAt = 6;
const legsAt = 7;
const width = 8;

export class EquitySheet {
  /** Beside what is open. */
  private worth = 0;
  private row: number[] = [];
  private books: QuoteBook[] = [];
  private exposures: readonly Exposure[] = [];

  /** To be called when the balance or what is held is not what it was. */
  renew(account: Account, exposures: readonly Exposure[]): void {
    this.worth = nearestDouble(closedWorth(account));
    this.exposures = exposures;
    this.books = exposures.map(({ book }) => book);
    this.row = exposures.flatMap((exposure) => {
      exposure.refresh();
      const { longSize, shortSize, cost, magnitude, margin, count, hasSpread, legs } = exposure;
      const spreadSize = hasSpread ? longSize + shortSize : 0;
      return [longSize, shortSize, cost, magnitude, margin, count, spreadSize, legs.length];
    });
  }

  /** Sets the swing to what it is at the prices now. */
  measure(swing: Swing): void {
    swing.equity = this.worth;
    swing.error = Math.abs(this.worth) * balanceError;
    swing.perReach = swing.spread = swing.rateSpread = 0;
    swing.margin = swing.marginError = swing.marginPerReach = swing.marginSpread = 0;
    const { row, books } = this;
    for (let i = 0, at = 0; i < books.length; i++, at += width) {
      if (row[at + legsAt] !== 0) {
        this.addConverted(swing, i);
        continue;
      }
      const { bid, ask, hasQuote } = books[i] as QuoteBook;
      const rounding = (row[at + countAt] as number) * roundingError;
      const margin = row[at + marginAt] as number;
      if (margin > 0) {
        swing.margin += margin;
        swing.marginError += margin * relativeError + rounding;
      }
      if (!hasQuote) continue;
      const long = row[at + longAt] as number;
      const short = row[at + shortAt] as number;
      const gross = ask * (long + short);
      swing.equity += bid * long - ask * short - (row[at + costAt] as number);
      swing.error += (gross + (row[at + magnitudeAt] as number)) * relativeError + rounding;
      swing.perReach += gross;
      swing.spread += (ask - bid) * (row[at + spreadAt] as number);
    }
  }

  /** As `measure` does, of one whose value is converted. */
  private addConverted(swing: Swing, i: number): void {
    const { row } = this;
    const { book, legs } = this.exposures[i] as Exposure;
    const at = i * width;
    let rate = 1;
    let halfSpreads = 0;
    for (const leg of legs) {
      if (!leg.book.hasQuote) return;
      const mid = leg.book.midValue();
      const half = (leg.book.ask - mid) / mid;
      rate = leg.divides ? rate / mid : rate * mid;
      halfSpreads += half;
      if (half > halfSpreadMax) swing.spread = swing.rateSpread = Infinity;
    }
    const rounding = (row[at + countAt] as number) * roundingError;
    const margin = (row[at + marginAt] as number) * rate;
    if (margin > 0) {
      swing.margin += margin;
      swing.marginError += margin * relativeError + rounding;
      swing.marginPerReach += margin * legFactor * legs.length;
      swing.marginSpread += margin * legFactor * halfSpreads;
    }
    if (!book.hasQuote) return;
    const { bid, ask } = book;
    const long = row[at + longAt] as number;
    const short = row[at + shortAt] as number;
    const value = bid * long - ask * short - (row[at + costAt] as number);
    const gross = ask * (long + short);
    const spread = (ask - bid) * (row[at + spreadAt] as number);
    const worth = Math.abs(value) * rate * legFactor;
    swing.equity += value * rate;
    swing.error += (gross + (row[at + magnitudeAt] as number)) * rate * relativeError + rounding;
    swing.perReach += gross * rate * legGrowthMax + worth * legs.length;
    swing.spread += spread * rate * legGrowthMax + worth * halfSpreads;
    swing.rateSpread += worth * halfSpreads;
  }
}
