// The other protective order of a position at its provider, and how it is cancelled (contract
// section 8).
import type { CounterpartCancel } from './provider.ts';
import type { Position } from './state.ts';

/** What an order at the provider is to its position. */
export type OrderRole = 'stoploss' | 'takeprofit' | 'close';

/** Undefined where the position has no counterpart, or after a close. */
export function counterpartCancelOf(
  position: Pick<Position, 'positionId' | 'symbol' | 'side' | 'stopLossId' | 'takeProfitId'>,
  executed: OrderRole,
): CounterpartCancel | undefined {
  const base = {
    order_id: position.positionId,
    symbol: position.symbol,
    order_type: position.side === 'long' ? ('BUY' as const) : ('SELL' as const),
    type: 'order' as const,
  };
  if (executed === 'stoploss' && position.takeProfitId !== undefined) {
    return { ...base, status: 'TAKEPROFIT-CANCEL', takeprofit_id: position.takeProfitId };
  }
  if (executed === 'takeprofit' && position.stopLossId !== undefined) {
    return { ...base, status: 'STOPLOSS-CANCEL', stoploss_id: position.stopLossId };
  }
  return undefined;
}
