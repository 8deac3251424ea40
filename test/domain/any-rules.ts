// Rules of every kind at random, near an account of 100, so that ties are frequent.
import fc from 'fast-check';
import { anchors, isDayAnchor, ruleActions, type Anchor, type RuleSpec } from '#src/domain/rules';
import { withoutDeadWarning } from '../support/dead-warning.ts';

const percent = fc.constantFrom(1, 5, '7.5', 10, 20, 25, 50, 100);
const amount = fc.constantFrom('1', 5, '7.5', 20, 120);
const offset = fc.constantFrom(0, 1, '2.5', -5, 20);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined });

const parts = fc.record({
  limit: fc.constantFrom('pct', 'amount'),
  percent,
  amount,
  floor: fc.constantFrom('0', 50, '80.5', 95, 120),
  pctOf: maybe(fc.constantFrom('anchor' as const, 'initialBalance' as const)),
  isLocked: fc.boolean(),
  lockOffset: maybe(offset),
  observed: maybe(fc.constantFrom('equity' as const, 'balance' as const)),
  timezone: maybe(fc.constantFrom('UTC', 'Europe/Prague')),
  resetAt: maybe(fc.constantFrom('00:00', '17:00')),
  warningPct: maybe(percent),
  action: maybe(fc.constantFrom(...ruleActions)),
  graceSeconds: maybe(fc.constantFrom(0, 5, '2.5').map(Number)),
  level: fc.constantFrom(10, '50', 100, 150, '1000'),
});

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

function specOf(id: string, anchor: Anchor, given: Parts): RuleSpec {
  const { warningPct, graceSeconds } = given;
  const action = given.action === 'reduce' && anchor !== 'marginLevel' ? 'warn' : given.action;
  const grace = action === undefined || action === 'close' ? { graceSeconds } : {};
  const shared = { id, anchor, action, warningPct, ...grace };
  if (anchor === 'marginLevel') return { ...shared, limitPct: given.level };
  const { observed, isLocked, lockOffset, timezone, resetAt } = given;
  if (anchor === 'fixed') return { ...shared, observed, floor: given.floor };
  return withoutDeadWarning<RuleSpec>({
    ...shared,
    ...(given.limit === 'pct' ? { limitPct: given.percent } : { limitAmount: given.amount }),
    ...{ observed, pctOf: given.pctOf },
    ...(isLocked ? { lockAtInitial: true, lockOffset } : {}),
    ...(isDayAnchor(anchor) ? { timezone, resetAt } : {}),
  });
}

/** Up to five, of different ids; every one is such as the contracts accept. */
export const anyRules: fc.Arbitrary<RuleSpec[]> = fc
  .array(fc.tuple(fc.constantFrom(...anchors), parts), { maxLength: 5 })
  .map((rules) => rules.map(([anchor, given], i) => specOf(`r${i}`, anchor, given)));
