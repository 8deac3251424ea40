// The equities within which rules have nothing to say: never wider than they are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '#src/domain/judge';
import { decimal } from '#src/domain/money';
import { ruleOf, type RuleRecord, type RuleSpec } from '#src/domain/rules';
import type { Draft } from '#src/domain/records';
import type { Account } from '#src/domain/state';
import { actsBelow, boundsOf } from '#src/prices/rule-bounds';
import { anyRules } from '../domain/any-rules.ts';
import { accountCreated, Story } from '../domain/story.ts';

const peak: RuleRecord = { id: 'peak', anchor: 'peakEquity', limitPct: '20' };
const fixed: RuleRecord = { id: 'fixed', anchor: 'fixed', floor: '50' };
const margin: RuleRecord = { id: 'margin', anchor: 'marginLevel', limitPct: '50' };
const locked: RuleRecord = { ...peak, id: 'locked', lockAtInitial: true, warningPct: '100' };

/** A balance, a peak and an initial balance of 100. */
function accountOf(rules: RuleRecord[], ...drafts: Draft[]): Account {
  return new Story().tell(accountCreated({ balance: '100', rules }), ...drafts).account();
}

const observation = { observed: '0', floor: '0', anchorValue: '0' };
const warned = (ruleId: string): Draft => ({
  type: 'rule.warned',
  accountId: 'a',
  body: { ...observation, ruleId },
});
const breached = (ruleId: string, action: 'close' | 'reduce' | 'haltEntries' | 'warn'): Draft => ({
  type: 'rule.breached',
  accountId: 'a',
  body: { ...observation, ruleId, breachId: 'b', reason: 'x', action },
});
const halted: Draft = { type: 'account.halted', accountId: 'a', body: { reason: 'x', by: 'y' } };

/** At a peak of 100 and of 120 the rules may act at or below this equity; at or above that ends. */
test.each<[string, RuleRecord[], Draft[], [at100: number, at120: number, above?: number]]>([
  ['no rules', [], [], [-Infinity, -Infinity]],
  ['a peak: its warning, which follows', [peak], [], [85, 105]],
  ['warned: its floor, until it is over', [peak], [warned('peak')], [80, 100, 86.5]],
  ['a floor', [fixed], [], [50, 50]],
  ['a floor that warns', [{ ...fixed, warningPct: '10' }], [], [55, 55]],
  ['both: the higher one', [peak, { ...fixed, floor: '90' }], [], [90, 105]],
  ['an initial balance', [{ ...peak, anchor: 'initialBalance' }], [], [85, 85]],
  ['a lock holds a floor', [locked], [], [80, 100]],
  ['and no warning', [{ ...locked, warningPct: '5' }], [], [95, 115]],
  [
    'a breach that halts entries ends above its floor',
    [{ ...peak, action: 'haltEntries' }],
    [breached('peak', 'haltEntries')],
    [-Infinity, -Infinity, 80],
  ],
  [
    'one that warns with its warning',
    [{ ...peak, action: 'warn' }],
    [breached('peak', 'warn')],
    [-Infinity, -Infinity, 86.5],
  ],
  [
    'after a breach that closes nothing acts',
    [peak, fixed],
    [breached('peak', 'close')],
    [-Infinity, -Infinity],
  ],
  ['after an operator’s halt all do', [peak], [halted], [85, 105]],
  ['a margin is no equity', [margin], [], [-Infinity, -Infinity]],
])('%s', (_, rules, drafts, [at100, at120, above = Infinity]) => {
  const bounds = boundsOf(accountOf(rules, ...drafts));
  expect(actsBelow(bounds, 100)).toBeCloseTo(at100, 9);
  expect(actsBelow(bounds, 120)).toBeCloseTo(at120, 9);
  expect(bounds.above).toBeCloseTo(above, 9);
  // Rather too narrow than too wide.
  expect(above === Infinity || bounds.above < above).toBe(true);
  expect(at100 === -Infinity || actsBelow(bounds, 100) > at100).toBe(true);
});

test('a lock holds the floor at the initial balance, however high the peak is', () => {
  const bounds = boundsOf(accountOf([{ ...locked, lockOffset: '5' }], warned('locked')));
  expect(actsBelow(bounds, 125)).toBeCloseTo(105, 9);
  expect(actsBelow(bounds, 1000)).toBeCloseTo(105, 9);
});

test('a lock holds no other rule down, whichever comes first', () => {
  const told = [warned('peak'), warned('locked')];
  for (const rules of [
    [peak, locked],
    [locked, peak],
  ]) {
    expect(actsBelow(boundsOf(accountOf(rules, ...told)), 200)).toBeCloseTo(180, 9);
  }
});

test.each<[string, RuleRecord[], Draft[], [below: number, above: number, isOpen: boolean]]>([
  ['a margin', [margin], [], [0.5, Infinity, false]],
  ['one that warns', [{ ...margin, warningPct: '20' }], [], [0.6, Infinity, false]],
  ['warned', [{ ...margin, warningPct: '20' }], [warned('margin')], [0.5, 0.61, false]],
  [
    'the highest of two',
    [margin, { ...margin, id: 'm', limitPct: '80' }],
    [],
    [0.8, Infinity, false],
  ],
  [
    'one that halted entries',
    [{ ...margin, action: 'haltEntries' }],
    [breached('margin', 'haltEntries')],
    [0, 0.5, false],
  ],
  [
    'one that is reduced is looked at always',
    [{ ...margin, action: 'reduce' }],
    [breached('margin', 'reduce')],
    [0, 0.5, true],
  ],
  ['none', [peak], [], [0, Infinity, false]],
])('of the margin in use: %s', (_, rules, drafts, [below, above, isOpen]) => {
  const bounds = boundsOf(accountOf(rules, ...drafts));
  expect(bounds.marginBelow).toBeCloseTo(below, 12);
  expect(bounds.marginAbove).toBeCloseTo(above, 12);
  expect(bounds.isOpen).toBe(isOpen);
});

test('a rule of the balance is one of records, unless the peak comes up to it', () => {
  const own: RuleRecord = { ...peak, anchor: 'initialBalance', observed: 'balance' };
  expect(boundsOf(accountOf([own]))).toMatchObject({ watchesBalance: true, peakBelow: Infinity });
  // Its warning is at 85 and rises as the peak does: it is at 100 when that is at 115.
  const bounds = boundsOf(accountOf([{ ...own, anchor: 'peakEquity' }]));
  expect(bounds.peakBelow).toBeCloseTo(115, 9);
  expect(bounds.peakBelow).toBeLessThan(115);
  expect(boundsOf(accountOf([peak])).watchesBalance).toBe(false);
});

const anyCase = fc.record({
  specs: anyRules,
  told: fc.array(fc.constantFrom('', '', 'warned', 'breached'), { minLength: 5, maxLength: 5 }),
  isHalted: fc.boolean(),
  balance: fc.integer({ min: 700, max: 1300 }),
  peak: fc.integer({ min: 900, max: 1300 }),
  /** How far the peak has risen since the bounds were made. */
  rise: fc.constantFrom(0, 0, 1, 25, 100, 300),
  equity: fc.integer({ min: 0, max: 1500 }),
  off: fc.constantFrom('0', '1e-20', '-1e-20', '1e-9', '-1e-9'),
  margin: fc.constantFrom(0, 50, 100, 700),
});

type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;

function madeOf({ specs, told, isHalted, balance, peak: tenths }: Case): Account {
  const drafts = specs.flatMap(({ id, action = 'close' }: RuleSpec, i): Draft[] => {
    if (told[i] === 'warned') return [warned(id)];
    return told[i] === 'breached' && action !== 'close' ? [breached(id, action)] : [];
  });
  const rules = specs.map((spec) => ruleOf(spec).record);
  const account = accountOf(rules, ...drafts, ...(isHalted ? [halted] : []));
  account.balance = decimal(balance).dividedBy(10);
  account.peak = decimal(tenths).dividedBy(10);
  return account;
}

test('within the bounds no rule has anything to say', () => {
  let quiet = 0;
  let spoke = 0;
  fc.assert(
    fc.property(anyCase, (made) => {
      const account = madeOf(made);
      const bounds = boundsOf(account);
      const peakNow = account.peak.plus(decimal(made.rise).dividedBy(10));
      const exact = decimal(made.equity).dividedBy(10).plus(made.off);
      const equity = exact.toNumber();
      // As a watch looks at them, with what a double loses of such amounts.
      const error = 1e-8;
      const byMargin = made.margin > 0 ? bounds.marginBelow * made.margin : -Infinity;
      const endsByMargin =
        bounds.marginAbove === Infinity ? Infinity : bounds.marginAbove * made.margin;
      const isQuiet =
        !bounds.isOpen &&
        equity - error > Math.max(actsBelow(bounds, peakNow.toNumber()), byMargin) &&
        equity + error < Math.min(bounds.above, endsByMargin) &&
        peakNow.toNumber() < bounds.peakBelow;
      const seen = { equity: exact, balance: account.balance, usedMargin: decimal(made.margin) };
      // What looks at the balance is asked whenever that has changed: here nothing has but the peak.
      const before = judge(account.rules, account, seen, account);
      const verdict = judge(account.rules, { ...account, peak: peakNow }, seen, account);
      const saysOf = ({
        breach,
        warnings,
        recovered,
        restored,
        short,
      }: typeof verdict): string[] => [
        ...(breach === undefined ? [] : [breach.rule.id]),
        ...[...warnings, ...short].map(({ rule }) => rule.id),
        ...recovered,
        ...restored,
      ];
      const watchesBalance = (id: string): boolean =>
        account.rules.some((rule) => rule.id === id && rule.observed === 'balance');
      const isOld = (id: string): boolean => watchesBalance(id) && saysOf(before).includes(id);
      const says = saysOf(verdict).filter((id) => !isOld(id));
      expect(isQuiet ? says : []).toEqual([]);
      if (isQuiet && made.specs.length > 0) quiet++;
      if (says.length > 0) spoke++;
    }),
    { numRuns: 4000 },
  );
  expect(Math.min(quiet, spoke)).toBeGreaterThan(200);
});
