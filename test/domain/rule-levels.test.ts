// Where rules act: anchors, floors, warnings, recoveries, and what they observe.
import { expect, test } from 'vitest';
import { decimal, text, type Decimal } from '#src/domain/money';
import {
  firstBreached,
  isAboveFloor,
  isBreached,
  isRecovered,
  isWarned,
  levelsOf,
  shownObserved,
  type Observation,
  type Standing,
} from '#src/domain/rule-levels';
import { ruleOf, type RuleSpec } from '#src/domain/rules';

/** The peak at 12,000, the initial balance at 10,000, and the anchor of the day of `r` at 11,000. */
function standing(given: Partial<Record<'peak' | 'initial' | 'day', string>> = {}): Standing {
  return {
    peak: decimal(given.peak ?? 12000),
    initialBalance: decimal(given.initial ?? 10000),
    anchors: new Map([['r', { value: decimal(given.day ?? 11000) }]]),
  };
}

function observed(equity: string, balance = equity, usedMargin = '0'): Observation {
  return {
    ...{ equity: decimal(equity), balance: decimal(balance), usedMargin: decimal(usedMargin) },
  };
}

const shown = (value: Decimal | undefined): string | undefined => value && text(value);

const peak: RuleSpec = { id: 'r', anchor: 'peakEquity', limitPct: 20 };
const initial: RuleSpec = { id: 'r', anchor: 'initialBalance', limitPct: 10 };
const daily: RuleSpec = { id: 'r', anchor: 'dayStartBalance', limitPct: 5 };
const fixed: RuleSpec = { id: 'r', anchor: 'fixed', floor: '8000' };
const margin: RuleSpec = { id: 'r', anchor: 'marginLevel', limitPct: 50 };
const locked = { lockAtInitial: true } as const;

type Shown = [anchor: string, floor: string, warnAt?: string, recoverAbove?: string];

/** By default at a peak of 12,000, an initial balance of 10,000, a day from 11,000 on. */
test.each<[RuleSpec, Shown, Parameters<typeof standing>[0]?]>([
  // The anchors there are. Warning at three quarters of the limit, over at 90 % of that.
  [peak, ['12000', '9600', '10200', '10380']],
  [initial, ['10000', '9000', '9250', '9325']],
  [daily, ['11000', '10450', '10587.5', '10628.75']],
  [{ ...daily, anchor: 'dayStartEquity' }, ['11000', '10450', '10587.5', '10628.75']],
  [{ ...daily, anchor: 'dayStartHigher' }, ['11000', '10450', '10587.5', '10628.75']],
  [{ ...daily, anchor: 'highestDayEndBalance' }, ['11000', '10450', '10587.5', '10628.75']],
  // The day of another rule is not that of this one.
  [{ ...daily, id: 's' }, ['10000', '9500', '9625', '9662.5']],
  // The limit: an amount, a percentage of the anchor, or of the initial balance.
  [{ ...peak, limitPct: undefined, limitAmount: '1500' }, ['12000', '10500', '10875', '10987.5']],
  [{ ...peak, pctOf: 'anchor' }, ['12000', '9600', '10200', '10380']],
  [{ ...peak, pctOf: 'initialBalance' }, ['12000', '10000', '10500', '10650']],
  [{ ...daily, pctOf: 'initialBalance' }, ['11000', '10500', '10625', '10662.5']],
  [{ ...initial, pctOf: 'initialBalance' }, ['10000', '9000', '9250', '9325']],
  // The warning: of the base that the limit has.
  [{ ...peak, warningPct: 5 }, ['12000', '9600', '11400', '11460']],
  [{ ...peak, warningPct: 5, pctOf: 'initialBalance' }, ['12000', '10000', '11500', '11550']],
  [
    { ...peak, limitPct: undefined, limitAmount: 1500, warningPct: 5 },
    ['12000', '10500', '11400', '11460'],
  ],
  [{ ...peak, warningPct: 30 }, ['12000', '9600', '8400', '8760']],
  // The lock keeps the floor down, and nothing else.
  [{ ...peak, ...locked }, ['12000', '9600', '10200', '10380']],
  [{ ...peak, ...locked }, ['12500', '10000', '10625', '10812.5'], { peak: '12500' }],
  [{ ...peak, ...locked }, ['15000', '10000', '12750', '12975'], { peak: '15000' }],
  [
    { ...peak, ...locked, lockOffset: 100 },
    ['15000', '10100', '12750', '12975'],
    { peak: '15000' },
  ],
  [{ ...peak, ...locked, lockOffset: -600 }, ['12000', '9400', '10200', '10380']],
  [{ ...daily, ...locked }, ['11000', '10000', '10587.5', '10628.75']],
  // A floor that is given is the same whatever the rest is; it warns only where that is asked for.
  [fixed, ['8000', '8000']],
  [fixed, ['8000', '8000'], { peak: '9000', initial: '1' }],
  [{ ...fixed, warningPct: 10 }, ['8000', '8000', '8800', '8880']],
  [{ ...fixed, floor: '0', warningPct: 10 }, ['0', '0', '0', '0']],
  [margin, ['50', '50']],
  [{ ...margin, warningPct: 20 }, ['50', '50', '60', '61']],
  // Exact, however long the numbers are.
  [
    { ...peak, limitPct: '33.3333333333333333333' },
    ['3', '2.000000000000000000001', '2.25000000000000000000075', '2.325000000000000000000675'],
    { peak: '3' },
  ],
])('%j has anchor, floor, warning and recovery %j', (spec, expected, given) => {
  const rule = ruleOf(spec);
  const { anchorValue, floor, breachesAtFloor, warnAt, recoverAbove } = levelsOf(
    rule,
    standing(given),
  );
  const levels = [anchorValue, floor, warnAt, recoverAbove].map(shown);
  expect(levels).toEqual([...expected, undefined, undefined].slice(0, 4));
  expect(breachesAtFloor).toBe(rule.anchor !== 'fixed' && rule.anchor !== 'marginLevel');
});

type Told = 'breached' | 'warned' | 'recovered' | 'above';

const hair = '0.0000000000000000000001';

/** What is said of `[equity, balance, used margin]`: the words that hold. */
test.each<[RuleSpec, [string, string?, string?], Told[]]>([
  [initial, ['10000'], ['recovered', 'above']],
  [initial, [`9325${hair.slice(1)}`], ['recovered', 'above']],
  [initial, ['9325'], ['above']],
  [initial, [`9250${hair.slice(1)}`], ['above']],
  [initial, ['9250'], ['warned', 'above']],
  [initial, [`9000${hair.slice(1)}`], ['warned', 'above']],
  // The floor of an anchored rule is a breach itself, that of the others is none.
  [initial, ['9000'], ['breached', 'warned']],
  [initial, ['-1'], ['breached', 'warned']],
  [fixed, [`8000${hair.slice(1)}`], ['recovered', 'above']],
  [fixed, ['8000'], ['recovered']],
  [fixed, ['7999.9999999999999999'], ['breached']],
  [{ ...fixed, warningPct: 10 }, ['8880.0001'], ['recovered', 'above']],
  [{ ...fixed, warningPct: 10 }, ['8880'], ['above']],
  [{ ...fixed, warningPct: 10 }, ['8800.0001'], ['above']],
  [{ ...fixed, warningPct: 10 }, ['8800'], ['warned', 'above']],
  [{ ...fixed, warningPct: 10 }, ['8000'], ['warned']],
  // What is observed is the equity, or the balance alone.
  [{ ...initial, observed: 'equity' }, ['10000', '9000'], ['recovered', 'above']],
  [{ ...initial, observed: 'balance' }, ['10000', '9000'], ['breached', 'warned']],
  [{ ...initial, observed: 'balance' }, ['1', '10000'], ['recovered', 'above']],
  [{ ...fixed, observed: 'balance' }, ['1', '8000'], ['recovered']],
  // A lock may leave a rule above its floor and below its warning for good.
  [{ ...peak, ...locked, limitPct: 5 }, ['10001'], ['warned', 'above']],
  [{ ...peak, ...locked, limitPct: 5 }, ['10000'], ['breached', 'warned']],
  // A warning below the floor is never told alone, and over only where the breach is.
  [{ ...peak, warningPct: 30 }, ['9600'], ['breached']],
  [{ ...peak, warningPct: 30 }, ['9601'], ['recovered', 'above']],
  // Half of a margin of 1,000.
  [margin, ['500.0001', '0', '1000'], ['recovered', 'above']],
  [margin, ['500', '0', '1000'], ['recovered']],
  [margin, ['499.9999', '0', '1000'], ['breached']],
  [{ ...margin, warningPct: 20 }, ['610.0001', '0', '1000'], ['recovered', 'above']],
  [{ ...margin, warningPct: 20 }, ['610', '0', '1000'], ['above']],
  [{ ...margin, warningPct: 20 }, ['600', '0', '1000'], ['warned', 'above']],
  [{ ...margin, warningPct: 20 }, ['500', '0', '1000'], ['warned']],
  // A third of 3 is 1: a quotient would be rounded, and the comparison is not.
  [{ ...margin, limitPct: '33.3333333333' }, ['1', '0', '3'], ['recovered', 'above']],
  [
    { ...margin, limitPct: '33.333333333333333333' },
    ['0.99999999999999999999', '0', '3'],
    ['recovered'],
  ],
  [{ ...margin, limitPct: '33.333333333333333334' }, ['1', '0', '3'], ['breached']],
  [{ ...margin, limitPct: 150 }, ['0.000000000003', '0', '0.000000000002'], ['recovered']],
  // No margin in use, no level: nothing is wrong, however little is left.
  [margin, ['-5', '-5', '0'], ['recovered', 'above']],
  [{ ...margin, warningPct: 20 }, ['0', '0', '0'], ['recovered', 'above']],
])('%j at %j is %j', (spec, [equity, balance, usedMargin], expected) => {
  const rule = ruleOf(spec);
  const levels = levelsOf(rule, standing());
  const observation = observed(equity, balance, usedMargin);
  const said = {
    breached: isBreached(rule, levels, observation),
    warned: isWarned(rule, levels, observation),
    recovered: isRecovered(rule, levels, observation),
    above: isAboveFloor(rule, levels, observation),
  };
  expect(Object.entries(said).flatMap(([word, isSo]) => (isSo ? [word] : []))).toEqual(expected);
});

test.each<[RuleSpec, [string, string?, string?], string | undefined]>([
  [initial, ['9000.50', '1'], '9000.5'],
  [{ ...initial, observed: 'balance' }, ['9000', '1.50'], '1.5'],
  [fixed, ['-3'], '-3'],
  [margin, ['500', '0', '1000'], '50'],
  [margin, ['-500', '0', '1000'], '-50'],
  // To ten decimals, for the eye only.
  [margin, ['1', '0', '3'], '33.3333333333'],
  [margin, ['500', '0', '0'], undefined],
])('%j observes of %j: %s', (spec, [equity, balance, usedMargin], expected) => {
  expect(shown(shownObserved(ruleOf(spec), observed(equity, balance, usedMargin)))).toBe(expected);
});

test.each<[RuleSpec[], string, string | undefined]>([
  [[], '-1', undefined],
  [[fixed, peak], '9601', undefined],
  [[fixed, { ...peak, id: 's' }], '9600', 's'],
  [[fixed, { ...peak, id: 's' }], '7000', 'r'],
  [[{ ...peak, id: 's' }, fixed], '7000', 's'],
  // Whatever it would do: the first one in the list.
  [[{ ...peak, id: 's', action: 'warn' }, fixed], '7000', 's'],
])('of %j the first that %s breaches is %j', (specs, equity, expected) => {
  const found = firstBreached(specs.map(ruleOf), standing(), observed(equity));
  expect(found?.rule.id).toBe(expected);
  expect(found?.levels).toEqual(found && levelsOf(found.rule, standing()));
});
