// When days begin, on both sides of every kind of change that a zone's clocks have made.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTimezone, lastReset, nextReset, type DayClock } from '#src/domain/days';
import { timeMsMax } from '#src/domain/time';

function clockOf(text: string): DayClock {
  const [timezone = '', resetAt = ''] = text.split(' ');
  return { timezone, resetAt };
}

function iso(ts: number): string {
  return new Date(ts).toISOString().replace(':00.000Z', 'Z');
}

/** The resets after `from`, and each of them is the last one until the next. */
function resetsAfter(clock: DayClock, from: string, count: number): string[] {
  const resets: string[] = [];
  let ts = Date.parse(from);
  for (let i = 0; i < count; i++) {
    const next = nextReset(clock, ts);
    expect(lastReset(clock, next)).toBe(next);
    expect(lastReset(clock, next - 1)).toBe(lastReset(clock, ts));
    expect(nextReset(clock, next - 1)).toBe(next);
    resets.push(iso(next));
    ts = next;
  }
  return resets;
}

test.each<[clock: string, why: string, from: string, resets: string[]]>([
  [
    'UTC 00:00',
    'the end of a leap February',
    '2024-02-28T00:00Z',
    ['2024-02-29T00:00Z', '2024-03-01T00:00Z'],
  ],
  [
    'Europe/Prague 00:00',
    'spring 2026: 29 March has 23 hours',
    '2026-03-27T23:00Z',
    ['2026-03-28T23:00Z', '2026-03-29T22:00Z', '2026-03-30T22:00Z'],
  ],
  [
    'Europe/Prague 00:00',
    'autumn 2026: 25 October has 25 hours',
    '2026-10-23T22:00Z',
    ['2026-10-24T22:00Z', '2026-10-25T23:00Z', '2026-10-26T23:00Z'],
  ],
  [
    'Europe/Prague 02:30',
    'skipped in spring: 03:00, the first instant after the gap',
    '2026-03-28T02:00Z',
    ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  ],
  [
    'Europe/Prague 02:30',
    'twice in autumn: the first of the two',
    '2026-10-24T00:30Z',
    ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'America/New_York 17:00',
    'spring 2026, 8 March',
    '2026-03-06T22:00Z',
    ['2026-03-07T22:00Z', '2026-03-08T21:00Z'],
  ],
  [
    'America/New_York 01:30',
    'twice in autumn 2026, 1 November',
    '2026-10-31T05:30Z',
    ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ],
  [
    'America/Chicago 17:00',
    'autumn 2026: the day that ends on 1 November has 25 hours',
    '2026-10-30T22:00Z',
    ['2026-10-31T22:00Z', '2026-11-01T23:00Z', '2026-11-02T23:00Z'],
  ],
  [
    'America/Chicago 02:00',
    'skipped in spring, at the very instant of the change',
    '2026-03-07T08:00Z',
    ['2026-03-08T08:00Z', '2026-03-09T07:00Z'],
  ],
  [
    'Asia/Kolkata 00:00',
    'half an hour off the hour, and no changes',
    '2026-03-28T18:30Z',
    ['2026-03-29T18:30Z', '2026-03-30T18:30Z'],
  ],
  [
    'Australia/Lord_Howe 02:15',
    'a gap of half an hour: 02:30, the first instant after it',
    '2026-10-02T15:45Z',
    ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
  ],
  [
    'Australia/Lord_Howe 01:45',
    'half an hour that comes twice: the first of the two',
    '2026-04-03T14:45Z',
    ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
  ],
  [
    'America/Sao_Paulo 00:00',
    'a midnight that did not exist: the day began at 01:00',
    '2018-11-02T03:00Z',
    ['2018-11-03T03:00Z', '2018-11-04T03:00Z', '2018-11-05T02:00Z'],
  ],
  [
    'America/Sao_Paulo 23:30',
    'clocks put back at midnight, into the day before: the first 23:30',
    '2018-02-17T01:30Z',
    ['2018-02-18T01:30Z', '2018-02-19T02:30Z'],
  ],
  [
    'America/St_Johns 00:00',
    'clocks put back at 00:01: the second midnight is none',
    '2010-11-06T02:30Z',
    ['2010-11-07T02:30Z', '2010-11-08T03:30Z'],
  ],
  [
    'America/Nuuk 23:30',
    'skipped into the next date, which has its own reset too',
    '2025-03-29T01:30Z',
    ['2025-03-30T01:00Z', '2025-03-31T00:30Z'],
  ],
  [
    'Pacific/Apia 00:00',
    'no 30 December 2011: 31 December follows 29 December',
    '2011-12-29T09:00Z',
    ['2011-12-29T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
  ],
  [
    'Pacific/Apia 12:00',
    'the date that was left out has no reset at the end of the gap either',
    '2011-12-28T22:00Z',
    ['2011-12-29T22:00Z', '2011-12-30T22:00Z', '2011-12-31T22:00Z'],
  ],
])('%s, %s', (clock, _, from, expected) => {
  expect(resetsAfter(clockOf(clock), from, expected.length)).toEqual(expected);
});

test('a second midnight is not a reset: the last one is the first', () => {
  const clock = clockOf('America/St_Johns 00:00');
  // 23:30 on 6 November for the second time, then past the second midnight of the 7th.
  for (const ts of ['2010-11-07T03:00:00Z', '2010-11-07T03:45:00Z']) {
    expect(iso(lastReset(clock, Date.parse(ts)))).toBe('2010-11-07T02:30Z');
  }
});

const zones = [
  'UTC',
  'Europe/Prague',
  'America/New_York',
  'America/Chicago',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Nuuk',
  'Pacific/Apia',
  'Africa/Casablanca',
];

const dayMs = 24 * 60 * 60 * 1000;

const someClock = fc.record({
  timezone: fc.constantFrom(...zones),
  resetAt: fc
    .integer({ min: 0, max: 24 * 60 - 1 })
    .map((minutes) => [Math.floor(minutes / 60), minutes % 60])
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':')),
});

const someTime = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) });

test('resets surround every time, follow one another, and never go back', () => {
  const later = fc.integer({ min: 0, max: 3 * dayMs });
  const property = fc.property(someClock, someTime, later, (clock, ts, delay) => {
    const last = lastReset(clock, ts);
    const next = nextReset(clock, ts);
    expect(last).toBeLessThanOrEqual(ts);
    expect(next).toBeGreaterThan(ts);
    expect(nextReset(clock, last)).toBe(next);
    expect(lastReset(clock, last)).toBe(last);
    expect(lastReset(clock, next)).toBe(next);
    expect(lastReset(clock, next - 1)).toBe(last);
    expect(nextReset(clock, ts + delay)).toBeGreaterThanOrEqual(next);
    expect(lastReset(clock, ts + delay)).toBeGreaterThanOrEqual(last);
    // Nearly a whole day is left out at most, and an hour or two put in.
    expect(next - last).toBeLessThan(2 * dayMs);
  });
  fc.assert(property, { numRuns: 500 });
});

test('a reset is at its local time, or right after the gap that swallowed it', () => {
  const property = fc.property(someClock, someTime, (clock, ts) => {
    const reset = nextReset(clock, ts);
    const local = new Intl.DateTimeFormat('en-GB', {
      timeZone: clock.timezone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const before = local.format(reset - 60_000);
    const at = local.format(reset);
    if (at === clock.resetAt) return;
    // Clocks were put forward within that minute: it was before the reset time, and is after it.
    const minutes = [before, clock.resetAt, at].map((text) => {
      const [h = 0, m = 0] = text.split(':').map(Number);
      return h * 60 + m;
    }) as [number, number, number];
    const [from, wanted, to] = minutes;
    const past = (minute: number): number => (minute - from + 24 * 60) % (24 * 60);
    expect(past(wanted)).toBeGreaterThan(0);
    expect(past(to)).toBeGreaterThan(past(wanted));
  });
  fc.assert(property, { numRuns: 500 });
});

test('at both ends of the times that there are, resets end and nothing is thrown', () => {
  const clock = clockOf('Europe/Prague 00:00');
  expect(nextReset(clock, timeMsMax)).toBe(Infinity);
  expect(lastReset(clock, timeMsMax)).toBeLessThanOrEqual(timeMsMax);
  expect(lastReset(clock, -timeMsMax)).toBe(-Infinity);
  expect(nextReset(clock, -timeMsMax)).toBeGreaterThan(-timeMsMax);
});

test('more clocks than are kept', () => {
  const ts = Date.parse('2026-11-21T12:00:00Z');
  for (let minute = 0; minute < 2400; minute++) {
    const resetAt = [Math.floor(minute / 60) % 24, minute % 60]
      .map((part) => String(part).padStart(2, '0'))
      .join(':');
    const clock = { timezone: 'UTC', resetAt };
    const today = Date.parse(`2026-11-21T${resetAt}:00Z`);
    expect(nextReset(clock, ts)).toBe(today > ts ? today : today + dayMs);
  }
});

test.each<[string, boolean]>([
  ['UTC', true],
  ['Europe/Prague', true],
  ['America/Argentina/Buenos_Aires', true],
  ['Etc/GMT+2', true],
  ['+02:00', false],
  ['-0500', false],
  ['Europe/Nowhere', false],
  ['Europe/Prague ', false],
  ['2026-01-01[Europe/Prague]', false],
  ['Z', false],
  ['', false],
])('whether %j is a time zone: %j', (name, expected) => {
  expect(isTimezone(name)).toBe(expected);
});
