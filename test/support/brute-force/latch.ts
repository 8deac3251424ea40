// One level of one condition of a market guard for the brute-force reference (contract section 4):
// from the first quote on which it holds until it has cleared.
import type { Confirmation } from './market-terms.ts';

/** Of a condition that quotes measure. */
export class Latch {
  readonly #terms: Confirmation;
  /** Consecutive quotes on which it holds, and when the first of them was. */
  #quotes = 0;
  #since = Infinity;
  /** The last quote on which it held. */
  #heldAt = -Infinity;
  /** What was confirmed at a deadline has not cleared before it. */
  #confirmedAt = -Infinity;
  isActive = false;

  constructor(terms: Confirmation) {
    this.#terms = terms;
  }

  /** A quote, on which it holds or not; returns whether it acts on it. */
  take(ts: number, holds: boolean): boolean {
    if (holds) this.#heldAt = ts;
    if (this.isActive) return holds;
    if (!holds) {
      this.#beginAnew();
      return false;
    }
    if (this.#quotes === 0) this.#since = ts;
    this.#quotes++;
    if (!this.#hasQuotes() || ts < this.#since + this.#terms.confirmMs) return false;
    this.confirm();
    return true;
  }

  /** When it becomes active without a further quote. */
  confirmAt(): number {
    return !this.isActive && this.#hasQuotes() ? this.#since + this.#terms.confirmMs : Infinity;
  }

  confirm(): void {
    this.isActive = true;
    this.#confirmedAt = this.#since + this.#terms.confirmMs;
    this.#beginAnew();
  }

  clearAt(): number {
    if (!this.isActive) return Infinity;
    return Math.max(this.#heldAt + this.#terms.clearAfterMs, this.#confirmedAt);
  }

  clear(): void {
    this.isActive = false;
  }

  #hasQuotes(): boolean {
    return this.#quotes >= this.#terms.confirmQuotes;
  }

  #beginAnew(): void {
    this.#quotes = 0;
    this.#since = Infinity;
  }
}

type OpenAfter = (ts: number, ms: number, until: number) => number;

/** Of staleness: what holds is that nothing comes. */
export class StaleLatch {
  readonly #terms: Confirmation;
  readonly #limitMs: number;
  /** When the market has been open for so long since `ts`, where that is at or before `until`. */
  readonly #openAfter: OpenAfter;
  #quoteAt: number | undefined;
  #isHolding = false;
  #clearAt = Infinity;
  isActive = false;

  constructor(terms: Confirmation, limitMs: number, openAfter: OpenAfter) {
    this.#terms = terms;
    this.#limitMs = limitMs;
    this.#openAfter = openAfter;
  }

  /** Whether its next deadline is the end of a confirmation. */
  get isToConfirm(): boolean {
    return !this.isActive && this.#terms.confirmMs > 0;
  }

  /** A quote ends it, and the first one says when it will have cleared. */
  take(ts: number): void {
    if (this.#isHolding) this.#clearAt = ts + this.#terms.clearAfterMs;
    this.#isHolding = false;
    this.#quoteAt = ts;
  }

  /** When it acts: while it has not cleared, without a new confirmation. */
  confirmAt(until: number): number {
    if (this.#quoteAt === undefined || this.#isHolding) return Infinity;
    const from = this.#openAfter(this.#quoteAt, this.#limitMs, until);
    return this.isToConfirm ? this.#openAfter(from, this.#terms.confirmMs, until) : from;
  }

  confirm(): void {
    this.isActive = true;
    this.#isHolding = true;
    this.#clearAt = Infinity;
  }

  clearAt(): number {
    return this.#clearAt;
  }

  clear(): void {
    this.isActive = false;
    this.#clearAt = Infinity;
  }
}
