// The reference's trading hours, held against calendars that were worked out by hand.
import { expect, test } from 'vitest';
import type { Sessions, Weekday } from './market-terms.ts';
import { isOpen, openAfter } from './sessions.ts';

const workdays: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
/** From Sunday to Friday at five in New York, an hour of each day left out. */
const forex: Sessions = {
  timezone: 'America/New_York',
  weekly: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], from: '18:00', to: '17:00' }],
};
const whole: Sessions = {
  timezone: 'UTC',
  weekly: [{ days: workdays, from: '00:00', to: '24:00' }],
};
const exchange: Sessions = {
  timezone: 'America/New_York',
  weekly: [{ days: workdays, from: '09:30', to: '16:00' }],
  holidays: [
    { date: '2024-07-03', from: '09:30', to: '13:00' },
    { date: '2024-07-04', closed: true },
  ],
};
/** The night of Thursday is a holiday, of Friday one that runs on. */
const nights: Sessions = {
  timezone: 'UTC',
  weekly: [{ days: ['wed', 'thu'], from: '20:00', to: '04:00' }],
  holidays: [
    { date: '2024-07-04', closed: true },
    { date: '2024-07-05', from: '22:00', to: '02:00' },
  ],
};
const clocks = (from: string, to: string): Sessions => ({
  timezone: 'America/New_York',
  weekly: [{ days: ['sun'], from, to }],
});

test.for<[name: string, sessions: Sessions, opens: string[]]>([
  // What follows is the time at which it opens, then the one at which it closes, and so on.
  ['a week of foreign exchange', forex, ['2024-07-07T22:00Z', '2024-07-08T21:00Z']],
  ['from 00:00 to 24:00', whole, ['2024-07-08T00:00Z', '2024-07-13T00:00Z']],
  [
    'from 17:00 to 17:00: a whole day',
    { timezone: 'UTC', weekly: [{ days: ['mon'], from: '17:00', to: '17:00' }] },
    ['2024-07-08T17:00Z', '2024-07-09T17:00Z'],
  ],
  [
    'an early close, and a day that is closed',
    exchange,
    [
      ...['2024-07-02T13:30Z', '2024-07-02T20:00Z', '2024-07-03T13:30Z', '2024-07-03T17:00Z'],
      ...['2024-07-05T13:30Z', '2024-07-05T20:00Z', '2024-07-08T13:30Z', '2024-07-08T20:00Z'],
    ],
  ],
  [
    // Wednesday's ends at midnight, the rest of Thursday's is Friday's hours, which are replaced.
    'nights about holidays',
    nights,
    ['2024-07-03T20:00Z', '2024-07-04T00:00Z', '2024-07-05T22:00Z', '2024-07-06T02:00Z'],
  ],
  [
    'what a holiday leaves of the night behind it',
    { ...nights, holidays: [{ date: '2024-07-04', closed: true }] },
    ['2024-07-03T20:00Z', '2024-07-04T00:00Z', '2024-07-05T00:00Z', '2024-07-05T04:00Z'],
  ],
  [
    'a spring night that leaves out what they begin with',
    clocks('02:30', '04:00'),
    ['2024-03-10T07:00Z', '2024-03-10T08:00Z'],
  ],
  [
    'an autumn night that repeats what they begin with',
    clocks('01:30', '04:00'),
    ['2024-11-03T05:30Z', '2024-11-03T09:00Z'],
  ],
  [
    'an autumn night that repeats what they end with',
    clocks('00:30', '01:30'),
    ['2024-11-03T04:30Z', '2024-11-03T05:30Z'],
  ],
])('hours: %s', ([, sessions, opens]) => {
  const times = opens.map((text) => Date.parse(text));
  const first = times[0] ?? NaN;
  expect(isOpen(sessions, first - 1)).toBe(false);
  for (let at = first; at < (times.at(-1) ?? NaN); at += 60_000) {
    const isBetween = times.filter((time) => time <= at).length % 2 === 1;
    expect(isOpen(sessions, at), new Date(at).toISOString()).toBe(isBetween);
    expect(isOpen(sessions, at + 59_999)).toBe(isBetween);
  }
  expect(isOpen(sessions, times.at(-1) ?? NaN)).toBe(false);
});

test.for<[name: string, from: string, minutes: number, at: string | undefined]>([
  ['within hours', '2024-07-05T15:00Z', 300, '2024-07-05T20:00Z'],
  ['from one day to another', '2024-07-05T15:00Z', 300.5, '2024-07-08T13:30:30Z'],
  ['from outside', '2024-07-04T15:00Z', 1, '2024-07-05T13:31Z'],
  ['over an early close', '2024-07-03T16:00:30Z', 60, '2024-07-05T13:30:30Z'],
  ['not within what is looked at', '2024-07-05T15:00Z', 100_000, undefined],
])('open for so long: %s', ([, from, minutes, at]) => {
  const expected = at === undefined ? Infinity : Date.parse(at);
  const ts = Date.parse(from);
  const until = Date.parse('2024-07-09T00:00Z');
  expect(openAfter(exchange, ts, minutes * 60_000, until)).toBe(expected);
  expect(openAfter(exchange, ts, minutes * 60_000, Math.min(until, expected))).toBe(expected);
  expect(openAfter(exchange, ts, minutes * 60_000, Math.min(until, expected - 1))).toBe(Infinity);
});

test('without sessions it is always open', () => {
  expect(openAfter(undefined, 5, 10, 15)).toBe(15);
  expect(openAfter(undefined, 5, 10, 14)).toBe(Infinity);
});
