// Trading hours: tables of real markets, and of days on which clocks change.
import { expect, test } from 'vitest';
import type { SessionsSpec, Weekday } from '#src/domain/instrument';
import { SessionCalendar } from '#src/domain/sessions';
import { timeMsMax } from '#src/domain/time';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const weekMs = 7 * dayMs;

const workdays: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
const allDays: Weekday[] = [...workdays, 'sat', 'sun'];
const eves: Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu'];

type Holiday = NonNullable<SessionsSpec['holidays']>[number];

/** Weekdays and hours such as `17:00–16:00`, several with spaces between. */
function spec(timezone: string, days: Weekday[], hours: string, holidays?: string[]): SessionsSpec {
  return { timezone, weekly: rangesOf(hours, { days }), holidays: holidays?.flatMap(holidayOf) };
}

/** A date and its hours: `2026-11-27 09:30–13:00`, or `2026-11-26 closed`. */
function holidayOf(text: string): Holiday[] {
  const [date = '', ...hours] = text.split(' ');
  return hours[0] === 'closed' ? [{ date, closed: true }] : rangesOf(hours.join(' '), { date });
}

function rangesOf<T>(text: string, also: T): (T & { from: string; to: string })[] {
  return text
    .split(' ')
    .map((range) => range.split('–'))
    .map(([from = '', to = '']) => ({ ...also, from, to }));
}

const closed = (timezone: string, holidays: string[] = []): SessionsSpec => ({
  ...{ timezone, weekly: [], holidays: holidays.flatMap(holidayOf) },
});

const currencies = spec('America/New_York', eves, '17:00–17:00');
const futures = spec('America/Chicago', eves, '17:00–16:00');

function iso(ts: number): string {
  return new Date(ts).toISOString().replace(':00.000Z', 'Z');
}

/** When it opens (+) and closes (-) after `from`, looking again where a stretch is cut short. */
function changesAfter(sessions: SessionsSpec, from: string, count: number): string[] {
  const calendar = new SessionCalendar(sessions);
  const changes: string[] = [];
  const start = Date.parse(from);
  for (let ts = start; changes.length < count && ts < start + 10 * weekMs;) {
    const { isOpen, until } = calendar.spanAt(ts);
    if (calendar.isOpen(until) !== isOpen) changes.push(`${isOpen ? '-' : '+'}${iso(until)}`);
    ts = until;
  }
  return changes;
}

test.each<[market: string, sessions: SessionsSpec, from: string, changes: string]>([
  [
    'currencies, over a weekend in winter',
    currencies,
    '2026-01-16T12:00Z',
    '-2026-01-16T22:00Z +2026-01-18T22:00Z -2026-01-23T22:00Z',
  ],
  [
    'currencies, over the weekend of spring in New York',
    currencies,
    '2026-03-05T12:00Z',
    '-2026-03-06T22:00Z +2026-03-08T21:00Z -2026-03-13T21:00Z',
  ],
  [
    'currencies, over the weekend of autumn in New York',
    currencies,
    '2026-10-29T12:00Z',
    '-2026-10-30T21:00Z +2026-11-01T22:00Z -2026-11-06T22:00Z',
  ],
  [
    'currencies at Christmas: closed from the evening before until the evening of the day',
    spec('America/New_York', eves, '17:00–17:00', [
      '2025-12-24 00:00–17:00',
      '2025-12-25 17:00–17:00',
    ]),
    '2025-12-23T23:00Z',
    '-2025-12-24T22:00Z +2025-12-25T22:00Z -2025-12-26T22:00Z',
  ],
  [
    'shares at Thanksgiving: closed on the day, an early close on the next',
    spec('America/New_York', workdays, '09:30–16:00', [
      '2026-11-26 closed',
      '2026-11-27 09:30–13:00',
    ]),
    '2026-11-25T12:00Z',
    '+2026-11-25T14:30Z -2026-11-25T21:00Z +2026-11-27T14:30Z -2026-11-27T18:00Z +2026-11-30T14:30Z',
  ],
  [
    'shares with a lunch break, in a zone without summer time',
    spec('Asia/Tokyo', workdays, '09:00–11:30 12:30–15:30', ['2026-11-23 closed']),
    '2026-11-20T02:00Z',
    '-2026-11-20T02:30Z +2026-11-20T03:30Z -2026-11-20T06:30Z +2026-11-24T00:00Z -2026-11-24T02:30Z',
  ],
  [
    'shares in London, in spring',
    spec('Europe/London', workdays, '08:00–16:30'),
    '2026-03-27T12:00Z',
    '-2026-03-27T16:30Z +2026-03-30T07:00Z -2026-03-30T15:30Z',
  ],
  [
    'shares in London, in autumn',
    spec('Europe/London', workdays, '08:00–16:30'),
    '2026-10-23T12:00Z',
    '-2026-10-23T15:30Z +2026-10-26T08:00Z -2026-10-26T16:30Z',
  ],
  [
    'shares in Sydney, in autumn there',
    spec('Australia/Sydney', workdays, '10:00–16:00'),
    '2026-04-03T03:00Z',
    '-2026-04-03T05:00Z +2026-04-06T00:00Z -2026-04-06T06:00Z',
  ],
  [
    'shares in Sydney, in spring there',
    spec('Australia/Sydney', workdays, '10:00–16:00'),
    '2026-10-02T03:00Z',
    '-2026-10-02T06:00Z +2026-10-04T23:00Z -2026-10-05T05:00Z',
  ],
  [
    'futures with a daily break of an hour',
    futures,
    '2026-11-19T12:00Z',
    '-2026-11-19T22:00Z +2026-11-19T23:00Z -2026-11-20T22:00Z +2026-11-22T23:00Z',
  ],
  [
    'futures at Thanksgiving: an early close, open again that evening, an early close on the next day',
    spec('America/Chicago', eves, '17:00–16:00', [
      '2026-11-26 00:00–12:00 17:00–12:15',
      '2026-11-27 00:00–12:15',
    ]),
    '2026-11-25T23:30Z',
    '-2026-11-26T18:00Z +2026-11-26T23:00Z -2026-11-27T18:15Z +2026-11-29T23:00Z',
  ],
  [
    'the hours of a holiday run on, and meet those of the next date',
    spec('UTC', workdays, '04:00–08:00', ['2026-11-18 20:00–05:00']),
    '2026-11-17T12:00Z',
    '+2026-11-18T20:00Z -2026-11-19T08:00Z +2026-11-20T04:00Z',
  ],
  [
    'they end where the next date is a holiday too',
    spec('UTC', workdays, '04:00–08:00', ['2026-11-18 20:00–05:00', '2026-11-19 closed']),
    '2026-11-17T12:00Z',
    '+2026-11-18T20:00Z -2026-11-19T00:00Z +2026-11-20T04:00Z',
  ],
  [
    'what began on the day before a holiday ends at its midnight; what the holiday left out stays out',
    spec('UTC', workdays, '20:00–06:00', ['2026-11-18 closed']),
    '2026-11-17T12:00Z',
    '+2026-11-17T20:00Z -2026-11-18T00:00Z +2026-11-19T00:00Z -2026-11-19T06:00Z',
  ],
  [
    '24:00, touching and overlapping hours: from Monday to the end of Friday',
    spec('UTC', workdays, '00:00–10:00 10:00–15:00 14:00–24:00'),
    '2026-11-15T12:00Z',
    '+2026-11-16T00:00Z -2026-11-21T00:00Z +2026-11-23T00:00Z',
  ],
  [
    'from 24:00 is from the beginning of the next day',
    spec('UTC', ['mon'], '24:00–01:00'),
    '2026-11-15T12:00Z',
    '+2026-11-17T00:00Z -2026-11-17T01:00Z +2026-11-24T00:00Z',
  ],
  [
    'closed but for one date',
    closed('Europe/London', ['2026-11-18 10:00–11:00']),
    '2026-11-01T00:00Z',
    '+2026-11-18T10:00Z -2026-11-18T11:00Z',
  ],
  [
    'hours that spring in New York skips: none; those that end in the gap end with it',
    spec('America/New_York', ['sun'], '01:30–02:15 02:20–02:40 02:50–03:30'),
    '2026-03-08T00:00Z',
    '+2026-03-08T06:30Z -2026-03-08T07:30Z +2026-03-15T05:30Z',
  ],
  [
    'hours that autumn in New York repeats: beginnings and ends are at the first of the two',
    spec('America/New_York', ['sun'], '00:30–01:10 01:20–01:30 01:40–02:30'),
    '2026-11-01T00:00Z',
    '+2026-11-01T04:30Z -2026-11-01T05:10Z +2026-11-01T05:20Z -2026-11-01T05:30Z ' +
      '+2026-11-01T05:40Z -2026-11-01T07:30Z',
  ],
  [
    'Lord Howe, half an hour skipped',
    spec('Australia/Lord_Howe', ['sun'], '01:45–02:15 03:00–04:00'),
    '2026-10-03T12:00Z',
    '+2026-10-03T15:15Z -2026-10-03T15:30Z +2026-10-03T16:00Z -2026-10-03T17:00Z',
  ],
  [
    'Lord Howe, half an hour repeated',
    spec('Australia/Lord_Howe', ['sun'], '01:00–01:45 02:00–02:15'),
    '2026-04-04T12:00Z',
    '+2026-04-04T14:00Z -2026-04-04T14:45Z +2026-04-04T15:30Z -2026-04-04T15:45Z',
  ],
  [
    'a midnight that did not exist in São Paulo is where its day began',
    spec('America/Sao_Paulo', ['sat'], '18:00–24:00'),
    '2018-11-03T12:00Z',
    '+2018-11-03T21:00Z -2018-11-04T03:00Z +2018-11-10T20:00Z',
  ],
  [
    'Apia, Friday 30 December 2011 left out: from Thursday to Monday',
    spec('Pacific/Apia', workdays, '09:00–17:00'),
    '2011-12-29T18:00Z',
    '+2011-12-29T19:00Z -2011-12-30T03:00Z +2012-01-01T19:00Z',
  ],
  [
    'Apia: what began on Thursday, and on the Friday that was left out, is one stretch',
    spec('Pacific/Apia', ['thu', 'fri'], '17:00–17:00'),
    '2011-12-29T18:00Z',
    '+2011-12-30T03:00Z -2011-12-31T03:00Z +2012-01-05T03:00Z',
  ],
  [
    'Apia: a holiday that was left out ends what would have run on',
    spec('Pacific/Apia', ['thu'], '17:00–20:00', ['2011-12-29 17:00–17:00', '2011-12-30 closed']),
    '2011-12-29T18:00Z',
    '+2011-12-30T03:00Z -2011-12-30T10:00Z +2012-01-05T03:00Z',
  ],
])('%s', (_, sessions, from, expected) => {
  const changes = expected.split(' ');
  expect(changesAfter(sessions, from, changes.length)).toEqual(changes);
});

test.each<[market: string, sessions: SessionsSpec, isOpen: boolean]>([
  ['24 hours a day from midnight', spec('Europe/London', allDays, '00:00–24:00'), true],
  ['24 hours a day, to 00:00', spec('Asia/Tokyo', allDays, '00:00–00:00'), true],
  ['24 hours a day from some time on', spec('America/New_York', allDays, '17:00–17:00'), true],
  ['no sessions at all', closed('UTC'), false],
  ['no sessions, and a holiday', closed('Europe/London', ['2026-03-29 closed']), false],
])('nothing ever changes: %s', (_, sessions, isOpen) => {
  const calendar = new SessionCalendar(sessions);
  const start = Date.parse('2026-03-01T00:00Z');
  let looks = 0;
  for (let ts = start; ts < start + 52 * weekMs; looks++) {
    const span = calendar.spanAt(ts);
    expect(span.isOpen).toBe(isOpen);
    expect(span.from).toBeLessThanOrEqual(ts - 2 * weekMs);
    expect(span.until).toBeGreaterThanOrEqual(ts + 2 * weekMs);
    ts = span.until;
  }
  expect(looks).toBeLessThan(26);
  expect(calendar.openAfter(start, 3 * weekMs)).toBe(isOpen ? start + 3 * weekMs : Infinity);
  expect(calendar.openAfter(start, 400 * dayMs)).toBe(isOpen ? start + 400 * dayMs : Infinity);
  expect(calendar.openAfter(start, 400 * dayMs + 1)).toBe(Infinity);
});

test.each<[why: string, sessions: SessionsSpec, ts: string, minutes: number, after: string]>([
  ['in a session', currencies, '2026-01-16T21:00Z', 30, '2026-01-16T21:30Z'],
  ['at the very end of one', currencies, '2026-01-16T21:00Z', 60, '2026-01-16T22:00Z'],
  ['over a weekend', currencies, '2026-01-16T21:30Z', 31, '2026-01-18T22:01Z'],
  ['from outside', currencies, '2026-01-17T12:00Z', 5, '2026-01-18T22:05Z'],
  ['from the closing instant on', currencies, '2026-01-16T22:00Z', 5, '2026-01-18T22:05Z'],
  ['nothing at all, from outside', currencies, '2026-01-17T12:00Z', 0, '2026-01-17T12:00Z'],
  ['over a break to the end', futures, '2026-11-19T12:00Z', 33 * 60, '2026-11-20T22:00Z'],
  ['over breaks and weekends', futures, '2026-11-19T12:00Z', 138 * 60, '2026-11-27T12:00Z'],
  [
    '23 hours of spring day, then the weekend',
    spec('Europe/London', ['sun'], '00:00–24:00'),
    '2026-03-28T12:00Z',
    23 * 60 + 1,
    '2026-04-04T23:01Z',
  ],
])('open after, %s', (_, sessions, ts, minutes, expected) => {
  const calendar = new SessionCalendar(sessions);
  expect(iso(calendar.openAfter(Date.parse(ts), minutes * minuteMs))).toBe(expected);
});

test('a millisecond more than is left of a session is one of the next', () => {
  const calendar = new SessionCalendar(currencies);
  const ts = Date.parse('2026-01-16T21:00Z');
  expect(iso(calendar.openAfter(ts, 60 * minuteMs + 1))).toBe('2026-01-18T22:00:00.001Z');
});

test('open after more than 400 days is never', () => {
  const ts = Date.parse('2026-01-01T00:00Z');
  const calendar = new SessionCalendar(closed('UTC', ['2027-02-04 22:00–01:00']));
  expect(iso(calendar.openAfter(ts, 120 * minuteMs))).toBe('2027-02-05T00:00Z');
  expect(calendar.openAfter(ts, 120 * minuteMs + 1)).toBe(Infinity);
  expect(calendar.openAfter(ts, Infinity)).toBe(Infinity);
});

test('an unknown time zone is an error at once, and the ends of time are none', () => {
  expect(() => new SessionCalendar(closed('Mars/Olympus'))).toThrow(RangeError);
  const calendar = new SessionCalendar(currencies);
  for (const ts of [-timeMsMax, timeMsMax]) {
    expect(calendar.isOpen(ts)).toBe(true);
    expect(calendar.openAfter(ts, 1)).toBe(ts + 1);
  }
  for (let ts = timeMsMax - 20 * weekMs; ts < timeMsMax;) {
    const { until } = calendar.spanAt(ts);
    expect(until).toBeGreaterThan(ts);
    ts = until;
  }
  expect(() => calendar.spanAt(NaN)).toThrow('NaN is a time');
});
