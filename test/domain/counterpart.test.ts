// The other protective order, and its cancel (contract section 8).
import { expect, test } from 'vitest';
import { counterpartCancelOf, type OrderRole } from '#src/domain/counterpart';
import type { CounterpartCancel } from '#src/domain/provider';
import type { Side } from '#src/domain/quote';

type Links = { stopLossId?: string; takeProfitId?: string };
const both: Links = { stopLossId: 'sl', takeProfitId: 'tp' };
const target = { status: 'TAKEPROFIT-CANCEL', takeprofit_id: 'tp' } as const;
const stop = { status: 'STOPLOSS-CANCEL', stoploss_id: 'sl' } as const;

test.each<[OrderRole, Links, Partial<CounterpartCancel> | undefined]>([
  ['stoploss', both, target],
  ['takeprofit', both, stop],
  ['close', both, undefined],
  ['stoploss', { takeProfitId: 'tp' }, target],
  ['takeprofit', { stopLossId: 'sl' }, stop],
  ['stoploss', { stopLossId: 'sl' }, undefined],
  ['takeprofit', { takeProfitId: 'tp' }, undefined],
  ['close', { stopLossId: 'sl' }, undefined],
  ['stoploss', {}, undefined],
  ['takeprofit', {}, undefined],
  ['close', {}, undefined],
])('%s executed, of a position with %j: the cancel is %j', (executed, links, expected) => {
  const { stopLossId, takeProfitId } = links;
  for (const [side, orderType] of Object.entries({ long: 'BUY', short: 'SELL' })) {
    const position = {
      positionId: 'p',
      symbol: 'XAUUSD',
      side: side as Side,
      stopLossId,
      takeProfitId,
    };
    const base = { order_id: 'p', symbol: 'XAUUSD', order_type: orderType, type: 'order' };
    expect(counterpartCancelOf(position, executed)).toEqual(expected && { ...base, ...expected });
  }
});
