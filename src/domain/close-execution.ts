// What goes to a provider for a close, and what its reply says was executed.
import type { CloseIntent } from './closing.ts';
import { Decimal, decimal, text } from './money.ts';
import type { CloseOrder, OrderReply } from './provider.ts';
import type { Execution } from './provider-fill.ts';
import type { Position } from './state.ts';

/** The order of an intent; never for more than is left of the position. */
export function orderOf(position: Position, intent: CloseIntent, ts: number): CloseOrder {
  const { clientOrderId, accountId, positionId, symbol, side, reason } = intent;
  return {
    clientOrderId,
    accountId,
    positionId,
    ...(intent.ticket === undefined ? {} : { ticket: intent.ticket }),
    symbol,
    side,
    quantity: text(Decimal.min(position.remainingQuantity, decimal(intent.quantity))),
    reason,
    ts,
  };
}

/** A `filled` or `partiallyFilled` reply; a fill without a quantity is of all that was asked for. */
export function executionOf(
  intent: Pick<CloseIntent, 'clientOrderId' | 'quantity'>,
  reply: OrderReply,
): Execution {
  const { filledQuantity, price, fee, feeCurrency } = reply;
  return {
    orderKey: intent.clientOrderId,
    filled: decimal(filledQuantity ?? intent.quantity),
    price: price === undefined ? undefined : decimal(price),
    fee: fee === undefined ? undefined : decimal(fee),
    feeCurrency,
  };
}
