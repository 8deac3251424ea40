// Trading hours for the brute-force reference (contract section 1): minute by minute.
import { localDay, wallInstant } from './days.ts';
import type { Sessions, Weekday } from './market-terms.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Days since 1970-01-01, which was a Thursday. */
const weekdays: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

const minutes = new WeakMap<Sessions, Map<number, boolean>>();

/**
 * When it has been open for so long in all since `ts`, itself closed or not; Infinity where that is
 * later than `until`. Without sessions it is always open.
 */
export function openAfter(
  sessions: Sessions | undefined,
  ts: number,
  ms: number,
  until: number,
): number {
  if (sessions === undefined) return ts + ms <= until ? ts + ms : Infinity;
  let left = ms;
  let at = ts;
  while (at <= until) {
    // Hours begin and end on whole minutes.
    const end = (Math.floor(at / minuteMs) + 1) * minuteMs;
    if (isOpen(sessions, at)) {
      if (at + left <= end) return at + left <= until ? at + left : Infinity;
      left -= end - at;
    }
    at = end;
  }
  return Infinity;
}

export function isOpen(sessions: Sessions, ts: number): boolean {
  const known = minutes.get(sessions) ?? new Map<number, boolean>();
  minutes.set(sessions, known);
  const minute = Math.floor(ts / minuteMs);
  let answer = known.get(minute);
  if (answer === undefined) {
    answer = isOpenMinute(sessions, minute * minuteMs);
    known.set(minute, answer);
  }
  return answer;
}

/** Of the hours of its date there: a holiday replaces those that the week has. */
function isOpenMinute(sessions: Sessions, ts: number): boolean {
  const { timezone, weekly } = sessions;
  const day = localDay(timezone, ts);
  const at = (on: number, time: string): number => wallInstant(timezone, time, on);
  /** Whether hours that begin on a day lie about it: those of today, or the rest of yesterday's. */
  const isWithin = ({ from, to }: { from: string; to: string }, on: number): boolean => {
    const end = to > from ? at(on, to) : at(on + 1, to);
    return at(on, from) <= ts && ts < end;
  };
  const today = holidayOn(sessions, day);
  if (today !== undefined) return 'from' in today && isWithin(today, day);
  const yesterday = holidayOn(sessions, day - 1);
  if (yesterday !== undefined && 'from' in yesterday && isWithin(yesterday, day - 1)) return true;
  return [day - 1, day].some((on) => {
    const name = weekdays[((on % 7) + 7) % 7];
    return weekly.some(({ days, ...hours }) => {
      return days.some((one) => one === name) && isWithin(hours, on);
    });
  });
}

function holidayOn({ holidays = [] }: Sessions, day: number) {
  return holidays.find(({ date }) => Date.parse(date) === day * dayMs);
}
