// Market guards as they come in.
import { expect, test } from 'vitest';
import { parse } from '#src/contracts/parse';
import { GuardConditions, GuardPut, GuardRemove, GuardStatus } from '#src/contracts/guard';
import { accepted, faultsOf } from './faults.ts';

test.each<[object]>([
  [{}],
  [{ gap: false, spread: false }],
  [{ gap: {}, spread: { limit: '0.25' } }],
  [{ gap: { limit: 5, closeOn: 'critical' }, spread: { closeOn: 'never' } }],
  [{ liquidity: false, stale: false, volatility: false }],
  [{ liquidity: {}, stale: { limit: 5 } }],
  [{ spread: { haltEntriesOn: 'never', confirmQuotes: 3, confirmMs: 250, clearAfterMs: 0 } }],
  [{ gap: { confirmQuotes: 1000, confirmMs: 31_622_400_000, clearAfterMs: 31_622_400_000 } }],
  [{ volatility: { limit: '4.5' } }],
  [{ volatility: { limit: 4, windowMs: 1, halfLifeMs: 1, closeOn: 'warning' } }],
  [{ reject: { deviationPct: '0.5', withinMs: 1 } }],
  [{ reject: { deviationPct: 2, withinMs: 60_000, confirmQuotes: 100 } }],
  [{ feeds: { primary: 'lmax', fallback: 'ice' } }],
  [{ feeds: { primary: 'lmax', fallback: 'ice', fallbackAfterMs: 1, backAfterMs: 0 } }],
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
    { spread: { haltEntriesOn: 'always' } },
    ['spread.haltEntriesOn: expected warning, critical or never, was "always"'],
  ],
  [{ spread: { confirmQuotes: 0 } }, ['spread.confirmQuotes: expected at least 1, was 0']],
  [{ spread: { confirmQuotes: 1001 } }, ['spread.confirmQuotes: expected at most 1000, was 1001']],
  [{ spread: { confirmQuotes: 1.5 } }, ['spread.confirmQuotes: expected a whole number, was 1.5']],
  [{ spread: { confirmQuotes: '2' } }, ['spread.confirmQuotes: expected a whole number, was "2"']],
  [{ gap: { confirmMs: -1 } }, ['gap.confirmMs: expected at least 0, was -1']],
  [{ gap: { confirmMs: 0.5 } }, ['gap.confirmMs: expected whole milliseconds, was 0.5']],
  [
    { gap: { clearAfterMs: 31_622_400_001 } },
    ['gap.clearAfterMs: expected at most 31622400000, was 31622400001'],
  ],
  [
    { gap: { clearAfterMs: '5000' } },
    ['gap.clearAfterMs: expected whole milliseconds, was "5000"'],
  ],
  [{ gap: { max: 2 } }, ['gap.max: is not a known key']],
  [
    { gap: { limit: 0, closeOn: 'x' } },
    [
      'gap.limit: expected a number above 0, was 0',
      'gap.closeOn: expected warning, critical or never, was "x"',
    ],
  ],
  [{ liquidity: { limit: 0 } }, ['liquidity.limit: expected a number above 0, was 0']],
  [{ liquidity: { windowMs: 1000 } }, ['liquidity.windowMs: is not a known key']],
  [{ stale: true }, ['stale: expected false or an object, was true']],
  [{ volatility: {} }, ['volatility.limit: expected a number above 0, was missing']],
  [{ volatility: true }, ['volatility: expected false or an object, was true']],
  [
    { volatility: { limit: 4, windowMs: 0, halfLifeMs: 0 } },
    [
      'volatility.windowMs: expected at least 1, was 0',
      'volatility.halfLifeMs: expected at least 1, was 0',
    ],
  ],
  [
    { reject: {} },
    [
      'reject.deviationPct: expected a number above 0, was missing',
      'reject.withinMs: expected whole milliseconds, was missing',
    ],
  ],
  [
    { reject: { deviationPct: 0, withinMs: 0, confirmQuotes: 101 } },
    [
      'reject.deviationPct: expected a number above 0, was 0',
      'reject.withinMs: expected at least 1, was 0',
      'reject.confirmQuotes: expected at most 100, was 101',
    ],
  ],
  [{ reject: false }, ['reject: expected an object, was false']],
  [
    { feeds: { primary: 'a.b', fallbackAfterMs: 0, backAfterMs: -1 } },
    [
      'feeds.primary: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"',
      'feeds.fallback: expected text, was missing',
      'feeds.fallbackAfterMs: expected at least 1, was 0',
      'feeds.backAfterMs: expected at least 0, was -1',
    ],
  ],
  [
    { feeds: { primary: 'lmax', fallback: 'lmax' } },
    ['feeds.fallback: expected another feed than the primary, was "lmax"'],
  ],
  [{ drift: false }, ['drift: is not a known key']],
])('the conditions %j are refused', (conditions, faults) => {
  expect(faultsOf(GuardConditions, conditions)).toEqual(faults);
  expect(faultsOf(GuardPut, { symbol: 'S', ...conditions })).toEqual(faults);
});

test.each(['confirmQuotes', 'haltEntriesOn', 'clearAfterMs'])(
  '%s at the top is told what is known there',
  (key) => {
    const known = 'symbol, gap, spread, liquidity, stale, volatility, reject, feeds';
    const message = `is not a known key; known are ${known}`;
    expect(parse(GuardPut, { symbol: 'S', [key]: 3 })).toEqual({
      ok: false,
      issues: [{ path: key, message }],
    });
  },
);

test('a guard is of a symbol', () => {
  expect(faultsOf(GuardPut, {})).toEqual(['symbol: expected text, was missing']);
  expect(faultsOf(GuardRemove, {})).toEqual(['symbol: expected text, was missing']);
  expect(accepted(GuardRemove, { symbol: 'S' })).toEqual({ symbol: 'S' });
  expect(accepted(GuardStatus, {})).toEqual({});
  const page = { symbol: 'S', limit: 5, cursor: '7' };
  expect(accepted(GuardStatus, page)).toEqual(page);
  expect(faultsOf(GuardStatus, { symbol: '', gap: 1 })).toEqual([
    'symbol: expected 1 to 64 printable characters without space, was ""',
    'gap: is not a known key',
  ]);
});
