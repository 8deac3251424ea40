// A trend: one symbol that makes a new high on every quote, and long positions that trail it.
import type { Scenario } from '#src/contracts/scenario';
import type { ReusedQuote } from './gold.ts';
import { farTrailing, instrumentsOf } from './worlds.ts';

const symbol = 'TREND';
const quotesPerRun = 500_000;
const firstTicks = 2_000_000;
const ticksPerUnit = 1_000;
const spread = 0.3;

/** Each with a stop and a target that are never reached. */
export function trendingPositions(count: number): Scenario {
  const positions = Array.from({ length: count }, (_, i) => ({
    positionId: `p${i}`,
    accountId: 'a',
    symbol,
    side: 'long' as const,
    quantity: 1,
    entryPrice: 2000,
    exits: {
      stopLoss: String(100 + (i % 1000) / 10),
      takeProfit: String(1_000_000 + i),
      trailing: farTrailing(i),
    },
  }));
  const accounts = [{ accountId: 'a', currency: 'USD', balance: 1_000_000 }];
  return { instruments: instrumentsOf([symbol]), accounts, positions };
}

export class Trend {
  private ticks = firstTicks;
  private ts = 1;
  private readonly quotes: ReusedQuote[] = Array.from({ length: quotesPerRun }, () => ({
    ...{ symbol, bid: 1, ask: 1, ts: 1 },
  }));

  /** The quotes of the next run, which goes on from where the last one ended. */
  next(): readonly ReusedQuote[] {
    for (const quote of this.quotes) {
      quote.bid = ++this.ticks / ticksPerUnit;
      quote.ask = quote.bid + spread;
      quote.ts = ++this.ts;
    }
    return this.quotes;
  }
}
