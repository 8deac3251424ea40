// The rules of an account guard (contract section 5), as they are given, stored and worked with.
import { canonical } from './chain.ts';
import type { DayClock } from './days.ts';
import { Decimal, decimal, text, zero, type Numeric } from './money.ts';

/** What a rule's floor is measured from. */
export const anchors = [
  'peakEquity',
  'initialBalance',
  'dayStartBalance',
  'dayStartEquity',
  'dayStartHigher',
  'highestDayEndBalance',
  'fixed',
  'marginLevel',
] as const;
export type Anchor = (typeof anchors)[number];

/** Anchors that are taken anew at the beginning of each day. */
export type DayAnchor = Extract<Anchor, `dayStart${string}` | 'highestDayEndBalance'>;

/** What a breach does, the strongest first. */
export const ruleActions = ['close', 'reduce', 'haltEntries', 'warn'] as const;
export type RuleAction = (typeof ruleActions)[number];

export interface RuleSpec {
  id: string;
  anchor: Anchor;
  limitPct?: Numeric | undefined;
  limitAmount?: Numeric | undefined;
  floor?: Numeric | undefined;
  pctOf?: 'anchor' | 'initialBalance' | undefined;
  lockAtInitial?: boolean | undefined;
  lockOffset?: Numeric | undefined;
  observed?: 'equity' | 'balance' | undefined;
  timezone?: string | undefined;
  resetAt?: string | undefined;
  warningPct?: Numeric | undefined;
  action?: RuleAction | undefined;
  graceSeconds?: number | undefined;
}

/** A rule as it is stored and answered: numbers as canonical text, defaults left out. */
export interface RuleRecord {
  id: string;
  anchor: Anchor;
  limitPct?: string;
  limitAmount?: string;
  floor?: string;
  pctOf?: 'anchor' | 'initialBalance';
  lockAtInitial?: boolean;
  lockOffset?: string;
  observed?: 'equity' | 'balance';
  timezone?: string;
  resetAt?: string;
  warningPct?: string;
  action?: RuleAction;
  graceSeconds?: number;
}

export interface Rule {
  readonly id: string;
  readonly anchor: Anchor;
  readonly limitPct: Decimal | undefined;
  readonly limitAmount: Decimal | undefined;
  readonly floor: Decimal | undefined;
  readonly pctOf: 'anchor' | 'initialBalance';
  /** How far above the initial balance the floor stops rising; undefined where it does not. */
  readonly lockOffset: Decimal | undefined;
  readonly observed: 'equity' | 'balance';
  /** Of an anchor that is taken anew each day. */
  readonly day: DayClock | undefined;
  readonly warningPct: Decimal | undefined;
  readonly action: RuleAction;
  readonly graceMs: number;
  readonly record: RuleRecord;
}

const msPerS = 1000;
const utcMidnight: DayClock = { timezone: 'UTC', resetAt: '00:00' };

export function ruleOf(given: RuleSpec): Rule {
  const { id, anchor } = given;
  const amountOf = (value: Numeric | undefined): Decimal | undefined =>
    value === undefined ? undefined : decimal(value);
  const rule = {
    id,
    anchor,
    limitPct: amountOf(given.limitPct),
    limitAmount: amountOf(given.limitAmount),
    floor: amountOf(given.floor),
    pctOf: given.pctOf ?? 'anchor',
    lockOffset: given.lockAtInitial === true ? (amountOf(given.lockOffset) ?? zero) : undefined,
    observed: given.observed ?? 'equity',
    day: isDayAnchor(anchor)
      ? {
          timezone: given.timezone ?? utcMidnight.timezone,
          resetAt: given.resetAt ?? utcMidnight.resetAt,
        }
      : undefined,
    warningPct: amountOf(given.warningPct),
    action: given.action ?? 'close',
    graceMs: Math.round((given.graceSeconds ?? 0) * msPerS),
  } as const;
  return { ...rule, record: recordOf(rule) };
}

function recordOf(rule: Omit<Rule, 'record'>): RuleRecord {
  const { day, lockOffset } = rule;
  const record: RuleRecord = { id: rule.id, anchor: rule.anchor };
  for (const key of ['limitPct', 'limitAmount', 'floor', 'warningPct'] as const) {
    const value = rule[key];
    if (value !== undefined) record[key] = text(value);
  }
  if (rule.pctOf !== 'anchor') record.pctOf = rule.pctOf;
  if (lockOffset !== undefined) record.lockAtInitial = true;
  if (lockOffset !== undefined && !lockOffset.isZero()) record.lockOffset = text(lockOffset);
  if (rule.observed !== 'equity') record.observed = rule.observed;
  if (day !== undefined && day.timezone !== utcMidnight.timezone) record.timezone = day.timezone;
  if (day !== undefined && day.resetAt !== utcMidnight.resetAt) record.resetAt = day.resetAt;
  if (rule.action !== 'close') record.action = rule.action;
  if (rule.graceMs !== 0) record.graceSeconds = rule.graceMs / msPerS;
  return record;
}

export function isDayAnchor(anchor: Anchor): anchor is DayAnchor {
  return anchor.startsWith('dayStart') || anchor === 'highestDayEndBalance';
}

/**
 * Whether a breach of it leaves the account in `warning`: one that reduces margin only where the rule
 * has a warning level, which is reached with it.
 */
export function warnsByBreach({
  action,
  warningPct,
}: Pick<Rule, 'action' | 'warningPct'>): boolean {
  return action !== 'close' && (action !== 'reduce' || warningPct !== undefined);
}

/** Whether two rules say the same, however they were written. */
export function isSameRule(a: Rule, b: Rule): boolean {
  return canonical(a.record) === canonical(b.record);
}

export function needsPeak(rules: readonly Rule[]): boolean {
  return rules.some((rule) => rule.anchor === 'peakEquity');
}

export function needsMargin(rules: readonly Rule[]): boolean {
  return rules.some((rule) => rule.anchor === 'marginLevel');
}

/** What a day's anchor is when the day begins. */
export function dayAnchorAt(
  anchor: DayAnchor,
  before: Decimal,
  { balance, equity }: { readonly balance: Decimal; readonly equity: Decimal },
): Decimal {
  switch (anchor) {
    case 'dayStartBalance':
      return balance;
    case 'dayStartEquity':
      return equity;
    case 'dayStartHigher':
      return Decimal.max(balance, equity);
    case 'highestDayEndBalance':
      return Decimal.max(before, balance);
  }
}

/**
 * The day's anchors of the rules when all are set anew in the middle of a day, by rule id: what came
 * before is forgotten.
 */
export function anchorsAnew(
  rules: readonly Rule[],
  now: { readonly balance: Decimal; readonly equity: Decimal },
): Map<string, { readonly value: Decimal }> {
  const values = new Map<string, { readonly value: Decimal }>();
  for (const { id, anchor } of rules) {
    if (isDayAnchor(anchor)) values.set(id, { value: dayAnchorAt(anchor, now.balance, now) });
  }
  return values;
}
