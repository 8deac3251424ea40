// Which quotes count for whom in a simulated world: none for a position that is closing, and none that
// was held for one that was tracked only after it had come.
import type { PriceFeed } from '#actors/price-feed';
import type { Quote } from '#src/domain/quote';
import type { Held } from './exit-facts.ts';

type Places = Map<string, Set<number>>;

export class MissedQuotes {
  /** When a quote came, in the order of all that happened. */
  private readonly came = new WeakMap<Quote, number>();
  private readonly skipped: Places = new Map();
  private readonly unseen: Places = new Map();

  /** Hears when quotes come, before it is known whether they count. */
  listen(feed: PriceFeed, next: () => number): void {
    const take = feed.take.bind(feed);
    feed.take = (quote) => {
      this.came.set(quote, next());
      return take(quote);
    };
  }

  /** The position was not guarded on a quote that counted then: a restart may find it was. */
  skip({ positionId }: Held, at: number): void {
    add(this.skipped, positionId, at);
  }

  /** Whether a quote that counts now had come before the position was tracked. */
  isUnseen({ trackedAt }: Held, quote: Quote): boolean {
    return trackedAt > (this.came.get(quote) ?? Infinity);
  }

  /** The quote that counted then did not count for the position. */
  leaveOut({ positionId }: Held, at: number): void {
    add(this.unseen, positionId, at);
  }

  mayCount({ positionId }: Held, at: number): boolean {
    return this.unseen.get(positionId)?.has(at) !== true;
  }

  surelyCounts(held: Held, at: number): boolean {
    return this.mayCount(held, at) && this.skipped.get(held.positionId)?.has(at) !== true;
  }
}

function add(places: Places, positionId: string, at: number): void {
  places.set(positionId, (places.get(positionId) ?? new Set()).add(at));
}
