// Rules of an account as they come in: every field, what fits which anchor, and every fault by its path.
import { expect, test } from 'vitest';
import { AccountRules } from '#src/contracts/account';
import { Rules } from '#src/contracts/rules';
import { anchors, isDayAnchor } from '#src/domain/rules';
import { accepted, faultsOf } from './faults.ts';

const peak = { id: 'r', anchor: 'peakEquity', limitPct: 20 };
const daily = { id: 'r', anchor: 'dayStartBalance', limitPct: 20 };
const fixed = { id: 'r', anchor: 'fixed', floor: 100 };
const margin = { id: 'r', anchor: 'marginLevel', limitPct: 50 };

test.each<[object]>([
  ...anchors
    .filter((anchor) => anchor !== 'fixed')
    .map((anchor): [object] => [{ id: 'r', anchor, limitPct: '0.5' }]),
  [{ ...peak, limitPct: 100, warningPct: '99.999999999' }],
  // A floor that is locked may be further below than the limit, and of an amount nobody knows here.
  [{ ...peak, lockAtInitial: true, warningPct: 25 }],
  [{ ...peak, limitPct: undefined, limitAmount: 5, warningPct: 100 }],
  [{ ...peak, limitPct: undefined, limitAmount: '500.5', warningPct: 1 }],
  [{ ...peak, pctOf: 'anchor' }],
  [{ ...daily, pctOf: 'initialBalance' }],
  [{ ...peak, lockAtInitial: false }],
  [{ ...peak, lockAtInitial: true }],
  [{ ...peak, lockAtInitial: true, lockOffset: 0 }],
  [{ ...daily, lockAtInitial: true, lockOffset: '-100.5' }],
  [{ ...peak, observed: 'balance' }],
  [{ ...fixed, observed: 'balance', warningPct: '250' }],
  [{ ...fixed, floor: '0' }],
  // A level may be above 100, and its warning far above that.
  [{ ...margin, limitPct: 150, warningPct: 200 }],
  [{ ...margin, action: 'reduce' }],
  [{ ...margin, action: 'close', graceSeconds: 5 }],
  [{ ...peak, action: 'haltEntries' }],
  [{ ...fixed, action: 'warn' }],
  [{ ...peak, action: 'close', graceSeconds: 604_800 }],
  [{ ...peak, graceSeconds: 0 }],
  [{ ...peak, graceSeconds: 1.5 }],
  [{ ...peak, graceSeconds: 0.001 }],
  [{ ...peak, graceSeconds: 1.001 }],
  [{ ...peak, graceSeconds: 604_799.999 }],
  [{ ...daily, timezone: 'Europe/Prague', resetAt: '23:59' }],
  [{ ...daily, timezone: 'UTC' }],
  [{ ...daily, resetAt: '00:00' }],
])('the rule %j is taken as it came', (rule) => {
  expect(accepted(Rules, [rule])).toEqual([rule]);
});

const oneOf = (list: readonly string[]): string => `expected one of ${list.join(', ')}`;
const percent = 'expected a percentage above 0 and at most 100';
const actions = oneOf(['close', 'reduce', 'haltEntries', 'warn']);
const id = 'expected 1 to 64 of A-Z a-z 0-9 _ -';
const zone = 'expected an IANA time zone, such as Europe/Prague';
const grace = 'expected 0 to 604800 seconds';
const decimals = 'expected seconds with at most 3 decimals';
const above0 = 'expected a number above 0';
const inLimits = 'expected it only in a rule with a limit below an anchor';
const inDays = 'expected it only in a rule whose anchor has days';
const onlyLimit = 'expected only limitPct in a marginLevel rule';
const whereItCloses = 'expected it only where the action is close';
const noLimit = 'expected no limit beside the floor of a fixed rule';

/** What is changed of a rule, and all that is wrong with it then. */
test.each<[object, object, string[]]>([
  // Each field by itself.
  [peak, { id: undefined }, ['id: expected text, was missing']],
  [peak, { id: 'a b' }, [`id: ${id}, was "a b"`]],
  [peak, { id: '' }, [`id: ${id}, was ""`]],
  [peak, { anchor: undefined }, [`anchor: ${oneOf(anchors)}, was missing`]],
  [peak, { anchor: 'peak' }, [`anchor: ${oneOf(anchors)}, was "peak"`]],
  [peak, { limitPct: 101 }, [`limitPct: ${percent}, was 101`]],
  [peak, { limitPct: '100.000000001' }, [`limitPct: ${percent}, was "100.000000001"`]],
  [peak, { limitPct: undefined, limitAmount: 0 }, [`limitAmount: ${above0}, was 0`]],
  [peak, { limitPct: undefined, limitAmount: '1e3' }, [`limitAmount: ${above0}, was "1e3"`]],
  [fixed, { floor: -1 }, ['floor: expected a number of at least 0, was -1']],
  [fixed, { floor: null }, ['floor: expected a number of at least 0, was null']],
  [peak, { pctOf: 'equity' }, ['pctOf: expected anchor or initialBalance, was "equity"']],
  [peak, { lockAtInitial: 1 }, ['lockAtInitial: expected true or false, was 1']],
  [peak, { observed: 'margin' }, ['observed: expected equity or balance, was "margin"']],
  [daily, { timezone: 'Mars' }, [`timezone: ${zone}, was "Mars"`]],
  [daily, { timezone: '' }, [`timezone: ${zone}, was ""`]],
  [daily, { timezone: 5 }, ['timezone: expected an IANA time zone, was 5']],
  [daily, { resetAt: '24:00' }, ['resetAt: expected HH:MM, 00:00 to 23:59, was "24:00"']],
  [daily, { resetAt: '7:00' }, ['resetAt: expected HH:MM, 00:00 to 23:59, was "7:00"']],
  [daily, { resetAt: '12:60' }, ['resetAt: expected HH:MM, 00:00 to 23:59, was "12:60"']],
  [daily, { resetAt: '12:00\n' }, ['resetAt: expected HH:MM, 00:00 to 23:59, was "12:00\\n"']],
  [daily, { resetAt: 1700 }, ['resetAt: expected HH:MM, was 1700']],
  [peak, { warningPct: 101 }, [`warningPct: ${percent}, was 101`]],
  [fixed, { warningPct: 0 }, [`warningPct: ${above0}, was 0`]],
  [peak, { action: 'halt' }, [`action: ${actions}, was "halt"`]],
  [peak, { graceSeconds: -1 }, [`graceSeconds: ${grace}, was -1`]],
  [peak, { graceSeconds: 604_801 }, [`graceSeconds: ${grace}, was 604801`]],
  [peak, { graceSeconds: -0.0001 }, [`graceSeconds: ${grace}, was -0.0001`]],
  [peak, { graceSeconds: 0.0004 }, [`graceSeconds: ${decimals}, was 0.0004`]],
  [peak, { graceSeconds: 1.0006 }, [`graceSeconds: ${decimals}, was 1.0006`]],
  [peak, { graceSeconds: '5' }, [`graceSeconds: ${grace}, was "5"`]],
  [peak, { graceSeconds: NaN }, [`graceSeconds: ${grace}, was NaN`]],
  [peak, { limit: 5 }, ['limit: is not a known key']],

  // What fits the anchor. A limit is one of two.
  [
    peak,
    { limitPct: undefined },
    ['limitPct: expected either limitPct or limitAmount, was missing'],
  ],
  [
    peak,
    { limitAmount: 5, warningPct: 50 },
    ['limitPct: expected only one of limitPct, limitAmount; both are given'],
  ],
  // A warning behind the breach.
  ...[20, '20.0', 21, '100'].map((warningPct): [object, object, string[]] => [
    peak,
    { warningPct },
    [
      'warningPct: expected less than limitPct 20, which is reached first, ' +
        `was ${JSON.stringify(warningPct)}`,
    ],
  ]),
  [
    daily,
    { pctOf: 'initialBalance', limitPct: '0.5', warningPct: 0.5 },
    ['warningPct: expected less than limitPct 0.5, which is reached first, was 0.5'],
  ],
  [peak, { floor: 5 }, ['floor: expected a floor only in a fixed rule, was 5']],
  [
    fixed,
    { floor: undefined },
    ['floor: expected the minimum equity of a fixed rule, was missing'],
  ],
  [
    fixed,
    { limitPct: 5, limitAmount: 5 },
    [`limitPct: ${noLimit}, was 5`, `limitAmount: ${noLimit}, was 5`],
  ],
  [
    fixed,
    { pctOf: 'anchor', lockAtInitial: true },
    [`pctOf: ${inLimits}, was "anchor"`, `lockAtInitial: ${inLimits}, was true`],
  ],
  [
    margin,
    { limitPct: undefined },
    ['limitPct: expected the level of a marginLevel rule, was missing'],
  ],
  [
    margin,
    { limitAmount: 5, floor: 5, observed: 'equity' },
    ['limitAmount: 5', 'floor: 5', 'observed: "equity"'].map((given) => {
      const [field, value] = given.split(': ');
      return `${field}: ${onlyLimit}, was ${value}`;
    }),
  ],
  [margin, { pctOf: 'initialBalance' }, [`pctOf: ${inLimits}, was "initialBalance"`]],
  // Days.
  ...anchors
    .filter((anchor) => !isDayAnchor(anchor))
    .map((anchor): [object, object, string[]] => [
      { fixed, marginLevel: margin }[anchor as string] ?? { ...peak, anchor },
      { timezone: 'UTC', resetAt: '17:00' },
      [`timezone: ${inDays}, was "UTC"`, `resetAt: ${inDays}, was "17:00"`],
    ]),
  // A lock has an offset, a close a grace, a margin may be reduced.
  [peak, { lockOffset: 5 }, ['lockOffset: expected lockAtInitial beside it, was 5']],
  [
    peak,
    { lockAtInitial: false, lockOffset: 5 },
    ['lockOffset: expected lockAtInitial beside it, was 5'],
  ],
  [
    peak,
    { action: 'reduce' },
    ['action: expected reduce only in a marginLevel rule, was "reduce"'],
  ],
  ...(['haltEntries', 'warn'] as const).map((action): [object, object, string[]] => [
    peak,
    { action, graceSeconds: 5 },
    [`graceSeconds: ${whereItCloses}, was 5`],
  ]),
  [margin, { action: 'reduce', graceSeconds: 0 }, [`graceSeconds: ${whereItCloses}, was 0`]],

  // One fault hides none of the others, and none is told twice.
  [peak, { limitPct: 0 }, [`limitPct: ${above0}, was 0`]],
  [peak, { limitPct: 'x' }, [`limitPct: ${above0}, was "x"`]],
  [peak, { warningPct: -1 }, [`warningPct: ${above0}, was -1`]],
  [
    peak,
    { id: '!', anchor: 'x', graceSeconds: 5, action: 'warn', lockOffset: 1 },
    [
      `id: ${id}, was "!"`,
      `anchor: ${oneOf(anchors)}, was "x"`,
      'lockOffset: expected lockAtInitial beside it, was 1',
      `graceSeconds: ${whereItCloses}, was 5`,
    ],
  ],
  [
    peak,
    { limitPct: 200, floor: 1, timezone: 'Mars', more: 1 },
    [
      `timezone: ${zone}, was "Mars"`,
      'more: is not a known key',
      'floor: expected a floor only in a fixed rule, was 1',
      `limitPct: ${percent}, was 200`,
    ],
  ],
])('%j with %j is refused', (rule, change, faults) => {
  const told = faultsOf(Rules, [{ ...rule, ...change }]);
  expect(told).toEqual(faults.map((fault) => `[0].${fault}`));
});

test('ids differ, and there are 32 rules at the most', () => {
  expect(faultsOf(Rules, [peak, fixed, { ...daily, id: 's' }])).toEqual([
    '[1].id: expected ids that differ, was "r"',
  ]);
  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({ ...fixed, id: `r${i}` }));
  expect(faultsOf(Rules, many(32))).toEqual([]);
  expect(faultsOf(Rules, many(33))).toEqual([
    expect.stringMatching(/^: expected at most 32 rules, was /),
  ]);
});

test.each([[null], [5], ['x'], [[]]])('%j is no rule', (value) => {
  expect(faultsOf(Rules, [value, peak, peak]).length).toBe(2);
});

test.each<[object, string[]]>([
  [{}, []],
  [{ rules: [] }, []],
  [{ rules: [peak] }, []],
  [{ preset: 'apex' }, []],
  [{ rules: [], preset: 'apex' }, ['preset: expected only one of rules, preset; both are given']],
  [{ rules: 5 }, ['rules: expected a list of rules, was 5']],
  [
    { preset: 'mine' },
    [`preset: ${oneOf(['default', 'ftmo-2step', 'ftmo-1step', 'topstep', 'apex'])}, was "mine"`],
  ],
  [{ rule: peak }, ['rule: is not a known key']],
  [{ rules: [{ ...peak, limitPct: 101 }] }, [`rules[0].limitPct: ${percent}, was 101`]],
])('rules that replace others, %j: %j', (body, faults) => {
  expect(faultsOf(AccountRules, body)).toEqual(faults);
});
