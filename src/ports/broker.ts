// A provider: who holds the positions and fills the closes. Decimals are plain text.
import type { Observable } from 'rxjs';
import type { Side } from '#src/domain/quote';

/** What an adapter can do; what makes a resend safe, and which optional calls there are. */
export interface BrokerCapabilities {
  /** The provider executes a `clientOrderId` once, however often it is sent. */
  readonly idempotentByClientId: boolean;
  readonly queryByClientId: boolean;
  readonly closeByTicket: boolean;
  readonly reduceOnly: boolean;
  readonly batchCancel: boolean;
}

export interface CloseOrder {
  clientOrderId: string;
  accountId: string;
  positionId: string;
  ticket?: string | number;
  symbol: string;
  /** The position's side. */
  side: Side;
  quantity: string;
  reason: string;
  ts: number;
}

export interface OrderReply {
  /** `gone`: no such position is open any more; `pending`: a report follows. */
  status: 'filled' | 'partiallyFilled' | 'pending' | 'rejected' | 'gone';
  filledQuantity?: string;
  price?: string;
  fee?: string;
  feeCurrency?: string;
  execId?: string;
  code?: string;
  message?: string;
}

export type QueryReply = OrderReply | { status: 'notFound' };

export interface BrokerPosition {
  ticket: string | number;
  positionId?: string;
  symbol: string;
  side: Side;
  quantity: string;
  entryPrice: string;
}

/** Anything but `complete: true` says nothing about what is missing. */
export interface BrokerPositions {
  complete: boolean;
  positions: BrokerPosition[];
}

export interface PlaceOrder {
  clientOrderId: string;
  accountId: string;
  symbol: string;
  side: 'buy' | 'sell';
  type: 'market' | 'limit' | 'stop' | 'stopLimit';
  quantity: string;
  price?: string;
  triggerPrice?: string;
  timeInForce: 'DAY' | 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'GTT';
  displayQuantity?: string;
  reduceOnly?: boolean;
  postOnly?: boolean;
}

export interface BrokerAccount {
  currency: string;
  balance: string;
  equity?: string;
  marginUsed?: string;
}

/** A resting order at the provider; what it does not tell is absent. */
export interface BrokerOrder {
  orderId: string;
  symbol?: string;
  side?: 'buy' | 'sell';
  quantity?: string;
  /** Of a limit order, such as a target. */
  price?: string;
  /** Of a stop order. */
  triggerPrice?: string;
}

/** Anything but `complete: true` says nothing about what is missing. */
export interface BrokerOrders {
  complete: boolean;
  orders: BrokerOrder[];
}

/** An optional call that this provider does not have. */
export interface Unsupported {
  status: 'unsupported';
}

/** Execution report (contract section 8); keys that are not named here are ignored. */
export interface ExecutionReport {
  order_id: string;
  ord_status: string;
  side?: string;
  avgpx?: string | number;
  cumqty?: string | number;
  exec_id?: string;
  ts?: number;
}

/** Cancel of the other protective order, when the one was executed (contract section 8). */
export interface CounterpartCancel {
  /** The canonical id: that of the position. */
  order_id: string;
  symbol: string;
  /** The position's side. */
  order_type: 'BUY' | 'SELL';
  status: 'STOPLOSS-CANCEL' | 'TAKEPROFIT-CANCEL';
  stoploss_id?: string;
  takeprofit_id?: string;
  type: 'order';
}

/**
 * A provider's adapter. A call that rejects, or does not resolve within the route's timeout, has an
 * unknown outcome, unless it rejects with a `CloseoutError` of one of these codes:
 * - `broker_throttled`: not executed, too many calls; `retryAfterMs` says when to call again;
 * - `broker_unreachable`: not executed, since nobody took the call.
 *
 * The optional calls are absent, or answer `{status: 'unsupported'}`, where the provider has none.
 * What a call resolves to is checked: a reply that is none counts as no reply.
 */
export interface Broker {
  /** What makes a resend safe; without it, the route's settings say so. */
  readonly capabilities?: Partial<BrokerCapabilities>;
  /** Execution reports as they come; they are checked, and may repeat and come in any order. */
  readonly reports$?: Observable<ExecutionReport>;
  close(order: CloseOrder): Promise<OrderReply>;
  query?(request: { clientOrderId: string }): Promise<QueryReply | Unsupported>;
  positions?(request: { accountId: string }): Promise<BrokerPositions | Unsupported>;
  orders?(request: { accountId: string; since?: number }): Promise<BrokerOrders | Unsupported>;
  account?(request: { accountId: string }): Promise<BrokerAccount | Unsupported>;
  /** Fire and forget: what it rejects with is logged and counted. */
  cancelCounterpart?(request: CounterpartCancel): Promise<void>;
  place?(order: PlaceOrder): Promise<OrderReply & { orderId?: string }>;
  amend?(request: { orderId: string } & Partial<PlaceOrder>): Promise<OrderReply>;
  cancel?(request: { orderId: string } | { orderIds: string[] }): Promise<OrderReply>;
}
