// When days begin, by the calendars of those zones.
import { expect, test } from 'vitest';
import { resetAfter } from './days.ts';

const prague = 'Europe/Prague';
const newYork = 'America/New_York';
const chicago = 'America/Chicago';
const kolkata = 'Asia/Kolkata';
const saoPaulo = 'America/Sao_Paulo';
const lordHowe = 'Australia/Lord_Howe';

test.for([
  ['UTC', '00:00', 'later than that instant', '2026-01-14T00:00Z', '2026-01-15T00:00Z'],
  ['UTC', '00:00', 'a moment before it', '2026-01-13T23:59:59.999Z', '2026-01-14T00:00Z'],
  ['UTC', '23:59', 'at the end of a day', '2026-12-31T12:00Z', '2026-12-31T23:59Z'],
  [prague, '00:00', 'the last midnight of winter', '2026-03-28T12:00Z', '2026-03-28T23:00Z'],
  [prague, '00:00', 'a day of 23 hours', '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
  [prague, '02:00', 'where the gap begins', '2026-03-28T12:00Z', '2026-03-29T01:00Z'],
  [prague, '02:30', 'in the gap', '2026-03-28T12:00Z', '2026-03-29T01:00Z'],
  [prague, '02:30', 'the day after the gap', '2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  [prague, '03:00', 'where the gap ends', '2026-03-28T12:00Z', '2026-03-29T01:00Z'],
  [prague, '00:00', 'a day of 25 hours', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
  [prague, '02:30', 'the first of the two', '2026-10-24T12:00Z', '2026-10-25T00:30Z'],
  [prague, '02:30', 'not the second one', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  [prague, '02:00', 'where the hour is repeated', '2026-10-24T12:00Z', '2026-10-25T00:00Z'],
  [prague, '03:00', 'after both of them', '2026-10-24T12:00Z', '2026-10-25T02:00Z'],
  [newYork, '17:00', 'the day before spring', '2026-03-07T12:00Z', '2026-03-07T22:00Z'],
  [newYork, '17:00', 'the first of spring', '2026-03-08T00:00Z', '2026-03-08T21:00Z'],
  [newYork, '02:15', 'in the gap', '2026-03-08T00:00Z', '2026-03-08T07:00Z'],
  [newYork, '01:30', 'the first of the two', '2026-11-01T00:00Z', '2026-11-01T05:30Z'],
  [newYork, '01:30', 'not the second one', '2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  [chicago, '17:00', 'in summer', '2026-07-01T00:00Z', '2026-07-01T22:00Z'],
  [chicago, '17:00', 'in winter', '2026-12-01T00:00Z', '2026-12-01T23:00Z'],
  [kolkata, '00:00', 'half an hour off', '2026-07-01T00:00Z', '2026-07-01T18:30Z'],
  [kolkata, '09:15', 'a quarter past', '2026-07-01T00:00Z', '2026-07-01T03:45Z'],
  [saoPaulo, '00:00', 'a midnight in the gap', '2014-10-18T12:00Z', '2014-10-19T03:00Z'],
  [saoPaulo, '23:30', 'the first of two', '2014-02-15T12:00Z', '2014-02-16T01:30Z'],
  [saoPaulo, '23:30', 'not the second one', '2014-02-16T01:30Z', '2014-02-17T02:30Z'],
  [saoPaulo, '00:00', 'after an hour twice', '2014-02-15T12:00Z', '2014-02-16T03:00Z'],
  [lordHowe, '02:15', 'in a gap of half an hour', '2014-10-04T12:00Z', '2014-10-04T15:30Z'],
  ['Pacific/Apia', '00:00', 'a day left out', '2011-12-30T00:00Z', '2011-12-30T10:00Z'],
  ['Pacific/Apia', '00:00', 'the day after that', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
] as const)('a day of %s begins at %s: %s', ([timezone, resetAt, , after, expected]) => {
  expect(resetAfter(timezone, resetAt, Date.parse(after))).toBe(Date.parse(expected));
});
