// The replay of the contract (sections 1 to 5 and 7), evaluated the slow and obvious way: every
// position and every account on every quote that can change it, in exact integers. Shares nothing
// with what it is held against; the steps are numbered as in section 2.
import type { Quote } from '#src/domain/quote';
import { bookedQuote, divideHalfEven, textOf, type Book } from './brute-force/exact.ts';
import { dueCloses, moveExits } from './brute-force/exits.ts';
import {
  heldOf,
  pnlDecimals,
  rulesOf,
  type Cause,
  type Held,
  type HeldAccount,
  type HeldPosition,
} from './brute-force/held.ts';
import { marketReason } from './brute-force/market.ts';
import { judgementOf } from './brute-force/rules.ts';
import type { Scenario } from './scenario.ts';

export interface CloseLine {
  positionId: string;
  accountId: string;
  symbol: string;
  side: 'long' | 'short';
  quantity: string;
  reason: string;
  ruleId?: string;
  ts: number;
  triggerPrice?: string;
  price: string;
  pnl: string;
}

export interface AccountReport {
  accountId: string;
  state: string;
  balance: string;
  equity: string;
  peakEquity?: string;
}

export interface BruteForceResult {
  /** In the order in which they happened; `JSON.stringify` of one is its line of the output. */
  closes: CloseLine[];
  quotes: number;
  refusedQuotes: number;
  accounts: AccountReport[];
  openPositions: number;
}

/** A close that was requested; in quantity units. */
interface Close {
  readonly position: HeldPosition;
  readonly cause: Cause;
  readonly quantity: bigint;
}

/** Evaluates the scenario over quotes in merged order, malformed rows already left out. */
export function bruteForce(scenario: Scenario, quotes: Iterable<Quote>): BruteForceResult {
  return new BruteForce(scenario, [...quotes]).run();
}

class BruteForce {
  readonly #quotes: readonly Quote[];
  readonly #scenario: Scenario;
  readonly #held: Held;
  readonly #books = new Map<string, Book>();
  #tracked: HeldPosition[] = [];
  #waiting: Close[] = [];
  readonly #closes: CloseLine[] = [];
  #ts = 0;

  constructor(scenario: Scenario, quotes: readonly Quote[]) {
    this.#scenario = scenario;
    this.#quotes = quotes;
    this.#held = heldOf(scenario, quotes);
  }

  run(): BruteForceResult {
    let accepted = 0;
    let refused = 0;
    this.#track(-Infinity);
    for (const quote of this.#quotes) {
      const book = this.#hygienic(quote);
      if (book === undefined) refused++;
      else {
        accepted++;
        this.#work(quote.symbol, book);
      }
    }
    return {
      closes: this.#closes,
      quotes: accepted,
      refusedQuotes: refused,
      accounts: this.#held.accounts.map((account) => this.#report(account)),
      openPositions: this.#tracked.length,
    };
  }

  /** The book that the quote makes, or undefined where hygiene refuses it. */
  #hygienic(quote: Quote): Book | undefined {
    const { symbol, bid, ask, ts } = quote;
    if (!Number.isFinite(bid) || !Number.isFinite(ask) || bid <= 0 || ask <= 0) return undefined;
    if (!this.#held.symbols.has(symbol)) return undefined;
    const before = this.#books.get(symbol);
    if (before !== undefined && ts < before.ts) return undefined;
    const book = bookedQuote(quote, this.#held.priceDecimals, before);
    return book.ask < book.bid ? undefined : book;
  }

  #work(symbol: string, book: Book): void {
    this.#ts = book.ts;
    // 1. Day rollovers: no rule here has days.
    // 2. Tracking.
    this.#track(book.ts);
    const concerned = this.#held.accounts.filter((account) =>
      account.positions.some((position) => dependsOn(position, symbol)),
    );
    // 3. The book, the closes that waited for it, and what everything is worth on it.
    this.#books.set(symbol, book);
    this.#fillWaiting();
    for (const position of this.#tracked) {
      if (dependsOn(position, symbol)) position.pnl = this.#pnlOf(position);
    }
    // 4. Deadlines: those of positions. That a market condition is over closes nothing.
    for (const position of this.#expired()) this.#close(position, { reason: 'expired' });
    // 5. The market guard.
    const reason = marketReason(this.#scenario.marketGuards?.[symbol], book);
    if (reason !== undefined) {
      for (const position of this.#openIn(symbol)) this.#close(position, { reason });
    }
    // 6. Exits, in tracking order.
    for (const position of this.#openIn(symbol)) this.#exit(position, book);
    // 7. Account guards, in the order of creation.
    for (const account of concerned) this.#guard(account, symbol);
    for (const account of this.#held.accounts) settle(account);
  }

  #track(ts: number): void {
    while (this.#held.untracked[0] !== undefined && this.#held.untracked[0].openAt <= ts) {
      const position = this.#held.untracked.shift() as HeldPosition;
      this.#tracked.push(position);
      position.account.positions.push(position);
      position.pnl = this.#pnlOf(position);
    }
  }

  /** In tracking order; a copy, since closing changes what is tracked. */
  #openIn(symbol: string): HeldPosition[] {
    return this.#tracked.filter((one) => one.spec.symbol === symbol && isOpen(one));
  }

  /** Open positions whose time has come, in the order of their times, then of tracking. */
  #expired(): HeldPosition[] {
    const timeOf = ({ exits }: HeldPosition): number => exits.expiresAt ?? Infinity;
    return this.#tracked
      .filter((position) => isOpen(position) && timeOf(position) <= this.#ts)
      .sort((a, b) => timeOf(a) - timeOf(b));
  }

  #exit(position: HeldPosition, book: Book): void {
    const { exits } = position;
    const x = closingSide(position, book);
    const pnl = this.#hasBooks(position) ? position.pnl : undefined;
    for (const { reason, triggerPrice, rung } of dueCloses(exits, x, pnl)) {
      if (rung !== undefined) exits.doneRungs.add(rung);
      const cause = { reason, ...(triggerPrice === undefined ? {} : { triggerPrice }) };
      if (isOpen(position)) this.#close(position, cause, rung?.quantity);
    }
    if (isOpen(position)) moveExits(exits, x);
  }

  #guard(account: HeldAccount, symbol: string): void {
    if (account.breach !== undefined) {
      // What was tracked after the breach, or had no quote at it.
      const late = account.positions.filter((position) => position.spec.symbol === symbol);
      this.#closeWorstFirst(late, account.breach);
    } else {
      const equity = equityOf(account);
      const { breached, warns, recovers } = judgementOf(account.rules, equity, account.peak);
      for (const rule of recovers) account.warned.delete(rule);
      for (const rule of warns) account.warned.add(rule);
      account.state = account.warned.size > 0 ? 'warning' : 'normal';
      if (breached !== undefined) {
        account.breach = { reason: 'drawdown_critical', ruleId: breached.id };
        account.state = 'closing';
        const quoted = account.positions.filter(({ spec }) => this.#books.has(spec.symbol));
        this.#closeWorstFirst(quoted, account.breach);
      }
    }
    const equity = equityOf(account);
    if (equity > account.peak) account.peak = equity;
  }

  #closeWorstFirst(positions: readonly HeldPosition[], cause: Cause): void {
    const open = positions.filter(isOpen);
    const worstFirst = open.toSorted((a, b) => (a.pnl < b.pnl ? -1 : a.pnl > b.pnl ? 1 : 0));
    for (const position of worstFirst) this.#close(position, cause);
  }

  /** Closes so much of it, or all that no close was requested for yet. */
  #close(position: HeldPosition, cause: Cause, most = position.unrequested): void {
    const quantity = most < position.unrequested ? most : position.unrequested;
    position.unrequested -= quantity;
    const close = { position, cause, quantity };
    if (this.#hasBooks(position)) this.#fill(close);
    else this.#waiting.push(close);
  }

  #fillWaiting(): void {
    const fillable = this.#waiting.filter(({ position }) => this.#hasBooks(position));
    this.#waiting = this.#waiting.filter((close) => !fillable.includes(close));
    for (const close of fillable) this.#fill(close);
  }

  /** At its symbol's bid or ask as it stands; fill and balance move together. */
  #fill({ position, cause, quantity }: Close): void {
    const { spec, account } = position;
    const book = this.#books.get(spec.symbol) as Book;
    const pnl = this.#pnlOf(position, quantity);
    account.balance += pnl;
    position.left -= quantity;
    position.pnl = this.#pnlOf(position);
    if (position.left === 0n) {
      account.positions = account.positions.filter((one) => one !== position);
      this.#tracked = this.#tracked.filter((one) => one !== position);
    }
    const { priceDecimals, moneyDecimals } = this.#held;
    this.#closes.push({
      positionId: spec.positionId,
      accountId: spec.accountId,
      symbol: spec.symbol,
      side: spec.side,
      quantity: textOf(quantity, position.quantityDecimals),
      reason: cause.reason,
      ...(cause.ruleId === undefined ? {} : { ruleId: cause.ruleId }),
      ts: this.#ts,
      ...(cause.triggerPrice === undefined
        ? {}
        : { triggerPrice: textOf(cause.triggerPrice, priceDecimals) }),
      price: textOf(closingSide(position, book), priceDecimals),
      pnl: textOf(pnl, moneyDecimals),
    });
  }

  #hasBooks({ spec, legs }: HeldPosition): boolean {
    return this.#books.has(spec.symbol) && legs.every((leg) => this.#books.has(leg.symbol));
  }

  /** Section 1, in money units, rounded half-even to 10 decimals; 0 while a book is missing. */
  #pnlOf(position: HeldPosition, quantity = position.left): bigint {
    if (!this.#hasBooks(position)) return 0n;
    const price = closingSide(position, this.#books.get(position.spec.symbol) as Book);
    const move = position.spec.side === 'long' ? price - position.entry : position.entry - price;
    let numerator = (move * position.unit - position.commission) * quantity;
    let denominator = position.scale;
    const twiceOne = 2n * 10n ** BigInt(this.#held.priceDecimals);
    for (const { symbol, divides } of position.legs) {
      const { bid, ask } = this.#books.get(symbol) as Book;
      const twiceMid = bid + ask;
      numerator *= divides ? twiceOne : twiceMid;
      denominator *= divides ? twiceMid : twiceOne;
    }
    const rounded = divideHalfEven(numerator * 10n ** BigInt(pnlDecimals), denominator);
    return rounded * 10n ** BigInt(this.#held.moneyDecimals - pnlDecimals);
  }

  #report(account: HeldAccount): AccountReport {
    const money = (value: bigint): string => textOf(value, this.#held.moneyDecimals);
    const needsPeak = rulesOf(account.spec).some((rule) => rule.anchor === 'peakEquity');
    return {
      accountId: account.spec.accountId,
      state: account.state,
      balance: money(account.balance),
      equity: money(equityOf(account)),
      ...(needsPeak ? { peakEquity: money(account.peak) } : {}),
    };
  }
}

function equityOf(account: HeldAccount): bigint {
  let equity = account.balance;
  for (const position of account.positions) equity += position.pnl;
  return equity;
}

/** Whether a quote of the symbol can change what the position is worth. */
function dependsOn(position: HeldPosition, symbol: string): boolean {
  return position.spec.symbol === symbol || position.legs.some((leg) => leg.symbol === symbol);
}

function closingSide(position: HeldPosition, book: Book): bigint {
  return position.spec.side === 'long' ? book.bid : book.ask;
}

/** A position is closing once all that is left of it is being closed. */
function isOpen(position: HeldPosition): boolean {
  return position.unrequested > 0n;
}

/** `halted` once every close has its outcome. */
function settle(account: HeldAccount): void {
  if (account.state === 'closing' && account.positions.every(isOpen)) account.state = 'halted';
}
