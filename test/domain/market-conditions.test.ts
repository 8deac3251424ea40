// Defaults of a market guard, and at which level a condition closes.
import { expect, test } from 'vitest';
import { closesAt, guardOf, type GuardRecord, type GuardSpec } from '#src/domain/market-conditions';

const gapDefault = { limit: '5', closeOn: 'warning' } as const;
const spreadDefault = { limit: '0.5', closeOn: 'warning' } as const;

test.each<[GuardSpec, GuardRecord]>([
  [{ symbol: 'S' }, { symbol: 'S', gap: gapDefault, spread: spreadDefault }],
  [
    { symbol: 'S', gap: false },
    { symbol: 'S', gap: false, spread: spreadDefault },
  ],
  [
    { symbol: 'S', gap: false, spread: false },
    { symbol: 'S', gap: false, spread: false },
  ],
  [
    { symbol: 'S', gap: {} },
    { symbol: 'S', gap: gapDefault, spread: spreadDefault },
  ],
  [
    { symbol: 'S', gap: { limit: '2.50' }, spread: { closeOn: 'never' } },
    {
      symbol: 'S',
      gap: { limit: '2.5', closeOn: 'warning' },
      spread: { limit: '0.5', closeOn: 'never' },
    },
  ],
  [
    { symbol: 'S', spread: { limit: 1e-7, closeOn: 'critical' } },
    { symbol: 'S', gap: gapDefault, spread: { limit: '0.0000001', closeOn: 'critical' } },
  ],
])('%j is held as %j', (given, record) => {
  expect(guardOf(given)).toEqual(record);
});

test.each([
  ['warning', 'warning', true],
  ['warning', 'critical', false],
  ['warning', 'never', false],
  ['critical', 'warning', true],
  ['critical', 'critical', true],
  ['critical', 'never', false],
] as const)('a condition that is %s closes on %s: %j', (level, closeOn, expected) => {
  expect(closesAt(level, closeOn)).toBe(expected);
});
