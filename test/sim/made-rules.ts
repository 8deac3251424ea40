// Rules of accounts as a simulated world makes them up: every anchor and action, in mixes, and near
// enough that they act in an hour.
import { anchors, isDayAnchor, ruleActions, type Anchor, type RuleSpec } from '#src/domain/rules';
import { decimal, text } from '#src/domain/money';
import { withoutDeadWarning } from '../support/dead-warning.ts';
import type { Random } from '../support/random.ts';
import { initialBalance, startTs } from './sim-settings.ts';

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
const dayMs = dayMinutes * minuteMs;

/** Minutes that local time is ahead of UTC in January 2026, when every simulated world is. */
const zones: Readonly<Record<string, number>> = {
  UTC: 0,
  'Europe/Prague': 60,
  'America/New_York': -300,
  'America/Chicago': -360,
  'Asia/Kolkata': 330,
  'Asia/Kathmandu': 345,
  'Australia/Sydney': 660,
  'Pacific/Chatham': 825,
};

/** Days begin so many minutes into the world at the earliest and at the latest. */
const resetMinutes = [2, 45] as const;

export function madeRules(random: Random): RuleSpec[] {
  const count = random.int(2, 5);
  return Array.from({ length: count }, (_, i) => {
    // Half of them are of those that move by themselves.
    const anchor = random.chance(0.3)
      ? random.pick(['peakEquity', 'marginLevel'] as const)
      : random.pick(anchors);
    return madeRule(random, `r${i}-${anchor}`, anchor);
  });
}

function madeRule(random: Random, id: string, anchor: Anchor): RuleSpec {
  const rule = { id, anchor, ...termsOf(random, anchor) };
  return anchor === 'fixed' || anchor === 'marginLevel' ? rule : withoutDeadWarning(rule);
}

function termsOf(random: Random, anchor: Anchor): Omit<RuleSpec, 'id' | 'anchor'> {
  if (anchor === 'marginLevel') {
    const action = random.chance(0.6) ? 'reduce' : random.pick(ruleActions);
    return {
      limitPct: random.int(100, 500),
      ...(random.chance(0.5) && { warningPct: random.int(5, 60) }),
      ...actionOf(random, action),
    };
  }
  const action = random.pick(['close', 'close', 'haltEntries', 'warn'] as const);
  const observed = random.chance(0.2) ? ({ observed: 'balance' } as const) : {};
  if (anchor === 'fixed') {
    const below = random.between(100, action === 'close' ? 2500 : 800);
    return {
      floor: text(decimal(initialBalance).minus(below.toFixed(2))),
      ...(random.chance(0.7) && { warningPct: random.between(0.05, 0.8).toFixed(3) }),
      ...observed,
      ...actionOf(random, action),
    };
  }
  const isFixed = anchor === 'initialBalance';
  const limit = random.between(60, isFixed && action === 'close' ? 2500 : 500);
  return {
    ...(random.chance(0.5) ? { limitAmount: limit.toFixed(2) } : { limitPct: percent(limit) }),
    ...(random.chance(0.3) && { pctOf: 'initialBalance' as const }),
    ...(random.chance(0.3) && {
      lockAtInitial: true,
      ...(random.chance(0.5) && { lockOffset: random.int(1, 200) }),
    }),
    ...(random.chance(0.5) && { warningPct: percent(limit * random.between(0.3, 1)) }),
    ...(isDayAnchor(anchor) && madeDay(random)),
    ...observed,
    ...actionOf(random, action),
  };
}

function actionOf(random: Random, action: NonNullable<RuleSpec['action']>): Partial<RuleSpec> {
  if (action !== 'close') return { action };
  return {
    ...(random.chance(0.5) && { action }),
    ...(random.chance(0.5) && { graceSeconds: random.int(5, 120) }),
  };
}

/** What the amount is, in percent of what an account has at first. */
function percent(amount: number): string {
  return Math.max((amount * 100) / Number(initialBalance), 0.001).toFixed(4);
}

function madeDay(random: Random): { timezone?: string; resetAt: string } {
  const timezone = random.pick(Object.keys(zones));
  const local = random.int(...resetMinutes) + (zones[timezone] ?? 0);
  const minutes = (local + 2 * dayMinutes) % dayMinutes;
  const two = (n: number): string => String(n).padStart(2, '0');
  const resetAt = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return timezone === 'UTC' && random.chance(0.5) ? { resetAt } : { timezone, resetAt };
}

/** The last beginning of a day of the rule at or before `ts`; undefined where it has no days. */
export function lastResetOf(
  {
    anchor,
    timezone = 'UTC',
    resetAt = '00:00',
  }: Pick<RuleSpec, 'anchor' | 'timezone' | 'resetAt'>,
  ts: number,
): number | undefined {
  if (!isDayAnchor(anchor)) return undefined;
  const [hours = 0, minutes = 0] = resetAt.split(':').map(Number);
  const offset = zones[timezone];
  if (offset === undefined) return undefined;
  const first = startTs + (hours * 60 + minutes - offset) * minuteMs;
  return first + Math.floor((ts - first) / dayMs) * dayMs;
}

/** The same rules, one of them with other terms, or without it. */
export function changedRules(random: Random, before: readonly RuleSpec[]): RuleSpec[] {
  if (before.length === 0 || random.chance(0.2)) return madeRules(random);
  const { id, anchor } = random.pick(before);
  const isLess = random.chance(0.2);
  return before.flatMap((rule) => {
    if (rule.id !== id) return [rule];
    return isLess ? [] : [madeRule(random, id, anchor)];
  });
}

const numeric = ['limitPct', 'limitAmount', 'floor', 'lockOffset', 'warningPct'] as const;

/** The same rules in other words: defaults that are said, zeros at the end, in another order. */
export function rewordedRules(random: Random, rules: readonly RuleSpec[]): RuleSpec[] {
  return rules.map((rule) => {
    const said: RuleSpec = { ...rule };
    if (random.chance(0.5)) said.action ??= 'close';
    if (isDayAnchor(rule.anchor) && random.chance(0.5)) said.timezone ??= 'UTC';
    if (rule.anchor !== 'marginLevel' && random.chance(0.5)) said.observed ??= 'equity';
    for (const name of numeric) {
      const value = said[name];
      if (value === undefined || random.chance(0.5)) continue;
      said[name] = random.chance(0.5) ? Number(value) : `${text(decimal(value))}.0`;
      if (String(value).includes('.') && typeof said[name] === 'string') said[name] = `${value}0`;
    }
    const entries = Object.entries(said);
    return Object.fromEntries(random.chance(0.5) ? entries.toReversed() : entries) as never;
  });
}
