// The quote ring beside the plainest thing that does the same: a list of all quotes, walked in decimals.
import { expect } from 'vitest';
import { Decimal, roundPnl, text } from '#src/domain/money';
import { price } from '#src/domain/price';
import type { FoundPeak } from '#src/prices/peak-candidates';
import { highestSince } from '#src/prices/peak-search';
import { QuoteRing, type RingQuote } from '#src/prices/quote-ring';
import type { Holding } from '#src/prices/ring-sums';

/** One position; those of a symbol that are converted in one way make up one holding. */
export interface Held {
  readonly symbol: string;
  readonly size: number;
  readonly isLong: boolean;
  readonly entry: string;
  readonly legs: readonly { readonly symbol: string; readonly divides: boolean }[];
}

export interface Given {
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
}

export interface Window {
  readonly since: number;
  readonly balance: string;
  readonly positions: readonly Held[];
  readonly peak: string;
  readonly error?: number;
}

interface Both {
  readonly bid: Decimal;
  readonly ask: Decimal;
}

type BothOf = (symbol: string) => Both | undefined;

/** What is found, with the peak as text. */
export type Found = Omit<FoundPeak, 'peak'> & { readonly peak: string };

export class RingDesk {
  ring: QuoteRing;
  /** Every quote that moved a price, or was kept; its place is its index in the ring. */
  readonly entries: (Both & {
    readonly symbol: string;
    readonly ts: number;
    readonly n: number;
  })[] = [];
  /** How often the exact equity was asked for. */
  exactCount = 0;
  private ts = 0;
  private readonly last = new Map<string, Both>();

  constructor(quotesMax: number) {
    this.ring = new QuoteRing({ quotesMax });
  }

  quote(given: Given, n = this.entries.length): void {
    const quote = quoteOf(given, ++this.ts);
    this.ring.append(this.ring.columnOf(given.symbol), quote, n);
    const both = { bid: new Decimal(given.bid), ask: new Decimal(given.ask) };
    const last = this.last.get(given.symbol);
    if (last?.bid.equals(both.bid) && last.ask.equals(both.ask)) return;
    this.last.set(given.symbol, both);
    this.entries.push({ symbol: given.symbol, ...both, ts: this.ts, n });
  }

  keepNext(): void {
    this.ring.keepNext();
    this.last.clear();
  }

  found(window: Window): Found | undefined {
    const { since, balance, positions, peak, error = 1e-7 } = window;
    const found = highestSince(this.ring, {
      ...{ since, balance: Number(balance), error, peak: new Decimal(peak) },
      holdings: this.holdingsOf(positions),
      equityAt: (pricesOf) => {
        this.exactCount++;
        let equity = new Decimal(balance);
        const bothOf: BothOf = (symbol) => {
          const prices = pricesOf(symbol);
          const [bid, ask] = [prices.closingPrice('long'), prices.closingPrice('short')];
          if (prices.hasQuote) expect(prices.mid()).toEqual(bid.plus(ask).dividedBy(2));
          return prices.hasQuote ? { bid, ask } : undefined;
        };
        for (const position of positions) equity = equity.plus(pnlOf(position, bothOf));
        return equity;
      },
    });
    return found && { ...found, peak: text(found.peak) };
  }

  /** Every entry of the account's symbols, one after the other. */
  expected({ since, balance, positions, peak }: Window): Found | undefined {
    const prices = new Map<string, Both>();
    const pnls = positions.map(() => new Decimal(0));
    let highest = new Decimal(peak);
    let found: Found | undefined;
    this.entries.forEach(({ symbol, bid, ask, ts }, index) => {
      prices.set(symbol, { bid, ask });
      const moved = positions.flatMap((held, i) =>
        held.symbol === symbol || held.legs.some((leg) => leg.symbol === symbol) ? [i] : [],
      );
      if (moved.length === 0) return;
      for (const i of moved) {
        pnls[i] = pnlOf(positions[i] as Held, (name) => prices.get(name));
      }
      if (index < since) return;
      const equity = pnls.reduce((sum, pnl) => sum.plus(pnl), new Decimal(balance));
      if (equity.lessThanOrEqualTo(highest)) return;
      highest = equity;
      found = { peak: text(equity), ts, index };
    });
    return found;
  }

  private holdingsOf(positions: readonly Held[]): Holding[] {
    const holdings = new Map<
      string,
      Holding & { longSize: number; shortSize: number; cost: number }
    >();
    for (const { symbol, size, isLong, entry, legs } of positions) {
      const key = [symbol, ...legs.map((leg) => leg.symbol + String(leg.divides))].join(' ');
      const holding = holdings.get(key) ?? {
        column: this.ring.columnOf(symbol),
        legs: legs.map((leg) => ({ column: this.ring.columnOf(leg.symbol), divides: leg.divides })),
        ...{ longSize: 0, shortSize: 0, cost: 0 },
      };
      if (isLong) holding.longSize += size;
      else holding.shortSize += size;
      holding.cost += (isLong ? size : -size) * Number(entry);
      holdings.set(key, holding);
    }
    return [...holdings.values()];
  }
}

export function quoteOf({ bid, ask }: Given, ts: number): RingQuote {
  const [b, a] = [price(bid), price(ask)];
  return { bid: b.value, ask: a.value, bidExact: b.exact, askExact: a.exact, ts };
}

/** Contract section 1, in its own words: converted and rounded; 0 while a price is missing. */
function pnlOf({ symbol, size, isLong, entry, legs }: Held, at: BothOf): Decimal {
  const prices = at(symbol);
  if (prices === undefined) return new Decimal(0);
  let pnl = isLong ? prices.bid.minus(entry) : new Decimal(entry).minus(prices.ask);
  pnl = pnl.times(size);
  let divisor = new Decimal(1);
  for (const leg of legs) {
    const pair = at(leg.symbol);
    if (pair === undefined) return new Decimal(0);
    const mid = pair.bid.plus(pair.ask).dividedBy(2);
    if (leg.divides) divisor = divisor.times(mid);
    else pnl = pnl.times(mid);
  }
  return roundPnl(pnl.dividedBy(divisor));
}
