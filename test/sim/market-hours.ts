// The hours of a simulated market: some breaks in the first hour of each day, UTC, as its calendar in
// another time zone has them; and how long it was open, counted minute by minute of the day.
import type { SessionsSpec, Weekday } from '#src/domain/instrument';
import type { Random } from '../support/random.ts';

/** From a minute of the day up to, but not, another. */
type Minutes = readonly [from: number, to: number];
export type OpenMinutes = readonly Minutes[];

const minuteMs = 60_000;
const minutesOfDay = 24 * 60;
const dayMs = minutesOfDay * minuteMs;
const allDays: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Zones, and how many minutes they are ahead of UTC in that month. */
const zones: readonly (readonly [string, number])[] = [
  ['UTC', 0],
  ['Asia/Tokyo', 540],
  ['Asia/Kolkata', 330],
  ['America/New_York', -300],
];

export function hoursOf(random: Random): { hours: OpenMinutes; sessions: SessionsSpec } {
  const [timezone, ahead] = random.pick(zones);
  const firstClose = random.int(6, 15);
  const secondOpen = firstClose + random.int(1, 5);
  const secondClose = secondOpen + random.int(6, 12);
  const thirdOpen = secondClose + random.int(1, 5);
  const hours: OpenMinutes = [
    [0, firstClose],
    [secondOpen, secondClose],
    [thirdOpen, minutesOfDay],
  ];
  const wall = (minute: number): string => {
    const local = (minute + ahead + minutesOfDay) % minutesOfDay;
    const two = (part: number): string => String(part).padStart(2, '0');
    return `${two(Math.floor(local / 60))}:${two(local % 60)}`;
  };
  const weekly = hours.map(([from, to]) => ({ days: allDays, from: wall(from), to: wall(to) }));
  return { hours, sessions: { timezone, weekly, holidays: [] } };
}

export function isOpen(hours: OpenMinutes | undefined, ts: number): boolean {
  if (hours === undefined) return true;
  const minute = (ts % dayMs) / minuteMs;
  return hours.some(([from, to]) => from <= minute && minute < to);
}

/** Of the time from one instant to another. */
export function openMs(hours: OpenMinutes | undefined, from: number, until: number): number {
  if (hours === undefined) return until - from;
  let open = 0;
  for (let day = Math.floor(from / dayMs) * dayMs; day < until; day += dayMs) {
    for (const [start, end] of hours) {
      const begun = Math.max(from, day + start * minuteMs);
      open += Math.max(0, Math.min(until, day + end * minuteMs) - begun);
    }
  }
  return open;
}
