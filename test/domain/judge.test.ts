// What the rules of an account say together: which breach counts, what warns, what is over.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge, type Told } from '#src/domain/judge';
import { decimal, text } from '#src/domain/money';
import type { Observation, Standing } from '#src/domain/rule-levels';
import { ruleOf, type RuleAction, type RuleSpec } from '#src/domain/rules';
import {
  exactRule,
  findingOf,
  strongestOf,
  type ExactRule,
  type Finding,
} from '../support/brute-force/rules.ts';
import type { ScenarioRule } from '../support/scenario.ts';
import { anyRules } from './any-rules.ts';

/** At a peak of 10,000, which was the initial balance too. */
const standing: Standing = {
  peak: decimal(10000),
  initialBalance: decimal(10000),
  anchors: new Map(),
};

const peak20: RuleSpec = { id: 'peak', anchor: 'peakEquity', limitPct: 20 };
const amount: RuleSpec = { id: 'amount', anchor: 'peakEquity', limitAmount: '1500' };
const early: RuleSpec = { id: 'early', anchor: 'peakEquity', limitPct: 20, warningPct: 5 };
const fixed: RuleSpec = { id: 'fixed', anchor: 'fixed', floor: '8000' };
const fixedWarns: RuleSpec = { ...fixed, warningPct: 10 };
const never: RuleSpec = { id: 'never', anchor: 'fixed', floor: '0' };
const warn: RuleSpec = { ...peak20, id: 'warn', action: 'warn' };
const halt: RuleSpec = { ...peak20, id: 'halt', action: 'haltEntries' };
/** Half of a margin of 16,000: at an equity of 8,000. */
const reduce: RuleSpec = { id: 'reduce', anchor: 'marginLevel', limitPct: 50, action: 'reduce' };

interface Said {
  breach?: string;
  also?: string[];
  warnings?: string[];
  recovered?: string[];
  restored?: string[];
  short?: string[];
}

/** What is told already: rules that warned, and `rule:action` of breaches that stand. */
type Known = string[];

function toldOf(known: Known): Told {
  const breaches = known.filter((word) => word.includes(':')).map((word) => word.split(':'));
  return {
    warned: new Set(known.filter((word) => !word.includes(':'))),
    breaches: new Map(breaches.map(([id, action]) => [`${id}`, { action: action as RuleAction }])),
  };
}

function saidOf(specs: readonly RuleSpec[], observation: Observation, told: Told): Said {
  const verdict = judge(specs.map(ruleOf), standing, observation, told);
  const said: Said = {};
  const idsOf = (findings: readonly { rule: { id: string } }[]): string[] =>
    findings.map(({ rule }) => rule.id);
  if (verdict.breach !== undefined) said.breach = verdict.breach.rule.id;
  const lists = {
    ...{ also: verdict.also, recovered: verdict.recovered, restored: verdict.restored },
    ...{ warnings: idsOf(verdict.warnings), short: idsOf(verdict.short) },
  };
  for (const [name, list] of Object.entries(lists)) {
    if (list.length > 0) said[name as 'also'] = [...list];
  }
  return said;
}

/** The equity is the balance; a margin of 16,000 is in use. */
test.each<[string, RuleSpec[], string, Known, Said]>([
  ['quiet', [peak20, fixed], '10000', [], {}],
  ['no rules', [], '-5', [], {}],

  // Warnings.
  ['just above the warning', [peak20], '8500.0000000001', [], {}],
  ['at the warning', [peak20], '8500', [], { warnings: ['peak'] }],
  ['below the warning', [peak20], '8100', [], { warnings: ['peak'] }],
  ['warned already', [peak20], '8500', ['peak'], {}],
  ['not recovered yet', [peak20], '8650', ['peak'], {}],
  ['recovered', [peak20], '8650.0000000001', ['peak'], { recovered: ['peak'] }],
  ['a fixed rule never warns', [fixed], '8000.0000000001', [], {}],
  ['at the warning of a fixed rule', [fixedWarns], '8800', [], { warnings: ['fixed'] }],
  ['not recovered from it', [fixedWarns], '8880', ['fixed'], {}],
  ['recovered from it', [fixedWarns], '8880.0000000001', ['fixed'], { recovered: ['fixed'] }],
  ['two warnings, as listed', [early, peak20], '8400', [], { warnings: ['early', 'peak'] }],
  ['one over, one on', [early, peak20], '9000', ['early', 'peak'], { recovered: ['peak'] }],
  [
    'one over, another warns',
    [amount, early],
    '9500',
    ['amount'],
    { recovered: ['amount'], warnings: ['early'] },
  ],

  // Breaches.
  ['just above the floor', [peak20], '8000.0000000001', ['peak'], {}],
  ['at the floor of an anchored rule', [peak20], '8000', ['peak'], { breach: 'peak' }],
  ['at the floor without a warning', [peak20], '8000', [], { breach: 'peak' }],
  ['at a fixed floor', [fixed], '8000', [], {}],
  ['below a fixed floor', [fixed], '7999.9999999999', [], { breach: 'fixed' }],
  ['a negative equity', [never], '-0.0000000001', [], { breach: 'never' }],
  ['only the one that is breached', [fixed, peak20], '8000', ['peak'], { breach: 'peak' }],
  [
    'one is breached, another warns',
    [halt, fixedWarns],
    '8000',
    [],
    { breach: 'halt', warnings: ['fixed'] },
  ],

  // The strongest action counts, of the same one the first in the list.
  ['two that close', [fixed, peak20], '7000', [], { breach: 'fixed', also: ['peak'] }],
  ['the other way', [peak20, fixed], '7000', [], { breach: 'peak', also: ['fixed'] }],
  [
    'all of them, the weakest first',
    [warn, halt, reduce, peak20],
    '7000',
    [],
    { breach: 'peak', also: ['warn', 'halt', 'reduce'], short: ['reduce'] },
  ],
  [
    'reduce before haltEntries',
    [warn, halt, reduce],
    '7000',
    [],
    { breach: 'reduce', also: ['warn', 'halt'], short: ['reduce'] },
  ],
  ['haltEntries before warn', [warn, halt], '8000', [], { breach: 'halt', also: ['warn'] }],
  [
    'of two that halt the first',
    [warn, { ...halt, id: 'other' }, halt],
    '8000',
    [],
    { breach: 'other', also: ['warn', 'halt'] },
  ],

  // Breaches that stand are not told again; what is breached beside them is.
  ['warn stands', [warn], '7000', ['warn', 'warn:warn'], {}],
  ['haltEntries stands', [halt], '7000', ['halt', 'halt:haltEntries'], {}],
  [
    'one stands, another comes',
    [halt, fixed],
    '7000',
    ['halt', 'halt:haltEntries'],
    {
      breach: 'fixed',
    },
  ],
  ['a stronger one stands', [warn, halt], '7000', ['halt', 'halt:haltEntries'], { breach: 'warn' }],

  // They are over: entries at once, the warning later.
  [
    'haltEntries is over',
    [halt],
    '8000.0001',
    ['halt', 'halt:haltEntries'],
    {
      restored: ['halt'],
    },
  ],
  ['and its warning', [halt], '8650.0001', ['halt'], { recovered: ['halt'] }],
  [
    'both at once',
    [halt],
    '9000',
    ['halt', 'halt:haltEntries'],
    {
      ...{ restored: ['halt'], recovered: ['halt'] },
    },
  ],
  ['a warn is over with its warning', [warn], '8650', ['warn', 'warn:warn'], {}],
  ['which is told', [warn], '8650.0001', ['warn', 'warn:warn'], { recovered: ['warn'] }],
  ['breached again meanwhile', [halt], '8000', ['halt'], { breach: 'halt' }],
  [
    'a rule without a warning: with its breach',
    [{ ...fixed, action: 'haltEntries' }],
    '8000',
    ['fixed', 'fixed:haltEntries'],
    { restored: ['fixed'], recovered: ['fixed'] },
  ],
  ['and not before', [{ ...fixed, action: 'warn' }], '7999', ['fixed', 'fixed:warn'], {}],

  // A reduction goes on until the level is above the limit, not only at it.
  ['a margin is short', [reduce], '7999.9999', [], { breach: 'reduce', short: ['reduce'] }],
  ['still', [reduce], '7999.9999', ['reduce:reduce'], { short: ['reduce'] }],
  ['at the limit', [reduce], '8000', ['reduce:reduce'], { short: ['reduce'] }],
  ['above it', [reduce], '8000.0001', ['reduce:reduce'], { restored: ['reduce'] }],
  [
    'a margin that halts entries: not below',
    [{ ...reduce, action: 'haltEntries' }],
    '8000',
    ['reduce', 'reduce:haltEntries'],
    { restored: ['reduce'], recovered: ['reduce'] },
  ],
  [
    'one that warns has warned with its breach',
    [{ ...reduce, warningPct: 10 }],
    '8001',
    ['reduce', 'reduce:reduce'],
    { restored: ['reduce'] },
  ],
  [
    'until it is far above',
    [{ ...reduce, warningPct: 10 }],
    '8880.0001',
    ['reduce'],
    {
      recovered: ['reduce'],
    },
  ],
])('%s: %j at %s with %j told', (_, specs, equity, known, expected) => {
  const observation = {
    equity: decimal(equity),
    balance: decimal(equity),
    usedMargin: decimal(16000),
  };
  expect(saidOf(specs, observation, toldOf(known))).toEqual(expected);
});

test('without margin in use nothing is short, and what was is over', () => {
  const nothing = { equity: decimal(-5), balance: decimal(-5), usedMargin: decimal(0) };
  expect(saidOf([reduce], nothing, toldOf([]))).toEqual({});
  expect(saidOf([reduce], nothing, toldOf(['reduce:reduce']))).toEqual({ restored: ['reduce'] });
});

test('a finding names the levels that it is of', () => {
  const observation = { equity: decimal(8000), balance: decimal(0), usedMargin: decimal(0) };
  const verdict = judge([peak20, early].map(ruleOf), standing, observation, toldOf([]));
  expect(text(verdict.breach?.levels.floor ?? decimal(0))).toBe('8000');
  const above = judge(
    [early].map(ruleOf),
    standing,
    { ...observation, equity: decimal(9500) },
    {
      ...toldOf([]),
    },
  );
  expect(text(above.warnings[0]?.levels.warnAt ?? decimal(0))).toBe('9500');
});

/** Money of the reference, in units of which an account has very few. */
const moneyDecimals = 4;
const units = 10n ** BigInt(moneyDecimals);

const anyCase = fc.record({
  specs: anyRules,
  peak: fc.constantFrom(100, 120),
  initial: fc.constantFrom(100, 110),
  day: fc.constantFrom(95, 100, 120),
  equity: fc.integer({ min: -20, max: 1250 }),
  balance: fc.integer({ min: 600, max: 1250 }),
  off: fc.constantFrom(-1, 0, 0, 1),
  margin: fc.constantFrom(0, 50, 100, 800),
  /** What is told of each rule: nothing, a warning, a breach, both. */
  told: fc.array(fc.constantFrom('', 'warned', 'breached', 'both'), {
    ...{ minLength: 5, maxLength: 5 },
  }),
});

type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;

/** In tenths, and a unit of the reference more or less: ties happen. */
function moneyOf(tenths: number, off: number): { exact: bigint; text: string } {
  const exact = (BigInt(tenths) * units) / 10n + BigInt(off);
  return { exact, text: decimal(String(exact)).dividedBy(String(units)).toFixed() };
}

function findingsOf(made: Case): { rule: ExactRule; finding: Finding; known: string }[] {
  const whole = (value: number): bigint => BigInt(value) * units;
  const { exact: equity } = moneyOf(made.equity, made.off);
  const { exact: balance } = moneyOf(made.balance, -made.off);
  return made.specs.map((spec, i) => {
    const rule = exactRule(spec as ScenarioRule, moneyDecimals);
    const anchor = { peakEquity: made.peak, initialBalance: made.initial }[rule.anchor as string];
    const finding = findingOf(rule, {
      anchor: whole(anchor ?? made.day),
      ...{ initial: whole(made.initial), usedMargin: whole(made.margin), equity, balance },
    });
    return { rule, finding, known: made.told[i] ?? '' };
  });
}

test('a judgement is what integers say', () => {
  const seen = { breach: 0, also: 0, warnings: 0, recovered: 0, restored: 0, short: 0, none: 0 };
  fc.assert(
    fc.property(anyCase, (made) => {
      const rules = made.specs.map(ruleOf);
      const at: Standing = {
        peak: decimal(made.peak),
        initialBalance: decimal(made.initial),
        anchors: new Map(made.specs.map(({ id }) => [id, { value: decimal(made.day) }])),
      };
      const observation = {
        equity: decimal(moneyOf(made.equity, made.off).text),
        balance: decimal(moneyOf(made.balance, -made.off).text),
        usedMargin: decimal(made.margin),
      };
      const all = findingsOf(made);
      const isWarned = (known: string): boolean => known === 'warned' || known === 'both';
      const isBreached = (known: string): boolean => known === 'breached' || known === 'both';
      const told: Told = {
        warned: new Set(all.filter(({ known }) => isWarned(known)).map(({ rule }) => rule.id)),
        breaches: new Map(
          all.flatMap(({ rule, known }) => (isBreached(known) ? [[rule.id, rule]] : [])),
        ),
      };
      const verdict = judge(rules, at, observation, told);
      const ids = (found: typeof all): string[] => found.map(({ rule }) => rule.id);
      const breached = all.filter(({ finding, known }) => finding.isBreached && !isBreached(known));
      const strongest = strongestOf(breached.map(({ rule }) => rule))?.id;
      const expected = {
        breach: strongest,
        also: ids(breached).filter((id) => id !== strongest),
        warnings: ids(
          all.filter(
            ({ finding, known }) => finding.warns && !finding.isBreached && !isWarned(known),
          ),
        ),
        recovered: ids(all.filter(({ finding, known }) => finding.isOver && isWarned(known))),
        restored: ids(
          all.filter(
            ({ rule, finding, known }) =>
              isBreached(known) && rule.action !== 'warn' && finding.isRestored,
          ),
        ),
        short: ids(
          all.filter(
            ({ rule, finding, known }) =>
              (isBreached(known) || finding.isBreached) &&
              rule.action === 'reduce' &&
              !finding.isRestored,
          ),
        ),
      };
      const { breach, warnings, short, ...lists } = verdict;
      expect({
        ...lists,
        breach: breach?.rule.id,
        warnings: warnings.map(({ rule }) => rule.id),
        short: short.map(({ rule }) => rule.id),
      }).toEqual(expected);
      const words = Object.entries(expected).filter(([, list]) => (list?.length ?? 0) > 0);
      if (words.length === 0) seen.none++;
      for (const [word] of words) seen[word as 'also']++;
    }),
    { numRuns: 3000 },
  );
  // All of it happened, or nothing was tested.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
});
