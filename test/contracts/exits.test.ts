// Exits as they come in, and whether they fit their position.
import { expect, test } from 'vitest';
import { Exits, exitsMisfits } from '#src/contracts/exits';
import { PositionTrack } from '#src/contracts/position';
import { accepted, faultsOf } from './faults.ts';

const rung = { price: 100, fraction: '0.03' };
const tier = { at: 100, distance: 1 };

function many<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}

test.each<[object]>([
  [{}],
  [{ stopLoss: '1990.5', takeProfit: 2100, stopLossAmount: '0.01', takeProfitAmount: 50 }],
  [{ trailing: { distance: '5' } }],
  [{ trailing: { percent: 100, activation: 2010, step: '0.5' } }],
  [{ trailing: { percent: '0.1', tiers: [tier, { at: '110', percent: 1 }] } }],
  [{ trailing: { distance: 5, tiers: many(32, tier) } }],
  [{ breakEven: { trigger: 2010 } }],
  [{ breakEven: { trigger: 2010, offset: '-0.5' } }],
  [{ breakEven: { trigger: 2010, offset: 0 } }],
  [{ expiresAt: 1_700_000_000_000 }],
  [{ ladder: [rung] }],
  [{ ladder: [{ price: 100, fraction: 1 }] }],
  // 0.1 + 0.2 + 0.7 is above 1 in doubles.
  [{ ladder: [0.1, 0.2, '0.7'].map((fraction) => ({ price: 100, fraction })) }],
  [{ ladder: many(32, rung) }],
])('exits of %j are taken as they came', (exits) => {
  expect(accepted(Exits, exits)).toEqual(exits);
});

test('a time comes out as milliseconds, whichever way it was given', () => {
  expect(accepted(Exits, { expiresAt: '1970-01-01T01:00:01+01:00' })).toEqual({ expiresAt: 1000 });
});

const notPositive = 'expected a number above 0, was';
const oneOf = 'expected either distance or percent, was';
const notFraction = 'expected a fraction above 0 and at most 1, was';
const notTime = 'expected milliseconds since the epoch or an ISO-8601 time with its zone, was';
const justAbove1 = '1.00000000000000000000000000001';

test.each<[object, string[]]>([
  [{ stopLossAmount: 0 }, [`stopLossAmount: ${notPositive} 0`]],
  [{ takeProfitAmount: '-5' }, [`takeProfitAmount: ${notPositive} "-5"`]],
  [{ trailing: 5 }, ['trailing: expected an object, was 5']],
  [{ trailing: [] }, ['trailing: expected an object, was []']],
  [{ trailing: {} }, [`trailing: ${oneOf} {}`]],
  [{ trailing: { activation: 5 } }, [`trailing: ${oneOf} {"activation":5}`]],
  [{ trailing: { distance: 5, percent: 1 } }, [`trailing: ${oneOf} {"distance":5,"percent":1}`]],
  [
    { trailing: { percent: 101 } },
    ['trailing.percent: expected a percentage above 0 and at most 100, was 101'],
  ],
  [
    { trailing: { distance: 0, activation: -1, step: 0, steps: 1 } },
    [
      `trailing.distance: ${notPositive} 0`,
      `trailing.activation: ${notPositive} -1`,
      `trailing.step: ${notPositive} 0`,
      'trailing.steps: is not a known key',
    ],
  ],
  [
    { trailing: { distance: 0, percent: 0 } },
    [
      `trailing.distance: ${notPositive} 0`,
      'trailing.percent: expected a percentage above 0 and at most 100, was 0',
      `trailing: ${oneOf} {"distance":0,"percent":0}`,
    ],
  ],
  [
    {
      trailing: { distance: 1, tiers: [tier, { at: 0 }, { ...tier, percent: 5 }, { percent: 5 }] },
    },
    [
      `trailing.tiers[1].at: ${notPositive} 0`,
      `trailing.tiers[1]: ${oneOf} {"at":0}`,
      `trailing.tiers[2]: ${oneOf} {"at":100,"distance":1,"percent":5}`,
      'trailing.tiers[3].at: expected a number above 0, was missing',
    ],
  ],
  [{ trailing: { distance: 1, tiers: [] } }, ['trailing.tiers: expected 1 to 32 tiers, was []']],
  [{ trailing: { distance: 1, tiers: 5 } }, ['trailing.tiers: expected 1 to 32 tiers, was 5']],
  [{ breakEven: {} }, ['breakEven.trigger: expected a number above 0, was missing']],
  [
    { breakEven: { trigger: 0, offset: 'x', stop: 1 } },
    [
      `breakEven.trigger: ${notPositive} 0`,
      'breakEven.offset: expected a number or decimal text, was "x"',
      'breakEven.stop: is not a known key',
    ],
  ],
  [{ expiresAt: 1.5 }, [`expiresAt: ${notTime} 1.5`]],
  [{ expiresAt: 'noon' }, [`expiresAt: ${notTime} "noon"`]],
  [{ expiresAt: '2024-01-01T00:00:00' }, [`expiresAt: ${notTime} "2024-01-01T00:00:00"`]],
  [{ ladder: [] }, ['ladder: expected 1 to 32 rungs, was []']],
  [{ ladder: {} }, ['ladder: expected 1 to 32 rungs, was {}']],
  [
    { ladder: [null, { price: 0, fraction: 0 }, { price: 1, fraction: justAbove1 }, {}] },
    [
      'ladder[0]: expected a price and a fraction, was null',
      `ladder[1].price: ${notPositive} 0`,
      `ladder[1].fraction: ${notFraction} 0`,
      `ladder[2].fraction: ${notFraction} "${justAbove1}"`,
      'ladder[3].price: expected a number above 0, was missing',
      `ladder[3].fraction: ${notFraction} missing`,
    ],
  ],
  [
    { ladder: [{ fraction: '0.5' }, { price: 1, fraction: '0.50000000000000000000000000001' }] },
    [
      'ladder[0].price: expected a number above 0, was missing',
      'ladder: expected fractions that sum to at most 1, they sum to ' +
        '1.00000000000000000000000000001, was [{"fraction":"0.5"},{"price":1,"fraction":"0.500000000000000…',
    ],
  ],
  [
    { stopLoss: 0, trailing: {}, ladder: [], stop: 1 },
    [
      `stopLoss: ${notPositive} 0`,
      `trailing: ${oneOf} {}`,
      'ladder: expected 1 to 32 rungs, was []',
      'stop: is not a known key',
    ],
  ],
])('exits of %j are refused, every fault by its path', (exits, faults) => {
  expect(faultsOf(Exits, exits)).toEqual(faults);
});

test('a list of more than 32 rungs or tiers is too long', () => {
  const faults = faultsOf(Exits, {
    trailing: { distance: 1, tiers: many(33, tier) },
    ladder: many(33, rung),
  });
  expect(faults.map((fault) => fault.split(', was')[0])).toEqual([
    'trailing.tiers: expected 1 to 32 tiers',
    'ladder: expected 1 to 32 rungs',
  ]);
});

test('of a position, the faults stand under its exits', () => {
  const position = { symbol: 'A', side: 'long', quantity: 1, entryPrice: 100 };
  const exits = { trailing: { distance: 1, tiers: [tier, { at: 1 }] } };
  expect(faultsOf(PositionTrack, { ...position, exits })).toEqual([
    `exits.trailing.tiers[1]: ${oneOf} {"at":1}`,
  ]);
});

const offset = 'exits.breakEven.offset';

test.each<['long' | 'short', offset: number | string | undefined, stop: string | undefined]>([
  ['long', undefined, undefined],
  ['long', '-99.9', undefined],
  ['long', -100, '0'],
  ['long', '-100.5', '-0.5'],
  ['long', 500, undefined],
  ['short', '99.9', undefined],
  ['short', 100, '0'],
  ['short', 101, '-1'],
  ['short', -500, undefined],
])('a %s at 100 whose stop is moved by %s stands at no price: %s', (side, given, stop) => {
  const exits = { breakEven: { trigger: 1, ...(given === undefined ? {} : { offset: given }) } };
  const message = `expected a stop above 0 once it is moved, was ${stop}`;
  const faults = stop === undefined ? [] : [{ path: offset, message }];
  expect(exitsMisfits({ exits, side, entryPrice: '100' }, undefined)).toEqual(faults);
});

test.each([
  [999, ['expected a time in the future, was 999']],
  [1000, ['expected a time in the future, was 1000']],
  [1001, []],
])('at 1000, an end at %s has the faults %j', (expiresAt, messages) => {
  const faults = messages.map((message) => ({ path: 'exits.expiresAt', message }));
  const exits = { expiresAt };
  expect(exitsMisfits({ exits }, { ms: 1000, expected: 'expected a time in the future' })).toEqual(
    faults,
  );
  expect(exitsMisfits({ exits }, undefined)).toEqual([]);
});

const late = { ms: 1000, expected: 'late' };

test('exits that are not there fit every position, and several faults are told together', () => {
  const terms = { side: 'short', entryPrice: 1 };
  expect(exitsMisfits(terms, late)).toEqual([]);
  const exits = { breakEven: { trigger: 5, offset: 2 }, expiresAt: 5 };
  expect(exitsMisfits({ ...terms, exits }, late).map(({ path }) => path)).toEqual([
    offset,
    'exits.expiresAt',
  ]);
});

test('what is valid by itself is looked at, what is not is left to its schema', () => {
  const terms = { side: 'short', entryPrice: 1 };
  const bad = { breakEven: { trigger: 0, offset: 2 }, expiresAt: '1970-01-01T00:00:01Z' };
  expect(exitsMisfits({ ...terms, exits: bad }, late).map(({ path }) => path)).toEqual([
    'exits.expiresAt',
  ]);
  const other = { breakEven: { trigger: 5, offset: 2 }, expiresAt: 'x' };
  expect(exitsMisfits({ ...terms, exits: other }, late).map(({ path }) => path)).toEqual([offset]);
  expect(exitsMisfits({ side: 'up', entryPrice: 1, exits: other }, late)).toEqual([]);
  expect(exitsMisfits({ exits: 'none' }, late)).toEqual([]);
});
