// The books of the stub provider: what it was told, what it did, and what of it goes wrong on
// purpose. They are honest: whatever the faults, what is in here is what happened.
import { Decimal } from 'decimal.js';
import type { Random } from '../support/random.ts';
import {
  closeFaults,
  readFaults,
  type Body,
  type Fault,
  type NewPosition,
  type RouteDump,
  type RouteOptions,
  type StubOptions,
  type StubOrder,
  type StubPosition,
} from './stub-types.ts';

/** What becomes of a call: an answer some time later, or none at all. */
export interface Answer {
  readonly body?: Body;
  readonly afterMs: number;
}

export interface StubWorld {
  /** Does it later. */
  readonly later: (afterMs: number, act: () => void) => void;
  readonly report: (body: Body) => void;
}

const silence: Answer = { afterMs: 0 };
const pending: Body = { status: 'pending' };
/** How often a report comes twice. */
const repeatedReports = 0.3;

interface Order extends StubOrder {
  /** What it came to; undefined while it is not executed. */
  reply: Body | undefined;
}

export class StubBook {
  private readonly options: StubOptions & RouteOptions;
  private readonly random: Random;
  private readonly world: StubWorld;
  private readonly balances = new Map<string, Decimal>();
  private readonly positions = new Map<number, StubPosition>();
  private readonly orders = new Map<string, Order>();
  private readonly deposits = new Set<string>();
  private readonly prices = new Map<string, { readonly bid: string; readonly ask: string }>();
  private readonly faults: Partial<Record<Fault, number>> = {};
  private isHealed = false;
  private executions = 0;

  constructor(options: StubOptions & RouteOptions, random: Random, world: StubWorld) {
    this.options = options;
    this.random = random;
    this.world = world;
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.isHealed = true;
  }

  price(symbol: string, bid: string, ask: string): void {
    this.prices.set(symbol, { bid, ask });
  }

  account(accountId: string, balance: string): void {
    if (!this.balances.has(accountId)) this.balances.set(accountId, new Decimal(balance));
  }

  /** A position that somebody has entered, with its ticket; the same one is entered once. */
  open(given: NewPosition): number {
    for (const { positionId, ticket } of this.positions.values()) {
      if (positionId === given.positionId) return ticket;
    }
    const ticket = this.positions.size + 1;
    this.positions.set(ticket, { ...given, ticket, left: given.quantity, closed: '0', pnl: '0' });
    return ticket;
  }

  deposit(id: string, accountId: string, amount: string): void {
    if (this.deposits.has(id)) return;
    this.deposits.add(id);
    this.balances.set(accountId, this.balanceOf(accountId).plus(amount));
  }

  close(body: Body): Answer {
    const clientOrderId = String(body['clientOrderId']);
    const known = this.orders.get(clientOrderId);
    if ((known?.executions ?? 0) > 0 && known !== undefined) known.resentAfterFill++;
    const fault = this.fault(closeFaults);
    known?.story.push(`again, ${fault ?? 'well'}`);
    // Then it never arrived, as far as this provider can tell.
    if (fault === 'neverHad') return silence;
    const order = known ?? this.newOrder(clientOrderId);
    order.received++;
    if (known === undefined) order.story.push(`asked, ${fault ?? 'well'}`);
    const isRepeat = known !== undefined && this.options.isIdempotent;
    if (!isRepeat && (fault === 'pending' || fault === 'delayed')) {
      this.executeLater(order, body, fault);
      return fault === 'pending' ? { body: pending, afterMs: 0 } : silence;
    }
    if (!isRepeat && fault === 'rejected') order.reply = { status: 'rejected', code: 'BUSY' };
    else if (!isRepeat) this.execute(order, body, fault === 'partial');
    return this.told(order, fault);
  }

  query({ clientOrderId }: Body): Answer {
    const order = this.orders.get(String(clientOrderId));
    const body = order === undefined ? { status: 'notFound' } : (order.reply ?? pending);
    const fault = this.fault(readFaults);
    order?.story.push(`query, ${fault ?? 'well'}: ${String(body['status'])}`);
    return this.answered(body, fault);
  }

  listed({ accountId }: Body): Answer {
    const fault = this.fault(readFaults);
    const own = [...this.positions.values()].filter(
      (one) => one.accountId === accountId && !new Decimal(one.left).isZero(),
    );
    const shown = fault === 'incomplete' ? own.slice(1) : own;
    const positions = shown.map(({ left, closed: _closed, pnl: _pnl, side, ...position }) => {
      const isTurned = new Decimal(left).isNegative();
      const other = side === 'long' ? 'short' : 'long';
      const quantity = new Decimal(left).abs().toFixed();
      return { ...position, side: isTurned ? other : side, quantity };
    });
    return this.answered({ complete: fault !== 'incomplete', positions }, fault);
  }

  accountView({ accountId }: Body): Answer {
    const balance = this.balanceOf(String(accountId)).toFixed();
    return this.answered({ currency: 'USD', balance }, this.fault(readFaults));
  }

  dump(): RouteDump {
    const balances = [...this.balances].map(([id, balance]) => [id, balance.toFixed()] as const);
    return {
      balances: Object.fromEntries(balances),
      positions: [...this.positions.values()],
      orders: [...this.orders.values()].map(({ reply: _reply, ...order }) => order),
      faults: this.faults,
    };
  }

  /** The answer to an order, with what goes wrong on its way. */
  private told({ clientOrderId, reply = pending }: Order, fault: Fault | undefined): Answer {
    if (fault === 'filledSilently') return silence;
    if (fault === 'garbled') return { body: { status: 'sure' }, afterMs: 0 };
    if (fault === 'reportedToo') this.report(clientOrderId, reply);
    return { body: reply, afterMs: fault === 'late' ? this.lateMs() : 0 };
  }

  private answered(body: Body, fault: Fault | undefined): Answer {
    if (fault === 'unanswered') return silence;
    return { body, afterMs: fault === 'answeredLate' ? this.lateMs() : 0 };
  }

  private executeLater(order: Order, body: Body, fault: 'pending' | 'delayed'): void {
    const isTold = fault === 'pending' || this.random.chance(0.5);
    this.world.later(this.lateMs(), () => {
      const reply = this.execute(order, body, false);
      if (isTold) this.report(order.clientOrderId, reply);
    });
  }

  /** Closes: an idempotent provider what is left at the most, the other one what it is told. */
  private execute(order: Order, body: Body, isPartial: boolean): Body {
    const position = this.positions.get(Number(body['ticket']));
    if (position === undefined) throw new Error(`no position ${String(body['ticket'])}`);
    const quote = this.prices.get(position.symbol);
    if (quote === undefined) throw new Error(`no price of ${position.symbol}`);
    const asked = new Decimal(String(body['quantity']));
    const share = isPartial ? asked.div(2).toDecimalPlaces(2, Decimal.ROUND_UP) : asked;
    const left = new Decimal(position.left);
    const quantity = this.options.isIdempotent ? Decimal.min(share, left) : share;
    if (quantity.lte(0)) return (order.reply = { status: 'gone' });
    const [price, sign] = position.side === 'long' ? [quote.bid, 1] : [quote.ask, -1];
    const size = new Decimal(this.options.contractSize).times(sign);
    const pnl = new Decimal(price).minus(position.entryPrice).times(quantity).times(size);
    const { accountId } = position;
    this.balances.set(accountId, this.balanceOf(accountId).plus(pnl));
    position.left = left.minus(quantity).toFixed();
    position.closed = quantity.plus(position.closed).toFixed();
    position.pnl = pnl.plus(position.pnl).toFixed();
    order.executions++;
    order.story.push(`executed ${quantity.toFixed()} at ${price}`);
    const execId = `${this.options.route}-${++this.executions}`;
    const status = quantity.lt(asked) ? 'partiallyFilled' : 'filled';
    return (order.reply = { status, filledQuantity: quantity.toFixed(), price, execId });
  }

  /** Soon, and now and then once more. */
  private report(order_id: string, { status, filledQuantity, price, execId }: Body): void {
    if (filledQuantity === undefined) return;
    const isWhole = status === 'filled';
    // What it did not fill, it does not fill later: so it says for a part, too.
    const ord_status = isWhole ? 'EXECUTED' : 'CANCELED';
    const body = { order_id, ord_status, avgpx: price, cumqty: filledQuantity, exec_id: execId };
    const times = this.random.chance(repeatedReports) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.world.later(this.random.int(0, 50), () => this.world.report(body));
    }
  }

  private newOrder(clientOrderId: string): Order {
    const counts = { received: 0, executions: 0, resentAfterFill: 0, story: [] };
    const order: Order = { clientOrderId, ...counts, reply: undefined };
    this.orders.set(clientOrderId, order);
    return order;
  }

  private balanceOf(accountId: string): Decimal {
    const balance = this.balances.get(accountId);
    if (balance === undefined) throw new Error(`no account ${accountId}`);
    return balance;
  }

  private fault<F extends Fault>(faults: readonly F[]): F | undefined {
    if (this.isHealed || !this.random.chance(this.options.faultRate)) return undefined;
    const fault = this.random.pick(faults);
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    return fault;
  }

  /** In time, or when it has long been given up. */
  private lateMs(): number {
    const { timeoutMs } = this.options;
    return this.random.int(Math.floor(timeoutMs / 2), timeoutMs * 4);
  }
}
