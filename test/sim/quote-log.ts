// Every quote that the runtimes of a simulated world have accepted, by symbol.
import type { Decimal } from '#src/domain/money';
import type { Held } from './exit-facts.ts';
import { peakAfter } from './exit-model.ts';

interface LoggedQuote {
  /** Its place in the order of all that happened. */
  readonly at: number;
  readonly ts: number;
  readonly bid: Decimal;
  readonly ask: Decimal;
}

export class QuoteLog {
  private readonly bySymbol = new Map<string, LoggedQuote[]>();

  add(symbol: string, quote: LoggedQuote): void {
    const log = this.bySymbol.get(symbol);
    if (log === undefined) this.bySymbol.set(symbol, [quote]);
    else log.push(quote);
  }

  /** Best price since the trailing stop was armed, of the quotes that count; none before the first. */
  peakOf(
    { base, side, symbol, exits }: Held,
    counts: (quote: LoggedQuote) => boolean,
  ): Decimal | undefined {
    let { peak } = base;
    for (const quote of this.bySymbol.get(symbol) ?? []) {
      if (quote.at <= base.at || !counts(quote)) continue;
      peak = peakAfter(side, exits.trailing?.step, peak, side === 'long' ? quote.bid : quote.ask);
    }
    return peak;
  }
}
