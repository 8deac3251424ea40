// A desk for the tests of the inbox of quotes: it ends the turns of the event loop.
import type { Quote } from '#src/domain/quote';
import { QuoteInbox, quotesPerTurnMax, quotesWaitingPerSymbolMax } from '#src/prices/quote-inbox';

export const most = quotesPerTurnMax;
export const waitMost = quotesWaitingPerSymbolMax;

/** An inbox whose turns of the event loop end when the test says so. */
export class Desk {
  readonly taken: Quote[] = [];
  dropped = 0;
  /** What taking a quote sets off. */
  onTake: (quote: Quote) => void = () => undefined;
  /** Of each quote that hygiene was asked about: what came before it. */
  readonly asked: [Quote, number][] = [];
  private readonly soons: (() => void)[] = [];
  readonly inbox = new QuoteInbox({
    take: (quote) => {
      this.taken.push(quote);
      this.onTake(quote);
    },
    isAcceptable: (quote, lastTs) => {
      this.asked.push([quote, lastTs]);
      return quote.bid > 0 && quote.ts >= lastTs;
    },
    soon: (act) => this.soons.push(act),
    onConflated: (dropped) => (this.dropped += dropped),
  });

  /** How many wait for the end of this turn: one at most. */
  get marked(): number {
    return this.soons.length;
  }

  push(...quotes: Quote[]): void {
    for (const quote of quotes) this.inbox.push(quote);
  }

  /** Ends this turn of the event loop; true where another is asked for. */
  endTurn(): boolean {
    const act = this.soons.shift();
    act?.();
    return this.marked > 0;
  }

  endTurns(): void {
    while (this.marked > 0) this.endTurn();
  }
}

let ts = 0;

export function madeOf(symbol: string, bid = 1, at = ++ts): Quote {
  return { symbol, bid, ask: bid + 1, ts: at };
}

export function run(count: number, symbol: string | ((i: number) => string) = 'S'): Quote[] {
  return Array.from({ length: count }, (_, i) =>
    madeOf(typeof symbol === 'string' ? symbol : symbol(i)),
  );
}

/** One waits: what comes after it waits too. */
export function busyDesk(): Desk {
  const desk = new Desk();
  desk.push(...run(most, 'busy'));
  desk.taken.length = 0;
  return desk;
}

/** Lowest and highest bid. */
export function extremes(all: readonly Quote[] = []): [number, number] {
  return all.reduce<[number, number]>(
    ([low, high], { bid }) => [Math.min(low, bid), Math.max(high, bid)],
    [Infinity, -Infinity],
  );
}
