// The prices of one side that have moved peaks since the peaks were noted, or told of, last. A record
// that a quote decides carries them, so that a restart finds the peaks as they were then.
import { compareExact, priceText, type Price } from '#src/domain/price';
import type { MovedPeak } from '#src/domain/closing';
import type { Side } from '#src/domain/quote';

/** Prices after which the peaks should be noted rather than traced on. */
export const tracedPricesMax = 1000;

export class PeakTrace {
  private readonly sign: 1 | -1;
  private readonly prices: { n: number; price: Price; tracked: number }[] = [];

  constructor(side: Side) {
    this.sign = side === 'long' ? 1 : -1;
  }

  get isFull(): boolean {
    return this.prices.length >= tracedPricesMax;
  }

  /**
   * `n` is the last record before the quote, `tracked` as in `SeenQuote`. Stops with a step hang on every
   * price of the way; where there are none, a price that is as good as earlier ones does what they did.
   */
  add(n: number, price: Price, hasSteps: boolean, tracked = Infinity): void {
    const { prices, sign } = this;
    for (let last = prices.at(-1); !hasSteps && last !== undefined; last = prices.at(-1)) {
      const { value, exact } = last.price;
      if (sign * compareExact(value, exact, price.value, price.exact) > 0) break;
      prices.pop();
    }
    prices.push({ n, price, tracked });
  }

  /** What was traced, for the one who puts it on record; undefined where that is nothing. */
  take(): MovedPeak[] | undefined {
    if (this.prices.length === 0) return undefined;
    const taken = this.prices.map(({ n, price, tracked }): MovedPeak => {
      return tracked === Infinity ? [n, priceText(price)] : [n, priceText(price), tracked];
    });
    this.clear();
    return taken;
  }

  clear(): void {
    this.prices.length = 0;
  }
}
