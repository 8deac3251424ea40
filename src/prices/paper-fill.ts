// The paper broker: fills at once, at the book as it stands, without slippage (contract section 2).
// It belongs to the core, so that a decision and its fill are booked in one record.
import { text, type Decimal } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import type { Fill } from '#src/domain/closing';
import type { Position } from '#src/domain/state';
import type { BookOf } from './exposure.ts';

/**
 * The fill of a quantity, all that is left by default, at the book, or at the price of a close that already happened. Undefined while a quote
 * is missing: of the symbol since the start (none is needed with a price), of a conversion pair at all.
 */
export function paperFill(
  position: Position,
  bookOf: BookOf,
  at?: Decimal,
  quantity: Decimal = position.remainingQuantity,
): Fill | undefined {
  const book = bookOf(position.symbol);
  if (at === undefined && !book.isFresh) return undefined;
  for (const leg of position.conversion) if (!bookOf(leg.symbol).hasQuote) return undefined;
  const price = at ?? book.closingPrice(position.side);
  const midOf = (symbol: string): Decimal => bookOf(symbol).mid();
  const { pnl, commission } = pnlOf(position, quantity, price, midOf);
  return { price: text(price), pnl: text(pnl), commission: text(commission) };
}
