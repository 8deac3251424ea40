// The rules of an account for the brute-force reference (contract section 5), in exact integers.
import type { ScenarioDayAnchor, ScenarioRule } from '../scenario.ts';
import { ratioOf, scaled, type Ratio } from './exact.ts';

type Action = NonNullable<ScenarioRule['action']>;

/** When the days of a rule begin. */
export interface DayStart {
  readonly anchor: ScenarioDayAnchor;
  readonly timezone: string;
  readonly resetAt: string;
}

/** Amounts in money units, with the defaults in place. */
export interface ExactRule {
  readonly id: string;
  readonly anchor: ScenarioRule['anchor'];
  readonly action: Action;
  readonly graceMs: number;
  /** An anchored rule has one of the limits, a margin rule the percentage, a fixed one its floor. */
  readonly limitAmount: bigint | undefined;
  readonly limitPct: Ratio | undefined;
  readonly floor: bigint | undefined;
  readonly warningPct: Ratio | undefined;
  readonly pctOf: 'anchor' | 'initialBalance';
  /** How far above the initial balance the floor stays, where it is locked. */
  readonly lock: bigint | undefined;
  readonly observed: 'equity' | 'balance';
  readonly day: DayStart | undefined;
}

/** What a rule looks at, in money units. */
export interface Sight {
  /** As it stood before this quote. */
  readonly anchor: bigint;
  readonly initial: bigint;
  readonly equity: bigint;
  readonly balance: bigint;
  readonly usedMargin: bigint;
}

export interface Finding {
  readonly isBreached: boolean;
  /** Whether its warning level is reached. */
  readonly warns: boolean;
  /** Whether the warning is over, that of a breach included. */
  readonly isOver: boolean;
  /** Whether a breach that closed nothing is over: for `reduce` above the limit only. */
  readonly isRestored: boolean;
  /** Whether the lock keeps the floor down. */
  readonly isLocked: boolean;
}

/** The strongest first. */
const actions: readonly Action[] = ['close', 'reduce', 'haltEntries', 'warn'];

/** Of rules in the order of the list: the first of those with the strongest action. */
export function strongestOf(rules: readonly ExactRule[]): ExactRule | undefined {
  for (const action of actions) {
    const found = rules.find((rule) => rule.action === action);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function exactRule(rule: ScenarioRule, moneyDecimals: number): ExactRule {
  const money = (value: number | string | undefined): bigint | undefined =>
    value === undefined ? undefined : scaled(value, moneyDecimals);
  const { anchor, timezone = 'UTC', resetAt = '00:00' } = rule;
  return {
    id: rule.id,
    anchor,
    action: rule.action ?? 'close',
    graceMs: Number(scaled(rule.graceSeconds ?? 0, 3)),
    limitAmount: money(rule.limitAmount),
    limitPct: rule.limitPct === undefined ? undefined : ratioOf(rule.limitPct),
    floor: money(rule.floor),
    warningPct: rule.warningPct === undefined ? undefined : ratioOf(rule.warningPct),
    pctOf: rule.pctOf ?? 'anchor',
    lock: rule.lockAtInitial === true ? (money(rule.lockOffset) ?? 0n) : undefined,
    observed: rule.observed ?? 'equity',
    day: isDayAnchor(anchor) ? { anchor, timezone, resetAt } : undefined,
  };
}

function isDayAnchor(anchor: ScenarioRule['anchor']): anchor is ScenarioDayAnchor {
  return anchor.startsWith('day') || anchor === 'highestDayEndBalance';
}

export function findingOf(rule: ExactRule, sight: Sight): Finding {
  if (rule.anchor === 'fixed') return fixedFinding(rule, sight);
  return rule.anchor === 'marginLevel' ? marginFinding(rule, sight) : anchoredFinding(rule, sight);
}

function anchoredFinding(rule: ExactRule, sight: Sight): Finding {
  const { anchor, initial } = sight;
  const observed = sight[rule.observed];
  const base = rule.pctOf === 'initialBalance' ? initial : anchor;
  const limit =
    rule.limitAmount === undefined ? percentOf(base, rule.limitPct) : whole(rule.limitAmount);
  // Three quarters of the limit unless given: the lock moves the floor only.
  const warning =
    rule.warningPct === undefined
      ? times(limit, { value: 3n, scale: 4n })
      : percentOf(base, rule.warningPct);
  const locked = rule.lock === undefined ? undefined : initial + rule.lock;
  const loss = anchor - observed;
  // At or below the lower one of the two floors is at or below both of them.
  const isBreached = compared(loss, limit) >= 0 && (locked === undefined || observed <= locked);
  return {
    isBreached,
    warns: compared(loss, warning) >= 0,
    isOver: !isBreached && compared(loss, times(warning, { value: 9n, scale: 10n })) < 0,
    isRestored: !isBreached,
    isLocked: locked !== undefined && compared(anchor - locked, limit) > 0,
  };
}

/** It measures no loss: its warning is over a tenth of its distance further up. */
function fixedFinding(rule: ExactRule, sight: Sight): Finding {
  const { floor = 0n, warningPct } = rule;
  const above = sight[rule.observed] - floor;
  const distance = warningPct === undefined ? undefined : percentOf(floor, warningPct);
  return {
    isBreached: above < 0n,
    isRestored: above >= 0n,
    isLocked: false,
    ...(distance === undefined
      ? { warns: false, isOver: above >= 0n }
      : {
          warns: compared(above, distance) <= 0,
          isOver: compared(above, times(distance, { value: 11n, scale: 10n })) > 0,
        }),
  };
}

/** Without used margin there is no level. */
function marginFinding(rule: ExactRule, { equity, usedMargin }: Sight): Finding {
  const { limitPct, warningPct } = rule;
  const isBreached = usedMargin > 0n && compared(equity, percentOf(usedMargin, limitPct)) < 0;
  const finding = {
    isBreached,
    isRestored: rule.action === 'reduce' ? isAboveLevel(rule, equity, usedMargin) : !isBreached,
    isLocked: false,
  };
  if (usedMargin === 0n) return { ...finding, isRestored: true, warns: false, isOver: true };
  if (warningPct === undefined) return { ...finding, warns: false, isOver: !isBreached };
  /** The equity at so many times the limit and the warning's distance. */
  const level = (distance: Ratio): Ratio => {
    const share = percentOf(1n, warningPct);
    const added = times(share, distance);
    const factor = { value: added.scale + added.value, scale: added.scale };
    return times(percentOf(usedMargin, limitPct), factor);
  };
  return {
    ...finding,
    warns: compared(equity, level(whole(1n))) <= 0,
    isOver: compared(equity, level({ value: 11n, scale: 10n })) > 0,
  };
}

/** Whether the equity stands above that level of so much used margin. */
export function isAboveLevel(rule: ExactRule, equity: bigint, usedMargin: bigint): boolean {
  return compared(equity, percentOf(usedMargin, rule.limitPct)) > 0;
}

function whole(value: bigint): Ratio {
  return { value, scale: 1n };
}

function percentOf(amount: bigint, percent: Ratio | undefined): Ratio {
  if (percent === undefined) throw new Error('a rule has a percentage where it has no amount');
  return { value: amount * percent.value, scale: 100n * percent.scale };
}

function times(ratio: Ratio, factor: Ratio): Ratio {
  return { value: ratio.value * factor.value, scale: ratio.scale * factor.scale };
}

/** Below 0, 0 or above 0, as the amount is less than, equal to or more than the ratio. */
function compared(amount: bigint, { value, scale }: Ratio): number {
  const difference = amount * scale - value;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
