// A provider's adapter: who holds the positions and fills the closes.
import type { Observable } from 'rxjs';
import type {
  BrokerAccount,
  BrokerOrders,
  BrokerPositions,
  CloseOrder,
  CounterpartCancel,
  ExecutionReport,
  OrderReply,
  PlaceOrder,
  QueryReply,
  Unsupported,
} from '#src/domain/provider';

/** What an adapter can do; what makes a resend safe, and which optional calls there are. */
export interface BrokerCapabilities {
  /** The provider executes a `clientOrderId` once, however often it is sent. */
  readonly idempotentByClientId: boolean;
  readonly queryByClientId: boolean;
  readonly closeByTicket: boolean;
  readonly reduceOnly: boolean;
  readonly batchCancel: boolean;
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
