// When days roll over, for the brute-force reference (contract section 5), and other wall times:
// found by walking along the clock of the time zone.

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Further ahead of UTC than the clocks of any zone are. */
const aheadMs = 16 * hourMs;

const clocks = new Map<string, Intl.DateTimeFormat>();
const instants = new Map<string, number>();

/** The first reset later than `ts`. */
export function resetAfter(timezone: string, resetAt: string, ts: number): number {
  // The date there is at most one off that of UTC.
  for (let day = Math.floor(ts / dayMs) - 2; ; day++) {
    const reset = wallInstant(timezone, resetAt, day);
    if (reset > ts) return reset;
  }
}

/**
 * The first instant at which the clock shows that time of that day or a later one, the days counted
 * from 1970-01-01: in spring, where the time is left out, that is the end of the gap; in autumn the first of two.
 */
export function wallInstant(timezone: string, time: string, day: number): number {
  const key = `${timezone} ${time} ${day}`;
  const known = instants.get(key);
  if (known !== undefined) return known;
  const [hours, minutes] = time.split(':');
  const wanted = day * dayMs + Number(hours) * hourMs + Number(minutes) * minuteMs;
  let at = wanted - aheadMs;
  // Clocks are whole quarters of an hour from UTC: none of these steps leaps over the wanted time.
  while (wallTime(timezone, at) < wanted) at += quarterMs;
  // But the end of a gap may lie between two of them.
  while (wallTime(timezone, at - minuteMs) >= wanted) at -= minuteMs;
  instants.set(key, at);
  return at;
}

/** The date there, counted from 1970-01-01. */
export function localDay(timezone: string, ts: number): number {
  // At most one off that of UTC.
  let day = Math.floor(ts / dayMs) - 2;
  while (wallInstant(timezone, '00:00', day + 1) <= ts) day++;
  return day;
}

/** What the clock on the wall shows, as the instant at which one in UTC shows it. */
function wallTime(timezone: string, ts: number): number {
  const clock = clocks.get(timezone) ?? clockOf(timezone);
  clocks.set(timezone, clock);
  const shown = new Map(clock.formatToParts(ts).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type) ?? NaN;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const part = 'numeric' as const;
  return new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', calendar: 'gregory' },
    ...{ year: part, month: part, day: part, hour: part, minute: part, second: part },
  });
}
