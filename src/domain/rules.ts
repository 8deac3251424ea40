// The rules of an account guard (contract section 5): anchors, floors, warnings, breaches.
import { Decimal, decimal, hundred, text, type Numeric } from './money.ts';

export interface RuleSpec {
  id: string;
  anchor: 'peakEquity' | 'fixed';
  limitPct?: Numeric | undefined;
  limitAmount?: Numeric | undefined;
  floor?: Numeric | undefined;
  warningPct?: Numeric | undefined;
}

/** A rule as it is stored and answered: numbers as canonical text. */
export interface RuleRecord {
  id: string;
  anchor: 'peakEquity' | 'fixed';
  limitPct?: string;
  limitAmount?: string;
  floor?: string;
  warningPct?: string;
}

export interface Rule {
  readonly id: string;
  readonly anchor: 'peakEquity' | 'fixed';
  readonly limitPct: Decimal | undefined;
  readonly limitAmount: Decimal | undefined;
  readonly floor: Decimal | undefined;
  readonly warningPct: Decimal | undefined;
  readonly record: RuleRecord;
}

export type PresetName = 'default';

/** Presets by name, each just a list of rules. `default` is this project's own choice. */
export const presets: Record<PresetName, readonly RuleSpec[]> = {
  default: [
    { id: 'peak', anchor: 'peakEquity', limitPct: '20', warningPct: '15' },
    { id: 'minimum', anchor: 'fixed', floor: '100' },
  ],
};

export function ruleOf(given: RuleSpec): Rule {
  const record: RuleRecord = { id: given.id, anchor: given.anchor };
  const read = (key: 'limitPct' | 'limitAmount' | 'floor' | 'warningPct'): Decimal | undefined => {
    const value = given[key];
    if (value === undefined) return undefined;
    const amount = decimal(value);
    record[key] = text(amount);
    return amount;
  };
  return {
    id: given.id,
    anchor: given.anchor,
    limitPct: read('limitPct'),
    limitAmount: read('limitAmount'),
    floor: read('floor'),
    warningPct: read('warningPct'),
    record,
  };
}

/** What a rule looks at, and the levels of equity at which it acts. */
export interface RuleLevels {
  /** What the floor is measured from; for `fixed` the floor itself. */
  readonly anchorValue: Decimal;
  readonly floor: Decimal;
  /** Breached at the floor already (anchored rules) or only below it (`fixed`). */
  readonly breachesAtFloor: boolean;
  /** Equity at or below which the rule warns; undefined where it never does. */
  readonly warnAt: Decimal | undefined;
  /** Equity above which a warning is over: the loss is below 90 % of the warning level. */
  readonly recoverAbove: Decimal | undefined;
}

const threeQuarters = new Decimal('0.75');
const recoveredBelow = new Decimal('0.9');
const fixedRecoverAt = new Decimal('1.1');

/**
 * Anchored: floor = anchor − limit, limit being an amount or a percentage of the anchor; the
 * warning is at `warningPct` of the anchor, by default at three quarters of the limit.
 * Fixed: the floor is given; the warning stands `warningPct` of the floor above it, only where
 * that is given, and is over once equity is 1.1 times that distance above the floor.
 */
export function levelsOf(rule: Rule, peak: Decimal): RuleLevels {
  if (rule.anchor === 'fixed') {
    const floor = rule.floor as Decimal;
    const margin = rule.warningPct?.times(floor).dividedBy(hundred);
    return {
      anchorValue: floor,
      floor,
      breachesAtFloor: false,
      warnAt: margin?.plus(floor),
      recoverAbove: margin?.times(fixedRecoverAt).plus(floor),
    };
  }
  const limit = rule.limitAmount ?? (rule.limitPct as Decimal).times(peak).dividedBy(hundred);
  const warning = rule.warningPct?.times(peak).dividedBy(hundred) ?? limit.times(threeQuarters);
  return {
    anchorValue: peak,
    floor: peak.minus(limit),
    breachesAtFloor: true,
    warnAt: peak.minus(warning),
    recoverAbove: peak.minus(warning.times(recoveredBelow)),
  };
}

export function isBreached(levels: RuleLevels, equity: Decimal): boolean {
  return levels.breachesAtFloor ? equity.lte(levels.floor) : equity.lt(levels.floor);
}

export function needsPeak(rules: readonly Rule[]): boolean {
  return rules.some((rule) => rule.anchor === 'peakEquity');
}

export interface RuleFinding {
  readonly rule: Rule;
  readonly levels: RuleLevels;
}

export interface Verdict {
  /** The first rule in the list that is breached. */
  readonly breach: RuleFinding | undefined;
  /** Rules that warn now and were not warned already. */
  readonly warnings: readonly RuleFinding[];
  /** Ids of warned rules whose loss fell below 90 % of their warning level. */
  readonly recovered: readonly string[];
}

/** What the rules say of an equity, given the peak before this quote and who is warned already. */
export function judge(
  rules: readonly Rule[],
  peak: Decimal,
  equity: Decimal,
  warned: ReadonlySet<string>,
): Verdict {
  let breach: RuleFinding | undefined;
  const warnings: RuleFinding[] = [];
  const recovered: string[] = [];
  for (const rule of rules) {
    const levels = levelsOf(rule, peak);
    if (breach === undefined && isBreached(levels, equity)) breach = { rule, levels };
    if (warned.has(rule.id)) {
      if (levels.recoverAbove !== undefined && equity.gt(levels.recoverAbove))
        recovered.push(rule.id);
    } else if (levels.warnAt !== undefined && equity.lte(levels.warnAt)) {
      warnings.push({ rule, levels });
    }
  }
  return { breach, warnings, recovered };
}

/** Equities strictly between the two leave every rule, every warning and the peak as they are. */
export interface QuietBand {
  readonly above: Decimal | undefined;
  readonly below: Decimal | undefined;
}

export function quietBand(
  rules: readonly Rule[],
  peak: Decimal,
  warned: ReadonlySet<string>,
): QuietBand {
  let above: Decimal | undefined;
  let below: Decimal | undefined = needsPeak(rules) ? peak : undefined;
  for (const rule of rules) {
    const levels = levelsOf(rule, peak);
    above = Decimal.max(above ?? levels.floor, levels.floor);
    if (warned.has(rule.id)) {
      const recover = levels.recoverAbove;
      if (recover !== undefined)
        below = below === undefined ? recover : Decimal.min(below, recover);
    } else if (levels.warnAt !== undefined) {
      above = Decimal.max(above, levels.warnAt);
    }
  }
  return { above, below };
}
