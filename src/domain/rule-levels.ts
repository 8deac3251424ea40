// Where a rule acts: its anchor, its floor, and where it warns (formulas of contract section 5).
import { Decimal, hundred } from './money.ts';
import type { Rule } from './rules.ts';

/** What anchors are worth now. */
export interface Standing {
  readonly peak: Decimal;
  readonly initialBalance: Decimal;
  /** Of rules whose anchor is taken anew each day, by rule id. */
  readonly anchors: ReadonlyMap<string, { readonly value: Decimal }>;
}

/** What rules look at. */
export interface Observation {
  readonly equity: Decimal;
  readonly balance: Decimal;
  /** In account currency; 0 where nothing is open, or no rule asks for it. */
  readonly usedMargin: Decimal;
}

/** What a rule is measured from, and the levels of what it observes at which it acts. */
export interface RuleLevels {
  /** What the floor is measured from; for `fixed` and `marginLevel` the floor itself. */
  readonly anchorValue: Decimal;
  readonly floor: Decimal;
  /** Breached at the floor already (anchored rules) or only below it (`fixed`, `marginLevel`). */
  readonly breachesAtFloor: boolean;
  /** At or below it the rule warns; undefined where it never does. */
  readonly warnAt: Decimal | undefined;
  /** Above it a warning is over: the loss is below 90 % of the warning level. */
  readonly recoverAbove: Decimal | undefined;
}

const threeQuarters = new Decimal('0.75');
const recoveredBelow = new Decimal('0.9');
const aboveFloorRecoverAt = new Decimal('1.1');

/**
 * Anchored: floor = anchor − limit, limit being an amount or a percentage of the anchor or of the
 * initial balance, never above the initial balance and the lock's offset where it is locked. The
 * warning is at `warningPct` of the same base, by default at three quarters of the limit.
 *
 * `fixed` and `marginLevel`: the floor is given; the warning stands `warningPct` of it above, only
 * where that is given, and is over 1.1 times that distance above the floor.
 */
export function levelsOf(rule: Rule, standing: Standing): RuleLevels {
  if (rule.anchor === 'fixed') return levelsAbove(rule.floor as Decimal, rule);
  if (rule.anchor === 'marginLevel') return levelsAbove(rule.limitPct as Decimal, rule);
  const anchorValue = anchorOf(rule, standing);
  const base = rule.pctOf === 'initialBalance' ? standing.initialBalance : anchorValue;
  const ofBase = (percent: Decimal): Decimal => percent.times(base).dividedBy(hundred);
  const limit = rule.limitAmount ?? ofBase(rule.limitPct as Decimal);
  const warning =
    rule.warningPct === undefined ? limit.times(threeQuarters) : ofBase(rule.warningPct);
  const unlocked = anchorValue.minus(limit);
  const floor =
    rule.lockOffset === undefined
      ? unlocked
      : Decimal.min(unlocked, standing.initialBalance.plus(rule.lockOffset));
  return {
    anchorValue,
    floor,
    breachesAtFloor: true,
    warnAt: anchorValue.minus(warning),
    recoverAbove: anchorValue.minus(warning.times(recoveredBelow)),
  };
}

function levelsAbove(floor: Decimal, { warningPct }: Rule): RuleLevels {
  const margin = warningPct?.times(floor).dividedBy(hundred);
  return {
    anchorValue: floor,
    floor,
    breachesAtFloor: false,
    warnAt: margin?.plus(floor),
    recoverAbove: margin?.times(aboveFloorRecoverAt).plus(floor),
  };
}

function anchorOf(rule: Rule, { peak, initialBalance, anchors }: Standing): Decimal {
  if (rule.anchor === 'peakEquity') return peak;
  if (rule.anchor === 'initialBalance') return initialBalance;
  return anchors.get(rule.id)?.value ?? initialBalance;
}

/**
 * What a rule observes, over `per`: a margin level is a quotient, and compared multiplied out, so that
 * nothing is rounded. Undefined where there is none: no margin is used.
 */
interface Observed {
  readonly value: Decimal;
  readonly per: Decimal | undefined;
}

function observedBy(
  rule: Rule,
  { equity, balance, usedMargin }: Observation,
): Observed | undefined {
  if (rule.anchor !== 'marginLevel') {
    return { value: rule.observed === 'balance' ? balance : equity, per: undefined };
  }
  if (usedMargin.isZero()) return undefined;
  return { value: equity.times(hundred), per: usedMargin };
}

/** Below 0: it observes less than the level. */
function compared({ value, per }: Observed, level: Decimal): number {
  return value.comparedTo(per === undefined ? level : level.times(per));
}

const shownDecimals = 10;

/** What the rule observes, as it is shown; undefined for a margin level where no margin is used. */
export function shownObserved(rule: Rule, observation: Observation): Decimal | undefined {
  const observed = observedBy(rule, observation);
  if (observed?.per === undefined) return observed?.value;
  return observed.value.dividedBy(observed.per).toDecimalPlaces(shownDecimals);
}

export function isBreached(rule: Rule, levels: RuleLevels, observation: Observation): boolean {
  const observed = observedBy(rule, observation);
  if (observed === undefined) return false;
  const order = compared(observed, levels.floor);
  return levels.breachesAtFloor ? order <= 0 : order < 0;
}

export function isWarned(rule: Rule, { warnAt }: RuleLevels, observation: Observation): boolean {
  const observed = observedBy(rule, observation);
  return warnAt !== undefined && observed !== undefined && compared(observed, warnAt) <= 0;
}

/** Whether a warning or a breach of the rule leaves no trace any more. */
export function isRecovered(rule: Rule, levels: RuleLevels, observation: Observation): boolean {
  if (isBreached(rule, levels, observation)) return false;
  const observed = observedBy(rule, observation);
  const { recoverAbove } = levels;
  return (
    observed === undefined || recoverAbove === undefined || compared(observed, recoverAbove) > 0
  );
}

/** Whether what is observed is strictly above the floor: a reduction goes on until it is. */
export function isAboveFloor(rule: Rule, { floor }: RuleLevels, observation: Observation): boolean {
  const observed = observedBy(rule, observation);
  return observed === undefined || compared(observed, floor) > 0;
}

/** The first rule that would be breached by what is observed. */
export function firstBreached(
  rules: readonly Rule[],
  standing: Standing,
  observation: Observation,
): { readonly rule: Rule; readonly levels: RuleLevels } | undefined {
  for (const rule of rules) {
    const levels = levelsOf(rule, standing);
    if (isBreached(rule, levels, observation)) return { rule, levels };
  }
  return undefined;
}
