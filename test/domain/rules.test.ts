// The rules of an account: floors, warnings, breaches, recoveries, and where nothing happens.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Decimal, decimal, text } from '#src/domain/money';
import { judge, levelsOf, needsPeak, presets, quietBand, ruleOf } from '#src/domain/rules';
import type { RuleSpec } from '#src/domain/rules';
import { judgementOf, type ExactRule } from '../support/brute-force/rules.ts';

const peak20: RuleSpec = { id: 'peak', anchor: 'peakEquity', limitPct: 20 };
const amount: RuleSpec = { id: 'amount', anchor: 'peakEquity', limitAmount: '1500' };
const early: RuleSpec = { id: 'early', anchor: 'peakEquity', limitPct: 20, warningPct: 5 };
const fixed: RuleSpec = { id: 'fixed', anchor: 'fixed', floor: '8000' };
const fixedWarns: RuleSpec = { id: 'fixed', anchor: 'fixed', floor: '8000', warningPct: 10 };
const never: RuleSpec = { id: 'never', anchor: 'fixed', floor: '0' };

test('a rule is recorded with canonical numbers, and only with the fields that it has', () => {
  expect(ruleOf({ ...early, limitPct: '20.0' }).record).toEqual({
    id: 'early',
    anchor: 'peakEquity',
    limitPct: '20',
    warningPct: '5',
  });
  expect(ruleOf(amount).record).toEqual({
    id: 'amount',
    anchor: 'peakEquity',
    limitAmount: '1500',
  });
  expect(ruleOf({ ...fixedWarns, floor: 8e3 }).record).toEqual({
    id: 'fixed',
    anchor: 'fixed',
    floor: '8000',
    warningPct: '10',
  });
});

test('the default preset is what the contract says', () => {
  expect(presets.default.map((rule) => ruleOf(rule).record)).toEqual([
    { id: 'peak', anchor: 'peakEquity', limitPct: '20', warningPct: '15' },
    { id: 'minimum', anchor: 'fixed', floor: '100' },
  ]);
});

/** Floor, whether it is a breach itself, warning, recovery. */
test.each<[RuleSpec, string, [string, string, boolean, string | undefined, string | undefined]]>([
  // Warning at three quarters of the limit; over when the loss is below 90 % of that.
  [peak20, '10000', ['10000', '8000', true, '8500', '8650']],
  [peak20, '12345.6', ['12345.6', '9876.48', true, '10493.76', '10678.944']],
  [early, '10000', ['10000', '8000', true, '9500', '9550']],
  [amount, '10000', ['10000', '8500', true, '8875', '8987.5']],
  [{ ...amount, warningPct: 10 }, '10000', ['10000', '8500', true, '9000', '9100']],
  // A fixed floor is the same whatever the peak is.
  [fixed, '10000', ['8000', '8000', false, undefined, undefined]],
  [fixed, '9000', ['8000', '8000', false, undefined, undefined]],
  [fixedWarns, '10000', ['8000', '8000', false, '8800', '8880']],
  [
    { ...peak20, limitPct: '33.3333333333333333333' },
    '3',
    [
      '3',
      '2.000000000000000000001',
      true,
      '2.25000000000000000000075',
      '2.325000000000000000000675',
    ],
  ],
])('%j at a peak of %s has the levels %j', (spec, peak, expected) => {
  const levels = levelsOf(ruleOf(spec), decimal(peak));
  const shown = (value: Decimal | undefined): string | undefined => value && text(value);
  expect([
    shown(levels.anchorValue),
    shown(levels.floor),
    levels.breachesAtFloor,
    shown(levels.warnAt),
    shown(levels.recoverAbove),
  ]).toEqual(expected);
});

interface Judged {
  breach?: string;
  warnings?: string[];
  recovered?: string[];
}

/** At a peak of 10,000. */
test.each<[string, RuleSpec[], string, string[], Judged]>([
  ['quiet', [peak20, fixed], '10000', [], {}],
  ['just above the warning', [peak20], '8500.0000000001', [], {}],
  ['at the warning', [peak20], '8500', [], { warnings: ['peak'] }],
  ['below the warning', [peak20], '8100', [], { warnings: ['peak'] }],
  ['warned already', [peak20], '8500', ['peak'], {}],
  ['not recovered yet', [peak20], '8650', ['peak'], {}],
  ['recovered', [peak20], '8650.0000000001', ['peak'], { recovered: ['peak'] }],
  ['just above the floor', [peak20], '8000.0000000001', ['peak'], {}],
  ['at the floor of an anchored rule', [peak20], '8000', ['peak'], { breach: 'peak' }],
  [
    'at the floor without a warning before',
    [peak20],
    '8000',
    [],
    { breach: 'peak', warnings: ['peak'] },
  ],
  ['at a fixed floor', [fixed], '8000', [], {}],
  ['below a fixed floor', [fixed], '7999.9999999999', [], { breach: 'fixed' }],
  ['a fixed rule never warns', [fixed], '8000.0000000001', [], {}],
  ['at the warning of a fixed rule', [fixedWarns], '8800', [], { warnings: ['fixed'] }],
  ['not recovered from it', [fixedWarns], '8880', ['fixed'], {}],
  ['recovered from it', [fixedWarns], '8880.0000000001', ['fixed'], { recovered: ['fixed'] }],
  ['a warned rule that never warns does not recover', [fixed], '20000', ['fixed'], {}],
  ['the first of two breaches', [fixed, peak20], '7000', ['peak'], { breach: 'fixed' }],
  [
    'the first of two breaches, the other way',
    [peak20, fixed],
    '7000',
    ['peak'],
    { breach: 'peak' },
  ],
  ['only the one that is breached', [fixed, peak20], '8000', ['peak'], { breach: 'peak' }],
  [
    'two warnings, in the order of the list',
    [early, peak20],
    '8400',
    [],
    { warnings: ['early', 'peak'] },
  ],
  [
    'one recovered, one warned on',
    [early, peak20],
    '9000',
    ['early', 'peak'],
    { recovered: ['peak'] },
  ],
  [
    'one recovered, another warned',
    [amount, early],
    '9500',
    ['amount'],
    { recovered: ['amount'], warnings: ['early'] },
  ],
  ['a negative equity', [never], '-0.0000000001', [], { breach: 'never' }],
  ['no rules', [], '-5', [], {}],
])('%s: %j at %s with %j warned', (_, specs, equity, warned, expected) => {
  const rules = specs.map(ruleOf);
  const verdict = judge(rules, decimal(10000), decimal(equity), new Set(warned));
  expect({
    breach: verdict.breach?.rule.id,
    warnings: verdict.warnings.map((finding) => finding.rule.id),
    recovered: [...verdict.recovered],
  }).toEqual({ breach: undefined, warnings: [], recovered: [], ...expected });
});

test('a finding names the levels that it is of', () => {
  const verdict = judge([ruleOf(peak20)], decimal(10000), decimal(8000), new Set());
  expect(text(verdict.breach?.levels.floor ?? decimal(0))).toBe('8000');
  expect(text(verdict.warnings[0]?.levels.warnAt ?? decimal(0))).toBe('8500');
});

test.each<[RuleSpec[], boolean]>([
  [[], false],
  [[fixed], false],
  [[peak20], true],
  [[fixed, peak20], true],
])('%j need a peak: %j', (specs, expected) => {
  expect(needsPeak(specs.map(ruleOf))).toBe(expected);
});

/** At a peak of 10,000: above this, and below that, nothing happens. */
test.each<[string, RuleSpec[], string[], string | undefined, string | undefined]>([
  ['no rules', [], [], undefined, undefined],
  ['from the warning to the peak', [peak20], [], '8500', '10000'],
  ['from the floor to the recovery', [peak20], ['peak'], '8000', '8650'],
  ['a fixed floor has no upper end', [fixed], [], '8000', undefined],
  ['a fixed one that warns', [fixedWarns], [], '8800', undefined],
  ['a fixed one that warned', [fixedWarns], ['fixed'], '8000', '8880'],
  ['the highest of the lower ends', [peak20, early, fixed], [], '9500', '10000'],
  ['the lowest of the upper ends', [peak20, early], ['peak', 'early'], '8000', '8650'],
  ['the lowest of both kinds', [fixedWarns, peak20], ['fixed'], '8500', '8880'],
  ['a warning below the floor', [{ ...peak20, warningPct: 50 }], [], '8000', '10000'],
  ['a fixed floor above the peak', [{ ...fixed, floor: 12000 }, peak20], [], '12000', '10000'],
])('the quiet band is %s: %j with %j warned', (_, specs, warned, above, below) => {
  const band = quietBand(specs.map(ruleOf), decimal(10000), new Set(warned));
  expect(band.above && text(band.above)).toBe(above);
  expect(band.below && text(band.below)).toBe(below);
});

const percent = fc.integer({ min: 1, max: 100 });
const ruleSpec: fc.Arbitrary<RuleSpec> = fc
  .record({
    kind: fc.constantFrom('pct', 'amount', 'fixed'),
    limit: percent,
    amount: fc.integer({ min: 1, max: 200 }),
    warningPct: fc.option(percent, { nil: undefined }),
  })
  .map(({ kind, limit, amount: of, warningPct }) => {
    const warning = warningPct === undefined ? {} : { warningPct };
    if (kind === 'fixed') return { id: '', anchor: 'fixed', floor: of, ...warning };
    const limited = kind === 'pct' ? { limitPct: limit } : { limitAmount: of };
    return { id: '', anchor: 'peakEquity', ...limited, ...warning };
  });
const ruleSpecs = fc
  .array(ruleSpec, { maxLength: 4 })
  .map((specs) => specs.map((spec, i) => ({ ...spec, id: `r${i}` })));

interface Case {
  specs: RuleSpec[];
  equity: number;
  peak: number;
  warnedMask: number;
}

/** Equities are whole percentages of the peak, or one off: ties happen. */
const ruleCase: fc.Arbitrary<Case> = fc
  .record({
    specs: ruleSpecs,
    percentOfPeak: fc.integer({ min: -10, max: 110 }),
    off: fc.constantFrom(-1, 0, 0, 1),
    hundreds: fc.integer({ min: 1, max: 3 }),
    warnedMask: fc.integer({ min: 0, max: 15 }),
  })
  .map(({ percentOfPeak, off, hundreds, ...rest }) => ({
    ...rest,
    peak: hundreds * 100,
    equity: hundreds * percentOfPeak + off,
  }));

function warnedOf({ specs, warnedMask }: Case): Set<string> {
  return new Set(specs.filter((_, i) => (warnedMask >> i) & 1).map(({ id }) => id));
}

function exactRule(spec: RuleSpec): ExactRule {
  const pct = (value: RuleSpec['limitPct']) =>
    value === undefined ? undefined : { value: BigInt(value), scale: 1n };
  const whole = (value: RuleSpec['floor']) => (value === undefined ? undefined : BigInt(value));
  return {
    id: spec.id,
    isFixed: spec.anchor === 'fixed',
    floor: whole(spec.floor),
    limitAmount: whole(spec.limitAmount),
    limitPct: pct(spec.limitPct),
    warningPct: pct(spec.warningPct),
  };
}

test('a judgement is what integers say', () => {
  fc.assert(
    fc.property(ruleCase, (given) => {
      const { specs, equity, peak } = given;
      const warned = warnedOf(given);
      const verdict = judge(specs.map(ruleOf), decimal(peak), decimal(equity), warned);
      const exact = judgementOf(specs.map(exactRule), BigInt(equity), BigInt(peak));
      expect(verdict.breach?.rule.id).toBe(exact.breached?.id);
      expect(verdict.warnings.map(({ rule }) => rule.id)).toEqual(
        exact.warns.map(({ id }) => id).filter((id) => !warned.has(id)),
      );
      expect(verdict.recovered).toEqual(
        exact.recovers.map(({ id }) => id).filter((id) => warned.has(id)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('within the quiet band there is no verdict and no new peak', () => {
  let quiet = 0;
  let acted = 0;
  fc.assert(
    fc.property(ruleCase, (given) => {
      const { specs, equity, peak } = given;
      const rules = specs.map(ruleOf);
      const warned = warnedOf(given);
      const { above, below } = quietBand(rules, decimal(peak), warned);
      const isQuiet = (above?.lt(equity) ?? true) && (below?.gt(equity) ?? true);
      const verdict = judge(rules, decimal(peak), decimal(equity), warned);
      const acts =
        verdict.breach !== undefined ||
        verdict.warnings.length + verdict.recovered.length > 0 ||
        (needsPeak(rules) && equity > peak);
      expect(isQuiet && acts).toBe(false);
      if (isQuiet && specs.length > 0) quiet++;
      if (acts) acted++;
    }),
    { numRuns: 2000 },
  );
  // Both happened, or nothing was tested.
  expect(Math.min(quiet, acted)).toBeGreaterThan(50);
});
