// What an account holds in one symbol, summed up in doubles: its value at a quote in a few
// multiplications, however many positions there are. Exact sums are made where it matters.
import { Decimal, zero } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import type { Conversion } from '#src/domain/conversion';
import type { Account, Position } from '#src/domain/state';
import type { QuoteBook } from './quote-book.ts';

/** Relative error bound of the sums below: far above what doubles lose, far below what matters. */
const relativeError = 1e-11;
/** Each exact P&L is rounded to 10 decimals. */
const roundingError = 1e-10;

export type BookOf = (symbol: string) => QuoteBook;

/** Unrealised P&L of a position at the books, exact; 0 where a price is still missing. */
export function unrealisedPnl(position: Position, bookOf: BookOf): Decimal | undefined {
  const book = bookOf(position.symbol);
  if (!book.hasQuote) return undefined;
  for (const leg of position.conversion) if (!bookOf(leg.symbol).hasQuote) return undefined;
  const price = book.closingPrice(position.side);
  return pnlOf(position, position.remainingQuantity, price, (symbol) => bookOf(symbol).mid()).pnl;
}

/** Positions of one account in one symbol, with one way of conversion. */
export class Exposure {
  readonly symbol: string;
  private readonly book: QuoteBook;
  private readonly legs: readonly { book: QuoteBook; divides: boolean }[];
  private readonly positions = new Set<Position>();
  private isDirty = false;
  private longSize = 0;
  private shortSize = 0;
  /** What was paid for the longs less what was received for the shorts, commission added. */
  private cost = 0;
  private magnitude = 0;

  constructor(symbol: string, conversion: Conversion, bookOf: BookOf) {
    this.symbol = symbol;
    this.book = bookOf(symbol);
    this.legs = conversion.map((leg) => ({ book: bookOf(leg.symbol), divides: leg.divides }));
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

  /** Value in account currency, in doubles. */
  value(): number {
    if (this.isDirty) this.sum();
    if (!this.book.hasQuote) return 0;
    const value = this.book.bid * this.longSize - this.book.ask * this.shortSize - this.cost;
    return value * this.rate();
  }

  /** How far `value` may be from the exact sum. */
  error(): number {
    if (this.isDirty) this.sum();
    if (!this.book.hasQuote) return 0;
    const gross = this.book.ask * (this.longSize + this.shortSize) + this.magnitude;
    return gross * this.rate() * relativeError + this.positions.size * roundingError;
  }

  /** Grows when a price that the value hangs on has changed; 0 while one is missing. */
  version(): number {
    if (this.isDirty) this.sum();
    if (!this.book.hasQuote) return 0;
    let version = 1;
    if (this.longSize > 0) version += this.book.bidVersion;
    if (this.shortSize > 0) version += this.book.askVersion;
    for (const { book } of this.legs) {
      if (!book.hasQuote) return 0;
      version += book.bidVersion + book.askVersion;
    }
    return version;
  }

  /** 0 while a conversion pair has no quote: such a position counts nothing yet. */
  private rate(): number {
    let rate = 1;
    for (const leg of this.legs) {
      if (!leg.book.hasQuote) return 0;
      const mid = leg.book.midValue();
      rate = leg.divides ? rate / mid : rate * mid;
    }
    return rate;
  }

  private sum(): void {
    this.isDirty = false;
    this.longSize = this.shortSize = this.cost = this.magnitude = 0;
    for (const position of this.positions) {
      const { contractSize, commissionRate } = position.instrument;
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
    }
  }
}

/** Equity of an account (contract section 1): balance and the unrealised P&L of what is open, exact. */
export function equityOf(account: Account, bookOf: BookOf): Decimal {
  let equity = account.balance;
  for (const position of account.positions.values()) {
    equity = equity.plus(unrealisedPnl(position, bookOf) ?? zero);
  }
  return equity;
}
