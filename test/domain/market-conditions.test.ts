// Defaults of a market guard, what a record of an earlier version is, and what acts at which level.
import { expect, test } from 'vitest';
import {
  actsAt,
  closeReasonOf,
  conditions,
  gaugeOf,
  gaugeParts,
  gauges,
  guardOf,
  storedGuard,
  type GuardRecord,
  type GuardSpec,
  type StoredGuard,
} from '#src/domain/market-conditions';

const common = {
  haltEntriesOn: 'warning',
  confirmQuotes: 1,
  confirmMs: 0,
  clearAfterMs: 5000,
} as const;

/** As the contract has them (section 4). */
const defaults = {
  symbol: 'S',
  gap: { limit: '5', closeOn: 'warning', ...common },
  spread: { limit: '0.5', closeOn: 'warning', ...common },
  liquidity: { limit: '10', closeOn: 'critical', ...common },
  stale: { limit: '60', closeOn: 'never', ...common },
  volatility: false,
} as const;

const volatility = {
  limit: '4',
  closeOn: 'critical',
  ...common,
  windowMs: 60_000,
  halfLifeMs: 3_600_000,
} as const;

test.each<[Omit<GuardSpec, 'symbol'>, Partial<GuardRecord>]>([
  [{}, {}],
  [{ gap: {}, stale: {} }, {}],
  [{ gap: undefined, spread: { limit: undefined } }, {}],
  [{ gap: false }, { gap: false }],
  [
    { spread: false, liquidity: false, stale: false },
    { spread: false, liquidity: false, stale: false },
  ],
  [
    { gap: { limit: '2.50' }, spread: { closeOn: 'never' } },
    { gap: { ...defaults.gap, limit: '2.5' }, spread: { ...defaults.spread, closeOn: 'never' } },
  ],
  [
    { spread: { limit: 1e-7, closeOn: 'critical' } },
    { spread: { ...defaults.spread, limit: '0.0000001', closeOn: 'critical' } },
  ],
  [
    { liquidity: { haltEntriesOn: 'never', confirmQuotes: 3, confirmMs: 100, clearAfterMs: 0 } },
    {
      liquidity: {
        limit: '10',
        closeOn: 'critical',
        haltEntriesOn: 'never',
        confirmQuotes: 3,
        confirmMs: 100,
        clearAfterMs: 0,
      },
    },
  ],
  [
    { stale: { limit: 5, closeOn: 'warning' } },
    { stale: { ...defaults.stale, limit: '5', closeOn: 'warning' } },
  ],
  [{ volatility: { limit: 4 } }, { volatility }],
  [
    { volatility: { limit: '4.0', windowMs: 1000, halfLifeMs: undefined } },
    { volatility: { ...volatility, windowMs: 1000 } },
  ],
  [{ volatility: false }, {}],
  [
    { reject: { deviationPct: '1.0', withinMs: 500 } },
    { reject: { deviationPct: '1', withinMs: 500, confirmQuotes: 1 } },
  ],
  [
    { reject: { deviationPct: 0.5, withinMs: 500, confirmQuotes: 3 } },
    { reject: { deviationPct: '0.5', withinMs: 500, confirmQuotes: 3 } },
  ],
  [
    { feeds: { primary: 'one', fallback: 'two' } },
    { feeds: { primary: 'one', fallback: 'two', fallbackAfterMs: 10_000, backAfterMs: 30_000 } },
  ],
  [
    { feeds: { primary: 'one', fallback: 'two', fallbackAfterMs: 1, backAfterMs: 0 } },
    { feeds: { primary: 'one', fallback: 'two', fallbackAfterMs: 1, backAfterMs: 0 } },
  ],
])('%j is held as %j', (given, record) => {
  const guard = guardOf({ symbol: 'S', ...given });
  expect(guard).toEqual({ ...defaults, ...record });
  // What was written is read as it was.
  expect(storedGuard(guard)).toEqual(guard);
});

const allOff = { gap: false, spread: false, liquidity: false, stale: false } as const;

/** The versions before this one wrote gap and spread alone, with these two keys. */
test.each<[StoredGuard, Partial<GuardRecord>]>([
  [{ symbol: 'S' }, {}],
  [{ symbol: 'S', gap: false, spread: false }, {}],
  [
    { symbol: 'S', gap: { limit: '5', closeOn: 'warning' }, spread: false },
    { gap: { ...defaults.gap, haltEntriesOn: 'never' } },
  ],
  [
    { symbol: 'S', gap: false, spread: { limit: '1', closeOn: 'never' } },
    { spread: { ...defaults.spread, limit: '1', closeOn: 'never', haltEntriesOn: 'never' } },
  ],
])('the record %j of an earlier version is %j, all else off', (stored, record) => {
  expect(storedGuard(stored)).toEqual({ symbol: 'S', ...allOff, volatility: false, ...record });
});

test.each([
  [undefined, 'warning', false],
  [undefined, 'critical', false],
  [undefined, 'never', false],
  ['warning', 'warning', true],
  ['warning', 'critical', false],
  ['warning', 'never', false],
  ['critical', 'warning', true],
  ['critical', 'critical', true],
  ['critical', 'never', false],
] as const)('of a condition that is %s, what acts on %s acts: %j', (level, actsOn, expected) => {
  expect(actsAt(level, actsOn)).toBe(expected);
});

test('a gauge is of one condition, two of liquidity, and is found by it', () => {
  expect(gauges.map((gauge) => gaugeParts[gauge].condition)).toEqual([
    ...['gap', 'spread', 'liquidity', 'liquidity', 'volatility', 'stale'],
  ]);
  for (const gauge of gauges) {
    const { condition, side } = gaugeParts[gauge];
    expect(gaugeOf(condition, side)).toBe(gauge);
  }
  expect(new Set(gauges.map((gauge) => gaugeParts[gauge].condition))).toEqual(new Set(conditions));
});

test('the reason of a close names its condition', () => {
  expect(conditions.map(closeReasonOf)).toEqual([
    ...['market_gap', 'market_spread', 'market_liquidity', 'market_volatility', 'market_stale'],
  ]);
});
