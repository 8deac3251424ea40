import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberOf, quoteOfText, timeOf } from '#src/cli/replay/csv-row';
import { timeMsMax } from '#src/domain/time';
import { Decimal } from '#src/domain/money';

test.for([
  ['0', 0],
  ['1399507217007', 1_399_507_217_007],
  ['-1', -1],
  ['0001399507217007', 1_399_507_217_007],
  [String(timeMsMax), timeMsMax],
  ['1970-01-01T00:00Z', 0],
  ['2014-05-02T00:00:00.046Z', 1_398_988_800_046],
  ['2014-05-02T00:00:00Z', 1_398_988_800_000],
  ['2014-05-02T02:00:00.5+02:00', 1_398_988_800_500],
  ['2014-05-01T19:30:00-04:30', 1_398_988_800_000],
  ['2014-05-02T00:00:00.046999999Z', 1_398_988_800_046],
  ['2016-02-29T00:00:00Z', 1_456_704_000_000],
  ['0000-02-29T00:00:00Z', -62_162_121_600_000],
] as const)('the time %s is %i ms', ([text, expected]) => {
  expect(timeOf(text)).toBe(expected);
});

test.for([
  '',
  ' 1',
  '1 ',
  '+1',
  '1.0',
  '1e12',
  'NaN',
  '8640000000000001',
  '-8640000000000001',
  '12345678901234567',
  '2014-05-02',
  '2014-05-02T00:00:00',
  '2014-05-02 00:00:00Z',
  '2014-05-02t00:00:00z',
  '2014-05-02T00Z',
  '2014-05-02T00:00:00.Z',
  '2014-05-02T00:00:00,5Z',
  '2014-05-02T00:00:00.0000000001Z',
  '2014-05-02T00:00:00+0200',
  '2014-05-02T00:00:00+02',
  '2014-05-02T00:00:00+24:00',
  '2014-05-02T24:00:00Z',
  '2014-05-02T00:60:00Z',
  '2014-05-02T23:59:60Z',
  '2014-00-02T00:00:00Z',
  '2014-13-02T00:00:00Z',
  '2014-05-00T00:00:00Z',
  '2014-04-31T00:00:00Z',
  '2014-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '+002014-05-02T00:00:00Z',
])('%j is no time', (text) => {
  expect(timeOf(text)).toBeUndefined();
});

test.for([
  ['1299.055', 1299.055, undefined],
  ['1.39150', 1.3915, undefined],
  ['007', 7, undefined],
  ['+1.5', 1.5, undefined],
  ['.5', 0.5, undefined],
  ['5.', 5, undefined],
  ['-1.5', -1.5, undefined],
  ['0', 0, undefined],
  ['1e3', 1000, undefined],
  ['1.5E-7', 1.5e-7, undefined],
  ['0.1000000000000000055', 0.1, '0.1000000000000000055'],
  ['12345678901234567890', 12_345_678_901_234_567_000, '12345678901234567890'],
  ['-0.10000000000000000001', -0.1, '-0.10000000000000000001'],
  ['9007199254740993', 9_007_199_254_740_992, '9007199254740993'],
  ['1e400', Infinity, undefined],
  ['-1e400', -Infinity, undefined],
  ['1e-400', 0, undefined],
  ['1e99999999', Infinity, undefined],
] as const)('%s is the number %d, exactly %s', ([text, value, exact]) => {
  expect(numberOf(text)).toEqual({ value, exact });
});

test.for(
  ['', ' ', '1 ', ' 1', '.', '-', '+', '1.2.3', '1,2', '--1', '1e', 'e1', '1e1.5'].concat([
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    '0x10',
    '1_000',
    '0b1',
    '1n',
    '"1"',
    '١',
  ]),
)('%j is no number', (text) => {
  expect(numberOf(text)).toBeUndefined();
});

test('a number beyond the double is kept exactly, and only such a one', () => {
  const digits = fc.stringMatching(/^\d{1,25}$/);
  const fraction = fc.option(digits, { nil: undefined });
  fc.assert(
    fc.property(fc.boolean(), digits, fraction, (isNegative, whole, decimals) => {
      const unsigned = decimals === undefined ? whole : `${whole}.${decimals}`;
      const text = isNegative ? `-${unsigned}` : unsigned;
      const number = numberOf(text);
      expect(number?.value).toBe(Number(text));
      const shortest = new Decimal(Number(text));
      const isSame = shortest.equals(new Decimal(text));
      expect(number?.exact).toBe(isSame ? undefined : new Decimal(text).toFixed());
    }),
  );
});

test.for([
  ['1,2', 'has 2 fields instead of 3'],
  ['1,2,3,4', 'has 4 fields instead of 3'],
  ['x,2,3', 'ts "x" is neither integer milliseconds nor an ISO-8601 time with its zone'],
  ['1,,3', 'bid "" is not a number'],
  ['1,2,NaN', 'ask "NaN" is not a number'],
  ['1,2,\u001B[2J', 'ask "\\u001b[2J" is not a number'],
  [`1,2,${'x'.repeat(1000)}`, `ask "${'x'.repeat(40)}…" is not a number`],
] as const)('the row %j %s', ([line, why]) => {
  expect(quoteOfText(line, 'A', false)).toBe(why);
});

test.for([
  ['1,2,3', 'has 3 fields instead of 5'],
  ['1,2,3,4,', 'askSize "" is not a number'],
  ['1,2,3,,5', 'bidSize "" is not a number'],
] as const)('the row with sizes %j %s', ([line, why]) => {
  expect(quoteOfText(line, 'A', true)).toBe(why);
});
