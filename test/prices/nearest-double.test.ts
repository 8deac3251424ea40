// Doubles of decimals are held against the way by their text.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import { nearestDouble } from '#src/prices/nearest-double';

test.each([
  ['0', 0],
  ['-0.1', -0.1],
  ['100123.4567890123', 100123.4567890123],
  ['9007199254740993', 9007199254740992],
  ['9007199254.74099300001', 9007199254.740993],
  ['0.0000000000000000000000000000001', 1e-31],
  ['123456789012345678901234567890', 1.2345678901234568e29],
])('%s is nearest to %d', (given, nearest) => {
  expect(nearestDouble(decimal(given))).toBe(nearest);
});

test('whatever the decimal, it is the double that its text names', () => {
  const digits = fc.bigInt({ min: -(10n ** 26n), max: 10n ** 26n });
  const amounts = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n });
  fc.assert(
    fc.property(fc.oneof(digits, amounts), fc.integer({ min: 0, max: 30 }), (whole, decimals) => {
      const given = decimal(`${whole}e-${decimals}`);
      expect(nearestDouble(given) + 0).toBe(Number(`${whole}e-${decimals}`) + 0);
    }),
    { numRuns: 5000 },
  );
});
