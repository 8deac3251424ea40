// What goes to a provider for a close, and what its reply says was executed.
import { executionKeyOf, type CloseIntent } from './closing.ts';
import { Decimal, decimal, text, zero } from './money.ts';
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

/** Least share of what was asked for that an order must fill for what is left to be sent at once. */
const progressShareMin = 0.1;

/** Whether a final fill brought the close on; a provider of crumbs is not asked without end. */
export function hasProgressed({ fills }: Position, intent: CloseIntent): boolean {
  const { filled = zero } = fills.get(intent.clientOrderId) ?? {};
  return filled.gte(decimal(intent.quantity).times(progressShareMin));
}

/** Names the execution that a reply tells of, where it has an id. */
export function replyKeyOf(
  { route = '', clientOrderId }: CloseIntent,
  { execId }: OrderReply,
): string | undefined {
  return execId === undefined ? undefined : executionKeyOf(route, clientOrderId, execId);
}
