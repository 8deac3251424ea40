// How money, prices and tables are put.
import { expect, test } from 'vitest';
import { count, lots, priceOf, reasonWord, signedMoney, table, timeOf } from '#src/cli/demo/words';

test.each([
  [0, '0.00'],
  ['-0.001', '0.00'],
  ['1234567.895', '+1,234,567.90'],
  ['-999.5', '-999.50'],
  ['-1000', '-1,000.00'],
])('the amount %j is shown as %s', (amount, text) => {
  expect(signedMoney(amount)).toBe(text);
});

test.each([
  ['US500', '5484.5', '5,484.5'],
  ['EURUSD', '1.1', '1.10000'],
  ['BTCUSD', '64000', '64,000.0'],
  ['UNKNOWN', '1234.5678', '1,234.5678'],
])('a price of %s, %s, is shown as %s', (symbol, value, text) => {
  expect(priceOf(symbol, value)).toBe(text);
});

test.each([
  ['stop_loss', 'stop loss'],
  ['take_profit', 'take profit'],
  ['drawdown_critical', 'drawdown'],
  ['market_gap', 'market gap'],
  ['something_new', 'something new'],
])('the reason %s is "%s"', (reason, words) => {
  expect(reasonWord(reason)).toBe(words);
});

test('counts, lots and times', () => {
  expect([count(1_234_567.6), lots('0.1'), timeOf(Date.UTC(2026, 0, 2, 3, 4, 5, 6))]).toEqual([
    '1,234,568',
    '0.10',
    '03:04:05.006',
  ]);
});

test('columns are as wide as their widest cell', () => {
  const rows = [
    ['who', 'much', ''],
    ['a', '10', 'USD'],
  ];
  expect(table(rows, [1])).toEqual(['  who  much', '  a      10  USD']);
});
