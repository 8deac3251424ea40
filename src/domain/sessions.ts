// Trading hours: when a market is open, by the wall clock of its time zone.
import { instantOf, isTimezone } from './days.ts';
import { invariant } from './errors.ts';
import type { SessionsSpec, Weekday } from './instrument.ts';
import { timeMsMax } from './time.ts';

/** A stretch in which a market is open or closed throughout: from `from` up to, but not, `until`. */
export interface SessionSpan {
  readonly isOpen: boolean;
  readonly from: number;
  readonly until: number;
}

interface Hours {
  readonly from: number;
  readonly until: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const weekMs = 7 * dayMs;

/** How many weeks are looked at before and after that of a time, for the ends of its stretch. */
const reachWeeks = 2;

/** Most weeks that are kept worked out. */
const weeksMax = 8;

/** How far ahead `openAfter` looks. */
const aheadMsMax = 400 * dayMs;

/** No date is looked at that the calendar may not know. */
const calendarMs = timeMsMax - 8 * weekMs;

/** From that of the epoch. */
const weekdays: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

/**
 * When a market with these sessions is open. Answers depend on the sessions and the time alone, not
 * on what was asked before.
 *
 * - A session `{days, from, to}` begins on each of those weekdays. With `to` at or before `from` it
 *   ends on the next day, so `17:00`–`17:00` lasts 24 hours; `24:00` is the end of the day.
 * - A holiday replaces all hours of its date, also those of a session that began the day before.
 *   Its own hours may run on into the next date, unless that is a holiday too. Several holidays of
 *   one date are one with the hours of all: a late opening after an early close.
 * - Hours that touch or overlap are one stretch.
 * - A wall time that a spring change skips is the first instant after the gap; one that an autumn
 *   change repeats is the first of the two, for beginnings and ends alike, so that hours between the
 *   two are an hour longer. The hours of a date that a zone left out have no length.
 * - Within eight weeks of the ends of the times that a `Date` can hold, it is open.
 *
 * @example
 * // Currencies, from Sunday 17:00 to Friday 17:00 in New York.
 * new SessionCalendar({
 *   timezone: 'America/New_York',
 *   weekly: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], from: '17:00', to: '17:00' }],
 * });
 */
export class SessionCalendar {
  readonly #timezone: string;
  /** By weekday. */
  readonly #weekly: readonly (readonly Hours[])[];
  /** By the number of the day since the epoch. */
  readonly #holidays = new Map<number, readonly Hours[]>();
  /** By the number of the week since the epoch, the stretches that it is made of. */
  readonly #weeks = new Map<number, readonly SessionSpan[]>();
  /** The last answer, and the times between which it is the answer. */
  #span: SessionSpan = { isOpen: false, from: 0, until: 0 };
  #spanFrom = 0;
  #spanUntil = 0;

  /** A RangeError is thrown when the time zone is not, or no longer, known to the system. */
  constructor(spec: SessionsSpec) {
    if (!isTimezone(spec.timezone)) throw new RangeError(`no time zone ${spec.timezone}`);
    this.#timezone = spec.timezone;
    this.#weekly = weekdays.map((weekday) =>
      spec.weekly.filter(({ days }) => days.includes(weekday)).map(hoursOf),
    );
    for (const holiday of spec.holidays ?? []) {
      const day = Date.parse(holiday.date) / dayMs;
      const hours = 'from' in holiday ? [hoursOf(holiday)] : [];
      this.#holidays.set(day, [...(this.#holidays.get(day) ?? []), ...hours]);
    }
  }

  /**
   * The stretch that `ts` lies in. An end that is further than two weeks away may be given as the end
   * of what was looked at, at least two weeks away: past that, ask again.
   */
  spanAt(ts: number): SessionSpan {
    if (this.#spanFrom <= ts && ts < this.#spanUntil) return this.#span;
    const week = Math.floor(ts / weekMs);
    const found = this.#spansOf(week).find(({ until }) => ts < until);
    invariant(found !== undefined, `${ts} is a time`);
    this.#span = this.#whole(found, week);
    // Another week looks further.
    this.#spanFrom = found.from;
    this.#spanUntil = found.until;
    return this.#span;
  }

  isOpen(ts: number): boolean {
    return this.spanAt(ts).isOpen;
  }

  /**
   * The first time at which it has been open for `ms` in all since `ts`, which may be the instant
   * at which it closes; Infinity where that is more than 400 days ahead.
   */
  openAfter(ts: number, ms: number): number {
    if (ms <= 0) return ts;
    const span = this.spanAt(ts);
    if (span.isOpen && ts + ms <= span.until) return ts + ms;
    const end = ts + aheadMsMax;
    let left = ms;
    for (let week = Math.floor(ts / weekMs); week * weekMs < end; week++) {
      for (const { isOpen, from, until } of this.#spansOf(week)) {
        const start = Math.max(from, ts);
        if (!isOpen || until <= start) continue;
        if (left <= until - start) return start + left <= end ? start + left : Infinity;
        left -= until - start;
      }
    }
    return Infinity;
  }

  /** The span of a week, with what goes on before and after that week. */
  #whole({ isOpen, from, until }: SessionSpan, week: number): SessionSpan {
    for (let before = week - 1; before >= week - reachWeeks; before--) {
      const last = from === (before + 1) * weekMs ? this.#spansOf(before).at(-1) : undefined;
      if (last?.isOpen !== isOpen) break;
      from = last.from;
    }
    for (let after = week + 1; after <= week + reachWeeks; after++) {
      const first = until === after * weekMs ? this.#spansOf(after).at(0) : undefined;
      if (first?.isOpen !== isOpen) break;
      until = first.until;
    }
    return { isOpen, from, until };
  }

  #spansOf(week: number): readonly SessionSpan[] {
    const known = this.#weeks.get(week);
    if (known !== undefined) return known;
    const spans = this.#spansIn(week * weekMs, (week + 1) * weekMs);
    if (this.#weeks.size >= weeksMax) this.#weeks.clear();
    this.#weeks.set(week, spans);
    return spans;
  }

  /** The stretches from one instant to another, which they fill. */
  #spansIn(from: number, until: number): SessionSpan[] {
    if (from < -calendarMs || calendarMs < until) return [{ isOpen: true, from, until }];
    const wall: Hours[] = [];
    // The date there is at most one off that of UTC.
    for (let day = from / dayMs - 1; day <= until / dayMs; day++) wall.push(...this.#hoursOn(day));
    const open = joined(wall).map((hours) => ({
      from: instantOf(hours.from, this.#timezone),
      until: instantOf(hours.until, this.#timezone),
    }));
    const spans: SessionSpan[] = [];
    let at = from;
    // Joined again: nothing is left of closed hours that a change of the clocks skips.
    for (const hours of clipped(joined(open), from, until)) {
      if (at < hours.from) spans.push({ isOpen: false, from: at, until: hours.from });
      spans.push({ isOpen: true, ...hours });
      at = hours.until;
    }
    if (at < until) spans.push({ isOpen: false, from: at, until });
    return spans;
  }

  /** The hours of a date, as wall times. */
  #hoursOn(day: number): Hours[] {
    const begun =
      this.#holidayFrom(day) ??
      [this.#weeklyFrom(day), this.#weeklyFrom(day - 1), this.#holidayFrom(day - 1) ?? []].flat();
    return clipped(begun, day * dayMs, (day + 1) * dayMs);
  }

  #weeklyFrom(day: number): Hours[] {
    return moved(this.#weekly.at(day % weekdays.length) ?? [], day);
  }

  #holidayFrom(day: number): Hours[] | undefined {
    const hours = this.#holidays.get(day);
    return hours && moved(hours, day);
  }
}

/** Hours from the midnight at which their day begins; they may end on the next one. */
function hoursOf({ from, to }: { from: string; to: string }): Hours {
  const start = msOf(from);
  const end = msOf(to);
  return { from: start, until: end > start ? end : end + dayMs };
}

function msOf(wallTime: string): number {
  const [hours, minutes] = wallTime.split(':');
  return (Number(hours) * 60 + Number(minutes)) * minuteMs;
}

function moved(hours: readonly Hours[], days: number): Hours[] {
  return hours.map(({ from, until }) => ({
    from: from + days * dayMs,
    until: until + days * dayMs,
  }));
}

/** What of the hours lies in [from, until). */
function clipped(hours: readonly Hours[], from: number, until: number): Hours[] {
  return hours
    .map((each) => ({ from: Math.max(each.from, from), until: Math.min(each.until, until) }))
    .filter((each) => each.from < each.until);
}

/** In order, those that touch or overlap as one. */
function joined(hours: readonly Hours[]): Hours[] {
  const all: Hours[] = [];
  for (const next of hours.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (next.until <= next.from) continue;
    if (last === undefined || last.until < next.from) all.push(next);
    else all[all.length - 1] = { from: last.from, until: Math.max(last.until, next.until) };
  }
  return all;
}
