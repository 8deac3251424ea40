// The guard of an account in the model: what its rules say of a quote, and what follows (contract
// sections 2, step 7, and 5).
import { text, type Decimal } from '#src/domain/money';
import { actionOf, standingOf, strongest } from './account-model-rules.ts';
import type { ModelRule, RuleStanding } from './account-model-rules.ts';
import type { ModelAccount, ModelHalt } from './account-model-types.ts';
import type { AccountModel } from './account-model.ts';

interface Finding extends RuleStanding {
  readonly rule: ModelRule;
  readonly id: string;
}

/** Why entries are refused, as `account.get` says it. */
export function reasonsOf({ halt, active, rules }: ModelAccount): string[] {
  const reasons = halt === undefined ? [] : [haltReason(halt)];
  for (const id of active) {
    const rule = rules.find(({ spec }) => spec.id === id);
    if (rule !== undefined && actionOf(rule.spec) !== 'warn')
      reasons.push(`rule ${id} is breached`);
  }
  return reasons;
}

function haltReason({ by, ruleId, reason }: ModelHalt): string {
  return by === 'breach' ? `rule ${ruleId} was breached` : `halted by an operator: ${reason}`;
}

export function guardAccount(
  model: AccountModel,
  account: ModelAccount,
  symbol: string,
  now: number,
): void {
  if (account.halt?.by !== 'breach') judge(model, account, symbol, now);
  else if (account.state !== 'grace') {
    const count = account.positions.size;
    model.closeWorstFirst(account, (one) => one.instrument.symbol === symbol);
    if (account.positions.size < count) model.count('closedLate');
  }
}

function judge(model: AccountModel, account: ModelAccount, symbol: string, now: number): void {
  const seen = model.measure(account);
  const findings = account.rules.map((rule): Finding => {
    return { rule, id: rule.spec.id, ...standingOf(rule, seen) };
  });
  const [wasActive, wasWarned] = [new Set(account.active), new Set(account.warned)];
  const fresh = findings.filter(({ id, isBreached }) => isBreached && !wasActive.has(id));
  const decisive = strongest(fresh.map(({ rule }) => rule));
  const first = fresh.find(({ rule }) => rule === decisive);
  if (first !== undefined) {
    const also = fresh.filter((one) => one !== first).map(({ id }) => id);
    breach(model, account, first, also, symbol, now);
    if (actionOf(first.rule.spec) === 'close') return;
  }
  const restored = findings.filter(
    ({ id, rule, isBreached, isAboveFloor }) =>
      wasActive.has(id) &&
      !isBreached &&
      (actionOf(rule.spec) === 'haltEntries' || (actionOf(rule.spec) === 'reduce' && isAboveFloor)),
  );
  if (restored.length > 0) {
    const ids = restored.map(({ id }) => id);
    model.tell(account, 'restored', ids, shown(restored[0]?.observed));
    model.changingEntries(account, () => ids.forEach((id) => account.active.delete(id)));
  }
  for (const finding of findings) {
    if (wasWarned.has(finding.id) || finding.isBreached || !finding.isWarned) continue;
    model.tell(account, 'warning', ...observationOf(model, account, finding, symbol));
    warn(account, finding.id);
  }
  const over = findings.filter(({ id, isOver }) => wasWarned.has(id) && isOver);
  for (const { rule } of over) recover(model, account, rule);
  if (over.length > 0) model.calm(account);
  // When all that was found is told: what goes on, then what is new.
  const short = findings.filter(({ id, isAboveFloor }) => wasActive.has(id) && !isAboveFloor);
  for (const { rule } of [...short, ...fresh]) {
    if (actionOf(rule.spec) === 'reduce') reduce(model, account, rule);
  }
}

function breach(
  model: AccountModel,
  account: ModelAccount,
  finding: Finding,
  also: readonly string[],
  symbol: string,
  now: number,
): void {
  const { rule, id } = finding;
  const action = actionOf(rule.spec);
  const reason = rule.spec.anchor === 'marginLevel' ? 'margin_stop_out' : 'drawdown_critical';
  const seen = observationOf(model, account, finding, symbol);
  model.tell(account, 'breached', ...seen, action, reason, 'also', also);
  const { graceSeconds = 0 } = rule.spec;
  model.changingEntries(account, () => {
    if (action === 'close') {
      account.halt = { by: 'breach', reason, ruleId: id };
      account.state = graceSeconds > 0 ? 'grace' : 'closing';
      if (graceSeconds > 0) account.graceUntil = now + graceSeconds * 1000;
      return;
    }
    for (const one of [id, ...also]) {
      account.active.add(one);
      const spec = account.rules.find((each) => each.spec.id === one)?.spec;
      if (spec === undefined) continue;
      const warns = actionOf(spec) !== 'reduce' || spec.warningPct !== undefined;
      if (warns) warn(account, one);
    }
  });
  if (account.state === 'closing') model.closeBreached(account);
}

function warn(account: ModelAccount, id: string): void {
  account.warned.add(id);
  if (account.state === 'normal') account.state = 'warning';
}

/** The worst position, then the next, until the level of what is still guarded is above the limit. */
function reduce(model: AccountModel, account: ModelAccount, rule: ModelRule): void {
  const guarded = model
    .worstFirst(account)
    .filter((one) => one.waiting === undefined && model.books.has(one.instrument.symbol));
  for (const position of guarded) {
    const usedMargin = model.marginOf(account, (one) => one.waiting === undefined);
    if (standingOf(rule, { ...model.measure(account), usedMargin }).isAboveFloor) break;
    model.close(position, 'margin_stop_out');
    model.count('reduced');
  }
  const { isAboveFloor, observed } = standingOf(rule, model.measure(account));
  if (!isAboveFloor) return;
  const { id } = rule.spec;
  model.tell(account, 'restored', [id], shown(observed));
  model.changingEntries(account, () => account.active.delete(id));
}

/** No quote concerns an account that holds nothing: breaches and warnings are over without one. */
export function restoreEmpty(model: AccountModel, account: ModelAccount): void {
  if (account.positions.size > 0 || account.halt?.by === 'breach') return;
  const seen = model.measure(account);
  const findings = account.rules.map((rule) => ({ rule, ...standingOf(rule, seen) }));
  const restored = findings.filter(
    ({ rule: { spec }, isBreached }) =>
      account.active.has(spec.id) && actionOf(spec) !== 'warn' && !isBreached,
  );
  if (restored.length > 0) {
    const ids = restored.map(({ rule }) => rule.spec.id);
    model.tell(account, 'restored', ids, shown(restored[0]?.observed));
    model.changingEntries(account, () => ids.forEach((id) => account.active.delete(id)));
  }
  const over = findings.filter(({ rule, isOver }) => account.warned.has(rule.spec.id) && isOver);
  for (const { rule } of over) {
    recover(model, account, rule);
    model.count('recoveredEmpty');
  }
  if (over.length > 0) model.calm(account);
}

function recover(model: AccountModel, account: ModelAccount, { spec }: ModelRule): void {
  account.warned.delete(spec.id);
  if (actionOf(spec) === 'warn') account.active.delete(spec.id);
  model.count('recovered');
}

/** Without margin in use a margin rule observes nothing. */
function shown(observed: Decimal | undefined): string | undefined {
  return observed === undefined ? undefined : text(observed);
}

/** What an event tells of what a rule saw: every position at that quote, the worst first. */
function observationOf(
  model: AccountModel,
  account: ModelAccount,
  { id, observed, floor, anchorValue }: Finding,
  symbol: string,
): unknown[] {
  const positions = model.worstFirst(account).map((position) => {
    const pnl = model.pnlOf(position);
    return `${position.positionId}:${pnl === undefined ? '-' : text(pnl)}`;
  });
  const levels = [observed ?? model.equityOf(account), floor, anchorValue].map(text);
  return [id, ...levels, symbol, positions];
}
