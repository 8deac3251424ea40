// How the rules of an account stand: anchors, floors, distances, and what moved them last.
import { entriesOf } from '#src/domain/entries';
import { hundred, text, type Decimal } from '#src/domain/money';
import {
  isBreached,
  levelsOf,
  shownObserved,
  type Observation,
  type RuleLevels,
} from '#src/domain/rule-levels';
import type { Rule } from '#src/domain/rules';
import type { Account, Moved } from '#src/domain/state';
import { observe } from '#src/prices/equity-watch';
import { missingPrice } from '#src/prices/exposure';
import type { CommandContext } from './command.ts';
import { present } from './present.ts';

const percentDecimals = 10;

/** The rules as `account.get` shows them. */
export function ruleViews(context: CommandContext, account: Account): object[] {
  const observation = observe(account, context.markets.bookOf);
  return account.rules.map((rule) => standingOf(account, rule, observation).view);
}

/**
 * Positions that are worth nothing yet since a symbol, or the rate that its P&L is converted by, had
 * no quote, by that symbol; undefined where there are none.
 */
export function unpricedView(
  { markets }: CommandContext,
  { positions }: Account,
): { symbol: string; positions: number }[] | undefined {
  const counts = new Map<string, number>();
  for (const position of positions.values()) {
    const symbol = missingPrice(position, markets.bookOf);
    if (symbol !== undefined) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  return Array.from(counts, ([symbol, count]) => ({ symbol, positions: count }));
}

/**
 * `guard.status` of an account: each rule with how far it is from its floor, in money and in percent of
 * what it observes, what it does, where it warns, and what moved its anchor last.
 */
export function guardStatusOf(context: CommandContext, account: Account): object {
  const { accountId, state, halt } = account;
  context.settlePeak(accountId);
  const observation = observe(account, context.markets.bookOf);
  const rules = account.rules.map((rule) => {
    const { view, levels, observed } = standingOf(account, rule, observation);
    const moved = movedOf(account, rule);
    return present({
      ...view,
      anchorMovedBy: moved?.what,
      anchorMovedAt: moved?.ts,
      action: rule.action,
      graceSeconds: rule.record.graceSeconds,
      observes: rule.anchor === 'marginLevel' ? 'marginLevel' : rule.observed,
      warnAt: levels.warnAt && text(levels.warnAt),
      distancePct: observed && percentOf(observed.minus(levels.floor), observed),
      breachId: account.breaches.get(rule.id)?.breachId,
      timezone: rule.day?.timezone,
      resetAt: rule.day?.resetAt,
    });
  });
  return present({
    accountId,
    state,
    balance: text(observation.balance),
    equity: text(observation.equity),
    initialBalance: text(account.initialBalance),
    usedMargin: observation.usedMargin.isZero() ? undefined : text(observation.usedMargin),
    unpriced: unpricedView(context, account),
    breach: halt?.by === 'breach' ? halt : undefined,
    entries: entriesOf(account, context.state),
    rules,
  });
}

/** Where a rule stands, and how that is shown. */
function standingOf(
  account: Account,
  rule: Rule,
  observation: Observation,
): { view: Record<string, unknown>; levels: RuleLevels; observed: Decimal | undefined } {
  const levels = levelsOf(rule, account);
  const observed = shownObserved(rule, observation);
  const view = present({
    id: rule.id,
    anchor: rule.anchor,
    anchorValue: text(levels.anchorValue),
    floor: text(levels.floor),
    observed: observed && text(observed),
    distance: observed && text(observed.minus(levels.floor)),
    state: stateOf(account, rule, levels, observation),
  });
  return { view, levels, observed };
}

function percentOf(distance: Decimal, observed: Decimal): string | undefined {
  if (observed.isZero()) return undefined;
  const percent = distance.times(hundred).dividedBy(observed.abs());
  return text(percent.toDecimalPlaces(percentDecimals));
}

function stateOf(
  account: Account,
  rule: Rule,
  levels: RuleLevels,
  observation: Observation,
): 'breached' | 'warning' | 'normal' {
  const isKnown = account.halt?.ruleId === rule.id || account.breaches.has(rule.id);
  if (isKnown || isBreached(rule, levels, observation)) return 'breached';
  return account.warned.has(rule.id) ? 'warning' : 'normal';
}

/** What moved what the floor is measured from; undefined for a floor that was given. */
function movedOf(account: Account, { id, anchor }: Rule): Moved | undefined {
  if (anchor === 'fixed' || anchor === 'marginLevel') return undefined;
  if (anchor === 'peakEquity') return account.peakMoved;
  if (anchor === 'initialBalance') return account.initialMoved;
  return account.anchors.get(id)?.moved;
}
