// Times as text, and which days there are.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDay, isoTimeOf } from '#src/domain/time';

test.each<[string, number | undefined]>([
  ['1970-01-01T00:00Z', 0],
  ['1970-01-01T00:00:00Z', 0],
  ['1970-01-01T00:00:00.5Z', 500],
  ['1970-01-01T00:00:00.123456789Z', 123],
  ['1970-01-01T01:00:00+01:00', 0],
  ['1969-12-31T19:30:00-04:30', 0],
  ['2024-02-29T23:59:59.999Z', Date.UTC(2024, 1, 29, 23, 59, 59, 999)],
  ['2023-02-29T00:00:00Z', undefined],
  ['2024-02-30T00:00:00Z', undefined],
  ['2024-04-31T00:00:00Z', undefined],
  ['2024-00-01T00:00:00Z', undefined],
  ['2024-13-01T00:00:00Z', undefined],
  ['2024-01-00T00:00:00Z', undefined],
  ['2024-01-01T24:00:00Z', undefined],
  ['2024-01-01T23:60:00Z', undefined],
  ['2024-01-01T23:59:60Z', undefined],
  ['2024-01-01T00:00:00+24:00', undefined],
  ['2024-01-01T00:00:00+01:60', undefined],
  ['2024-01-01T00:00:00', undefined],
  ['2024-01-01T00:00:00.Z', undefined],
  ['2024-01-01T00:00:00.1234567890Z', undefined],
  ['2024-01-01 00:00:00Z', undefined],
  ['2024-01-01T00Z', undefined],
  ['2024-01-01', undefined],
  ['20240101T000000Z', undefined],
  ['24-01-01T00:00:00Z', undefined],
  ['2024-01-01t00:00:00z', undefined],
  ['1700000000000', undefined],
  ['', undefined],
])('the time %s is %j', (given, expected) => {
  expect(isoTimeOf(given)).toBe(expected);
});

test('a time as it is written by the language is read as what it was', () => {
  const date = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (time) => {
      expect(isoTimeOf(time.toISOString())).toBe(time.getTime());
    }),
  );
});

test.each([
  ['2024-02-29', true],
  ['2000-02-29', true],
  ['0004-02-29', true],
  ['2023-02-29', false],
  ['1900-02-29', false],
  ['2024-02-30', false],
  ['2024-02-31', false],
  ['2024-04-31', false],
  ['2024-12-31', true],
  ['2024-12-32', false],
  ['2024-13-01', false],
  ['2024-00-10', false],
  ['2024-01-00', false],
])('%s is a day: %j', (date, expected) => {
  expect(isDay(date)).toBe(expected);
});
