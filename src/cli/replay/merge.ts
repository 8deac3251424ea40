// Several recordings as one: always the oldest of their next rows, ties in the order of the files.
import type { Quote } from '#src/domain/quote';
import type { QuoteReader } from './csv-quotes.ts';

/** Says that `refill` has to be awaited before there can be a next quote. */
export const needsRefill = Symbol('needsRefill');

export interface MergedQuotes {
  /** The next quote; undefined at the end of all files. */
  nextSync(): Quote | undefined | typeof needsRefill;
  /** Reads on where `nextSync` said that it has to; rejects as `QuoteReader.refill` does. */
  refill(): Promise<void>;
  /** Rows of all files that were refused so far. */
  readonly malformed: number;
  close(): void;
}

/**
 * Merges recordings head against head: nothing is sorted within a file, so a row that is older than
 * its predecessor is simply the next head, and comes out at once.
 */
export function mergeQuotes(readers: readonly QuoteReader[]): MergedQuotes {
  const [only] = readers;
  return only !== undefined && readers.length === 1 ? new Single(only) : new Merged(readers);
}

/** One file needs no comparison. */
class Single implements MergedQuotes {
  readonly #reader: QuoteReader;
  #isEnded = false;

  constructor(reader: QuoteReader) {
    this.#reader = reader;
  }

  get malformed(): number {
    return this.#reader.malformed;
  }

  nextSync(): Quote | undefined | typeof needsRefill {
    return this.#reader.next() ?? (this.#isEnded ? undefined : needsRefill);
  }

  async refill(): Promise<void> {
    this.#isEnded = !(await this.#reader.refill());
  }

  close(): void {
    this.#reader.close();
  }
}

interface Lane {
  readonly reader: QuoteReader;
  head: Quote | undefined;
}

class Merged implements MergedQuotes {
  readonly #readers: readonly QuoteReader[];
  /** Lanes that have not ended, in argument order. */
  #lanes: Lane[];
  /** The lane whose head is missing, all before it having theirs. */
  #waiting: Lane | undefined;

  constructor(readers: readonly QuoteReader[]) {
    this.#readers = readers;
    this.#lanes = readers.map((reader) => ({ reader, head: reader.next() }));
    this.#waiting = this.#lanes.find((lane) => lane.head === undefined);
  }

  get malformed(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.malformed, 0);
  }

  nextSync(): Quote | undefined | typeof needsRefill {
    if (this.#waiting !== undefined) return needsRefill;
    let first: Lane | undefined;
    let oldest: Quote | undefined;
    for (const lane of this.#lanes) {
      const head = lane.head as Quote;
      if (oldest === undefined || head.ts < oldest.ts) {
        first = lane;
        oldest = head;
      }
    }
    if (first !== undefined) {
      first.head = first.reader.next();
      if (first.head === undefined) this.#waiting = first;
    }
    return oldest;
  }

  async refill(): Promise<void> {
    for (let lane = this.#waiting; lane !== undefined; lane = this.#waiting) {
      const hasMore = await lane.reader.refill();
      if (hasMore) lane.head = lane.reader.next();
      else this.#lanes = this.#lanes.filter((other) => other !== lane);
      this.#waiting = this.#lanes.find((other) => other.head === undefined);
    }
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}
