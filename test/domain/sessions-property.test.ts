// Trading hours, against a reference that walks along the wall clock minute by minute.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionsSpec, Weekday } from '#src/domain/instrument';
import { SessionCalendar, type SessionSpan } from '#src/domain/sessions';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const weekMs = 7 * dayMs;

type Holiday = NonNullable<SessionsSpec['holidays']>[number];

const weekdays: Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** A date, and the weekday that it is. */
interface Day {
  readonly date: string;
  readonly weekday: Weekday;
}

/** What a wall clock shows, and as the instant at which one in UTC shows it. */
interface Wall {
  readonly ms: number;
  readonly time: string;
  readonly today: Day;
  readonly yesterday: Day;
}

const wallClocks = new Map<string, (ts: number) => Wall>();

function wallClockOf(timeZone: string): (ts: number) => Wall {
  const [full, two] = ['numeric', '2-digit'] as const;
  const clock = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone, hourCycle: 'h23', calendar: 'gregory' },
    ...{ year: full, month: two, day: two, hour: two, minute: two },
  });
  const known = new Map<number, Wall>();
  const read = (ts: number): Wall => {
    const text = clock.format(ts);
    const ms = Date.parse(`${text.replace(' ', 'T')}Z`);
    return { ms, time: text.slice(11), today: dayOf(ms), yesterday: dayOf(ms - dayMs) };
  };
  return (ts) => {
    const wall = known.get(ts) ?? read(ts);
    known.set(ts, wall);
    return wall;
  };
}

function dayOf(ms: number): Day {
  const at = new Date(ms);
  return { date: at.toISOString().slice(0, 10), weekday: weekdays[at.getUTCDay()] ?? 'sun' };
}

/** Whether each minute is open, by the furthest that the wall clock has been by then. */
function openMinutes(sessions: SessionsSpec, from: number, until: number): boolean[] {
  const wallAt = wallClocks.get(sessions.timezone) ?? wallClockOf(sessions.timezone);
  wallClocks.set(sessions.timezone, wallAt);
  const minutes: boolean[] = [];
  // No clock of these zones has been put back by more than two hours.
  let furthest = wallAt(from - 240 * minuteMs);
  for (let ts = from - 240 * minuteMs; ts < until; ts += minuteMs) {
    const wall = wallAt(ts);
    if (wall.ms > furthest.ms) furthest = wall;
    if (ts >= from) minutes.push(isInHours(sessions, furthest));
  }
  return minutes;
}

interface Range {
  readonly from: string;
  readonly to: string;
}

function isInHours({ weekly, holidays = [] }: SessionsSpec, wall: Wall): boolean {
  const { time, today, yesterday } = wall;
  const hasBegun = ({ from, to }: Range): boolean => from <= time && (time < to || to <= from);
  const runsOn = ({ from, to }: Range): boolean => to <= from && time < to;
  const of = ({ date }: Day): Holiday[] => holidays.filter((holiday) => holiday.date === date);
  const todays = of(today);
  if (todays.length > 0) return todays.some((holiday) => 'from' in holiday && hasBegun(holiday));
  return (
    weekly.some((session) => session.days.includes(today.weekday) && hasBegun(session)) ||
    weekly.some((session) => session.days.includes(yesterday.weekday) && runsOn(session)) ||
    of(yesterday).some((holiday) => 'from' in holiday && runsOn(holiday))
  );
}

const clockChanges: [timezone: string, at: string][] = [
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['Europe/London', '2026-03-29T01:00Z'],
  ['Europe/London', '2026-10-25T01:00Z'],
  ['Australia/Sydney', '2026-04-04T16:00Z'],
  ['Australia/Sydney', '2026-10-03T16:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/St_Johns', '2010-11-07T02:31Z'],
  ['America/Nuuk', '2025-03-30T01:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Asia/Kolkata', '2026-11-19T00:00Z'],
];

const someWallTime = fc.oneof(
  fc.constantFrom('00:00', '24:00', '17:00', '01:30', '02:00', '02:15'),
  fc.integer({ min: 0, max: 24 * 60 }).map((minute) => {
    const parts = [Math.floor(minute / 60), minute % 60];
    return parts.map((part) => String(part).padStart(2, '0')).join(':');
  }),
);
const someHours = { from: someWallTime, to: someWallTime };

/** Sessions, with holidays about the time given, which is at most two days before clocks change. */
const someMarket = fc
  .record({
    change: fc.constantFrom(...clockChanges),
    beforeMs: fc.integer({ min: 0, max: 2 * 24 * 60 }).map((minutes) => minutes * minuteMs),
    weekly: fc.array(fc.record({ days: fc.subarray(weekdays, { minLength: 1 }), ...someHours }), {
      maxLength: 4,
    }),
    dates: fc.array(
      fc.record({ day: fc.integer({ min: -2, max: 4 }), closed: fc.boolean(), ...someHours }),
      { maxLength: 3 },
    ),
  })
  .map(({ change: [timezone, at], beforeMs, weekly, dates }) => {
    const ts = Date.parse(at) - beforeMs;
    const holidays = dates.map(({ day, closed: isClosed, ...hours }): Holiday => {
      const date = new Date(ts + day * dayMs).toISOString().slice(0, 10);
      return isClosed ? { date, closed: true } : { date, ...hours };
    });
    return { ts, sessions: { timezone, weekly, holidays } };
  });

test('stretches are what the wall clock shows, minute by minute', () => {
  const property = fc.property(someMarket, ({ ts, sessions }) => {
    const calendar = new SessionCalendar(sessions);
    const end = ts + 3 * dayMs;
    const minutes = openMinutes(sessions, ts, end);
    // The first began, and the last ends, outside of what was walked along.
    const walked = ({ isOpen, from, until }: SessionSpan): SessionSpan => ({
      ...{ isOpen, from: Math.max(from, ts), until: Math.min(until, end) },
    });
    const turns = minutes
      .map((isOpen, minute) => ({ isOpen, from: ts + minute * minuteMs }))
      .filter(({ isOpen }, minute) => minute === 0 || isOpen !== minutes[minute - 1]);
    for (const [index, { isOpen, from }] of turns.entries()) {
      const until = turns[index + 1]?.from ?? end;
      expect(walked(calendar.spanAt(from))).toEqual({ isOpen, from, until });
      expect(walked(calendar.spanAt(until - 1))).toEqual({ isOpen, from, until });
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('open after is the sum of the open minutes', () => {
  const someMs = fc.integer({ min: 1, max: 2 * dayMs });
  const later = fc.integer({ min: 0, max: dayMs });
  const property = fc.property(someMarket, later, someMs, ({ ts, sessions }, delayMs, ms) => {
    const since = ts + delayMs;
    const end = ts + 3 * dayMs;
    let left = ms;
    let expected: number | undefined;
    for (const [minute, isOpen] of openMinutes(sessions, ts, end).entries()) {
      const from = Math.max(ts + minute * minuteMs, since);
      const length = isOpen ? ts + (minute + 1) * minuteMs - from : 0;
      if (length > 0 && left <= length) expected ??= from + left;
      left -= Math.max(length, 0);
    }
    const after = new SessionCalendar(sessions).openAfter(since, ms);
    expect(Math.min(after, end + 1)).toBe(expected ?? end + 1);
  });
  fc.assert(property, { numRuns: 300 });
});

test('an answer does not depend on what was asked before', () => {
  const someTimes = fc.array(fc.integer({ min: -60 * dayMs, max: 60 * dayMs }), { maxLength: 20 });
  const property = fc.property(someMarket, someTimes, ({ ts, sessions }, delays) => {
    const calendar = new SessionCalendar(sessions);
    for (const delay of delays) {
      const fresh = new SessionCalendar(sessions);
      expect(calendar.openAfter(ts + delay, dayMs)).toBe(fresh.openAfter(ts + delay, dayMs));
      const span = calendar.spanAt(ts + delay);
      expect(span).toEqual(fresh.spanAt(ts + delay));
      // And each end that is near is one.
      const ends = [span.from - 1, span.until];
      const near = ends.filter((at) => Math.abs(at - ts - delay) < 2 * weekMs);
      for (const at of near) expect(fresh.isOpen(at)).toBe(!span.isOpen);
    }
  });
  fc.assert(property, { numRuns: 50 });
});
