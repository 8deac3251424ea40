// Which quotes count (contract section 2, hygiene). A refused quote has no effect on anything.
import { compareExact } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';

export const quoteFaults = [
  'not_finite',
  'not_positive',
  'crossed',
  'unknown_symbol',
  'stale',
  'in_future',
  /** Held as a jump, and contradicted by a later quote. */
  'bad_print',
] as const;

export type QuoteFault = (typeof quoteFaults)[number];

/** Whether a size is none that a market can have, negative or infinite: it is as if it were absent. */
export function isBadSize(size: number | undefined): boolean {
  return size !== undefined && !(size >= 0 && size < Infinity);
}

/** How far ahead of the clock a live quote may be. */
export const futureToleranceMs = 5000;

/**
 * A quote whose mid is beyond a double is not finite; one of before the epoch is not positive, as is one
 * without a price above 0.
 *
 * `lastTs` is that of the last accepted quote of the symbol, 0 before the first one and undefined
 * where the symbol is no instrument; `latestTs` is the latest time that is not yet the future,
 * `Infinity` in a replay.
 */
export function quoteFault(
  quote: Quote,
  lastTs: number | undefined,
  latestTs: number,
): QuoteFault | undefined {
  const { bid, ask, ts } = quote;
  if (!Number.isFinite(bid + ask) || !Number.isFinite(ts)) return 'not_finite';
  if (bid <= 0 || ask <= 0 || ts < 0) return 'not_positive';
  if (ask <= bid && compareExact(ask, quote.askExact, bid, quote.bidExact) < 0) return 'crossed';
  if (lastTs === undefined) return 'unknown_symbol';
  if (ts < lastTs) return 'stale';
  if (ts > latestTs) return 'in_future';
  return undefined;
}
