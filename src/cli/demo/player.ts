// Plays the market at its pace into a stream of quotes. The rounds decide what happens, and the
// clock only when: on a slow machine the same demo takes longer.
import { setTimeout as pause } from 'node:timers/promises';
import type { Subject } from 'rxjs';
import type { QuoteInput } from '#src/contracts/quote';
import { roundsPerSecond, type MarketRound } from './synthetic-market.ts';

/** Pause between two looks at what is due. */
const paceMs = 20;
/** Rounds that are made up for after a delay; beyond it the market has waited with us. */
const roundsBehindMax = roundsPerSecond / 5;

export interface PlayerOptions {
  readonly market: Iterator<MarketRound, never>;
  readonly quotes: Subject<QuoteInput>;
  /** Told of each round before its quotes count. */
  readonly onRound: (round: MarketRound) => void;
  /** Whatever is awaited here is in force before the next round. */
  readonly afterRound: (round: MarketRound) => Promise<void> | undefined;
}

export class Player {
  private readonly options: PlayerOptions;
  private readonly mids = new Map<string, number>();
  private lastTs = 0;

  constructor(options: PlayerOptions) {
    this.options = options;
  }

  /** Mid of the symbol's last quote; undefined before the first. */
  midOf(symbol: string): number | undefined {
    return this.mids.get(symbol);
  }

  /** Plays so many rounds, or until it is told to stop. */
  async play(rounds: number, stop: AbortSignal): Promise<void> {
    let startMs = performance.now();
    for (let played = 0; played < rounds && !stop.aborted;) {
      const elapsedMs = performance.now() - startMs;
      const due = Math.min(rounds, Math.ceil((elapsedMs * roundsPerSecond) / 1000));
      if (due - played > roundsBehindMax) {
        startMs += ((due - played - roundsBehindMax) * 1000) / roundsPerSecond;
        continue;
      }
      for (; played < due && !stop.aborted; played++) await this.round();
      if (played < rounds) await pause(paceMs);
    }
  }

  private async round(): Promise<void> {
    const { market, quotes, onRound, afterRound } = this.options;
    const { value: round } = market.next();
    onRound(round);
    // A clock that is set back must not make quotes older than those before them.
    this.lastTs = Math.max(this.lastTs, Date.now());
    for (const quote of round.quotes) {
      this.mids.set(quote.symbol, (Number(quote.bid) + Number(quote.ask)) / 2);
      quotes.next({ ...quote, ts: this.lastTs });
    }
    await afterRound(round);
  }
}
