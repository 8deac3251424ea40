// Exact arithmetic of the brute-force reference: decimals as integers of a known scale.
import { Decimal } from 'decimal.js';
import type { Quote } from '#src/domain/quote';

/** Decimals with more digits than anything here has. */
export const D = Decimal.clone({ precision: 1000 });

type Numeric = number | string | Decimal;

/** `value / scale`, exactly. */
export interface Ratio {
  readonly value: bigint;
  readonly scale: bigint;
}

/** A quote as integers, and the quote of its symbol before it. */
export interface Book {
  readonly bid: bigint;
  readonly ask: bigint;
  readonly ts: number;
  readonly previous: { readonly bid: bigint; readonly ask: bigint } | undefined;
}

/** A conversion pair, whose mid multiplies or divides. */
export interface Leg {
  readonly symbol: string;
  readonly divides: boolean;
}

/** Digits behind the point, without trailing zeros. */
export function decimalsOf(value: Numeric): number {
  return new D(value).decimalPlaces();
}

/** value · 10^decimals, which has to be an integer. */
export function scaled(value: Numeric, decimals: number): bigint {
  return BigInt(new D(value).times(new D(10).pow(decimals)).toFixed());
}

export function ratioOf(value: Numeric): Ratio {
  const decimals = decimalsOf(value);
  return { value: scaled(value, decimals), scale: 10n ** BigInt(decimals) };
}

/** value / 10^decimals as plain decimal text. */
export function textOf(value: bigint, decimals: number): string {
  return new D(value.toString()).dividedBy(new D(10).pow(decimals)).toFixed();
}

/** Plain decimal text of one side of a quote. */
function sideText(value: number, exact: string | undefined): string {
  const text = exact ?? String(value);
  return text.includes('e') ? new D(text).toFixed() : text;
}

/** As many decimals as the finest of all prices has. */
export function priceDecimalsOf(quotes: readonly Quote[], prices: readonly Numeric[]): number {
  let most = Math.max(0, ...prices.map(decimalsOf));
  for (const { bid, ask, bidExact, askExact } of quotes) {
    if (!Number.isFinite(bid) || !Number.isFinite(ask)) continue;
    for (const text of [sideText(bid, bidExact), sideText(ask, askExact)]) {
      const point = text.indexOf('.');
      if (point >= 0) most = Math.max(most, text.length - point - 1);
    }
  }
  return most;
}

export function bookedQuote(quote: Quote, decimals: number, before: Book | undefined): Book {
  const side = (value: number, exact: string | undefined): bigint => {
    const [whole = '', fraction = ''] = sideText(value, exact).split('.');
    return BigInt(whole + fraction.padEnd(decimals, '0'));
  };
  return {
    bid: side(quote.bid, quote.bidExact),
    ask: side(quote.ask, quote.askExact),
    ts: quote.ts,
    previous: before === undefined ? undefined : { bid: before.bid, ask: before.ask },
  };
}

/** numerator / denominator (> 0) as an integer, ties to the even one. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator - quotient * denominator;
  if (remainder === 0n) return quotient;
  const sign = numerator < 0n ? -1n : 1n;
  const twice = 2n * sign * remainder;
  const isUp = twice > denominator || (twice === denominator && quotient % 2n !== 0n);
  return isUp ? quotient + sign : quotient;
}

/**
 * Section 1: FROM+TO multiplies, else TO+FROM divides, else a cross through one third currency:
 * the first in the order of the instruments through which there is one.
 */
export function conversionOf(from: string, to: string, symbols: readonly string[]): Leg[] {
  if (from === to) return [];
  const pair = (a: string, b: string): Leg[] => {
    if (symbols.includes(a + b)) return [{ symbol: a + b, divides: false }];
    return symbols.includes(b + a) ? [{ symbol: b + a, divides: true }] : [];
  };
  const direct = pair(from, to);
  if (direct.length > 0) return direct;
  for (const symbol of symbols) {
    if (!symbol.startsWith(from) && !symbol.endsWith(from)) continue;
    const third = symbol.startsWith(from)
      ? symbol.slice(from.length)
      : symbol.slice(0, symbol.length - from.length);
    const cross = [...pair(from, third), ...pair(third, to)];
    if (third !== '' && cross.length === 2) return cross;
  }
  throw new Error(`nothing converts ${from} to ${to}`);
}
