// The guard of an account for the brute-force reference (contract section 5): its days, what its
// rules say of a quote, what follows from a breach.
import { resetAfter } from './days.ts';
import type { Cause, HeldAccount, HeldPosition, HeldRule } from './held.ts';
import { findingOf, isAboveLevel, strongestOf, type ExactRule, type Finding } from './rules.ts';

/** What can happen to an account, told to whoever counts. */
export type Happening =
  | 'rolled'
  | 'locked'
  | 'warned'
  | 'restored'
  | 'grace begun'
  | 'grace ended'
  | 'reduced'
  | 'closed late'
  | `breached ${ExactRule['action']}`;

/** The quote that is worked on, and who closes. */
export interface Desk {
  readonly ts: number;
  hasQuote(symbol: string): boolean;
  /** All that no close was requested for yet. */
  close(position: HeldPosition, cause: Cause): void;
  /** What such a quantity of the position uses, in money units. */
  marginOf(position: HeldPosition, quantity: bigint): bigint;
  tell(happening: Happening): void;
}

export function equityOf(account: HeldAccount): bigint {
  let equity = account.balance;
  for (const position of account.positions) equity += position.pnl;
  return equity;
}

/** A position is closing once all that is left of it is being closed. */
export function isOpen(position: HeldPosition): boolean {
  return position.unrequested > 0n;
}

export function stateOf(account: HeldAccount): string {
  if (account.phase !== 'open') return account.phase;
  return account.warned.size > 0 ? 'warning' : 'normal';
}

/** Section 2, step 1. Before the first quote an account is worth its balance, as its anchors are. */
export function rollDays(account: HeldAccount, desk: Desk): void {
  for (const rule of account.rules) {
    if (rule.spec.day === undefined || desk.ts < rule.nextReset) continue;
    const { anchor, timezone, resetAt } = rule.spec.day;
    const { balance } = account;
    const equity = equityOf(account);
    const before = rule.anchor;
    if (anchor === 'dayStartBalance') rule.anchor = balance;
    if (anchor === 'dayStartEquity') rule.anchor = equity;
    if (anchor === 'dayStartHigher') rule.anchor = balance > equity ? balance : equity;
    if (anchor === 'highestDayEndBalance' && balance > before) rule.anchor = balance;
    if (rule.anchor !== before) desk.tell('rolled');
    rule.nextReset = resetAfter(timezone, resetAt, desk.ts);
  }
}

/** Section 2, step 4: nothing that happened meanwhile cancels the breach. */
export function endGrace(account: HeldAccount, desk: Desk): void {
  desk.tell('grace ended');
  closeAll(account, desk);
}

/** Section 2, step 7: equity, rules, then peak. */
export function guardAccount(account: HeldAccount, symbol: string, desk: Desk): void {
  if (account.phase === 'open') judge(account, desk);
  else if (account.phase !== 'grace') {
    // What was tracked after the breach, or had no quote at it.
    const late = account.positions.filter(({ spec }) => spec.symbol === symbol).filter(isOpen);
    if (late.length > 0) desk.tell('closed late');
    for (const position of worstFirst(late)) desk.close(position, causeOf(account));
  }
  const equity = equityOf(account);
  if (equity > account.peak) account.peak = equity;
}

/** `halted` once every close has its outcome; without positions no quote asks the rules again. */
export function settle(account: HeldAccount): void {
  const { phase, positions, warned, active } = account;
  if (phase === 'closing' && positions.every(isOpen)) account.phase = 'halted';
  if (phase !== 'open' || positions.length > 0 || warned.size + active.size === 0) return;
  for (const { rule, isOver, isRestored } of look(account)) {
    if (isOver) warned.delete(rule);
    if (isRestored) active.delete(rule);
  }
}

function judge(account: HeldAccount, desk: Desk): void {
  const findings = look(account);
  const fresh = findings.filter(({ rule, isBreached }) => isBreached && !account.active.has(rule));
  for (const { rule, warns, isOver, isRestored, isLocked } of findings) {
    if (isLocked) desk.tell('locked');
    if (isOver) account.warned.delete(rule);
    if (warns && !account.warned.has(rule)) desk.tell('warned');
    if (warns) account.warned.add(rule);
    if (isRestored && account.active.delete(rule)) desk.tell('restored');
  }
  for (const { rule } of fresh) {
    account.active.add(rule);
    const { action } = rule.spec;
    if (action === 'haltEntries' || action === 'warn') account.warned.add(rule);
  }
  const decisive = strongestOf(fresh.map(({ rule }) => rule.spec));
  if (decisive !== undefined) desk.tell(`breached ${decisive.action}`);
  if (decisive?.action === 'close') {
    beginClosing(account, decisive, desk);
    return;
  }
  // Reductions come last, each until its own level is restored.
  for (const rule of account.rules) {
    if (!account.active.has(rule) || rule.spec.action !== 'reduce') continue;
    reduce(account, rule.spec, desk);
    restoreAfter(account, rule, desk);
  }
}

/** A reduction that is filled is over at once. */
function restoreAfter(account: HeldAccount, rule: HeldRule, desk: Desk): void {
  const finding = look(account).find((one) => one.rule === rule);
  if (finding?.isRestored === true && account.active.delete(rule)) desk.tell('restored');
}

/** Of every rule, in the order of the list. */
function look(account: HeldAccount): (Finding & { rule: HeldRule })[] {
  const { initial, balance, peak, positions } = account;
  const equity = equityOf(account);
  let usedMargin = 0n;
  for (const position of positions) usedMargin += position.usedMargin;
  return account.rules.map((rule) => {
    const anchor = rule.spec.anchor === 'peakEquity' ? peak : rule.anchor;
    return { rule, ...findingOf(rule.spec, { anchor, initial, balance, equity, usedMargin }) };
  });
}

function beginClosing(account: HeldAccount, rule: ExactRule, desk: Desk): void {
  account.breach = rule;
  if (rule.graceMs === 0) {
    closeAll(account, desk);
    return;
  }
  account.phase = 'grace';
  account.graceUntil = desk.ts + rule.graceMs;
  desk.tell('grace begun');
}

function closeAll(account: HeldAccount, desk: Desk): void {
  account.phase = 'closing';
  for (const position of worstFirst(quotedOf(account, desk))) {
    desk.close(position, causeOf(account));
  }
}

/** The worst one after the other, until the level of what is still guarded is above the limit. */
function reduce(account: HeldAccount, rule: ExactRule, desk: Desk): void {
  for (const position of worstFirst(quotedOf(account, desk))) {
    let guarded = 0n;
    for (const one of account.positions) guarded += desk.marginOf(one, one.unrequested);
    // Without margin there is no level, and closing what uses none would not help.
    if (guarded === 0n || isAboveLevel(rule, equityOf(account), guarded)) return;
    desk.close(position, { reason: reasonOf(rule), ruleId: rule.id });
    desk.tell('reduced');
  }
}

/** Those that could be filled as far as their own symbol is concerned. */
function quotedOf(account: HeldAccount, desk: Desk): HeldPosition[] {
  return account.positions.filter((one) => isOpen(one) && desk.hasQuote(one.spec.symbol));
}

/** A stable sort: ties in tracking order. */
function worstFirst(positions: readonly HeldPosition[]): HeldPosition[] {
  return positions.toSorted((a, b) => (a.pnl < b.pnl ? -1 : a.pnl > b.pnl ? 1 : 0));
}

function causeOf({ breach }: HeldAccount): Cause {
  if (breach === undefined) throw new Error('only a breach closes an account');
  return { reason: reasonOf(breach), ruleId: breach.id };
}

function reasonOf({ anchor }: ExactRule): string {
  return anchor === 'marginLevel' ? 'margin_stop_out' : 'drawdown_critical';
}
