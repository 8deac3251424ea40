// What records say of accounts and their rules: balances, anchors, warnings, breaches, halts, and
// what is open; kept from the records alone.
import type { CloseIntent } from '#src/domain/closing';
import { decimal, roundPnl, zero, type Decimal } from '#src/domain/money';
import type { CloseOutcomeBody, JournalRecord, RecordBodies } from '#src/domain/records';
import type { RuleAction, RuleRecord } from '#src/domain/rules';
import { actionOf, anchorsAnew, type Holder, type OpenPosition } from './rule-model.ts';

export interface AnchorFact {
  value: Decimal;
  /** Days that began before are none of it. */
  sinceTs: number;
}

export interface Halt {
  readonly by: 'operator' | 'breach';
  readonly breachId?: string;
  readonly ruleId?: string;
  readonly graceUntil?: number;
}

export interface AccountFacts extends Holder {
  readonly accountId: string;
  balance: Decimal;
  initial: Decimal;
  rules: RuleRecord[];
  readonly anchors: Map<string, AnchorFact>;
  state: 'normal' | 'warning' | 'grace' | 'closing' | 'halted';
  halt: Halt | undefined;
  readonly warned: Set<string>;
  readonly breaches: Map<string, { readonly breachId: string; readonly action: RuleAction }>;
  readonly positions: Map<string, OpenPosition>;
  readonly untold: Map<string, { readonly quantity: Decimal; readonly pnl: Decimal }>;
  /** Dead letters that are open, by the position that each is of. */
  readonly letters: Map<string, string>;
  /** Grows with every record of it. */
  version: number;
}

export class GuardFacts {
  readonly accounts = new Map<string, AccountFacts>();
  /** Breaches that were told, of which account, and which rules it was that one quote breached. */
  readonly breachIds = new Map<
    string,
    { readonly accountId: string; readonly ruleIds: readonly string[] }
  >();
  /** Closes that were asked for. */
  readonly closeIds = new Set<string>();
  private tracked = 0;

  apply(record: JournalRecord): void {
    if (record.type === 'account.created') this.create(record.body.account, record.ts);
    const account = this.accounts.get(record.accountId);
    if (account === undefined) return;
    account.version++;
    switch (record.type) {
      case 'account.adjusted':
        account.balance = account.balance.plus(record.body.amount);
        account.initial = account.initial.plus(record.body.amount);
        for (const one of account.anchors.values()) one.value = one.value.plus(record.body.amount);
        break;
      case 'account.halted':
        account.state = 'halted';
        account.halt = { by: 'operator' };
        break;
      case 'account.resumed':
        account.state = 'normal';
        account.halt = undefined;
        account.warned.clear();
        account.breaches.clear();
        this.anchorAnew(account, decimal(record.body.equity), record.ts);
        break;
      case 'account.settled':
        account.state = 'halted';
        break;
      case 'rules.replaced':
        this.replaceRules(account, record.body, record.ts);
        break;
      case 'day.rolled':
        for (const [id, value] of Object.entries(record.body.anchors)) {
          account.anchors.set(id, { value: decimal(value), sinceTs: record.body.at });
        }
        break;
      case 'rule.warned':
        account.warned.add(record.body.ruleId);
        if (account.state === 'normal') account.state = 'warning';
        break;
      case 'rule.recovered':
        for (const id of record.body.ruleIds) {
          account.warned.delete(id);
          if (account.breaches.get(id)?.action === 'warn') account.breaches.delete(id);
        }
        calm(account);
        break;
      case 'rule.breached':
        this.breach(account, record.body);
        break;
      case 'rule.restored':
        for (const id of record.body.ruleIds) account.breaches.delete(id);
        break;
      case 'grace.ended':
        account.state = 'closing';
        break;
      default:
        this.applyToPosition(account, record);
        break;
    }
  }

  private create(
    { accountId, balance, rules }: RecordBodies['account.created']['account'],
    ts: number,
  ): void {
    const account: AccountFacts = {
      ...{ accountId, balance: decimal(balance), initial: decimal(balance), rules },
      ...{ anchors: new Map(), state: 'normal', halt: undefined, warned: new Set() },
      ...{ breaches: new Map(), positions: new Map(), untold: new Map(), letters: new Map() },
      version: 0,
    };
    this.accounts.set(accountId, account);
    this.anchorAnew(account, account.balance, ts);
  }

  private anchorAnew(account: AccountFacts, equity: Decimal, ts: number): void {
    account.anchors.clear();
    for (const [id, value] of anchorsAnew(account.rules, account, equity)) {
      account.anchors.set(id, { value, sinceTs: ts });
    }
  }

  private replaceRules(
    account: AccountFacts,
    { rules, equity }: RecordBodies['rules.replaced'],
    ts: number,
  ): void {
    const before = new Map(account.rules.map((rule) => [rule.id, JSON.stringify(rule)]));
    const anchors = new Map(account.anchors);
    account.rules = rules;
    this.anchorAnew(account, decimal(equity), ts);
    const kept = rules.filter((rule) => before.get(rule.id) === JSON.stringify(rule));
    const ids = new Set(kept.map(({ id }) => id));
    for (const id of ids) {
      const anchor = anchors.get(id);
      if (anchor !== undefined) account.anchors.set(id, anchor);
    }
    for (const told of [account.warned, account.breaches]) {
      for (const id of told.keys()) if (!ids.has(id)) told.delete(id);
    }
    calm(account);
  }

  private breach(account: AccountFacts, body: RecordBodies['rule.breached']): void {
    const { breachId, ruleId, action = 'close', also = [], graceUntil } = body;
    this.breachIds.set(breachId, { accountId: account.accountId, ruleIds: [ruleId, ...also] });
    if (action === 'close') {
      account.state = graceUntil === undefined ? 'closing' : 'grace';
      const grace = graceUntil === undefined ? {} : { graceUntil };
      account.halt = { by: 'breach', breachId, ruleId, ...grace };
      return;
    }
    for (const id of [ruleId, ...also]) {
      const rule = account.rules.find((one) => one.id === id);
      if (rule === undefined) continue;
      account.breaches.set(rule.id, { breachId, action: actionOf(rule) });
      if (rule.action === 'reduce' && rule.warningPct === undefined) continue;
      account.warned.add(rule.id);
      if (account.state === 'normal') account.state = 'warning';
    }
  }

  private applyToPosition({ positions, ...account }: AccountFacts, record: JournalRecord): void {
    switch (record.type) {
      case 'position.tracked': {
        const { positionId, accountId, symbol, side, entryPrice, quantity } = record.body.position;
        positions.set(positionId, {
          ...{ positionId, accountId, symbol, side, order: this.tracked++, closes: new Set() },
          ...{ entryPrice: decimal(entryPrice), remaining: decimal(quantity) },
        });
        break;
      }
      case 'position.corrected': {
        const { positionId, remainingQuantity, entryPrice } = record.body;
        const position = positions.get(positionId);
        if (position === undefined) break;
        if (remainingQuantity !== undefined) position.remaining = decimal(remainingQuantity);
        if (entryPrice !== undefined) position.entryPrice = decimal(entryPrice);
        break;
      }
      case 'position.untracked':
        positions.delete(record.body.positionId);
        break;
      case 'deadletter.added':
        account.letters.set(record.body.positionId, record.body.closeId);
        break;
      case 'deadletter.cleared': {
        const { positionId, closeId } = record.body;
        if (account.letters.get(positionId) === closeId) account.letters.delete(positionId);
        break;
      }
      case 'close.intended':
      case 'close.queued':
        this.asked(record.body.intent);
        if (record.body.intent.isPart === true) break;
        positions.get(record.body.intent.positionId)?.closes.add(record.body.intent.closeId);
        break;
      case 'close.failed':
        positions.get(record.body.intent.positionId)?.closes.delete(record.body.intent.closeId);
        break;
      case 'close.partially-filled': {
        const { intent, result } = record.body;
        this.asked(intent);
        this.fill(account.accountId, record.body);
        const position = positions.get(intent.positionId);
        if (position !== undefined) position.remaining = position.remaining.minus(result.quantity);
        break;
      }
      case 'close.filled':
        this.asked(record.body.intent);
        this.fill(account.accountId, record.body);
        positions.delete(record.body.intent.positionId);
        break;
      case 'close.amended': {
        const { positionId, result } = record.body;
        this.book(account.accountId, result.pnl);
        const { quantity, pnl } = account.untold.get(positionId) ?? nothing;
        if (result.pnl === undefined || quantity.isZero()) break;
        const rest = quantity.minus(result.quantity);
        const part = roundPnl(pnl.times(result.quantity).div(quantity));
        if (rest.lte(0)) account.untold.delete(positionId);
        else account.untold.set(positionId, { quantity: rest, pnl: pnl.minus(part) });
        break;
      }
      default:
        break;
    }
  }

  private asked({ closeId }: CloseIntent): void {
    this.closeIds.add(closeId);
  }

  private fill(accountId: string, { intent, result, estimate }: CloseOutcomeBody): void {
    this.book(accountId, result.pnl);
    if (result.pnl !== undefined) return;
    const untold = this.accounts.get(accountId)?.untold;
    const { quantity, pnl } = untold?.get(intent.positionId) ?? nothing;
    untold?.set(intent.positionId, {
      quantity: quantity.plus(result.quantity),
      pnl: pnl.plus(estimate ?? 0),
    });
  }

  private book(accountId: string, pnl: string | undefined): void {
    const account = this.accounts.get(accountId);
    if (account !== undefined) account.balance = account.balance.plus(pnl ?? zero);
  }
}

const nothing = { quantity: zero, pnl: zero };

function calm(account: AccountFacts): void {
  if (account.state === 'warning' && account.warned.size === 0) account.state = 'normal';
}

/** Whether its rules are not looked at: a breach has closed it, or is about to. */
export function isStopped({ halt }: AccountFacts): boolean {
  return halt?.by === 'breach';
}

/** Whether its margin is taken for gone: a close of it is under way, and no dead letter. */
export function isOnItsWay({ letters }: AccountFacts, one: OpenPosition): boolean {
  return one.closes.size > 0 && !letters.has(one.positionId);
}

/** The first record of a close: it is asked for, or filled at once. */
export function intentOf(record: JournalRecord): CloseIntent | undefined {
  switch (record.type) {
    case 'close.intended':
    case 'close.queued':
    case 'close.partially-filled':
    case 'close.filled':
      return record.body.intent;
    default:
      return undefined;
  }
}
