// Times as text.

/** The furthest a time may be from 1970, the same that a `Date` can hold. */
export const timeMsMax = 8_640_000_000_000_000;

const isoTime =
  /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Milliseconds since the epoch of an ISO-8601 time `YYYY-MM-DDTHH:MM[:SS[.f]]` with `Z` or `±HH:MM`;
 * digits of `f` beyond the third are cut off. Undefined for anything else: no zone, a day that its
 * month has not, 24:00, a leap second.
 */
export function isoTimeOf(text: string): number | undefined {
  return isoTime.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : undefined;
}

/** Whether `YYYY-MM-DD` is in the calendar: `Date.parse` knows the 31st of every month. */
export function isDay(date: string): boolean {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
}
