// A price in doubles, with its exact text where a double is another number.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import { compareExact, exactOf, isExact, price } from '#src/domain/price';
import { D } from '../support/brute-force/exact.ts';
import { priceText } from './arbitraries.ts';

test.each([
  [1.1, 1.1, undefined],
  [1e-7, 1e-7, undefined],
  ['1.1', 1.1, undefined],
  ['1.10', 1.1, undefined],
  ['0.0000001', 1e-7, undefined],
  ['100000000000000000000000', 1e23, undefined],
  ['1.1000000000000000000001', 1.1, '1.1000000000000000000001'],
  ['0.1000000000000000055511151231257827', 0.1, '0.1000000000000000055511151231257827'],
  ['9007199254740993', 9007199254740992, '9007199254740993'],
] as const)('%j is the double %j with the exact text %j', (given, value, exact) => {
  expect(price(given)).toEqual({ value, exact });
});

test('a decimal becomes a price like its text', () => {
  expect(price(decimal('2000.5'))).toEqual({ value: 2000.5, exact: undefined });
  expect(price(decimal('1.1000000000000000000001')).exact).toBe('1.1000000000000000000001');
});

test.each([
  [0.1, '0.1', true],
  [1e-7, '0.0000001', true],
  [1e23, '100000000000000000000000', true],
  [0.1, '0.1000000000000000055511151231257827', false],
] as const)('the double %d is exactly %s: %j', (value, text, expected) => {
  expect(isExact(value, text)).toBe(expected);
});

test('the exact decimal of a double is that of its shortest text', () => {
  expect(exactOf(0.1, undefined).toFixed()).toBe('0.1');
  expect(exactOf(0.1, '0.1000000000000000000002').toFixed()).toBe('0.1000000000000000000002');
});

test.each([
  ['1', '2', -1],
  ['2', '1', 1],
  ['1.10', '1.1', 0],
  ['1.1', '1.1000000000000000000001', -1],
  ['1.1000000000000000000001', '1.1', 1],
  ['1.1000000000000000000001', '1.1000000000000000000002', -1],
  ['1.1000000000000000000001', '1.10000000000000000000010', 0],
])('%s compared with %s is %d', (a, b, expected) => {
  const x = price(a);
  const y = price(b);
  expect(compareExact(x.value, x.exact, y.value, y.exact)).toBe(expected);
});

test('prices compare as their decimals do', () => {
  fc.assert(
    fc.property(priceText, priceText, (a, b) => {
      const x = price(a);
      const y = price(b);
      expect(compareExact(x.value, x.exact, y.value, y.exact)).toBe(new D(a).comparedTo(b));
    }),
    { numRuns: 500 },
  );
});
