// One row of recorded quotes as text: what counts as a time, as a number, and what is wrong with it.
import type { Quote } from '#src/domain/quote';
import { isoTimeOf, timeMsMax } from '#src/domain/time';
import { price, type Price } from '#src/domain/price';

export const plainHeader = 'ts,bid,ask';
export const sizedHeader = 'ts,bid,ask,bidSize,askSize';

const integerMs = /^-?\d{1,16}$/;

/** Milliseconds since the epoch of integer milliseconds, or of an ISO-8601 time. */
export function timeOf(text: string): number | undefined {
  if (!integerMs.test(text)) return isoTimeOf(text);
  const ms = Number(text);
  return Math.abs(ms) <= timeMsMax ? ms : undefined;
}

const numberText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The number that the text is, with its exact decimal where the double is another; undefined for
 * what is none (`NaN`, `Infinity`, an empty field, a blank). Beyond the range of a double the value
 * is infinite or zero and has no exact text: hygiene refuses both.
 */
export function numberOf(text: string): Price | undefined {
  if (!numberText.test(text)) return undefined;
  const value = Number(text);
  if (value === 0 || !Number.isFinite(value) || String(value) === text) {
    return { value, exact: undefined };
  }
  return price(text);
}

/** The quote of a line without its line end, or what is wrong with the line. */
export function quoteOfText(line: string, symbol: string, isSized: boolean): Quote | string {
  const fields = line.split(',');
  const expected = isSized ? 5 : 3;
  if (fields.length !== expected) return `has ${fields.length} fields instead of ${expected}`;
  const [tsText = '', bidText = '', askText = '', bidSizeText = '', askSizeText = ''] = fields;
  const ts = timeOf(tsText);
  if (ts === undefined) {
    return `ts ${shown(tsText)} is neither integer milliseconds nor an ISO-8601 time with its zone`;
  }
  const bid = numberOf(bidText);
  if (bid === undefined) return notANumber('bid', bidText);
  const ask = numberOf(askText);
  if (ask === undefined) return notANumber('ask', askText);
  if (!isSized) return plainQuote(symbol, bid.value, ask.value, ts, bid.exact, ask.exact);
  const bidSize = numberOf(bidSizeText);
  if (bidSize === undefined) return notANumber('bidSize', bidSizeText);
  const askSize = numberOf(askSizeText);
  if (askSize === undefined) return notANumber('askSize', askSizeText);
  return {
    ...plainQuote(symbol, bid.value, ask.value, ts, bid.exact, ask.exact),
    bidSize: bidSize.value,
    askSize: askSize.value,
    bidSizeExact: bidSize.exact,
    askSizeExact: askSize.exact,
  };
}

/** All quotes without sizes have one shape, which keeps whoever reads their fields fast. */
export function plainQuote(
  symbol: string,
  bid: number,
  ask: number,
  ts: number,
  bidExact: string | undefined,
  askExact: string | undefined,
): Quote {
  return { symbol, bid, ask, ts, bidExact, askExact };
}

function notANumber(field: string, text: string): string {
  return `${field} ${shown(text)} is not a number`;
}

/** Most characters of a faulty field that a message repeats. */
const shownCharsMax = 40;

/** A field as a message may show it: escaped, and not longer than a line. */
function shown(text: string): string {
  const start = text.slice(0, shownCharsMax);
  return JSON.stringify(start.length < text.length ? `${start}…` : start);
}
