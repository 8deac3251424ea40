// Quotes as they come in, from a message or an object of the same process. On the way of every
// quote, so read by hand rather than by a schema.
import { isNumeric, type Numeric } from '#src/domain/money';
import { price } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import { idPattern } from './primitives.ts';

/** Most bytes of a quote message; a larger one is not even parsed. */
export const quoteBytesMax = 4096;

/** Up to this many characters of decimal text, the nearest double's shortest text is the same number. */
const exactCharsMax = 15;

/**
 * A quote as a program gives it. A number is its double, whatever text it was written as; decimal
 * text is exact. `ts` is integer milliseconds since the epoch and defaults to the arrival. What is null
 * of sizes and `seq` is absent; a size that is negative or infinite does not count (`hasBadSize`).
 */
export interface QuoteInput {
  readonly symbol: string;
  readonly bid: Numeric;
  readonly ask: Numeric;
  readonly bidSize?: Numeric | null | undefined;
  readonly askSize?: Numeric | null | undefined;
  readonly ts?: number | undefined;
  readonly seq?: number | null | undefined;
  /** An id (contract section 1), where several feeds have the symbol. */
  readonly feed?: string | undefined;
}

type Fields = Readonly<Partial<Record<keyof QuoteInput, unknown>>>;

/**
 * The quote in a message of `symbol`; undefined where it is none: not JSON, no bid or ask, a value
 * of another type. Unknown keys are ignored. Whether the numbers make sense is for hygiene to say.
 */
export function quoteOfJson(
  symbol: string,
  json: string,
  arrivalTs: number,
  feed?: string,
): Quote | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null
    ? quoteOfFields(symbol, value, arrivalTs, feed)
    : undefined;
}

/** The quote in an object of the same process; undefined where it is none, as for a message. */
export function quoteOf(input: QuoteInput, arrivalTs: number): Quote | undefined {
  const value: unknown = input;
  if (typeof value !== 'object' || value === null) return undefined;
  const { symbol, feed } = value as Fields;
  if (feed !== undefined && !isFeed(feed)) return undefined;
  return typeof symbol === 'string' ? quoteOfFields(symbol, value, arrivalTs, feed) : undefined;
}

function quoteOfFields(
  symbol: string,
  fields: Fields,
  arrivalTs: number,
  feed: string | undefined,
): Quote | undefined {
  const { bid, ask, bidSize, askSize, ts = arrivalTs, seq } = fields;
  if (typeof ts !== 'number' || !isTime(ts)) return undefined;
  if (!isNumber(bid) || !isNumber(ask)) return undefined;
  const bidExact = exactOf(bid);
  const askExact = exactOf(ask);
  const isPlain = isAbsent(bidSize) && isAbsent(askSize) && isAbsent(seq);
  if (isPlain && feed === undefined) {
    return { symbol, bid: Number(bid), ask: Number(ask), ts, bidExact, askExact };
  }
  if (!isAbsent(bidSize) && !isNumber(bidSize)) return undefined;
  if (!isAbsent(askSize) && !isNumber(askSize)) return undefined;
  if (!isAbsent(seq) && typeof seq !== 'number') return undefined;
  return {
    symbol,
    bid: Number(bid),
    ask: Number(ask),
    ts,
    bidExact,
    askExact,
    bidSize: isAbsent(bidSize) ? undefined : Number(bidSize),
    askSize: isAbsent(askSize) ? undefined : Number(askSize),
    bidSizeExact: isAbsent(bidSize) ? undefined : exactOf(bidSize),
    askSizeExact: isAbsent(askSize) ? undefined : exactOf(askSize),
    seq: seq ?? undefined,
    feed,
  };
}

/** Whether it can name a feed. */
function isFeed(feed: unknown): feed is string {
  return typeof feed === 'string' && idPattern.test(feed);
}

/** What is not finite is a quote all the same, which hygiene refuses. */
function isTime(ts: number): boolean {
  return Number.isInteger(ts) || !Number.isFinite(ts);
}

/** Many feeds write null where they have nothing to say. */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isNumber(value: unknown): value is Numeric {
  return typeof value === 'number' || (typeof value === 'string' && isNumeric(value));
}

/** The decimal text of a price or size whose double is another number. */
function exactOf(value: Numeric): string | undefined {
  if (typeof value === 'number' || value.length <= exactCharsMax) return undefined;
  return price(value).exact;
}
