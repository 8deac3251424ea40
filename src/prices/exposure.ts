// What an account holds in one symbol, summed up in doubles, however many positions there are. Exact
// sums are made where it matters.
import { convert, type Conversion } from '#src/domain/conversion';
import { Decimal, roundPnl, zero } from '#src/domain/money';
import { closedWorth, pnlOf } from '#src/domain/pnl';
import type { Side } from '#src/domain/quote';
import type { Account, Position } from '#src/domain/state';
import type { QuoteBook } from './quote-book.ts';

export type BookOf = (symbol: string) => QuoteBook;

/** What a position is valued at: a book, or what a book was. */
export interface Prices {
  readonly hasQuote: boolean;
  closingPrice(side: Side): Decimal;
  mid(): Decimal;
}

export type PricesOf = (symbol: string) => Prices;

/**
 * Unrealised P&L of a position, or of so much of it, at the prices, exact; undefined where one is still
 * missing.
 */
export function unrealisedPnl(
  position: Position,
  pricesOf: PricesOf,
  quantity = position.remainingQuantity,
): Decimal | undefined {
  const prices = pricesOf(position.symbol);
  if (!prices.hasQuote) return undefined;
  for (const leg of position.conversion) if (!pricesOf(leg.symbol).hasQuote) return undefined;
  const price = prices.closingPrice(position.side);
  const midOf = (symbol: string): Decimal => pricesOf(symbol).mid();
  return pnlOf(position, quantity, price, midOf).pnl;
}

/** The symbol for whose first quote a position waits, to be worth anything: its own, or a rate's. */
export function missingPrice(position: Position, pricesOf: PricesOf): string | undefined {
  const { symbol, conversion } = position;
  return [symbol, ...conversion.map((leg) => leg.symbol)].find((one) => !pricesOf(one).hasQuote);
}

/**
 * Equity of an account (contract section 1): balance and the unrealised P&L of what is open, exact.
 * What was closed counts as it was worth until its price is told, so that fill and balance move together.
 */
export function equityOf(account: Account, pricesOf: PricesOf): Decimal {
  let equity = closedWorth(account);
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
  /** Both of these and the commission, all added up. */
  magnitude = 0;
  /** That is used, in the quote currency. */
  margin = 0;
  readonly book: QuoteBook;
  private readonly positions = new Set<Position>();
  private isDirty = false;

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

  /** How many positions there are. */
  get count(): number {
    return this.positions.size;
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
