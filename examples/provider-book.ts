// The books of the example provider: accounts, positions, prices, and what became of each order.
import { Decimal } from 'decimal.js';

export type Body = Record<string, unknown>;

/** The answer to a close or a placed order, and what a query finds. */
export interface Reply extends Body {
  readonly status: 'filled' | 'partiallyFilled' | 'pending' | 'rejected' | 'gone';
}

interface Position {
  readonly ticket: number | string;
  readonly positionId?: string;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  quantity: string;
  readonly entryPrice: string;
}

interface Account {
  readonly accountId: string;
  readonly currency: string;
  balance: string;
  positions?: Position[];
  /** Resting stops and targets, which this provider only lists and cancels. */
  orders?: { readonly orderId: string }[];
}

/** As it stands in a file; P&L is not converted, so accounts are in the quote currency. */
export interface Books {
  readonly accounts?: readonly Account[];
  /** 1 for a symbol that is not in it. */
  readonly contractSizes?: Readonly<Record<string, number>>;
}

export class Book {
  private readonly report: (report: Body) => void;
  private readonly contractSizes: Readonly<Record<string, number>>;
  private readonly accounts: Map<unknown, Account>;
  private readonly prices = new Map<unknown, { bid: string; ask: string }>();
  /** By `clientOrderId`: one that is in here is never executed again, whatever it comes with. */
  private readonly replies = new Map<unknown, Reply>();
  /** Closes that wait for the first price of their symbol. */
  private readonly waiting = new Map<unknown, Body>();
  private executions = 0;

  constructor({ accounts, contractSizes }: Books, report: (report: Body) => void) {
    this.report = report;
    this.contractSizes = contractSizes ?? {};
    this.accounts = new Map(accounts?.map((account) => [account.accountId, account]));
  }

  close(body: Body): Reply {
    return this.once(body, () => this.fill(body));
  }

  /** Market orders only; each opens a position of its own. */
  place(body: Body): Reply {
    return this.once(body, () => this.open(body));
  }

  query({ clientOrderId }: Body): Body {
    return this.replies.get(clientOrderId) ?? { status: 'notFound' };
  }

  positions(body: Body): Body {
    return { complete: true, positions: this.accountOf(body).positions ?? [] };
  }

  orders(body: Body): Body {
    return { complete: true, orders: this.accountOf(body).orders ?? [] };
  }

  account(body: Body): Body {
    const { currency, balance } = this.accountOf(body);
    return { currency, balance };
  }

  /** Resting orders by their ids, or the protective order whose counterpart was executed. */
  cancel({ orderId, orderIds, stoploss_id, takeprofit_id }: Body): Reply {
    const ids = new Set([orderId, orderIds, stoploss_id, takeprofit_id].flat());
    const canceled: string[] = [];
    for (const account of this.accounts.values()) {
      account.orders = (account.orders ?? []).filter((order) => {
        if (ids.has(order.orderId)) canceled.push(order.orderId);
        return !ids.has(order.orderId);
      });
    }
    for (const order_id of canceled) {
      this.report({ order_id, ord_status: 'CANCELED', exec_id: this.nextId() });
    }
    return { status: canceled.length > 0 ? 'pending' : 'gone' };
  }

  /** Takes a price, and fills the closes that waited for it: each is reported. */
  price(symbol: string, bid: string, ask: string): void {
    this.prices.set(symbol, { bid, ask });
    for (const [order_id, body] of this.waiting) {
      if (body['symbol'] !== symbol) continue;
      this.waiting.delete(order_id);
      const reply = this.fill(body);
      this.replies.set(order_id, reply);
      const { price: avgpx, filledQuantity: cumqty, execId: exec_id = this.nextId() } = reply;
      // Another order may have closed the position meanwhile.
      const ord_status = avgpx === undefined ? 'REJECTED' : 'EXECUTED';
      this.report({ order_id, ord_status, avgpx, cumqty, exec_id });
    }
  }

  /** The same id again is answered with what has become of it, and nothing is done twice. */
  private once({ clientOrderId }: Body, act: () => Reply): Reply {
    const reply = this.replies.get(clientOrderId) ?? act();
    this.replies.set(clientOrderId, reply);
    return reply;
  }

  /** A close only ever makes a position smaller: what does not fit is refused, or cut down. */
  private fill(body: Body): Reply {
    const account = this.accounts.get(body['accountId']);
    if (account === undefined) return rejected('UNKNOWN_ACCOUNT');
    const asked = new Decimal(String(body['quantity']));
    if (!asked.gt(0)) return rejected('BAD_QUANTITY');
    const key = body['ticket'] === undefined ? 'positionId' : 'ticket';
    const position = account.positions?.find((one) => one[key] === body[key]);
    if (position === undefined) return { status: 'gone' };
    const { symbol, side, entryPrice } = position;
    if (symbol !== body['symbol'] || side !== body['side']) return rejected('OTHER_POSITION');
    const quote = this.prices.get(symbol);
    if (quote === undefined) {
      this.waiting.set(body['clientOrderId'], body);
      return { status: 'pending' };
    }
    const quantity = Decimal.min(asked, position.quantity);
    const [price, sign] = side === 'long' ? [quote.bid, 1] : [quote.ask, -1];
    const size = new Decimal(this.contractSizes[symbol] ?? 1);
    const pnl = size.times(sign).times(quantity).times(new Decimal(price).minus(entryPrice));
    account.balance = pnl.plus(account.balance).toFixed();
    position.quantity = new Decimal(position.quantity).minus(quantity).toFixed();
    account.positions = (account.positions ?? []).filter((one) => one.quantity !== '0');
    const status = quantity.lt(asked) ? 'partiallyFilled' : 'filled';
    return { status, filledQuantity: quantity.toFixed(), price, execId: this.nextId() };
  }

  private open(body: Body): Reply {
    const account = this.accounts.get(body['accountId']);
    if (account === undefined) return rejected('UNKNOWN_ACCOUNT');
    const quantity = new Decimal(String(body['quantity']));
    if (!quantity.gt(0)) return rejected('BAD_QUANTITY');
    if (body['type'] !== 'market') return rejected('MARKET_ORDERS_ONLY');
    const symbol = String(body['symbol']);
    const quote = this.prices.get(symbol);
    if (quote === undefined) return rejected('NO_PRICE');
    const side = body['side'] === 'buy' ? 'long' : 'short';
    const price = side === 'long' ? quote.ask : quote.bid;
    const id = this.nextId();
    const filledQuantity = quantity.toFixed();
    const position = {
      ticket: id,
      symbol,
      side,
      quantity: filledQuantity,
      entryPrice: price,
    } as const;
    account.positions = [...(account.positions ?? []), position];
    return { status: 'filled', orderId: id, filledQuantity, price, execId: id };
  }

  private accountOf({ accountId }: Body): Account {
    const account = this.accounts.get(accountId);
    if (account === undefined) throw new Error(`no account ${String(accountId)}`);
    return account;
  }

  private nextId(): string {
    return `exec-${++this.executions}`;
  }
}

function rejected(code: string): Reply {
  return { status: 'rejected', code };
}
