// Accounts and rules as they come in.
import { expect, test } from 'vitest';
import {
  AccountAdjust,
  AccountCloseAll,
  AccountCreate,
  AccountHalt,
  AccountResume,
  AccountSpec,
  ScenarioAccount,
  bulkOrders,
  BulkEntry,
} from '#src/contracts/account';
import { accepted, faultsOf } from './faults.ts';

const base = { currency: 'USD', balance: '10000' };
const peak = { id: 'peak', anchor: 'peakEquity', limitPct: 20 };
const fixed = { id: 'fixed', anchor: 'fixed', floor: 100 };

test.each<[object]>([
  [base],
  [{ ...base, accountId: 'a', balance: 0.01, mode: 'PAPER' }],
  [{ ...base, mode: 'LIVE', route: 'prime' }],
  [{ ...base, mode: 'PAPER', route: 'prime' }],
  [{ ...base, route: 'prime' }],
  [{ ...base, preset: 'default' }],
  [{ ...base, rules: [] }],
  [{ ...base, rules: [peak, fixed] }],
  [{ ...base, rules: [{ ...peak, limitPct: undefined, limitAmount: '500.5', warningPct: 100 }] }],
  [{ ...base, rules: [{ ...fixed, floor: '0', warningPct: '0.5' }] }],
  [{ ...base, rules: Array.from({ length: 32 }, (_, i) => ({ ...fixed, id: `r${i}` })) }],
])('the account %j is taken as it came', (account) => {
  expect(accepted(AccountCreate, account)).toEqual(account);
  expect(accepted(AccountSpec, { ...account, accountId: 'a' })).toEqual({
    ...account,
    accountId: 'a',
  });
});

test.each<[object, string[]]>([
  [{ currency: undefined }, ['currency: expected text, was missing']],
  [{ currency: 'usd' }, ['currency: expected a currency code of 2 to 12 of A-Z 0-9, was "usd"']],
  [{ balance: undefined }, ['balance: expected a number above 0, was missing']],
  [{ balance: 0 }, ['balance: expected a number above 0, was 0']],
  [{ balance: -5 }, ['balance: expected a number above 0, was -5']],
  [{ accountId: 'a.b' }, ['accountId: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"']],
  [{ mode: 'LIVE' }, ['route: expected the route of a LIVE account, was missing']],
  [{ mode: 'LIVE', route: 'a.b' }, ['route: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"']],
  [{ mode: 'DRY_RUN' }, ['mode: DRY_RUN is not supported by this version, was "DRY_RUN"']],
  [
    { mode: 'DRY_RUN', route: 'r' },
    ['mode: DRY_RUN is not supported by this version, was "DRY_RUN"'],
  ],
  [{ mode: 'live' }, ['mode: expected PAPER or LIVE, was "live"']],
  [{ mode: null }, ['mode: expected PAPER or LIVE, was null']],
  [
    { preset: 'mine' },
    ['preset: expected one of default, ftmo-2step, ftmo-1step, topstep, apex, was "mine"'],
  ],
  [
    { preset: 'topstep' },
    ['balance: expected an initial balance of 50000, 100000, 150000 for topstep, was "10000"'],
  ],
  [
    { rules: [peak], preset: 'default' },
    ['preset: expected only one of rules, preset; both are given'],
  ],
  [{ rules: 5 }, ['rules: expected a list of rules, was 5']],
  [{ rules: [null] }, ['rules[0]: expected an object, was null']],
  [{ route: '' }, ['route: expected 1 to 64 of A-Z a-z 0-9 _ -, was ""']],
  [{ routes: [] }, ['routes: is not a known key']],
  [{ leverage: 30 }, ['leverage: is not a known key']],
  [
    { balance: 'x', preset: 'default', rules: [], leverage: 30, mode: 'LIVE' },
    [
      'balance: expected a number above 0, was "x"',
      'leverage: is not a known key',
      'preset: expected only one of rules, preset; both are given',
      'route: expected the route of a LIVE account, was missing',
    ],
  ],
])('an account with %j is refused', (change, faults) => {
  expect(faultsOf(AccountCreate, { ...base, ...change })).toEqual(faults);
  expect(faultsOf(AccountSpec, { accountId: 'a', ...base, ...change })).toEqual(faults);
});

test('an account of a settings file has an id', () => {
  expect(faultsOf(AccountSpec, base)).toEqual(['accountId: expected text, was missing']);
});

test('an account of a scenario is a PAPER account', () => {
  const spec = { accountId: 'a', ...base };
  for (const account of [spec, { ...spec, mode: 'PAPER', rules: [peak] }]) {
    expect(accepted(ScenarioAccount, account)).toEqual(account);
  }
  expect(faultsOf(ScenarioAccount, base)).toEqual(['accountId: expected text, was missing']);
  const both = { ...spec, rules: [], preset: 'default' };
  expect(faultsOf(ScenarioAccount, both)).toEqual(faultsOf(AccountSpec, both));
});

test.each([[5], [null], [[]], ['x'], [undefined]])('%j is no account', (value) => {
  expect(faultsOf(AccountCreate, value)).toHaveLength(1);
  expect(faultsOf(AccountSpec, value)).toHaveLength(1);
});

test('the rules of an account are named by their place', () => {
  const account = { ...base, rules: [fixed, { ...peak, limitPct: 101, floor: 5 }, peak] };
  expect(faultsOf(AccountCreate, account)).toEqual([
    'rules[1].floor: expected a floor only in a fixed rule, was 5',
    'rules[1].limitPct: expected a percentage above 0 and at most 100, was 101',
    'rules[2].id: expected ids that differ, was "peak"',
  ]);
});

/** Initial balances that there are accounts of, and one that is none. */
test.each<[preset: string, sizes: string[], other: string]>([
  ['ftmo-2step', ['10000', '25000', '50000', '100000', '200000'], '100000.01'],
  ['ftmo-1step', ['10000', '25000', '50000', '100000', '200000'], '5000'],
  ['topstep', ['50000', '100000', '150000'], '25000'],
  ['apex', ['25000', '50000', '75000', '100000', '150000', '250000', '300000'], '200000'],
])('the preset %s is for accounts of %j, not of %s', (preset, sizes, other) => {
  for (const schema of [AccountCreate, AccountSpec, ScenarioAccount]) {
    const faults = (balance: unknown): string[] =>
      faultsOf(schema, { accountId: 'a', currency: 'USD', balance, preset });
    for (const size of sizes) expect(faults(size)).toEqual([]);
    expect(faults(`${sizes[0]}.00`)).toEqual([]);
    expect(faults(Number(sizes[0]))).toEqual([]);
    expect(faults(other)).toEqual([
      `balance: expected an initial balance of ${sizes.join(', ')} for ${preset}, was "${other}"`,
    ]);
    // What no balance is has no size, and is told by itself.
    expect(faults('much')).toEqual(['balance: expected a number above 0, was "much"']);
  }
});

test.each([
  [AccountHalt, { reason: 'lunch' }],
  [AccountResume, { reason: 'back' }],
  [AccountResume, { reason: 'back', acknowledge: 'breach_1' }],
  [AccountAdjust, { reason: 'deposit', amount: '-5.5' }],
  [AccountCloseAll, { reason: 'flat' }],
  // What is in the list is looked at entry by entry, later.
  [
    AccountCloseAll,
    { reason: 'flat', positions: [{ positionId: 'p' }, 5, null], order: 'oldest-first' },
  ],
])('a command is taken as it came', (schema, body) => {
  expect(accepted(schema, body)).toEqual(body);
});

test.each([
  [AccountHalt, {}, ['reason: expected 1 to 64 characters, was missing']],
  [AccountHalt, { reason: '' }, ['reason: expected 1 to 64 characters, was ""']],
  [AccountHalt, { reason: 'x', accountId: 'a' }, ['accountId: is not a known key']],
  [
    AccountResume,
    { reason: 'x', acknowledge: '*' },
    ['acknowledge: expected 1 to 64 of A-Z a-z 0-9 _ -, was "*"'],
  ],
  [AccountAdjust, { reason: 'x' }, ['amount: expected a number other than 0, was missing']],
  [AccountAdjust, { reason: 'x', amount: 0 }, ['amount: expected a number other than 0, was 0']],
  [
    AccountAdjust,
    { amount: 'much' },
    [
      'amount: expected a number other than 0, was "much"',
      'reason: expected 1 to 64 characters, was missing',
    ],
  ],
  [AccountCloseAll, { reason: 'x', positions: {} }, ['positions: expected a list, was {}']],
  [
    AccountCloseAll,
    { reason: 'x', order: 'first' },
    [`order: expected one of ${bulkOrders.join(', ')}, was "first"`],
  ],
])('a command that is not valid is refused: %#', (schema, body, faults) => {
  expect(faultsOf(schema, body)).toEqual(faults);
});

test('a bulk close names 100,000 positions at the most', () => {
  const positions = new Array(100_001).fill(null);
  expect(faultsOf(AccountCloseAll, { reason: 'x', positions })).toEqual([
    expect.stringMatching(/^positions: .*100000/),
  ]);
});

test.each<[unknown, boolean]>([
  [{ positionId: 'p' }, true],
  [{ ticket: 17 }, true],
  [{ ticket: '17', positionId: 'p', note: 'x' }, true],
  [{}, false],
  [{ positionId: 'p.q' }, false],
  [{ ticket: 0 }, false],
  [{ positionId: 'p', ticket: -1 }, false],
  [null, false],
  ['p', false],
])('the entry %j of a bulk close is well-formed: %j', (entry, expected) => {
  expect(BulkEntry.safeParse(entry).success).toBe(expected);
});
