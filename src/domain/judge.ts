// What the rules of an account say of what they observe: a verdict, of which the guard makes records.
import {
  isAboveFloor,
  isBreached,
  isRecovered,
  isWarned,
  levelsOf,
  type Observation,
  type RuleLevels,
  type Standing,
} from './rule-levels.ts';
import { ruleActions, type Rule, type RuleAction } from './rules.ts';

export interface RuleFinding {
  readonly rule: Rule;
  readonly levels: RuleLevels;
}

/** What was told already. */
export interface Told {
  /** Rules whose warning was told, or that were breached, and whose loss was not small since. */
  readonly warned: ReadonlySet<string>;
  /** Rules whose breach was told and is not over. */
  readonly breaches: ReadonlyMap<string, { readonly action: RuleAction }>;
}

export interface Verdict {
  /** Of the rules breached anew the one that counts: the first of those with the strongest action. */
  readonly breach: RuleFinding | undefined;
  /** The others that were breached with it. */
  readonly also: readonly string[];
  /** Rules that warn now and were not told of yet. */
  readonly warnings: readonly RuleFinding[];
  /** Rules told of whose loss is below 90 % of their warning level. */
  readonly recovered: readonly string[];
  /** Rules whose breach halted entries and is over. */
  readonly restored: readonly string[];
  /** Margin rules that are breached, anew or still, and not above their level: in their order. */
  readonly short: readonly RuleFinding[];
}

export function judge(
  rules: readonly Rule[],
  standing: Standing,
  observation: Observation,
  { warned, breaches }: Told,
): Verdict {
  const breached: RuleFinding[] = [];
  const warnings: RuleFinding[] = [];
  const recovered: string[] = [];
  const restored: string[] = [];
  const short: RuleFinding[] = [];
  for (const rule of rules) {
    const levels = levelsOf(rule, standing);
    const known = breaches.get(rule.id);
    const isBreach = isBreached(rule, levels, observation);
    if (isBreach && known === undefined) breached.push({ rule, levels });
    const isStanding = isBreach || known !== undefined;
    if (isStanding && rule.action === 'reduce' && !isAboveFloor(rule, levels, observation)) {
      short.push({ rule, levels });
    } else if (known !== undefined && known.action !== 'warn' && !isBreach) {
      restored.push(rule.id);
    }
    if (warned.has(rule.id)) {
      if (isRecovered(rule, levels, observation)) recovered.push(rule.id);
    } else if (!isBreach && isWarned(rule, levels, observation)) {
      warnings.push({ rule, levels });
    }
  }
  const breach = strongestOf(breached);
  const also = breached.filter((finding) => finding !== breach).map(({ rule }) => rule.id);
  return { breach, also, warnings, recovered, restored, short };
}

function strongestOf(findings: readonly RuleFinding[]): RuleFinding | undefined {
  for (const action of ruleActions) {
    const found = findings.find(({ rule }) => rule.action === action);
    if (found !== undefined) return found;
  }
  return undefined;
}
