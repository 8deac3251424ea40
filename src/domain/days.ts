// When a trading day begins: at a local time of an IANA time zone, daylight saving included.
import { Temporal } from 'temporal-polyfill';
import { timeMsMax } from './time.ts';

/** When days begin: `resetAt` is `HH:MM`, 00:00 to 23:59, of the time zone `timezone`. */
export interface DayClock {
  readonly timezone: string;
  readonly resetAt: string;
}

/**
 * The earliest reset strictly after `ts`, in ms; Infinity where the calendar ends first.
 *
 * Each local date has one reset. A local time that a spring change skips is the first instant after
 * the gap; one that an autumn change repeats is the first of the two. A date that a zone left out
 * altogether (Apia had no 30 December 2011) has none.
 */
export function nextReset(clock: DayClock, ts: number): number {
  return dayAt(clock, ts).end;
}

/** The latest reset at or before `ts`; −Infinity where the calendar begins later. */
export function lastReset(clock: DayClock, ts: number): number {
  return dayAt(clock, ts).start;
}

/** Whether it names a time zone of the IANA database; an offset such as `+02:00` does not. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId !== '';
  } catch {
    return false;
  }
}

/** From a reset up to, but not, the next one. */
interface Day {
  readonly start: number;
  readonly end: number;
}

/** Most clocks whose day is kept; accounts share few of them. */
const clocksMax = 1000;

/**
 * The last day that was asked for, by clock. Finding one takes some 60 µs, and at a reset every
 * account with that clock asks for the same one.
 */
const days = new Map<string, Day>();

function dayAt(clock: DayClock, ts: number): Day {
  const key = `${clock.timezone} ${clock.resetAt}`;
  const known = days.get(key);
  if (known !== undefined && known.start <= ts && ts < known.end) return known;
  const day = dayAround(clock, ts);
  if (known === undefined && days.size >= clocksMax) days.clear();
  days.set(key, day);
  return day;
}

/** No date is looked at that `Temporal` may not know: it ends where `Date` does. */
const calendarMs = timeMsMax - 5 * 24 * 60 * 60 * 1000;

function dayAround(clock: DayClock, ts: number): Day {
  if (ts >= calendarMs) return { start: calendarMs, end: Infinity };
  if (ts < -calendarMs) return { start: -Infinity, end: -calendarMs };
  const time = Temporal.PlainTime.from(clock.resetAt);
  const today = Temporal.Instant.fromEpochMilliseconds(ts)
    .toZonedDateTimeISO(clock.timezone)
    .toPlainDate();
  // Yesterday's reset may have been moved into today, and today may come back after tomorrow began.
  let date = today.add({ days: 2 });
  let end = Infinity;
  for (;;) {
    const start = resetOn(date, time, clock.timezone);
    if (start !== undefined && start <= ts) return { start, end };
    if (start !== undefined) end = start;
    date = date.subtract({ days: 1 });
  }
}

function resetOn(
  date: Temporal.PlainDate,
  time: Temporal.PlainTime,
  timezone: string,
): number | undefined {
  const reset = firstAt(date.toPlainDateTime(time), timezone);
  if (reset.toPlainDate().equals(date)) return reset.epochMilliseconds;
  // Skipped into a later date: this one had other hours, or was left out altogether.
  const before = reset.subtract({ milliseconds: 1 }).toPlainDate();
  return before.equals(date) ? reset.epochMilliseconds : undefined;
}

/**
 * The first instant at which clocks in the zone show that wall time or, where a change skips it, a
 * later one. `wallMs` is the instant at which clocks in UTC show it.
 */
export function instantOf(wallMs: number, timezone: string): number {
  const wall = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO('UTC');
  return firstAt(wall.toPlainDateTime(), timezone).epochMilliseconds;
}

function firstAt(wall: Temporal.PlainDateTime, timezone: string): Temporal.ZonedDateTime {
  const found = wall.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  if (found.toPlainDateTime().equals(wall)) return found;
  // Skipped: `earlier` lies as far before the gap as the wall time lies in it.
  return found.getTimeZoneTransition('next') ?? found;
}
