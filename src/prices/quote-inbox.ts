// Where live quotes wait when more come than one turn of the event loop should take, so that
// commands and timers get their turn too. Bounded: at its limit the quotes of a symbol conflate.
import type { Quote } from '#src/domain/quote';
import { conflate } from './conflation.ts';

/**
 * Quotes taken in one turn of the event loop before others get theirs. More than a socket can hand
 * over in one turn (32 reads of 64 KiB), so that nothing conflates while the runtime keeps up.
 */
export const quotesPerTurnMax = 32_768;
/** Quotes of one symbol that may wait; the next one makes them conflate. */
export const quotesWaitingPerSymbolMax = 16_384;

export interface QuoteInboxOptions {
  readonly take: (quote: Quote) => void;
  /** Whether the quote would count after one of `lastTs`; if not, it has been refused. */
  readonly isAcceptable: (quote: Quote, lastTs: number) => boolean;
  readonly soon: (act: () => void) => void;
  /** Told how many quotes conflation dropped. */
  readonly onConflated: (dropped: number) => void;
}

export class QuoteInbox {
  private readonly options: QuoteInboxOptions;
  /** Quotes of all symbols in the order in which they came. */
  private queue: Quote[] = [];
  private head = 0;
  /** Waiting quotes of each symbol, counted. */
  private readonly waitingCounts = new Map<string, number>();
  private readonly lastTs = new Map<string, number>();
  private takenThisTurn = 0;
  private isTurnMarked = false;

  constructor(options: QuoteInboxOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.queue.length - this.head;
  }

  push(quote: Quote): void {
    if (this.waiting === 0 && this.takenThisTurn < quotesPerTurnMax) {
      this.markTurn();
      this.takenThisTurn++;
      this.options.take(quote);
      return;
    }
    this.enqueue(quote);
  }

  /** What is refused must not displace what is not, so hygiene comes before conflation. */
  private enqueue(quote: Quote): void {
    const { symbol, ts } = quote;
    if (!this.options.isAcceptable(quote, this.lastTs.get(symbol) ?? 0)) return;
    this.lastTs.set(symbol, ts);
    this.queue.push(quote);
    const count = (this.waitingCounts.get(symbol) ?? 0) + 1;
    this.waitingCounts.set(symbol, count);
    if (count > quotesWaitingPerSymbolMax) this.conflateSymbol(symbol);
    this.markTurn();
  }

  private conflateSymbol(symbol: string): void {
    const waiting = this.queue.slice(this.head);
    const own = waiting.filter((quote) => quote.symbol === symbol);
    const kept = conflate(own);
    const keep = new Set(kept);
    this.queue = waiting.filter((quote) => quote.symbol !== symbol || keep.has(quote));
    this.head = 0;
    this.waitingCounts.set(symbol, kept.length);
    this.options.onConflated(own.length - kept.length);
  }

  /** Learns when this turn of the event loop is over, and goes on with what waits. */
  private markTurn(): void {
    if (this.isTurnMarked) return;
    this.isTurnMarked = true;
    this.options.soon(() => {
      this.isTurnMarked = false;
      this.takenThisTurn = 0;
      this.drain();
    });
  }

  private drain(): void {
    while (this.waiting > 0 && this.takenThisTurn < quotesPerTurnMax) {
      const quote = this.queue[this.head++] as Quote;
      this.takenThisTurn++;
      const count = (this.waitingCounts.get(quote.symbol) ?? 1) - 1;
      if (count > 0) this.waitingCounts.set(quote.symbol, count);
      else this.waitingCounts.delete(quote.symbol);
      this.options.take(quote);
    }
    if (this.waiting > 0) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
      this.markTurn();
    } else {
      this.queue = [];
      this.head = 0;
      this.lastTs.clear();
    }
  }
}
