// What an account holds in one symbol, summed up in doubles: its value at a quote in a few
// multiplications, however many positions there are. Exact sums are made where it matters.
import { convert, type Conversion } from '#src/domain/conversion';
import { Decimal, roundPnl, zero } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import type { Side } from '#src/domain/quote';
import type { Account, Position } from '#src/domain/state';
import type { QuoteBook } from './quote-book.ts';

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

export type BookOf = (symbol: string) => QuoteBook;

/** What a position is valued at: a book, or what a book was. */
export interface Prices {
  readonly hasQuote: boolean;
  closingPrice(side: Side): Decimal;
  mid(): Decimal;
}

export type PricesOf = (symbol: string) => Prices;

/** Unrealised P&L of a position at the prices, exact; undefined where one is still missing. */
export function unrealisedPnl(position: Position, pricesOf: PricesOf): Decimal | undefined {
  const prices = pricesOf(position.symbol);
  if (!prices.hasQuote) return undefined;
  for (const leg of position.conversion) if (!pricesOf(leg.symbol).hasQuote) return undefined;
  const price = prices.closingPrice(position.side);
  const midOf = (symbol: string): Decimal => pricesOf(symbol).mid();
  return pnlOf(position, position.remainingQuantity, price, midOf).pnl;
}

/** Equity of an account (contract section 1): balance and the unrealised P&L of what is open, exact. */
export function equityOf(account: Account, pricesOf: PricesOf): Decimal {
  let equity = account.balance;
  for (const position of account.positions.values()) {
    equity = equity.plus(unrealisedPnl(position, pricesOf) ?? zero);
  }
  return equity;
}

/** Margin that a position uses, in account currency, rounded as P&L is; 0 while a rate is missing. */
export function usedMarginOf(position: Position, pricesOf: PricesOf): Decimal {
  const { instrument, remainingQuantity, entryPrice, conversion } = position;
  if (instrument.marginRate.isZero()) return zero;
  for (const leg of conversion) if (!pricesOf(leg.symbol).hasQuote) return zero;
  const notional = remainingQuantity.times(instrument.contractSize).times(entryPrice);
  const margin = notional.times(instrument.marginRate);
  return roundPnl(convert(margin, conversion, (symbol) => pricesOf(symbol).mid()));
}

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

/** Positions of one account in one symbol, with one way of conversion. */
export class Exposure {
  readonly symbol: string;
  /** Columns of the quote ring; −1 where no peak is looked for. */
  readonly column: number;
  readonly legs: readonly { book: QuoteBook; column: number; divides: boolean }[];
  /** Whether bands allow the bid to rise to the ask, and the ask to fall to the bid. */
  hasSpread = true;
  longSize = 0;
  shortSize = 0;
  /** What was paid for the longs less what was received for the shorts, commission added. */
  cost = 0;
  private readonly book: QuoteBook;
  private readonly positions = new Set<Position>();
  private isDirty = false;
  private magnitude = 0;
  /** In the quote currency. */
  private margin = 0;

  constructor(
    symbol: string,
    conversion: Conversion,
    bookOf: BookOf,
    columnOf: (book: QuoteBook) => number,
  ) {
    this.symbol = symbol;
    this.book = bookOf(symbol);
    this.column = columnOf(this.book);
    this.legs = conversion.map((leg) => {
      const book = bookOf(leg.symbol);
      return { book, column: columnOf(book), divides: leg.divides };
    });
  }

  get isEmpty(): boolean {
    return this.positions.size === 0;
  }

  add(position: Position): void {
    this.positions.add(position);
    this.isDirty = true;
  }

  remove(position: Position): void {
    this.positions.delete(position);
    this.isDirty = true;
  }

  /** A position in it is not what it was. */
  stale(): void {
    this.isDirty = true;
  }

  /** Makes the sums what the positions add up to. */
  refresh(): void {
    if (this.isDirty) this.sum();
  }

  /** Adds what it is worth now, and how far that may go. */
  addTo(swing: Swing): void {
    if (this.isDirty) this.sum();
    const { longSize, shortSize, cost, book } = this;
    let rate = 1;
    let halfSpreads = 0;
    for (const leg of this.legs) {
      if (!leg.book.hasQuote) return;
      const mid = leg.book.midValue();
      const half = (leg.book.ask - mid) / mid;
      rate = leg.divides ? rate / mid : rate * mid;
      halfSpreads += half;
      if (half > halfSpreadMax) swing.spread = swing.rateSpread = Infinity;
    }
    const legs = this.legs.length;
    if (this.margin > 0) {
      const margin = this.margin * rate;
      swing.margin += margin;
      swing.marginError += margin * relativeError + this.positions.size * roundingError;
      if (legs > 0) {
        swing.marginPerReach += margin * legFactor * legs;
        swing.marginSpread += margin * legFactor * halfSpreads;
      }
    }
    if (!book.hasQuote) return;
    const { bid, ask } = book;
    const value = bid * longSize - ask * shortSize - cost;
    const size = longSize + shortSize;
    const gross = (ask * size + this.magnitude) * rate;
    swing.equity += value * rate;
    swing.error += gross * relativeError + this.positions.size * roundingError;
    const spread = this.hasSpread ? (ask - bid) * size : 0;
    if (legs === 0) {
      swing.perReach += ask * size;
      swing.spread += spread;
      return;
    }
    const worth = Math.abs(value) * rate * legFactor;
    swing.perReach += ask * size * rate * legGrowthMax + worth * legs;
    swing.spread += spread * rate * legGrowthMax + worth * halfSpreads;
    swing.rateSpread += worth * halfSpreads;
  }

  /** Grows when a price that the value hangs on has changed; 0 while one is missing. */
  version(): number {
    if (this.isDirty) this.sum();
    let version = 1;
    for (const { book } of this.legs) {
      if (!book.hasQuote) return 0;
      version += book.bidVersion + book.askVersion;
    }
    if (!this.book.hasQuote) return version;
    if (this.longSize > 0) version += this.book.bidVersion;
    if (this.shortSize > 0) version += this.book.askVersion;
    return version;
  }

  private sum(): void {
    this.isDirty = false;
    this.longSize = this.shortSize = this.cost = this.magnitude = this.margin = 0;
    for (const position of this.positions) {
      const { contractSize, commissionRate, marginRate } = position.instrument;
      const size = position.remainingQuantity.times(contractSize).toNumber();
      const paid = size * position.entryPrice.toNumber();
      const commission = paid * commissionRate.toNumber();
      if (position.side === 'long') {
        this.longSize += size;
        this.cost += paid + commission;
      } else {
        this.shortSize += size;
        this.cost += commission - paid;
      }
      this.magnitude += paid + commission;
      this.margin += paid * marginRate.toNumber();
    }
  }
}
