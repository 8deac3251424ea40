// Rules as they are given, stored and compared, and what the anchors of a day become.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import {
  anchorsAnew,
  anchors,
  dayAnchorAt,
  isDayAnchor,
  isSameRule,
  needsMargin,
  needsPeak,
  ruleOf,
  warnsByBreach,
  type DayAnchor,
  type RuleRecord,
  type RuleSpec,
} from '#src/domain/rules';
import { anyRules } from './any-rules.ts';

const peak: RuleSpec = { id: 'r', anchor: 'peakEquity', limitPct: 20 };
const daily: RuleSpec = { id: 'r', anchor: 'dayStartEquity', limitPct: 5 };
const fixed: RuleSpec = { id: 'r', anchor: 'fixed', floor: 8000 };
const margin: RuleSpec = { id: 'r', anchor: 'marginLevel', limitPct: 50 };

test.each<[RuleSpec, RuleRecord]>([
  [
    { ...peak, limitPct: '20.0', warningPct: 5 },
    { id: 'r', anchor: 'peakEquity', limitPct: '20', warningPct: '5' },
  ],
  [
    { id: 'r', anchor: 'peakEquity', limitAmount: '1500' },
    { id: 'r', anchor: 'peakEquity', limitAmount: '1500' },
  ],
  [
    { ...fixed, floor: 8e3, warningPct: '10.50' },
    { id: 'r', anchor: 'fixed', floor: '8000', warningPct: '10.5' },
  ],
  [
    { ...fixed, floor: '-0' },
    { id: 'r', anchor: 'fixed', floor: '0' },
  ],
  // Defaults that are spelled out are left out.
  [
    { ...peak, pctOf: 'anchor', lockAtInitial: false, observed: 'equity', action: 'close' },
    { id: 'r', anchor: 'peakEquity', limitPct: '20' },
  ],
  [
    { ...peak, lockAtInitial: true, lockOffset: '0.00', graceSeconds: 0 },
    { id: 'r', anchor: 'peakEquity', limitPct: '20', lockAtInitial: true },
  ],
  [
    { ...daily, timezone: 'UTC', resetAt: '00:00' },
    { id: 'r', anchor: 'dayStartEquity', limitPct: '5' },
  ],
  // A day is the matter of an anchor that has one.
  [
    { ...peak, timezone: 'Europe/Prague', resetAt: '17:00' },
    { id: 'r', anchor: 'peakEquity', limitPct: '20' },
  ],
  // Everything that is not the default stays.
  [
    {
      ...daily,
      ...{ pctOf: 'initialBalance', lockAtInitial: true, lockOffset: '-100.50' },
      ...{ observed: 'balance', timezone: 'Europe/Prague', resetAt: '17:00' },
      ...{ warningPct: 1, graceSeconds: 1.5 },
    },
    {
      ...{ id: 'r', anchor: 'dayStartEquity', limitPct: '5' },
      ...{ pctOf: 'initialBalance', lockAtInitial: true, lockOffset: '-100.5' },
      ...{ observed: 'balance', timezone: 'Europe/Prague', resetAt: '17:00' },
      ...{ warningPct: '1', graceSeconds: 1.5 },
    },
  ],
  [
    { ...margin, action: 'reduce' },
    { id: 'r', anchor: 'marginLevel', limitPct: '50', action: 'reduce' },
  ],
  [
    { ...peak, action: 'haltEntries' },
    { id: 'r', anchor: 'peakEquity', limitPct: '20', action: 'haltEntries' },
  ],
  [
    { ...peak, action: 'warn' },
    { id: 'r', anchor: 'peakEquity', limitPct: '20', action: 'warn' },
  ],
])('%j is recorded as %j', (spec, record) => {
  expect(ruleOf(spec).record).toEqual(record);
});

test('a rule that says nothing closes at once, by its equity, in days of UTC', () => {
  expect(ruleOf(daily)).toMatchObject({
    ...{ action: 'close', graceMs: 0, observed: 'equity', pctOf: 'anchor', lockOffset: undefined },
    ...{ day: { timezone: 'UTC', resetAt: '00:00' }, warningPct: undefined },
  });
  expect(ruleOf({ ...peak, graceSeconds: 0.25 }).graceMs).toBe(250);
  expect(ruleOf({ ...daily, timezone: 'Asia/Tokyo' }).day).toEqual({
    ...{ timezone: 'Asia/Tokyo', resetAt: '00:00' },
  });
});

test('a lock is at the initial balance, unless it has an offset', () => {
  const offsetOf = (spec: RuleSpec): string | undefined => {
    const { lockOffset } = ruleOf(spec);
    return lockOffset && text(lockOffset);
  };
  expect(offsetOf(peak)).toBeUndefined();
  expect(offsetOf({ ...peak, lockAtInitial: true })).toBe('0');
  expect(offsetOf({ ...peak, lockAtInitial: true, lockOffset: 100 })).toBe('100');
});

test('what is recorded makes the same rule again', () => {
  fc.assert(
    fc.property(anyRules, (specs) => {
      for (const spec of specs) {
        const rule = ruleOf(spec);
        const again = ruleOf(rule.record);
        expect(again.record).toEqual(rule.record);
        expect(again).toEqual(rule);
        expect(isSameRule(rule, again)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test.each<[string, RuleSpec, RuleSpec, boolean]>([
  ['itself', peak, peak, true],
  ['other text of the same number', peak, { ...peak, limitPct: '20.000' }, true],
  [
    'its defaults spelled out',
    daily,
    {
      ...daily,
      ...{ pctOf: 'anchor', observed: 'equity', lockAtInitial: false, action: 'close' },
      ...{ timezone: 'UTC', resetAt: '00:00', graceSeconds: 0 },
    },
    true,
  ],
  ['keys in another order', peak, { limitPct: '20', anchor: 'peakEquity', id: 'r' }, true],
  [
    'a lock without an offset, and one of 0',
    { ...peak, lockAtInitial: true },
    { ...peak, lockAtInitial: true, lockOffset: 0 },
    true,
  ],
  ['another id', peak, { ...peak, id: 's' }, false],
  ['another anchor', peak, { ...peak, anchor: 'initialBalance' }, false],
  ['another limit', peak, { ...peak, limitPct: '20.000000000000000001' }, false],
  ['an amount', peak, { ...peak, limitPct: undefined, limitAmount: 20 }, false],
  ['a percentage of something else', peak, { ...peak, pctOf: 'initialBalance' }, false],
  ['a lock', peak, { ...peak, lockAtInitial: true }, false],
  [
    'another lock',
    { ...peak, lockAtInitial: true },
    { ...peak, lockAtInitial: true, lockOffset: 1 },
    false,
  ],
  ['the balance', peak, { ...peak, observed: 'balance' }, false],
  ['another time zone', daily, { ...daily, timezone: 'Europe/Prague' }, false],
  ['another reset', daily, { ...daily, resetAt: '00:01' }, false],
  ['another floor', fixed, { ...fixed, floor: 8001 }, false],
  // The default of three quarters is not the same as saying so: it is, until the limit changes.
  ['a warning spelled out', peak, { ...peak, warningPct: 15 }, false],
  ['another action', peak, { ...peak, action: 'warn' }, false],
  ['a grace', peak, { ...peak, graceSeconds: 1 }, false],
])('a rule and %s are the same: %4$j', (_, one, other, expected) => {
  expect(isSameRule(ruleOf(one), ruleOf(other))).toBe(expected);
  expect(isSameRule(ruleOf(other), ruleOf(one))).toBe(expected);
});

test.each<[RuleSpec[], peak: boolean, margin: boolean]>([
  [[], false, false],
  [[fixed], false, false],
  [[daily], false, false],
  [[peak], true, false],
  [[fixed, peak], true, false],
  [[margin], false, true],
  [[margin, peak], true, true],
])('%j need a peak: %j, the margin in use: %j', (specs, isPeakNeeded, isMarginNeeded) => {
  expect(needsPeak(specs.map(ruleOf))).toBe(isPeakNeeded);
  expect(needsMargin(specs.map(ruleOf))).toBe(isMarginNeeded);
});

test.each<[RuleSpec, boolean]>([
  [peak, false],
  [{ ...peak, action: 'haltEntries' }, true],
  [{ ...peak, action: 'warn' }, true],
  [{ ...fixed, action: 'warn' }, true],
  [{ ...margin, action: 'haltEntries' }, true],
  // The margin is restored at once, so that there is something to warn of only where it says so.
  [{ ...margin, action: 'reduce' }, false],
  [{ ...margin, action: 'reduce', warningPct: 10 }, true],
])('a breach of %j leaves a warning: %j', (spec, expected) => {
  expect(warnsByBreach(ruleOf(spec))).toBe(expected);
});

test('four anchors have days', () => {
  expect(anchors.filter(isDayAnchor)).toEqual([
    'dayStartBalance',
    'dayStartEquity',
    'dayStartHigher',
    'highestDayEndBalance',
  ]);
});

/** Before it was 100. */
test.each<[DayAnchor, balance: number, equity: number, at: string, anew: string]>([
  ['dayStartBalance', 90, 120, '90', '90'],
  ['dayStartEquity', 90, 120, '120', '120'],
  ['dayStartEquity', 90, -5, '-5', '-5'],
  ['dayStartHigher', 90, 120, '120', '120'],
  ['dayStartHigher', 90, 80, '90', '90'],
  // What an account once had counts for ever, unless all anchors are set anew.
  ['highestDayEndBalance', 90, 120, '100', '90'],
  ['highestDayEndBalance', 110, 120, '110', '110'],
])('%s at a balance of %d and an equity of %d is %s, anew %s', (anchor, ...given) => {
  const [balance, equity, at, anew] = given;
  const now = { balance: decimal(balance), equity: decimal(equity) };
  expect(text(dayAnchorAt(anchor, decimal(100), now))).toBe(at);
  const rule = ruleOf({ id: 'r', anchor, limitPct: 5 });
  expect(anchorsAnew([rule], now).get('r')?.value.toFixed()).toBe(anew);
});
