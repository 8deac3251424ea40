// Prices that walk, and what they have crossed: which closes the runtime owes.
import type { Quote } from '#src/domain/quote';
import type { Random } from '../support/random.ts';
import { quoteAt, startPrices, symbols, type CrashWorld, type SymbolName } from './world.ts';

export interface Levels {
  readonly positionId: string;
  readonly symbol: SymbolName;
  readonly side: 'long' | 'short';
  readonly stopLoss: number;
  readonly takeProfit: number;
}

interface Watched extends Levels {
  /** Quotes that were sent before it was acknowledged, or were looked at. */
  seen: number;
}

export class Market {
  private readonly world: CrashWorld;
  private readonly random: Random;
  private readonly prices: Record<SymbolName, number> = { ...startPrices };
  private readonly quotes: Quote[] = [];
  private readonly watched = new Map<string, Watched>();
  /** Positions of which a level was crossed by a quote that the runtime has followed. */
  readonly due = new Set<string>();

  constructor(world: CrashWorld, random: Random) {
    this.world = world;
    this.random = random;
  }

  /** One step of each price. */
  walk(): void {
    for (const symbol of symbols) {
      const step = this.random.between(-0.6, 0.6);
      this.prices[symbol] += this.random.chance(0.02) ? step * 10 : step;
    }
    this.send(symbols.map((symbol) => quoteAt(symbol, this.prices[symbol])));
  }

  /** Both prices, so far from where they began. */
  moveTo(distance: number): void {
    this.send(symbols.map((symbol) => quoteAt(symbol, startPrices[symbol] + distance)));
  }

  priceOf(symbol: SymbolName): number {
    return this.prices[symbol];
  }

  /** From now on it is guarded: its track was acknowledged. */
  watch(levels: Levels): void {
    this.watched.set(levels.positionId, { ...levels, seen: this.quotes.length });
  }

  /** Somebody closes it by hand, and then no level of it is due. */
  forget(positionId: string): void {
    this.watched.delete(positionId);
  }

  /** Notes what is due by now; resolves once the runtime has followed all quotes sent so far. */
  async look(): Promise<void> {
    const sent = this.quotes.length;
    await this.world.publisher.follow();
    for (const one of this.watched.values()) {
      for (; one.seen < sent; one.seen++) {
        const quote = this.quotes[one.seen];
        if (quote !== undefined && isCrossed(one, quote)) this.due.add(one.positionId);
      }
    }
  }

  /** Quotes that a runtime has not followed when it was killed may never have come to it. */
  begin(): void {
    for (const one of this.watched.values()) one.seen = this.quotes.length;
    this.world.publisher.begin();
  }

  private send(quotes: readonly Quote[]): void {
    this.quotes.push(...quotes);
    this.world.publisher.sendAtOnce(quotes);
  }
}

function isCrossed({ symbol, side, stopLoss, takeProfit }: Levels, quote: Quote): boolean {
  if (quote.symbol !== symbol) return false;
  if (side === 'long') return quote.bid <= stopLoss || quote.bid >= takeProfit;
  return quote.ask >= stopLoss || quote.ask <= takeProfit;
}
