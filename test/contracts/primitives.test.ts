// Ids, symbols, numbers and times: what is accepted, and what is said of the rest.
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  Amount,
  Currency,
  Id,
  NonZero,
  NotNegative,
  Percent,
  Positive,
  Reason,
  SymbolName,
  Ticket,
  Time,
  TimestampMs,
} from '#src/contracts/primitives';
import { accepted, faultsOf } from './faults.ts';

const long = (count: number): string => 'x'.repeat(count);

test.each<[string, z.ZodType, unknown[]]>([
  ['an id', Id, ['a', 'A-z_0', long(64)]],
  ['a symbol', SymbolName, ['EURUSD', 'a', 'BTC/USD.x*>%', '~!', long(64)]],
  ['a currency', Currency, ['USD', 'USDT', 'X1', 'ABCDEFGHIJKL']],
  ['a ticket', Ticket, [1, 9007199254740991, 'T-1', '17', 'é', ' ', long(64)]],
  ['a reason', Reason, ['manual', 'o’clock', long(64)]],
  ['an amount', Amount, [0, -1.5, 1e-20, '0', '-1.50', '+7', `0.${'1'.repeat(29)}`]],
  ['a positive number', Positive, [1e-20, 5, '0.00000000000000000000000000001', '5']],
  ['a number of at least 0', NotNegative, [0, '0', '0.0', 5]],
  ['a number other than 0', NonZero, [-1, '0.1', 5]],
  ['a percentage', Percent, [1e-20, 50, 100, '100', '100.00', '0.5']],
  ['a timestamp', TimestampMs, [0, 1_700_000_000_000, 9_999_999_999_999]],
])('%s is taken as it came', (_, schema, values) => {
  expect(values.map((value) => accepted(schema, value))).toEqual(values);
});

const notText = ': expected text, was ';
const idFault = ': expected 1 to 64 of A-Z a-z 0-9 _ -, was ';
const symbolFault = ': expected 1 to 64 printable characters without space, was ';
const currencyFault = ': expected a currency code of 2 to 12 of A-Z 0-9, was ';
const ticketFault = ': expected a positive integer or 1 to 64 characters, was ';
const reasonFault = ': expected 1 to 64 characters, was ';
const msFault = ': expected milliseconds since the epoch, was ';
const timeFault = ': expected milliseconds since the epoch or an ISO-8601 time with its zone, was ';

test.each<[string, z.ZodType, [unknown, string][]]>([
  [
    'an id',
    Id,
    [
      ['', `${idFault}""`],
      ['a.b', `${idFault}"a.b"`],
      ['a*', `${idFault}"a*"`],
      ['a b', `${idFault}"a b"`],
      ['a>', `${idFault}"a>"`],
      ['é', `${idFault}"é"`],
      ['a\n', `${idFault}"a\\n"`],
      [long(65), `${idFault}"${long(59)}…`],
      [5, `${notText}5`],
      [undefined, `${notText}missing`],
      [null, `${notText}null`],
    ],
  ],
  [
    'a symbol',
    SymbolName,
    [
      ['', `${symbolFault}""`],
      ['EUR USD', `${symbolFault}"EUR USD"`],
      ['EURUSD\t', `${symbolFault}"EURUSD\\t"`],
      ['é', `${symbolFault}"é"`],
      [long(65), `${symbolFault}"${long(59)}…`],
      [{}, `${notText}{}`],
    ],
  ],
  [
    'a currency',
    Currency,
    [
      ['usd', `${currencyFault}"usd"`],
      ['U', `${currencyFault}"U"`],
      ['ABCDEFGHIJKLM', `${currencyFault}"ABCDEFGHIJKLM"`],
      [840, `${notText}840`],
    ],
  ],
  [
    'a ticket',
    Ticket,
    [
      [0, `${ticketFault}0`],
      [-5, `${ticketFault}-5`],
      [1.5, `${ticketFault}1.5`],
      [2 ** 53, `${ticketFault}9007199254740992`],
      [NaN, `${ticketFault}NaN`],
      ['', `${ticketFault}""`],
      [long(65), `${ticketFault}"${long(59)}…`],
      ['a\u0000', `${ticketFault}"a\\u0000"`],
      ['\ud800', `${ticketFault}"\\ud800"`],
      [true, `${ticketFault}true`],
      [null, `${ticketFault}null`],
      [undefined, `${ticketFault}missing`],
    ],
  ],
  [
    'a reason',
    Reason,
    [
      ['', `${reasonFault}""`],
      [long(65), `${reasonFault}"${long(59)}…`],
      ['a\nb', `${reasonFault}"a\\nb"`],
      [5, `${reasonFault}5`],
    ],
  ],
  [
    'an amount',
    Amount,
    [
      ['1e5', ': expected a number or decimal text, was "1e5"'],
      ['', ': expected a number or decimal text, was ""'],
      [NaN, ': expected a number or decimal text, was NaN'],
      [-Infinity, ': expected a number or decimal text, was -Infinity'],
      [1e21, ': expected a number or decimal text, was 1e+21'],
      ['1'.repeat(31), `: expected a number or decimal text, was "${'1'.repeat(31)}"`],
      [true, ': expected a number or decimal text, was true'],
      [undefined, ': expected a number or decimal text, was missing'],
    ],
  ],
  [
    'a positive number',
    Positive,
    [
      [0, ': expected a number above 0, was 0'],
      ['0.0', ': expected a number above 0, was "0.0"'],
      [-1, ': expected a number above 0, was -1'],
      ['-0.01', ': expected a number above 0, was "-0.01"'],
      [null, ': expected a number above 0, was null'],
    ],
  ],
  [
    'a number of at least 0',
    NotNegative,
    [
      [-1e-20, ': expected a number of at least 0, was -1e-20'],
      ['-0.1', ': expected a number of at least 0, was "-0.1"'],
    ],
  ],
  [
    'a number other than 0',
    NonZero,
    [
      [0, ': expected a number other than 0, was 0'],
      ['-0.00', ': expected a number other than 0, was "-0.00"'],
    ],
  ],
  [
    'a percentage',
    Percent,
    [
      [0, ': expected a percentage above 0 and at most 100, was 0'],
      [-5, ': expected a percentage above 0 and at most 100, was -5'],
      [100.1, ': expected a percentage above 0 and at most 100, was 100.1'],
      // Above 100 by less than a double can tell.
      [
        '100.00000000000000000001',
        ': expected a percentage above 0 and at most 100, was "100.00000000000000000001"',
      ],
    ],
  ],
  [
    'a timestamp',
    TimestampMs,
    [
      [-1, `${msFault}-1`],
      [10_000_000_000_000, `${msFault}10000000000000`],
      [1.5, ': expected whole milliseconds since the epoch, was 1.5'],
      ['5', `${msFault}"5"`],
      [NaN, `${msFault}NaN`],
    ],
  ],
  [
    'a time',
    Time,
    [
      ['2024-01-01', `${timeFault}"2024-01-01"`],
      ['2024-01-01T00:00:00', `${timeFault}"2024-01-01T00:00:00"`],
      ['2024-02-30T00:00:00Z', `${timeFault}"2024-02-30T00:00:00Z"`],
      ['1700000000000', `${timeFault}"1700000000000"`],
      ['', `${timeFault}""`],
      [true, `${timeFault}true`],
      [undefined, `${timeFault}missing`],
      [1.5, `${timeFault}1.5`],
      [-1, `${msFault}-1`],
    ],
  ],
])('%s is refused, with what was expected and was there', (_, schema, cases) => {
  for (const [value, fault] of cases) expect(faultsOf(schema, value)).toEqual([fault]);
});

test.each([
  [0, 0],
  [1_700_000_000_000, 1_700_000_000_000],
  ['1970-01-01T00:00:01Z', 1000],
  ['1970-01-01T00:00Z', 0],
  ['1970-01-01T02:00:00.25+02:00', 250],
])('the time %j is %d', (given, ms) => {
  expect(accepted(Time, given)).toBe(ms);
});
