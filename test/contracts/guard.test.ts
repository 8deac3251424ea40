// Market guards as they come in.
import { expect, test } from 'vitest';
import { GuardConditions, GuardPut, GuardRemove, GuardStatus } from '#src/contracts/guard';
import { accepted, faultsOf } from './faults.ts';

test.each<[object]>([
  [{}],
  [{ gap: false, spread: false }],
  [{ gap: {}, spread: { limit: '0.25' } }],
  [{ gap: { limit: 5, closeOn: 'critical' }, spread: { closeOn: 'never' } }],
  // Conditions of later versions may be off, which they are.
  [{ liquidity: false, stale: false, volatility: false }],
])('the conditions %j are taken as they came', (conditions) => {
  expect(accepted(GuardConditions, conditions)).toEqual(conditions);
  expect(accepted(GuardPut, { symbol: 'S', ...conditions })).toEqual({
    symbol: 'S',
    ...conditions,
  });
});

test.each<[object, string[]]>([
  [{ gap: true }, ['gap: expected false or an object, was true']],
  [{ spread: 0.5 }, ['spread: expected false or an object, was 0.5']],
  [{ gap: null }, ['gap: expected false or an object, was null']],
  [{ gap: { limit: 0 } }, ['gap.limit: expected a number above 0, was 0']],
  [{ gap: { limit: '-1' } }, ['gap.limit: expected a number above 0, was "-1"']],
  [
    { spread: { closeOn: 'always' } },
    ['spread.closeOn: expected warning, critical or never, was "always"'],
  ],
  [
    { spread: { haltEntriesOn: 'never' } },
    ['spread.haltEntriesOn: is not supported by this version'],
  ],
  [{ spread: { confirmQuotes: 2 } }, ['spread.confirmQuotes: is not supported by this version']],
  [{ gap: { confirmMs: 2 } }, ['gap.confirmMs: is not supported by this version']],
  [{ gap: { clearAfterMs: 2 } }, ['gap.clearAfterMs: is not supported by this version']],
  [{ gap: { max: 2 } }, ['gap.max: is not a known key']],
  [
    { gap: { limit: 0, closeOn: 'x' } },
    [
      'gap.limit: expected a number above 0, was 0',
      'gap.closeOn: expected warning, critical or never, was "x"',
    ],
  ],
  [{ liquidity: {} }, ['liquidity: is not supported by this version, was {}']],
  [{ stale: true }, ['stale: is not supported by this version, was true']],
  [{ volatility: { limit: 4 } }, ['volatility: is not supported by this version, was {"limit":4}']],
  [{ drift: false }, ['drift: is not a known key']],
])('the conditions %j are refused', (conditions, faults) => {
  expect(faultsOf(GuardConditions, conditions)).toEqual(faults);
  expect(faultsOf(GuardPut, { symbol: 'S', ...conditions })).toEqual(faults);
});

test('a guard is of a symbol', () => {
  expect(faultsOf(GuardPut, {})).toEqual(['symbol: expected text, was missing']);
  expect(faultsOf(GuardRemove, {})).toEqual(['symbol: expected text, was missing']);
  expect(accepted(GuardRemove, { symbol: 'S' })).toEqual({ symbol: 'S' });
  expect(accepted(GuardStatus, {})).toEqual({});
  expect(accepted(GuardStatus, { symbol: 'S' })).toEqual({ symbol: 'S' });
  expect(faultsOf(GuardStatus, { symbol: '', gap: 1 })).toEqual([
    'symbol: expected 1 to 64 printable characters without space, was ""',
    'gap: is not a known key',
  ]);
});
