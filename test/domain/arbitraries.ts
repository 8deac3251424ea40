// What the property tests draw from: decimals that doubles tell apart, and such that they do not.
import fc from 'fast-check';
import { price } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import { D } from '../support/brute-force/exact.ts';

/** Few values, so that equal ones are common: 1 to 4 in steps of a quarter. */
const grid = fc
  .integer({ min: 4, max: 16 })
  .map((quarters) => new D(quarters).dividedBy(4).toFixed());

/** The same values with something behind them that no double sees: 1.25, 1.250000000000000000002. */
const gridAndMore = fc
  .tuple(grid, fc.integer({ min: 0, max: 3 }))
  .map(([text, more]) => new D(text).plus(new D(more).times('1e-21')).toFixed());

/** Values whose shortest double text is another number, such as 0.1 with 25 digits behind it. */
const deep = fc
  .tuple(fc.integer({ min: 1, max: 39 }), fc.bigInt({ min: 0n, max: 10n ** 25n }))
  .map(
    ([tenths, more]) =>
      `${Math.floor(tenths / 10)}.${tenths % 10}${String(more).padStart(26, '0')}`,
  );

/** Prices of about 1 to 4 as decimal text; many of a draw are equal, or equal as doubles. */
export const priceText = fc.oneof(
  { weight: 3, arbitrary: grid },
  { weight: 3, arbitrary: gridAndMore },
  { weight: 1, arbitrary: deep },
);

/** A quote of these exact prices. */
export function quoteAt(symbol: string, bid: string, ask: string, ts = 1): Quote {
  const b = price(bid);
  const a = price(ask);
  return { symbol, bid: b.value, ask: a.value, ts, bidExact: b.exact, askExact: a.exact };
}

/** Quotes as hygiene lets them through: the ask is never below the bid. */
export function quoteOf(symbol: string): fc.Arbitrary<Quote> {
  return fc.tuple(priceText, priceText).map(([one, other]) => {
    const isSorted = new D(one).lte(other);
    return quoteAt(symbol, isSorted ? one : other, isSorted ? other : one);
  });
}

/** Exact prices of a quote, by the arithmetic of the reference. */
export function exactPrices(quote: Quote): {
  bid: InstanceType<typeof D>;
  ask: InstanceType<typeof D>;
} {
  return {
    bid: new D(quote.bidExact ?? quote.bid),
    ask: new D(quote.askExact ?? quote.ask),
  };
}
