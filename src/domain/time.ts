// Times as text.

/** The furthest a time may be from 1970, the same that a `Date` can hold. */
export const timeMsMax = 8_640_000_000_000_000;

const isoTime =
  /^\d{4}-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Milliseconds since the epoch of an ISO-8601 time `YYYY-MM-DDTHH:MM[:SS[.f]]` with `Z` or `±HH:MM`;
 * digits of `f` beyond the third are cut off. Undefined for anything else: no zone, a day that its
 * month has not, 24:00, a leap second.
 */
export function isoTimeOf(text: string): number | undefined {
  const match = isoTime.exec(text);
  if (match === null) return undefined;
  const month = Number(match[1]);
  const day = Number(match[2]);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(Number(text.slice(0, 4)), month)) {
    return undefined;
  }
  return Date.parse(text);
}

function daysIn(year: number, month: number): number {
  // The calendar repeats every 400 years, and Date.UTC reads years below 100 as 19xx.
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
