// Conflation (contract section 2): of a run of quotes of one symbol, the last one and those with
// the lowest and highest bid and ask are kept, in their order, so that no crossing is lost.
import { compareExact } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';

type Compare = (a: Quote, b: Quote) => number;

const byBid: Compare = (a, b) => compareExact(a.bid, a.bidExact, b.bid, b.bidExact);
const byAsk: Compare = (a, b) => compareExact(a.ask, a.askExact, b.ask, b.askExact);

/** The quotes that are kept: at most five, the earliest of equal ones. */
export function conflate(quotes: readonly Quote[]): Quote[] {
  const kept = new Set<Quote>();
  for (const compare of [byBid, byAsk]) {
    let lowest = quotes[0];
    let highest = quotes[0];
    for (const quote of quotes) {
      if (lowest !== undefined && compare(quote, lowest) < 0) lowest = quote;
      if (highest !== undefined && compare(quote, highest) > 0) highest = quote;
    }
    if (lowest !== undefined) kept.add(lowest);
    if (highest !== undefined) kept.add(highest);
  }
  const last = quotes.at(-1);
  if (last !== undefined) kept.add(last);
  return quotes.filter((quote) => kept.has(quote));
}
