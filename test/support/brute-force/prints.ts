// Quotes that jump too far, held back until others confirm or contradict them, for the brute-force
// reference: `reject` of a market guard.
import { ratioOf, type Book, type Ratio } from './exact.ts';
import type { Reject } from './market-terms.ts';
import { isMovedBy } from './measures.ts';

/** A quote and its two sides as integers. */
export interface Print<Quote> {
  readonly quote: Quote;
  readonly book: Pick<Book, 'bid' | 'ask' | 'ts'>;
}

/** What comes of a quote: what counts now, in this order, and how many are refused for good. */
export interface Taken<Quote> {
  readonly counted: Quote[];
  readonly refused: number;
}

export class Prints<Quote> {
  readonly #deviation: Ratio;
  readonly #withinMs: number;
  readonly #confirmQuotes: number;
  /** All of them on one side of the book. */
  #held: Print<Quote>[] = [];

  constructor({ deviationPct, withinMs, confirmQuotes }: Reject) {
    this.#deviation = ratioOf(deviationPct);
    this.#withinMs = withinMs;
    this.#confirmQuotes = confirmQuotes;
  }

  /** One that is no older than the book, which is the last quote that counted. */
  take(print: Print<Quote>, book: Book | undefined): Taken<Quote> {
    const { quote } = print;
    if (book === undefined) return { counted: [quote], refused: 0 };
    if (!isMovedBy(print.book, book, this.#deviation)) {
      return { counted: [quote], refused: this.drop() };
    }
    let refused = 0;
    const last = this.#held.at(-1);
    if (last !== undefined && isAbove(last, book) !== isAbove(print, book)) refused = this.drop();
    else if (last !== undefined && print.book.ts < last.book.ts) return { counted: [], refused: 1 };
    this.#held.push(print);
    // The first of them confirms nothing.
    const isConfirmed = this.#held.length - 1 >= this.#confirmQuotes;
    const isLate = print.book.ts - book.ts > this.#withinMs;
    if (!isConfirmed && !isLate) return { counted: [], refused };
    const counted = this.#held.map((one) => one.quote);
    this.#held = [];
    return { counted, refused };
  }

  /** Nothing can confirm what is held any more; how many that are. */
  drop(): number {
    const dropped = this.#held.length;
    this.#held = [];
    return dropped;
  }
}

function isAbove({ book: { bid, ask } }: Print<unknown>, book: Book): boolean {
  return bid + ask > book.bid + book.ask;
}
