// Prices that swing ever wider, so that longs and shorts make new peaks all the time, down to the
// kill; every quote is sent as it is made, and remembered in the order of sending.
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import type { Publisher } from './publisher.ts';

export interface SentQuote {
  readonly symbol: string;
  readonly bid: number;
  readonly ask: number;
  readonly ts: number;
}

interface Terms {
  /** In ticks. */
  readonly start: number;
  readonly spread: number;
  readonly decimals: number;
}

/** The first two swing; the last one has a quote only when it is asked for. */
const terms = {
  XAUUSD: { start: 130_000, spread: 7, decimals: 2 },
  EURUSD: { start: 139_000, spread: 2, decimals: 5 },
  XAGUSD: { start: 190_000, spread: 5, decimals: 4 },
} as const satisfies Record<string, Terms>;
export type SymbolName = keyof typeof terms;
export const symbols = Object.keys(terms) as SymbolName[];
export const swinging = ['XAUUSD', 'EURUSD'] as const;

/** Quotes of the first swing of a symbol, and how many more each later one has. */
const swingQuotes = 30;
const swingGrowth = 12;
/** Ticks of each quote along the swing, and by chance. */
const driftTicks = 4;
const chanceTicks = 10;
const pauseMs = 5;
const quotesPerPause = 2;
/** Each quote of the end is so many parts of the start away from the one before. */
const endSteps = 80;

export class SwingingMarket {
  readonly sent: SentQuote[] = [];
  private readonly publisher: Publisher;
  private readonly random: Random;
  private readonly ticks = new Map<string, number>();
  private readonly swings = new Map<string, { left: number; count: number }>();
  private readonly now: () => number;
  /** Of the last quote. */
  ts = 0;

  constructor(publisher: Publisher, random: Random, now: () => number = Date.now) {
    this.publisher = publisher;
    this.random = random;
    this.now = now;
  }

  /** Some hundred quotes a second, until that time. */
  async swingUntil(endTs: number): Promise<void> {
    while (this.now() < endTs) {
      for (let i = 0; i < quotesPerPause; i++) for (const symbol of swinging) this.swing(symbol);
      await pause(pauseMs);
    }
  }

  swing(symbol: SymbolName): void {
    let swing = this.swings.get(symbol) ?? { left: swingQuotes, count: 0 };
    if (swing.left === 0) {
      const count = swing.count + 1;
      swing = { left: swingQuotes + count * swingGrowth, count };
    }
    this.swings.set(symbol, { ...swing, left: swing.left - 1 });
    const drift = swing.count % 2 === 0 ? driftTicks : -driftTicks;
    this.step(symbol, drift + this.random.int(-chanceTicks, chanceTicks));
  }

  /** Down through every stop of a long, then up through every one of a short. */
  end(): void {
    for (const direction of [-1, 1, 1]) {
      for (let i = 0; i < endSteps / 2; i++) {
        for (const symbol of symbols) {
          this.step(symbol, direction * Math.round(terms[symbol].start / endSteps));
        }
      }
    }
  }

  private step(symbol: SymbolName, by: number): void {
    const { start, spread } = terms[symbol];
    const ticks = (this.ticks.get(symbol) ?? start) + by;
    this.ticks.set(symbol, ticks);
    this.ts = Math.max(this.ts + 1, this.now());
    const [bid, ask] = [ticks, ticks + spread].map((one) => Number(priceOf(symbol, one)));
    const quote = { symbol, bid: bid as number, ask: ask as number, ts: this.ts };
    this.sent.push(quote);
    this.publisher.sendAtOnce([quote]);
  }
}

/** A price so many ticks from where the symbol began. */
export function priceAt(symbol: SymbolName, ticks: number): string {
  return priceOf(symbol, terms[symbol].start + ticks);
}

/** Decimal text of ticks, without zeros at its end, as the runtime writes it. */
export function priceOf(symbol: SymbolName, ticks: number): string {
  return String(Number((ticks / 10 ** terms[symbol].decimals).toFixed(terms[symbol].decimals)));
}
