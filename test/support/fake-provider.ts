// A provider in memory: who holds positions, fills closes, and misbehaves as it is told to. It keeps
// what it really did, so that a test can tell what was done twice.
import { Subject } from 'rxjs';
import { CloseoutError } from '#src/domain/errors';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import type {
  BrokerAccount,
  BrokerOrders,
  BrokerPosition,
  BrokerPositions,
  CloseOrder,
  CounterpartCancel,
  ExecutionReport,
  OrderReply,
  QueryReply,
} from '#src/domain/provider';
import type { Broker, BrokerCapabilities } from '#src/ports/broker';
import type { Clock } from '#src/ports/clock';

/** What the provider does with one call. */
export type Behaviour =
  | { readonly kind: 'answer' }
  /** Answers after a while; it is executed at once, or just before the answer. */
  | { readonly kind: 'late'; readonly ms: number; readonly executes: 'first' | 'last' }
  /** Executes it, or a share of it, and says nothing. */
  | { readonly kind: 'silent'; readonly share?: number }
  /** Never had it, and says nothing. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'reject'; readonly code: string }
  /** Fills a part and is done with the order. */
  | { readonly kind: 'partial'; readonly share: number }
  /** Takes the order, and reports its fill after a while; `parts` reports. */
  | { readonly kind: 'pending'; readonly ms: number; readonly parts: number }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'garbage'; readonly executes: boolean }
  /** Fails at once, such as a 500: whether it was executed the caller cannot know. */
  | { readonly kind: 'fail'; readonly executes: boolean }
  /** Says this, whatever it is, once it is resolved, and does nothing. */
  | { readonly kind: 'say'; readonly reply: unknown };

export type Call = 'close' | 'query' | 'positions' | 'orders' | 'account' | 'cancel';

export interface FakeProviderOptions {
  readonly clock: Clock;
  /** Of a symbol and side: what a close is filled at. */
  readonly priceOf: (symbol: string, side: 'long' | 'short') => string;
  readonly capabilities?: Partial<BrokerCapabilities>;
  /** Executes whatever comes, as a provider without tickets does, be it open or not. */
  readonly isNetting?: boolean;
  readonly behaviour?: (call: Call, order?: CloseOrder) => Behaviour;
}

interface Held extends BrokerPosition {
  readonly accountId: string;
  readonly contractSize: Decimal;
}

interface Executed {
  reply: OrderReply;
  filled: Decimal;
}

const answers: Behaviour = { kind: 'answer' };

export class FakeProvider implements Broker {
  readonly capabilities: BrokerCapabilities;
  readonly reports$ = new Subject<ExecutionReport>();
  /** Every close that came in, in order. */
  readonly received: CloseOrder[] = [];
  readonly cancels: CounterpartCancel[] = [];
  /** How much of each position was closed, in all. */
  readonly closedOf = new Map<string, Decimal>();
  /** Times that more was closed than was open: a netting provider turns the position around. */
  overCloses = 0;
  /** Times that more was asked for than was open; it is closed by ticket, and no further than flat. */
  asksBeyond = 0;
  readonly held = new Map<string, Held>();
  readonly balances = new Map<string, Decimal>();
  readonly calls: Call[] = [];
  behaviour: (call: Call, order?: CloseOrder) => Behaviour;
  private readonly options: FakeProviderOptions;
  private readonly known = new Map<string, Executed>();
  private reportsSent = 0;

  constructor(options: FakeProviderOptions) {
    this.options = options;
    this.behaviour = options.behaviour ?? (() => answers);
    this.capabilities = {
      idempotentByClientId: true,
      queryByClientId: true,
      closeByTicket: true,
      reduceOnly: false,
      batchCancel: false,
      ...options.capabilities,
    };
  }

  /** Opens a position, as the gateway does before it is tracked. */
  open(accountId: string, position: BrokerPosition, contractSize = '1'): void {
    const key = String(position.positionId ?? position.ticket);
    this.held.set(key, { ...position, accountId, contractSize: decimal(contractSize) });
  }

  async close(order: CloseOrder): Promise<OrderReply> {
    this.received.push(order);
    return await this.act('close', order, () => this.execute(order, decimal('1')));
  }

  async query({ clientOrderId }: { clientOrderId: string }): Promise<QueryReply> {
    return await this.act<QueryReply>('query', undefined, () => {
      return this.known.get(clientOrderId)?.reply ?? { status: 'notFound' };
    });
  }

  async positions({ accountId }: { accountId: string }): Promise<BrokerPositions> {
    return await this.act('positions', undefined, () => ({
      complete: true,
      positions: [...this.held.values()]
        .filter((held) => held.accountId === accountId)
        .map(({ contractSize: _size, accountId: _account, ...position }) => position),
    }));
  }

  async orders(): Promise<BrokerOrders> {
    return await this.act('orders', undefined, () => ({ complete: false, orders: [] }));
  }

  async account({ accountId }: { accountId: string }): Promise<BrokerAccount> {
    return await this.act('account', undefined, () => {
      const balance = this.balances.get(accountId);
      if (balance === undefined) throw new CloseoutError('broker_failed', 'no such account');
      return { currency: 'USD', balance: text(balance) };
    });
  }

  async cancelCounterpart(cancel: CounterpartCancel): Promise<void> {
    await this.act('cancel', undefined, () => {
      this.cancels.push(cancel);
      return {};
    });
  }

  /** Loses its memory of orders: asked about one, it never had it. */
  forget(): void {
    this.known.clear();
  }

  /** Closes what the provider's own stop or target closes, all of it by default; the report is the caller's to send. */
  closeByItself(
    positionId: string,
    quantity?: string,
  ): { quantity: string; price: string } | undefined {
    const held = this.held.get(positionId);
    if (held === undefined) return undefined;
    const price = this.options.priceOf(held.symbol, held.side);
    const closed = quantity ?? held.quantity;
    this.settle(held, decimal(closed), price);
    return { quantity: closed, price };
  }

  private async act<T extends object>(
    call: Call,
    order: CloseOrder | undefined,
    execute: () => T,
  ): Promise<T> {
    this.calls.push(call);
    const behaviour = this.behaviour(call, order);
    switch (behaviour.kind) {
      case 'answer':
        return execute();
      case 'late': {
        const early = behaviour.executes === 'first' ? execute() : undefined;
        await this.wait(behaviour.ms);
        return early ?? execute();
      }
      case 'silent':
        if (order === undefined) execute();
        else this.execute(order, decimal(behaviour.share ?? 1));
        return await new Promise(() => {});
      case 'lost':
        return await new Promise(() => {});
      case 'throttled': {
        const { retryAfterMs } = behaviour;
        throw new CloseoutError('broker_throttled', 'too many calls', { retryAfterMs });
      }
      case 'unreachable':
        throw new CloseoutError('broker_unreachable', 'nobody there');
      case 'garbage':
        if (behaviour.executes) execute();
        return { status: 'done?' } as unknown as T;
      case 'fail':
        if (behaviour.executes) execute();
        throw new Error('500');
      case 'say':
        return (await behaviour.reply) as T;
      default:
        return (order === undefined ? execute() : this.special(order, behaviour)) as T;
    }
  }

  private special(order: CloseOrder, behaviour: Behaviour): OrderReply {
    const before = this.known.get(order.clientOrderId);
    if (before !== undefined) return before.reply;
    if (behaviour.kind === 'reject') {
      const reply: OrderReply = { status: 'rejected', code: behaviour.code, message: 'no' };
      this.known.set(order.clientOrderId, { reply, filled: zero });
      return reply;
    }
    if (behaviour.kind === 'partial') return this.execute(order, decimal(behaviour.share));
    if (behaviour.kind !== 'pending') return this.execute(order, decimal('1'));
    if (!this.held.has(order.positionId)) return { status: 'gone' };
    const { clock } = this.options;
    const pending: Executed = { reply: { status: 'pending' }, filled: zero };
    this.known.set(order.clientOrderId, pending);
    for (let part = 1; part <= behaviour.parts; part++) {
      clock.at(clock.now() + behaviour.ms * part, () => {
        this.fillPending(order, pending, part, behaviour.parts);
      });
    }
    return pending.reply;
  }

  private fillPending(order: CloseOrder, pending: Executed, part: number, parts: number): void {
    const held = this.held.get(order.positionId);
    if (held === undefined) {
      pending.reply = { status: 'gone' };
      return;
    }
    const isLast = part === parts;
    const whole = decimal(order.quantity);
    const wanted = isLast ? whole.minus(pending.filled) : whole.div(parts).toDecimalPlaces(2);
    const share = Decimal.min(wanted, held.quantity);
    if (share.lte(0)) return;
    const price = this.options.priceOf(held.symbol, held.side);
    this.settle(held, share, price);
    pending.filled = pending.filled.plus(share);
    const filledQuantity = text(pending.filled);
    if (isLast) pending.reply = { status: 'filled', filledQuantity, price };
    this.report({
      order_id: order.clientOrderId,
      ord_status: isLast ? 'EXECUTED' : 'PARTIALLY_FILLED',
      avgpx: price,
      cumqty: filledQuantity,
    });
  }

  /** Sends a report under an `exec_id` of its own. */
  report(report: ExecutionReport): void {
    this.reports$.next({ exec_id: `exec-${++this.reportsSent}`, ...report });
  }

  /** An id that is known is not executed again, where the provider is idempotent. */
  private execute(order: CloseOrder, share: Decimal): OrderReply {
    const before = this.known.get(order.clientOrderId);
    if (before !== undefined && this.capabilities.idempotentByClientId) return before.reply;
    const held = this.held.get(order.positionId);
    if (held === undefined) {
      if (this.options.isNetting !== true) return { status: 'gone' };
      this.overCloses += 1;
      return { status: 'filled', filledQuantity: order.quantity, price: '1' };
    }
    const wanted = decimal(order.quantity);
    if (wanted.gt(held.quantity)) this.asksBeyond += 1;
    const most = this.options.isNetting === true ? wanted : Decimal.min(wanted, held.quantity);
    const quantity = share.lt(1) ? Decimal.min(wanted.times(share).toDecimalPlaces(2), most) : most;
    if (quantity.lte(0)) return { status: 'rejected', code: 'size' };
    const price = this.options.priceOf(held.symbol, held.side);
    this.settle(held, quantity, price);
    const filledQuantity = text(quantity);
    const status = quantity.lt(wanted) ? 'partiallyFilled' : 'filled';
    const reply: OrderReply = { status, filledQuantity, price };
    this.known.set(order.clientOrderId, { reply, filled: quantity });
    return reply;
  }

  private settle(held: Held, quantity: Decimal, price: string): void {
    const key = String(held.positionId ?? held.ticket);
    const left = decimal(held.quantity).minus(quantity);
    this.closedOf.set(key, (this.closedOf.get(key) ?? zero).plus(quantity));
    if (left.lt(0)) this.overCloses += 1;
    if (left.lte(0)) this.held.delete(key);
    else this.held.set(key, { ...held, quantity: text(left) });
    const move = decimal(price)
      .minus(held.entryPrice)
      .times(held.side === 'long' ? 1 : -1);
    const pnl = move.times(quantity).times(held.contractSize);
    const balance = this.balances.get(held.accountId);
    if (balance !== undefined) this.balances.set(held.accountId, balance.plus(pnl));
  }

  private async wait(ms: number): Promise<void> {
    const { clock } = this.options;
    await new Promise<void>((resolve) => void clock.at(clock.now() + ms, resolve));
  }
}
