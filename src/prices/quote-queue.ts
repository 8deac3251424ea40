// A queue of quotes: first in, first out, each in O(1), and bounded by those that wait.
import type { Quote } from '#src/domain/quote';

/** Fewer places of quotes that have left than this are not worth copying the rest. */
const leftPlacesMin = 1024;

export class QuoteQueue {
  private quotes: Quote[] = [];
  private head = 0;

  get size(): number {
    return this.quotes.length - this.head;
  }

  push(quote: Quote): void {
    this.quotes.push(quote);
  }

  shift(): Quote | undefined {
    const quote = this.quotes[this.head];
    if (quote === undefined) return undefined;
    this.head++;
    const isMostlyLeft = this.head >= leftPlacesMin && this.head >= this.size;
    if (isMostlyLeft || this.size === 0) {
      this.quotes = this.quotes.slice(this.head);
      this.head = 0;
    }
    return quote;
  }

  /** Those of which it is true, in their order. */
  filter(isMeant: (quote: Quote) => boolean): Quote[] {
    const quotes: Quote[] = [];
    for (let place = this.head; place < this.quotes.length; place++) {
      const quote = this.quotes[place] as Quote;
      if (isMeant(quote)) quotes.push(quote);
    }
    return quotes;
  }

  /** Drops all of which it is not true. */
  retain(isKept: (quote: Quote) => boolean): void {
    this.quotes = this.filter(isKept);
    this.head = 0;
  }
}
