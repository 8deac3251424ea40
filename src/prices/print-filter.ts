// Bad prints (`reject` of a market guard): a quote that jumps too far is held until the next ones of
// its symbol confirm or contradict it. There is no timer: it waits for as long as they take.
import { invariant } from '#src/domain/errors';
import { decimal, hundred, type Decimal } from '#src/domain/money';
import { exactOf } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { QuoteBook } from './quote-book.ts';

export interface PrintLimits {
  /** How far a mid may be from that of the book, in percent of it; at it, it is too far. */
  readonly deviationPct: string;
  /** A jump is held up to this long after the quote in the book; later ones count at once. */
  readonly withinMs: number;
  /** Further quotes that have to lie on the side of the first one for it to count. */
  readonly confirmQuotes: number;
}

/** `bad_print`: contradicted by a later quote. `stale`: older than one that is held. */
export type PrintFault = 'bad_print' | 'stale';

export interface RefusedPrint {
  readonly quote: Quote;
  readonly reason: PrintFault;
}

/** What a quote has decided, of itself and of those that were held. */
export interface Taken {
  /** They count now, in this order, each at its own `ts`: the book takes one after the other. */
  readonly counted: readonly Quote[];
  readonly refused: readonly RefusedPrint[];
  /** Whether the quote itself is held. */
  readonly isHeld: boolean;
}

/** Where a mid lies: near that of the book, or at least the deviation above or below it. */
type Place = 'near' | 'above' | 'below';

/** Error of a deviation in doubles: far below this, relative and in percent of the book's mid. */
const slack = 1e-9;
const slackPct = 1e-12;

const none: readonly [] = [];
const isHeldAlone: Taken = { counted: none, refused: none, isHeld: true };

/**
 * The held quotes of one symbol: at most `confirmQuotes`, all on one side of the book. The book is
 * that of the last quote that counted, and nothing else may change it while quotes are held. Quotes
 * are those that hygiene accepts, so none is older than the book.
 */
export class PrintFilter {
  private readonly deviation: Decimal;
  private readonly withinMs: number;
  private readonly confirmQuotes: number;
  /** A deviation in doubles below the first is certainly near, above the second certainly not. */
  private readonly surelyNear: number;
  private readonly surelyBeyond: number;
  private held: Quote[] = [];
  private heldPlace: Place = 'near';

  constructor(limits: PrintLimits) {
    invariant(limits.confirmQuotes >= 1, 'at least one quote confirms a print');
    this.deviation = decimal(limits.deviationPct);
    invariant(this.deviation.gt(0), 'a print is held for a deviation above 0');
    this.withinMs = limits.withinMs;
    this.confirmQuotes = limits.confirmQuotes;
    const limit = this.deviation.toNumber();
    this.surelyNear = limit * (1 - slack) - slackPct;
    this.surelyBeyond = limit * (1 + slack) + slackPct;
  }

  get heldCount(): number {
    return this.held.length;
  }

  /** The fast path: nothing is held and this is no jump. The quote counts; `take` need not be asked. */
  isUsual(quote: Quote, book: QuoteBook): boolean {
    if (this.held.length > 0) return false;
    return !book.hasQuote || deviationPct(quote, book.midValue()) < this.surelyNear;
  }

  /** `book` is as it stands before the quote; without one in it, nothing is held. */
  take(quote: Quote, book: QuoteBook): Taken {
    const place = book.hasQuote ? this.placeOf(quote, book) : 'near';
    if (this.held.length > 0 && place === this.heldPlace) return this.takeBeside(quote, book);
    const refused = this.held.map(badPrint);
    this.held = [];
    if (place === 'near' || this.isLate(quote, book)) {
      return { counted: [quote], refused, isHeld: false };
    }
    this.held.push(quote);
    this.heldPlace = place;
    return refused.length === 0 ? isHeldAlone : { counted: none, refused, isHeld: true };
  }

  /**
   * Lets go of what is held, in its order, undecided: what is done with it is the caller's business.
   * For when the filter ends, or the feed that the held quotes came from.
   */
  release(): readonly Quote[] {
    const { held } = this;
    this.held = [];
    return held;
  }

  /** A quote on the side of those that are held. */
  private takeBeside(quote: Quote, book: QuoteBook): Taken {
    const last = this.held.at(-1);
    if (last !== undefined && quote.ts < last.ts) {
      return { counted: none, refused: [{ quote, reason: 'stale' }], isHeld: false };
    }
    this.held.push(quote);
    const isConfirmed = this.held.length > this.confirmQuotes;
    if (!isConfirmed && !this.isLate(quote, book)) return isHeldAlone;
    return { counted: this.release(), refused: none, isHeld: false };
  }

  private isLate(quote: Quote, book: QuoteBook): boolean {
    return quote.ts - book.ts > this.withinMs;
  }

  private placeOf(quote: Quote, book: QuoteBook): Place {
    const before = book.midValue();
    const pct = deviationPct(quote, before);
    if (pct < this.surelyNear) return 'near';
    if (pct > this.surelyBeyond) return midOf(quote) > before ? 'above' : 'below';
    return this.exactPlaceOf(quote, book);
  }

  /** Of twice the mids, and multiplied out, so that nothing is rounded. */
  private exactPlaceOf(quote: Quote, book: QuoteBook): Place {
    const before = book.exactBid().plus(book.exactAsk());
    const after = exactOf(quote.bid, quote.bidExact).plus(exactOf(quote.ask, quote.askExact));
    const moved = after.minus(before);
    if (moved.abs().times(hundred).lt(before.times(this.deviation))) return 'near';
    return moved.gt(0) ? 'above' : 'below';
  }
}

function midOf(quote: Quote): number {
  return (quote.bid + quote.ask) / 2;
}

function deviationPct(quote: Quote, before: number): number {
  return (Math.abs(midOf(quote) - before) / before) * 100;
}

function badPrint(quote: Quote): RefusedPrint {
  return { quote, reason: 'bad_print' };
}
