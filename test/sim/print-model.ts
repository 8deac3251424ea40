// Which quotes are held until others confirm them, as `reject` of a guard has it: one symbol's.
import type { GuardConditions } from '#src/contracts/guard';
import { decimal } from '#src/domain/money';
import { midOf, movedPct, type Sides } from './market-terms.ts';

type Reject = NonNullable<GuardConditions['reject']>;

export class PrintModel<T extends Sides> {
  private readonly reject: Reject | undefined;
  private held: T[] = [];

  constructor(reject: Reject | undefined) {
    this.reject = reject;
  }

  /** Those that count now, in their order; `book` is the last one that did. */
  countedBy(quote: T, book: Sides | undefined): readonly T[] {
    if (this.reject === undefined || book === undefined) return [quote];
    const { deviationPct, withinMs, confirmQuotes = 1 } = this.reject;
    const isUp = (one: Sides): boolean => midOf(one).gt(midOf(book));
    const isFar = movedPct(midOf(quote), midOf(book)).gte(decimal(deviationPct));
    const isLate = quote.ts - book.ts > withinMs;
    const [first] = this.held;
    if (first === undefined || !isFar || isUp(first) !== isUp(quote)) {
      this.held = isFar && !isLate ? [quote] : [];
      return isFar && !isLate ? [] : [quote];
    }
    if (quote.ts < (this.held.at(-1) as T).ts) return [];
    this.held.push(quote);
    if (!isLate && this.held.length <= confirmQuotes) return [];
    const counted = this.held;
    this.held = [];
    return counted;
  }

  drop(): void {
    this.held = [];
  }
}
