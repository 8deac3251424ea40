// One top-of-book quote, as it is inside: doubles, with exact text where a double is not enough.

export interface Quote {
  readonly symbol: string;
  readonly bid: number;
  readonly ask: number;
  /** Milliseconds since the epoch, UTC. */
  readonly ts: number;
  /** Exact decimal text of a side, only where its double is another number. */
  readonly bidExact?: string | undefined;
  readonly askExact?: string | undefined;
  /** Size in lots at the side, where the feed gives it. */
  readonly bidSize?: number | undefined;
  readonly askSize?: number | undefined;
  /** Exact decimal text of a size, only where its double is another number. */
  readonly bidSizeExact?: string | undefined;
  readonly askSizeExact?: string | undefined;
  /** Sequence number of the feed, where it gives one. */
  readonly seq?: number | undefined;
  /** Which feed it is of, where that has a name. */
  readonly feed?: string | undefined;
}

export type Side = 'long' | 'short';
