// Sequence numbers of the quotes of a symbol, where its feed gives them: what was left out of the
// feed, and what came twice. They are watched only; whether a quote counts does not hang on them.

export interface SequenceView {
  /** The last number seen; absent before the first. */
  readonly last?: number | undefined;
  /** How often the numbers jumped ahead by more than one. */
  readonly holes: number;
  /** How many numbers the holes left out, in all. */
  readonly missed: number;
  /** How often a number was at or below the one before it: a repeat, or a feed that began anew. */
  readonly repeats: number;
}

/**
 * Counts in constant time and without allocation. It always goes on from the number seen last, so
 * a feed that begins anew is one repeat; a single late quote is a repeat, and a hole after it.
 * What is no integer is no sequence number, and is passed over.
 */
export class SequenceWatch {
  /** NaN before the first: every comparison with it is false. */
  private last = Number.NaN;
  private holes = 0;
  private missed = 0;
  private repeats = 0;

  see(seq: number): void {
    if (!Number.isSafeInteger(seq)) return;
    if (seq <= this.last) {
      this.repeats++;
    } else if (seq > this.last + 1) {
      this.holes++;
      this.missed += seq - this.last - 1;
    }
    this.last = seq;
  }

  get view(): SequenceView {
    const { last, holes, missed, repeats } = this;
    return { last: Number.isNaN(last) ? undefined : last, holes, missed, repeats };
  }
}

/** Of all symbols and feeds, as `runtime.status` counts them. */
export function sequenceTotals(
  markets: Iterable<{ readonly sequences: ReadonlyMap<string, SequenceWatch> }>,
): Record<string, number> {
  const totals = { quotes_seq_holes: 0, quotes_seq_missed: 0, quotes_seq_repeats: 0 };
  for (const { sequences } of markets) {
    for (const { view } of sequences.values()) {
      totals.quotes_seq_holes += view.holes;
      totals.quotes_seq_missed += view.missed;
      totals.quotes_seq_repeats += view.repeats;
    }
  }
  return totals;
}
