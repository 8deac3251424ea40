// A limit on calls: `burst` at once after a rest, and `ratePerSecond` in the long run.

export interface TokenLimit {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** A token in the bucket's own unit, in which a whole rate adds a whole number a millisecond. */
const token = 1000;

/**
 * In any window of t ms at most burst + ratePerSecond · t / 1000 tokens are taken. The limit is
 * given with each question, since it may change at any time; a token that the bucket had under the
 * old limit is kept, up to the new burst.
 */
export class TokenBucket {
  /** More than any burst: a new bucket is full. */
  private parts = Infinity;
  private ts = 0;

  /** When a token is there: `now`, or a later millisecond. */
  readyTs(now: number, limit: TokenLimit): number {
    this.refill(now, limit);
    const missing = token - this.parts;
    return missing <= 0 ? now : now + Math.ceil(missing / limit.ratePerSecond);
  }

  /** Takes a token; false, and nothing is taken, where there is none. */
  take(now: number, limit: TokenLimit): boolean {
    if (this.readyTs(now, limit) > now) return false;
    this.parts -= token;
    return true;
  }

  /** A clock that is set back adds nothing, and does not stop the bucket either. */
  private refill(now: number, { ratePerSecond, burst }: TokenLimit): void {
    const elapsedMs = Math.max(0, now - this.ts);
    this.ts = now;
    this.parts = Math.min(burst * token, this.parts + elapsedMs * ratePerSecond);
  }
}
