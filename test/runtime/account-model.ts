// A model of accounts and their guards that a live core is held against: after each quote it values
// every position of every account that the quote concerns, in decimals, and keeps nothing of prices
// but the last quotes. It closes as the paper broker does, whole positions and parts at once.
import { lateQuotesMs } from '#actors/day-rollovers';
import { Decimal, decimal, roundPnl, text, zero, type Numeric } from '#src/domain/money';
import type { RuleSpec } from '#src/domain/rules';
import { resetAfter } from '../support/brute-force/days.ts';
import { anchorAt, hasDays, standingOf, sum, type Measures } from './account-model-rules.ts';
import type { ModelRule } from './account-model-rules.ts';
import {
  convertAtMids,
  legsBetween,
  pnlAt,
  type Book,
  type ModelInstrument,
} from './account-model-pnl.ts';
import { needsPeak } from './account-model-types.ts';
import type { Count, ModelAccount, ModelPosition, Waiting } from './account-model-types.ts';
import { guardAccount, reasonsOf, restoreEmpty } from './account-model-guard.ts';

export class AccountModel {
  readonly accounts: ModelAccount[] = [];
  readonly books = new Map<string, Book>();
  readonly counts = new Map<Count, number>();
  private readonly instruments: readonly ModelInstrument[];
  private now: number;
  private tracked = 0;
  private asked = 0;

  constructor(instruments: readonly ModelInstrument[], now: number) {
    this.instruments = instruments;
    this.now = now;
  }

  count(what: Count): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** An event of the account, in the words of `toldBy`. */
  tell(account: ModelAccount, ...words: readonly unknown[]): void {
    account.told.push(words.join(' '));
    this.count(`told ${String(words[0])}`);
  }

  create(accountId: string, currency: string, balance: string, rules: readonly RuleSpec[]): void {
    const amount = decimal(balance);
    this.accounts.push({
      ...{ accountId, currency, balance: amount, initial: amount, peak: amount },
      rules: rules.map((spec) => this.ruleOf(spec, amount, amount)),
      ...{ state: 'normal', halt: undefined, graceUntil: undefined },
      ...{ warned: new Set(), active: new Set(), positions: new Set(), told: [] },
    });
  }

  /** One accepted quote (contract section 2). */
  quote(symbol: string, bid: Numeric, ask: Numeric, ts: number): void {
    this.rollDays(ts);
    const concerned = this.accounts.filter(({ positions }) =>
      [...positions].some((one) => one.symbols.has(symbol)),
    );
    this.books.set(symbol, { bid: decimal(bid), ask: decimal(ask), isFresh: true });
    for (const position of this.waiting()) {
      if (position.symbols.has(symbol)) this.fillWaiting(position);
    }
    for (const position of this.open()) {
      if (position.instrument.symbol === symbol) this.lookAtExits(position);
    }
    for (const account of concerned) {
      guardAccount(this, account, symbol, this.now);
      const equity = this.equityOf(account);
      if (!needsPeak(account) || equity.lte(account.peak)) continue;
      account.peak = equity;
      this.count('peaks');
    }
    this.settle();
  }

  /** The clock moves: days begin, graces end. */
  advance(to: number, isOneTurn = false): void {
    for (;;) {
      const resets = this.accounts.flatMap(({ rules }) => rules.map((rule) => rule.resetTs));
      const graces = this.accounts.map(({ graceUntil }) => graceUntil ?? Infinity);
      const [day, grace] = [Math.min(...resets), Math.min(...graces)];
      const due = Math.min(day + lateQuotesMs, grace);
      if (due > to) break;
      this.now = Math.max(this.now, due);
      if (day + lateQuotesMs <= grace) this.rollDays(due - lateQuotesMs);
      else for (const one of this.accounts) if (one.graceUntil === grace) this.endGrace(one);
      if (!isOneTurn) this.settle();
    }
    this.now = to;
    this.settle();
  }

  /** What a start makes of what a kill has left: no quote is one to be filled at. */
  restart(now: number): void {
    for (const [symbol, book] of this.books) this.books.set(symbol, { ...book, isFresh: false });
    const waiting = this.waiting().toSorted(
      (a, b) => (a.waiting?.since ?? 0) - (b.waiting?.since ?? 0) || a.order - b.order,
    );
    this.asked = 0;
    for (const { waiting: one } of waiting) if (one !== undefined) one.place = ++this.asked;
    this.now = now;
    for (const one of this.accounts) if (one.state === 'closing') this.closeBreached(one);
    this.advance(now, true);
  }

  track(
    account: ModelAccount,
    given: {
      readonly positionId: string;
      readonly symbol: string;
      readonly side: 'long' | 'short';
      readonly quantity: string;
      readonly entryPrice: string;
    },
  ): void {
    const instrument = this.instruments.find(({ symbol }) => symbol === given.symbol);
    if (instrument === undefined) throw new Error(`${given.symbol} is no instrument`);
    const legs = legsBetween(instrument.quoteCurrency, account.currency, this.instruments);
    account.positions.add({
      ...{ positionId: given.positionId, account, instrument, legs, side: given.side },
      order: ++this.tracked,
      symbols: new Set([given.symbol, ...legs.map((leg) => leg.symbol)]),
      ...{ entryPrice: decimal(given.entryPrice), remaining: decimal(given.quantity) },
      ...{ stopLoss: undefined, takeProfit: undefined, waiting: undefined },
    });
  }

  /** Of a guarded position that can be filled now. */
  closePart(position: ModelPosition, quantity: string, at?: Decimal): void {
    const { account, positionId } = position;
    const price = at ?? this.priceOf(position);
    const pnl = pnlAt(position, decimal(quantity), price, this.books) ?? zero;
    position.remaining = position.remaining.minus(quantity);
    account.balance = account.balance.plus(pnl);
    this.tell(account, 'part', positionId, quantity, text(price), text(pnl));
  }

  /** All that is left, now or on the first quote that it needs. */
  close(position: ModelPosition, reason: string, at?: Decimal): void {
    if (!position.account.positions.has(position)) return;
    if (position.waiting !== undefined) {
      if (at !== undefined && this.isFillable(position, at))
        this.fill(position, position.waiting, at);
      return;
    }
    const place = ++this.asked;
    position.waiting = { reason, at, place, since: this.now };
    if (this.isFillable(position, at)) this.fill(position, position.waiting, at);
    else this.count('waited');
  }

  /** Every guarded position whose symbol has a quote, for the breach that halted the account. */
  closeBreached(account: ModelAccount): void {
    this.closeWorstFirst(account, (one) => this.books.has(one.instrument.symbol));
  }

  closeWorstFirst(account: ModelAccount, isMeant: (position: ModelPosition) => boolean): void {
    const { reason = '' } = account.halt ?? {};
    for (const position of this.worstFirst(account)) {
      if (position.waiting === undefined && isMeant(position)) this.close(position, reason);
    }
  }

  /** By P&L, ties as tracked. */
  worstFirst({ positions }: ModelAccount): ModelPosition[] {
    return [...positions]
      .map((position) => ({ position, pnl: this.pnlOf(position) ?? zero }))
      .sort((a, b) => a.pnl.cmp(b.pnl) || a.position.order - b.position.order)
      .map(({ position }) => position);
  }

  /** Why it is refused; undefined where it is not. */
  adjust(account: ModelAccount, amount: Decimal): string | undefined {
    const { balance, initial, peak, rules } = account;
    const days = rules.filter(({ spec }) => hasDays(spec)).map(({ anchor }) => anchor);
    const moved = [balance, initial, ...days, ...(needsPeak(account) ? [peak] : [])];
    const isTooMuch = moved.some((value) => value.plus(amount).lte(0));
    if (amount.lt(0) && isTooMuch) return 'balance_too_low';
    this.rollDays(this.now);
    account.balance = account.balance.plus(amount);
    account.initial = account.initial.plus(amount);
    account.peak = account.peak.plus(amount);
    for (const rule of account.rules) rule.anchor = rule.anchor.plus(amount);
    return undefined;
  }

  halt(account: ModelAccount, reason: string): void {
    if (account.halt !== undefined) return;
    this.tell(account, 'halted', 'operator');
    this.changingEntries(account, () => {
      account.halt = { by: 'operator', reason };
      account.state = 'halted';
    });
  }

  /** Why it is refused; undefined where it is not. */
  resume(account: ModelAccount): string | undefined {
    if (account.halt === undefined) return 'account_not_halted';
    if (account.state !== 'halted') return 'account_closing';
    const { balance } = account;
    const equity = this.equityOf(account);
    const anew = account.rules.map(({ spec }) => this.ruleOf(spec, balance, equity));
    const seen = { ...this.measure(account), peak: equity };
    if (anew.some((rule) => standingOf(rule, seen).isBreached)) return 'would_breach';
    this.changingEntries(account, () => {
      account.state = 'normal';
      account.halt = undefined;
      account.warned.clear();
      account.active.clear();
    });
    account.peak = equity;
    account.rules = anew;
    this.count('resumed');
    return undefined;
  }

  replaceRules(account: ModelAccount, specs: readonly RuleSpec[]): void {
    this.rollDays(this.now);
    const equity = this.equityOf(account);
    const wasFollowed = needsPeak(account);
    const kept = new Set<string>();
    const rules = specs.map((spec) => {
      const known = account.rules.find((rule) => isSame(rule.spec, spec));
      if (known === undefined) return this.ruleOf(spec, account.balance, equity);
      kept.add(spec.id);
      return known;
    });
    this.changingEntries(account, () => {
      account.rules = rules;
      for (const told of [account.warned, account.active]) {
        for (const id of told) if (!kept.has(id)) told.delete(id);
      }
    });
    this.calm(account);
    if (!wasFollowed && equity.gt(account.peak)) account.peak = equity;
  }

  calm(account: ModelAccount): void {
    if (account.state === 'warning' && account.warned.size === 0) account.state = 'normal';
  }

  /** Tells behind it why entries are refused now, where that is something else than before. */
  changingEntries(account: ModelAccount, change: () => void): void {
    const before = reasonsOf(account).join(' | ');
    change();
    const after = reasonsOf(account).join(' | ');
    if (after !== before) this.tell(account, 'entries', after === '', after);
  }

  measure(account: ModelAccount): Measures {
    const { balance, initial, peak } = account;
    return {
      ...{ balance, initial, peak },
      equity: this.equityOf(account),
      usedMargin: this.marginOf(account),
    };
  }

  equityOf({ balance, positions }: ModelAccount): Decimal {
    return balance.plus(sum([...positions].map((one) => this.pnlOf(one) ?? zero)));
  }

  marginOf(
    { positions }: ModelAccount,
    isMeant: (position: ModelPosition) => boolean = () => true,
  ): Decimal {
    const margins = [...positions].filter(isMeant).map((position) => {
      const { contractSize, marginRate } = position.instrument;
      const paid = position.remaining.times(contractSize).times(position.entryPrice);
      return convertAtMids(paid.times(marginRate), position.legs, this.books) ?? zero;
    });
    return sum(margins.map(roundPnl));
  }

  pnlOf(position: ModelPosition): Decimal | undefined {
    if (!this.books.has(position.instrument.symbol)) return undefined;
    return pnlAt(position, position.remaining, this.priceOf(position), this.books);
  }

  isFillable({ instrument, legs }: ModelPosition, at?: Decimal): boolean {
    const hasPrice = at !== undefined || this.books.get(instrument.symbol)?.isFresh === true;
    return hasPrice && legs.every((leg) => this.books.has(leg.symbol));
  }

  private priceOf({ instrument, side }: ModelPosition): Decimal {
    const book = this.books.get(instrument.symbol);
    if (book === undefined) throw new Error(`${instrument.symbol} has no price`);
    return side === 'long' ? book.bid : book.ask;
  }

  private ruleOf(spec: RuleSpec, balance: Decimal, equity: Decimal): ModelRule {
    const { timezone = 'UTC', resetAt = '00:00' } = spec;
    const resetTs = hasDays(spec) ? resetAfter(timezone, resetAt, this.now) : Infinity;
    return { spec, anchor: anchorAt(spec, balance, equity), resetTs };
  }

  private rollDays(ts: number): void {
    for (const account of this.accounts) {
      for (const rule of account.rules) {
        if (rule.resetTs > ts) continue;
        const { balance } = account;
        rule.anchor = anchorAt(rule.spec, balance, this.equityOf(account), rule.anchor);
        const { timezone = 'UTC', resetAt = '00:00' } = rule.spec;
        rule.resetTs = resetAfter(timezone, resetAt, ts);
        this.count('rolled');
      }
    }
  }

  private endGrace(account: ModelAccount): void {
    account.graceUntil = undefined;
    account.state = 'closing';
    this.count('graceEnded');
    this.closeBreached(account);
  }

  settle(): void {
    for (const account of this.accounts) {
      restoreEmpty(this, account);
      if (account.state !== 'closing') continue;
      if ([...account.positions].some(({ waiting }) => waiting !== undefined)) continue;
      account.state = 'halted';
      this.tell(account, 'halted', 'breach');
    }
  }

  private open(): ModelPosition[] {
    return this.accounts
      .flatMap(({ positions }) => [...positions])
      .sort((a, b) => a.order - b.order);
  }

  private waiting(): ModelPosition[] {
    return this.open()
      .filter(({ waiting }) => waiting !== undefined)
      .sort((a, b) => (a.waiting?.place ?? 0) - (b.waiting?.place ?? 0));
  }

  private fillWaiting(position: ModelPosition): void {
    const { waiting } = position;
    if (waiting === undefined || !this.isFillable(position, waiting.at)) return;
    this.fill(position, waiting, waiting.at);
  }

  private lookAtExits(position: ModelPosition): void {
    if (position.waiting !== undefined) return;
    const sign = position.side === 'long' ? 1 : -1;
    const price = this.priceOf(position).times(sign);
    const { stopLoss, takeProfit } = position;
    const isStopped = stopLoss !== undefined && price.lte(stopLoss.times(sign));
    const isTaken = takeProfit !== undefined && price.gte(takeProfit.times(sign));
    if (!isStopped && !isTaken) return;
    this.count('exits');
    this.close(position, isStopped ? 'stop_loss' : 'take_profit');
  }

  private fill(position: ModelPosition, { reason }: Waiting, at?: Decimal): void {
    const { account, positionId, remaining } = position;
    const price = at ?? this.priceOf(position);
    const pnl = pnlAt(position, remaining, price, this.books) ?? zero;
    account.positions.delete(position);
    account.balance = account.balance.plus(pnl);
    this.tell(account, 'closed', positionId, text(remaining), text(price), text(pnl), reason);
  }
}

function isSame(a: RuleSpec, b: RuleSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
