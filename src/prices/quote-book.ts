// The last quote of a symbol, and what follows from it.
import { Decimal, text } from '#src/domain/money';
import { exactOf, price } from '#src/domain/price';
import type { Quote, Side } from '#src/domain/quote';
import type { QuoteMark } from '#src/domain/records';

const half = new Decimal('0.5');

interface ExactQuote {
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly mark: Readonly<QuoteMark>;
}

export class QuoteBook {
  readonly symbol: string;
  /** 0 before the first quote. */
  bid = 0;
  ask = 0;
  ts = 0;
  /** Counts the changes of the bid and of the ask: an unchanged side leaves what hangs on it alone. */
  bidVersion = 0;
  askVersion = 0;
  /** Decimal texts of prices that a double cannot hold. */
  bidExact: string | undefined;
  askExact: string | undefined;
  /** What was made of the quote for a close: a quote may close very many positions. */
  private exact: ExactQuote | undefined;
  /** Whether it has a quote, be it one that was noted before a restart. */
  hasQuote = false;
  /** Whether a quote was accepted since the start: only then is anything filled at it. */
  isFresh = false;
  /** Whether it changed since it was last noted in the journal. */
  isUnnoted = false;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  take(quote: Quote): void {
    if (quote.bid !== this.bid || quote.bidExact !== this.bidExact) this.bidVersion++;
    if (quote.ask !== this.ask || quote.askExact !== this.askExact) this.askVersion++;
    this.bid = quote.bid;
    this.ask = quote.ask;
    this.ts = quote.ts;
    this.bidExact = quote.bidExact;
    this.askExact = quote.askExact;
    this.exact = undefined;
    this.hasQuote = true;
    this.isFresh = true;
    this.isUnnoted = true;
  }

  /** A quote of before the restart: it values positions, and nothing is filled at it. */
  restore(mark: QuoteMark): void {
    const bid = price(mark.bid);
    const ask = price(mark.ask);
    this.bid = bid.value;
    this.ask = ask.value;
    this.bidExact = bid.exact;
    this.askExact = ask.exact;
    this.exact = undefined;
    this.ts = mark.ts;
    this.bidVersion++;
    this.askVersion++;
    this.hasQuote = true;
  }

  exactBid(): Decimal {
    return this.exactly().bid;
  }

  exactAsk(): Decimal {
    return this.exactly().ask;
  }

  /** The price at which a position of this side closes: the bid for a long, the ask for a short. */
  closingPrice(side: Side): Decimal {
    return side === 'long' ? this.exactBid() : this.exactAsk();
  }

  mid(): Decimal {
    return this.exactBid().plus(this.exactAsk()).times(half);
  }

  midValue(): number {
    return (this.bid + this.ask) / 2;
  }

  mark(): QuoteMark {
    return this.exactly().mark;
  }

  private exactly(): ExactQuote {
    if (this.exact === undefined) {
      const bid = exactOf(this.bid, this.bidExact);
      const ask = exactOf(this.ask, this.askExact);
      const mark = { symbol: this.symbol, bid: text(bid), ask: text(ask), ts: this.ts };
      this.exact = { bid, ask, mark };
    }
    return this.exact;
  }
}
