// Which numbers are accepted, and how decimals are shown and rounded.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, decimalDigitsMax, isNumeric, roundPnl, text } from '#src/domain/money';
import { D } from '../support/brute-force/exact.ts';

test.each<[unknown, boolean]>([
  [0, true],
  [-0, true],
  [1.5, true],
  [-2000, true],
  [1e20, true],
  [1e21, false],
  [-1e21, false],
  [1e-20, true],
  [1e-21, false],
  [NaN, false],
  [Infinity, false],
  [-Infinity, false],
  ['0', true],
  ['1.50', true],
  ['-1.5', true],
  ['+1.5', true],
  ['007', true],
  ['1'.repeat(30), true],
  ['1'.repeat(31), false],
  [`-${'1'.repeat(15)}.${'1'.repeat(15)}`, true],
  [`-${'1'.repeat(15)}.${'1'.repeat(16)}`, false],
  ['1'.repeat(40), false],
  ['', false],
  ['.5', false],
  ['5.', false],
  ['1e5', false],
  ['0x10', false],
  [' 1', false],
  ['1 ', false],
  ['1\n', false],
  ['1,5', false],
  ['--1', false],
  ['NaN', false],
  ['Infinity', false],
  ['١', false],
  [true, false],
  [null, false],
  [undefined, false],
  [{}, false],
  [[1], false],
])('%j is a number that is accepted: %j', (value, expected) => {
  expect(isNumeric(value)).toBe(expected);
});

test.each([
  ['0', '0'],
  ['-0', '0'],
  ['0.000', '0'],
  ['1.50', '1.5'],
  ['+007.0', '7'],
  ['0.0000000000000000000000000001', '0.0000000000000000000000000001'],
  ['123456789012345678901234567890', '123456789012345678901234567890'],
  [1e20, '100000000000000000000'],
  [1e-20, '0.00000000000000000001'],
  [0.1, '0.1'],
  [-2.5e-7, '-0.00000025'],
])('%j is shown as %s, without exponent', (value, shown) => {
  expect(text(decimal(value))).toBe(shown);
});

test('accepted text is shown as the same number', () => {
  const digits = fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n });
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 29 }), (unscaled, decimals) => {
      const given = new D(unscaled.toString()).dividedBy(new D(10).pow(decimals)).toFixed();
      fc.pre(given.replaceAll(/\D/g, '').length <= decimalDigitsMax);
      expect(isNumeric(given)).toBe(true);
      expect(text(decimal(given))).toBe(given === '-0' ? '0' : given);
    }),
  );
});

test.each([
  ['1.00000000005', '1', 'to the even one below'],
  ['1.00000000015', '1.0000000002', 'to the even one above'],
  ['-1.00000000005', '-1', 'towards zero, which is even'],
  ['-1.00000000015', '-1.0000000002', 'away from zero, which is even'],
  ['1.0000000000500000000001', '1.0000000001', 'up, above the half'],
  ['1.00000000004999999999', '1', 'down, below the half'],
  ['0.00000000005', '0', 'to zero'],
  ['12345.678', '12345.678', 'not at all'],
])('a P&L of %s is rounded to %s: %s', (value, rounded) => {
  expect(text(roundPnl(decimal(value)))).toBe(rounded);
});

test('a product of four numbers with as many digits as there may be is exact', () => {
  const widest = '9'.repeat(decimalDigitsMax);
  const product = decimal(widest).times(widest).times(widest).times(widest);
  expect(product.toFixed()).toBe((BigInt(widest) ** 4n).toString());
});
