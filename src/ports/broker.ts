// A provider: who holds the positions and fills the closes. Decimals are plain text.
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

/**
 * A provider's adapter. A call that rejects, or does not resolve within the route's timeout, has an
 * unknown outcome. The optional calls are absent where the provider has none.
 */
export interface Broker {
  readonly capabilities: BrokerCapabilities;
  close(order: CloseOrder): Promise<OrderReply>;
  query?(request: { clientOrderId: string }): Promise<QueryReply>;
  positions?(request: { accountId: string }): Promise<BrokerPositions>;
  place?(order: PlaceOrder): Promise<OrderReply & { orderId?: string }>;
  amend?(request: { orderId: string } & Partial<PlaceOrder>): Promise<OrderReply>;
  cancel?(request: { orderId: string } | { orderIds: string[] }): Promise<OrderReply>;
  orders?(request: {
    accountId: string;
    since?: number;
  }): Promise<{ complete: boolean; orders: object[] }>;
  account?(request: { accountId: string }): Promise<BrokerAccount>;
}
