// What the conditions of a market guard measure on a quote, for the brute-force reference (contract
// section 4).
import { ratioOf, type Book, type Ratio } from './exact.ts';
import { times, type VolatilityTerms } from './market-terms.ts';

/** 0 where the limit is not reached, 2 where twice the limit (half, of liquidity) is. */
export type Reached = 0 | 1 | 2;

type Mids = Pick<Book, 'bid' | 'ask'>;

/** At the limit or beyond; there is no gap before the second quote. */
export function gapOf({ previous, ...book }: Book, limit: Ratio): Reached {
  if (previous === undefined) return 0;
  return reached((factor) => isMovedBy(book, previous, { ...limit, value: factor * limit.value }));
}

/** Whether it is at least that percentage from one mid to the other. */
export function isMovedBy(to: Mids, from: Mids, percent: Ratio): boolean {
  // Twice the mid: the factor is the same on both sides.
  const mid = to.bid + to.ask;
  const base = from.bid + from.ask;
  const move = mid > base ? mid - base : base - mid;
  return move * 100n * percent.scale >= percent.value * base;
}

/** Above the limit only. */
export function spreadOf({ bid, ask }: Book, limit: Ratio): Reached {
  return reached((factor) => (ask - bid) * 100n * limit.scale > factor * limit.value * bid);
}

/** Below the limit only; a side without a size, or with one that can be none, has any. */
export function liquidityOf(size: number | string | undefined, limit: Ratio): Reached {
  if (size === undefined || !(Number(size) >= 0) || Number(size) === Infinity) return 0;
  const lots = ratioOf(size);
  return reached((factor) => factor * lots.value * limit.scale < limit.value * lots.scale);
}

function reached(isBeyond: (factor: bigint) => boolean): Reached {
  if (isBeyond(2n)) return 2;
  return isBeyond(1n) ? 1 : 0;
}

/** Completed windows after which volatility acts. */
const warmUpWindows = 100;

/** Windows one after the other, counted from the first quote; in doubles. */
export class Volatility {
  readonly #terms: VolatilityTerms;
  readonly #limit: number;
  #beganAt: number | undefined;
  #window = 0;
  /** The mid that the window began with, and the last one. */
  #begin = NaN;
  #last = NaN;
  #variance: number | undefined;
  /** Only those that have a quote. */
  #completed = 0;

  constructor(terms: VolatilityTerms) {
    this.#terms = terms;
    this.#limit = times(1, terms.limit);
  }

  take({ bid, ask, ts }: { bid: number; ask: number; ts: number }): Reached {
    const mid = (bid + ask) / 2;
    if (this.#beganAt === undefined) {
      this.#beganAt = ts;
      this.#begin = mid;
    }
    const window = Math.floor((ts - this.#beganAt) / this.#terms.windowMs);
    if (window > this.#window) {
      this.#complete();
      this.#begin = window === this.#window + 1 ? this.#last : mid;
      this.#window = window;
    }
    this.#last = mid;
    return this.#reached(Math.abs(Math.log(mid / this.#begin)));
  }

  #complete(): void {
    const { windowMs, halfLifeMs } = this.#terms;
    const square = Math.log(this.#last / this.#begin) ** 2;
    const lambda = 0.5 ** (windowMs / halfLifeMs);
    this.#variance =
      this.#variance === undefined ? square : lambda * this.#variance + (1 - lambda) * square;
    this.#completed++;
  }

  #reached(move: number): Reached {
    if (this.#completed < warmUpWindows || move === 0) return 0;
    const sigma = Math.sqrt(this.#variance ?? NaN);
    return reached((factor) => move >= Number(factor) * this.#limit * sigma);
  }
}
