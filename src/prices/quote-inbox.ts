// Where live quotes wait when more come than one turn of the event loop should take, so that
// commands and timers get their turn too, and while a symbol is held because a mass crossing of it
// is being drained. Bounded: at its limit the quotes of a symbol conflate.
import type { Quote } from '#src/domain/quote';
import { conflate } from './conflation.ts';
import { QuoteQueue } from './quote-queue.ts';

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

/** A symbol of which quotes wait, or that is held. */
interface Waiting {
  isHeld: boolean;
  /** How many wait, wherever. */
  count: number;
  lastTs: number;
  /** Those put aside: all of them came before those of the symbol that are in the common queue. */
  readonly held: QuoteQueue;
}

export class QuoteInbox {
  private readonly options: QuoteInboxOptions;
  /** Quotes of all symbols in the order in which they came. */
  private readonly queue = new QuoteQueue();
  private readonly symbols = new Map<string, Waiting>();
  /** Symbols that were released with quotes that were held: these are the next to be taken. */
  private readonly released = new Set<Waiting>();
  private takenThisTurn = 0;
  private isTurnMarked = false;
  private waitingCount = 0;

  constructor(options: QuoteInboxOptions) {
    this.options = options;
  }

  /** Quotes that wait, the held ones too. */
  get waiting(): number {
    return this.waitingCount;
  }

  /** What a quote of the symbol that has to wait is compared with; 0 where none waits. */
  lastTsOf(symbol: string): number {
    return this.symbols.get(symbol)?.lastTs ?? 0;
  }

  push(quote: Quote): void {
    const isHeld = this.symbols.get(quote.symbol)?.isHeld ?? false;
    if (!isHeld && !this.hasNext() && this.takenThisTurn < quotesPerTurnMax) {
      this.markTurn();
      this.takenThisTurn++;
      this.options.take(quote);
      return;
    }
    this.enqueue(quote);
  }

  /**
   * From now on no quote of the symbol is taken, until it is released; those of others are as if
   * it had none. Holding what is held changes nothing.
   */
  hold(symbol: string): void {
    const waiting = this.waitingOf(symbol);
    waiting.isHeld = true;
    this.released.delete(waiting);
  }

  /** Quotes of a symbol that is held, which were taken out of turn: they come before all others of it. */
  putBack(quotes: readonly Quote[]): void {
    const [first] = quotes;
    if (first === undefined) return;
    const waiting = this.waitingOf(first.symbol);
    waiting.held.putFirst(quotes);
    waiting.count += quotes.length;
    this.waitingCount += quotes.length;
    waiting.lastTs = Math.max(waiting.lastTs, ...quotes.map(({ ts }) => ts));
  }

  /** Those that were held are taken from the next turn on, before any later one of the symbol. */
  release(symbol: string): void {
    const waiting = this.symbols.get(symbol);
    if (waiting === undefined) return;
    waiting.isHeld = false;
    if (waiting.held.size > 0) this.released.add(waiting);
    this.forgetIfIdle(symbol, waiting);
    if (this.hasNext()) this.markTurn();
  }

  /** Whether something waits for a turn; what is held does not, once it has left the queue. */
  private hasNext(): boolean {
    return this.queue.size > 0 || this.released.size > 0;
  }

  private waitingOf(symbol: string): Waiting {
    let waiting = this.symbols.get(symbol);
    if (waiting === undefined) {
      waiting = { isHeld: false, count: 0, lastTs: 0, held: new QuoteQueue() };
      this.symbols.set(symbol, waiting);
    }
    return waiting;
  }

  /** What has left is known to the books. */
  private forgetIfIdle(symbol: string, waiting: Waiting): void {
    if (waiting.count === 0 && !waiting.isHeld) this.symbols.delete(symbol);
  }

  /** What is refused must not displace what is not, so hygiene comes before conflation. */
  private enqueue(quote: Quote): void {
    const { symbol, ts } = quote;
    if (!this.options.isAcceptable(quote, this.lastTsOf(symbol))) return;
    const waiting = this.waitingOf(symbol);
    const isQueued = waiting.count > waiting.held.size;
    if (waiting.isHeld && !isQueued) waiting.held.push(quote);
    else this.queue.push(quote);
    waiting.lastTs = ts;
    waiting.count++;
    this.waitingCount++;
    if (waiting.count > quotesWaitingPerSymbolMax) this.conflateSymbol(symbol, waiting);
    if (this.hasNext()) this.markTurn();
  }

  private conflateSymbol(symbol: string, waiting: Waiting): void {
    const { held } = waiting;
    const isOwn = (quote: Quote): boolean => quote.symbol === symbol;
    const queued = waiting.count > held.size ? this.queue.filter(isOwn) : [];
    const own = [...held.filter(isOwn), ...queued];
    const kept = conflate(own);
    const keep = new Set(kept);
    held.retain((quote) => keep.has(quote));
    if (queued.length > 0) this.queue.retain((quote) => !isOwn(quote) || keep.has(quote));
    const dropped = own.length - kept.length;
    waiting.count = kept.length;
    this.waitingCount -= dropped;
    this.options.onConflated(dropped);
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
    while (this.takenThisTurn < quotesPerTurnMax) {
      const quote = this.next();
      if (quote === undefined) break;
      this.takenThisTurn++;
      this.options.take(quote);
      const waiting = this.symbols.get(quote.symbol);
      if (waiting !== undefined) this.forgetIfIdle(quote.symbol, waiting);
    }
    if (this.hasNext()) this.markTurn();
  }

  /** Takes the next quote out, and puts aside those before it that are held. */
  private next(): Quote | undefined {
    for (const waiting of this.released) {
      const quote = waiting.held.shift();
      if (waiting.held.size === 0) this.released.delete(waiting);
      // Where it conflated since its release, all that is left may be in the queue.
      if (quote !== undefined) return this.counted(quote, waiting);
    }
    for (let quote = this.queue.shift(); quote !== undefined; quote = this.queue.shift()) {
      const waiting = this.waitingOf(quote.symbol);
      if (!waiting.isHeld) return this.counted(quote, waiting);
      waiting.held.push(quote);
    }
    return undefined;
  }

  private counted(quote: Quote, waiting: Waiting): Quote {
    waiting.count--;
    this.waitingCount--;
    return quote;
  }
}
