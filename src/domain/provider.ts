// What is said to a provider, and what it answers (contract section 8). Decimals are plain text.
import type { Side } from './quote.ts';

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

/** A report as it is once it was checked: numbers are canonical text, `FILLED` is `EXECUTED`. */
export interface CheckedReport extends ExecutionReport {
  avgpx?: string;
  cumqty?: string;
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
