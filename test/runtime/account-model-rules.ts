// Rules of an account as contract section 5 has them, for the model that a live core is held against:
// every level computed anew each time, in decimals, and nothing kept.
import { decimal, zero, type Decimal } from '#src/domain/money';
import type { RuleAction, RuleSpec } from '#src/domain/rules';

export interface ModelRule {
  readonly spec: RuleSpec;
  /** Of a rule that has days. */
  anchor: Decimal;
  /** When its anchor is taken anew next; `Infinity` where it has no days. */
  resetTs: number;
}

/** What rules are measured by. */
export interface Measures {
  readonly balance: Decimal;
  readonly equity: Decimal;
  readonly usedMargin: Decimal;
  readonly initial: Decimal;
  readonly peak: Decimal;
}

export interface RuleStanding {
  readonly anchorValue: Decimal;
  readonly floor: Decimal;
  readonly warnAt: Decimal | undefined;
  /** Undefined where there is no margin level. */
  readonly observed: Decimal | undefined;
  readonly isBreached: boolean;
  readonly isAboveFloor: boolean;
  readonly isWarned: boolean;
  /** Whether neither its breach nor its warning goes on. */
  readonly isOver: boolean;
}

export function hasDays({ anchor }: RuleSpec): boolean {
  return anchor.startsWith('dayStart') || anchor === 'highestDayEndBalance';
}

export function actionOf({ action }: RuleSpec): RuleAction {
  return action ?? 'close';
}

/** What a rule that has days is measured from, when a day begins, or when all begins anew. */
export function anchorAt(
  { anchor }: RuleSpec,
  balance: Decimal,
  equity: Decimal,
  before = balance,
): Decimal {
  if (anchor === 'dayStartEquity') return equity;
  if (anchor === 'dayStartHigher') return equity.gt(balance) ? equity : balance;
  if (anchor === 'highestDayEndBalance' && before.gt(balance)) return before;
  return balance;
}

export function standingOf({ spec, anchor }: ModelRule, seen: Measures): RuleStanding {
  if (spec.anchor === 'fixed' || spec.anchor === 'marginLevel') return standingAbove(spec, seen);
  const from =
    spec.anchor === 'peakEquity'
      ? seen.peak
      : spec.anchor === 'initialBalance'
        ? seen.initial
        : anchor;
  const base = spec.pctOf === 'initialBalance' ? seen.initial : from;
  const part = (percent: RuleSpec['limitPct']): Decimal => base.times(percent ?? 0).div(100);
  const limit = spec.limitAmount === undefined ? part(spec.limitPct) : decimal(spec.limitAmount);
  const warning = spec.warningPct === undefined ? limit.times(3).div(4) : part(spec.warningPct);
  let floor = from.minus(limit);
  if (spec.lockAtInitial === true) {
    const locked = seen.initial.plus(spec.lockOffset ?? 0);
    if (locked.lt(floor)) floor = locked;
  }
  const observed = observedBy(spec, seen);
  const loss = from.minus(observed);
  const isBreached = observed.lte(floor);
  return {
    ...{ anchorValue: from, floor, warnAt: from.minus(warning), observed, isBreached },
    isAboveFloor: !isBreached,
    isWarned: loss.gte(warning),
    isOver: !isBreached && loss.lt(warning.times('0.9')),
  };
}

function observedBy({ observed }: RuleSpec, { balance, equity }: Measures): Decimal {
  return observed === 'balance' ? balance : equity;
}

/** `fixed` and `marginLevel`: a level that is given, compared without a division. */
function standingAbove(spec: RuleSpec, seen: Measures): RuleStanding {
  const isMargin = spec.anchor === 'marginLevel';
  const level = decimal((isMargin ? spec.limitPct : spec.floor) ?? 0);
  const warning = spec.warningPct === undefined ? undefined : level.times(spec.warningPct).div(100);
  const of = { anchorValue: level, floor: level, warnAt: warning && level.plus(warning) };
  if (isMargin && seen.usedMargin.isZero()) {
    const nothing = { isBreached: false, isWarned: false };
    return { ...of, ...nothing, observed: undefined, isAboveFloor: true, isOver: true };
  }
  const value = isMargin ? seen.equity.times(100) : observedBy(spec, seen);
  const compared = (to: Decimal): number => value.cmp(isMargin ? to.times(seen.usedMargin) : to);
  const isBreached = compared(level) < 0;
  return {
    ...{ ...of, isBreached, isAboveFloor: compared(level) > 0 },
    observed: isMargin ? value.div(seen.usedMargin).toDecimalPlaces(10) : value,
    isWarned: warning !== undefined && compared(level.plus(warning)) <= 0,
    isOver:
      !isBreached && (warning === undefined || compared(level.plus(warning.times('1.1'))) > 0),
  };
}

const actions: readonly RuleAction[] = ['close', 'reduce', 'haltEntries', 'warn'];

/** Of rules in the order of the list the first of those with the strongest action. */
export function strongest(rules: readonly ModelRule[]): ModelRule | undefined {
  return rules.toSorted(
    (a, b) => actions.indexOf(actionOf(a.spec)) - actions.indexOf(actionOf(b.spec)),
  )[0];
}

export function sum(values: Iterable<Decimal>): Decimal {
  let total = zero;
  for (const value of values) total = total.plus(value);
  return total;
}
