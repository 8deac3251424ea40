// The replay of the contract (sections 1 to 5 and 7), evaluated the slow and obvious way: every
// position and every account on every quote that can change it, in exact integers. Shares nothing
// with what it is held against; the steps are numbered as in section 2.
import type { Quote } from '#src/domain/quote';
import { bookedQuote, divideHalfEven, textOf, type Book } from './brute-force/exact.ts';
import { dueCloses, moveExits } from './brute-force/exits.ts';
import {
  endGrace,
  equityOf,
  guardAccount,
  isOpen,
  rollDays,
  settle,
  stateOf,
  type Desk,
  type Happening,
} from './brute-force/guard.ts';
import {
  heldOf,
  pnlDecimals,
  rulesOf,
  type Cause,
  type Held,
  type HeldAccount,
  type HeldPosition,
} from './brute-force/held.ts';
import { MarketGuard, ranks, type LevelChange, type MarketClose } from './brute-force/market.ts';
import type { GuardedScenario } from './brute-force/market-terms.ts';
import { Prints, type Taken } from './brute-force/prints.ts';

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

/** What came of an account, by its place in the list. */
export type Tell = (happening: Happening, account: number) => void;

/** Level changes of market guards, in the order in which they happen. */
export type Note = (change: LevelChange) => void;

/** Something that comes due by itself; `at` is its time. */
interface Deadline {
  readonly at: number;
  readonly act: () => void;
}

/** Evaluates the scenario over quotes in merged order, malformed rows already left out. */
export function bruteForce(
  scenario: GuardedScenario,
  quotes: Iterable<Quote>,
  tell: Tell = () => {},
  note: Note = () => {},
): BruteForceResult {
  return new BruteForce(scenario, [...quotes], tell, note).run();
}

class BruteForce {
  readonly #tell: Tell;
  readonly #quotes: readonly Quote[];
  readonly #held: Held;
  readonly #guards = new Map<string, MarketGuard>();
  readonly #prints = new Map<string, Prints<Quote>>();
  readonly #books = new Map<string, Book>();
  #tracked: HeldPosition[] = [];
  #waiting: Close[] = [];
  readonly #closes: CloseLine[] = [];
  #ts = 0;
  /** Of the quote that is worked on, where it was held: what is open only since then is not looked at. */
  #late: string | undefined;

  constructor(scenario: GuardedScenario, quotes: readonly Quote[], tell: Tell, note: Note) {
    this.#tell = tell;
    this.#quotes = quotes;
    this.#held = heldOf(scenario, quotes);
    for (const [symbol, spec] of Object.entries(scenario.marketGuards ?? {})) {
      const sessions = scenario.instruments.find((one) => one.symbol === symbol)?.sessions;
      const guard = new MarketGuard(symbol, spec, sessions, (change) => {
        note({ ts: this.#ts, ...change });
      });
      this.#guards.set(symbol, guard);
      if (spec.reject !== undefined) this.#prints.set(symbol, new Prints(spec.reject));
    }
  }

  run(): BruteForceResult {
    let accepted = 0;
    let refused = 0;
    this.#track(-Infinity);
    for (const quote of this.#quotes) {
      const taken = this.#hygienic(quote);
      refused += taken.refused;
      accepted += taken.counted.length;
      for (const one of taken.counted) {
        this.#late = one === quote ? undefined : one.symbol;
        this.#work(one);
      }
    }
    for (const prints of this.#prints.values()) refused += prints.drop();
    return {
      closes: this.#closes,
      quotes: accepted,
      refusedQuotes: refused,
      accounts: this.#held.accounts.map((account) => this.#report(account)),
      openPositions: this.#tracked.length,
    };
  }

  /** What the quote makes count: itself, unless hygiene refuses it or it is held back. */
  #hygienic(quote: Quote): Taken<Quote> {
    const refused = { counted: [], refused: 1 };
    const { symbol, bid, ask, ts } = quote;
    if (!Number.isFinite((bid + ask) / 2) || bid <= 0 || ask <= 0 || ts < 0) return refused;
    if (!this.#held.symbols.has(symbol)) return refused;
    const before = this.#books.get(symbol);
    if (before !== undefined && ts < before.ts) return refused;
    const book = bookedQuote(quote, this.#held.priceDecimals, before);
    if (book.ask < book.bid) return refused;
    const all = { counted: [quote], refused: 0 };
    return this.#prints.get(symbol)?.take({ quote, book }, before) ?? all;
  }

  /** One that was held back is worked on at its own time, which others may have passed. */
  #work(quote: Quote): void {
    const { symbol } = quote;
    const book = bookedQuote(quote, this.#held.priceDecimals, this.#books.get(symbol));
    this.#ts = book.ts;
    // 1. Day rollovers, from what stands in the books so far.
    for (const account of this.#held.accounts) rollDays(account, this.#deskOf(account));
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
      if (isConverted(position, symbol)) {
        position.usedMargin = this.#marginOf(position, position.left);
      }
    }
    // 4. Deadlines, looked for anew after each: one may bring about another.
    for (let next = this.#due(); next !== undefined; next = this.#due()) next.act();
    // 5. The market guard.
    for (const close of this.#guards.get(symbol)?.take({ quote, book }) ?? []) {
      this.#closeAll(close);
    }
    // 6. Exits, in tracking order.
    for (const position of this.#openIn(symbol)) {
      if (!this.#isUnseen(position)) this.#exit(position, book);
    }
    // 7. Account guards, in the order of creation.
    for (const account of concerned) guardAccount(account, symbol, this.#deskOf(account));
    for (const account of this.#held.accounts) settle(account);
  }

  #track(ts: number): void {
    while (this.#held.untracked[0] !== undefined && this.#held.untracked[0].openAt <= ts) {
      const position = this.#held.untracked.shift() as HeldPosition;
      this.#tracked.push(position);
      position.account.positions.push(position);
      this.#value(position);
    }
  }

  /** What is left of it, on the books as they are. */
  #value(position: HeldPosition): void {
    position.pnl = this.#pnlOf(position);
    position.usedMargin = this.#marginOf(position, position.left);
  }

  /** In tracking order; a copy, since closing changes what is tracked. */
  #openIn(symbol: string): HeldPosition[] {
    return this.#tracked.filter((one) => one.spec.symbol === symbol && isOpen(one));
  }

  /** The first of those that are due; a stable sort, so of equal ones the ends of positions first. */
  #due(): Deadline | undefined {
    const expiries = this.#tracked
      .filter((one) => (one.exits.expiresAt ?? Infinity) <= this.#ts && isOpen(one))
      .map((position): Deadline => {
        const act = (): void => this.#close(position, { reason: 'expired' });
        return { at: position.exits.expiresAt ?? Infinity, act };
      });
    const graces = this.#held.accounts
      .filter(({ phase, graceUntil }) => phase === 'grace' && graceUntil <= this.#ts)
      .map((account): Deadline => {
        return { at: account.graceUntil, act: () => endGrace(account, this.#deskOf(account)) };
      });
    const markets = [...this.#guards.values()]
      .flatMap((guard) => guard.due(this.#ts))
      .sort((a, b) => ranks.indexOf(a.rank) - ranks.indexOf(b.rank))
      .map(({ at, act }): Deadline => ({ at, act: () => this.#closeAll(act()) }));
    return [...expiries, ...graces, ...markets].sort((a, b) => a.at - b.at)[0];
  }

  /** Whether it is open only since the quote came that is worked on, which was held. */
  #isUnseen({ openAt, spec }: HeldPosition): boolean {
    return this.#late === spec.symbol && openAt > this.#ts;
  }

  #closeAll(close: MarketClose | undefined): void {
    if (close === undefined) return;
    const { symbol, reason, side } = close;
    for (const position of this.#openIn(symbol)) {
      if (side !== undefined && position.spec.side !== side) continue;
      if (!this.#isUnseen(position)) this.#close(position, { reason });
    }
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

  #deskOf(account: HeldAccount): Desk {
    const place = this.#held.accounts.indexOf(account);
    return {
      ts: this.#ts,
      hasQuote: (symbol) => this.#books.has(symbol),
      close: (position, cause) => this.#close(position, cause),
      marginOf: (position, quantity) => this.#marginOf(position, quantity),
      tell: (happening) => this.#tell(happening, place),
    };
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
    this.#value(position);
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
    return this.#books.has(spec.symbol) && this.#hasQuotes(legs);
  }

  #hasQuotes(legs: HeldPosition['legs']): boolean {
    return legs.every((leg) => this.#books.has(leg.symbol));
  }

  /** Section 1, in money units, rounded half-even to 10 decimals; 0 while a book is missing. */
  #pnlOf(position: HeldPosition, quantity = position.left): bigint {
    if (!this.#hasBooks(position)) return 0n;
    const price = closingSide(position, this.#books.get(position.spec.symbol) as Book);
    const move = position.spec.side === 'long' ? price - position.entry : position.entry - price;
    const worth = (move * position.unit - position.commission) * quantity;
    return this.#converted(position, worth, position.scale);
  }

  /** Section 5, in money units, rounded as P&L is; 0 while a pair has no quote. */
  #marginOf({ legs, margin, marginScale }: HeldPosition, quantity: bigint): bigint {
    if (margin === 0n || !this.#hasQuotes(legs)) return 0n;
    return this.#converted({ legs }, margin * quantity, marginScale);
  }

  /** An amount of the quote currency, given as a fraction, in money units. */
  #converted({ legs }: Pick<HeldPosition, 'legs'>, value: bigint, scale: bigint): bigint {
    let numerator = value;
    let denominator = scale;
    const twiceOne = 2n * 10n ** BigInt(this.#held.priceDecimals);
    for (const { symbol, divides } of legs) {
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
      state: stateOf(account),
      balance: money(account.balance),
      equity: money(equityOf(account)),
      ...(needsPeak ? { peakEquity: money(account.peak) } : {}),
    };
  }
}

/** Whether a quote of the symbol can change what the position is worth. */
function dependsOn(position: HeldPosition, symbol: string): boolean {
  return position.spec.symbol === symbol || isConverted(position, symbol);
}

function isConverted({ legs }: HeldPosition, symbol: string): boolean {
  return legs.some((leg) => leg.symbol === symbol);
}

function closingSide(position: HeldPosition, book: Book): bigint {
  return position.spec.side === 'long' ? book.bid : book.ask;
}
