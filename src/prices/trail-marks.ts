// The peaks of a symbol's trailing stops as they are noted beside the records. A stop trails from
// the quotes behind one record on, so that record names it; stops of equal peaks that follow on each
// other are one run, and a trend that moves thousands of stops is noted in one number.
import { priceText, type Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { Market } from './market.ts';

/** Up to this record, after that of the run before: this peak, or none where it is not armed yet. */
type Run = readonly [lastSince: number, peak: string | null];

export interface TrailMark {
  readonly symbol: string;
  readonly long: readonly Run[];
  readonly short: readonly Run[];
}

/** As they stand now, of open and of closing positions. */
export function trailMarkOf({ symbol, positions, levels }: Market): TrailMark {
  const found: Record<Side, [number, string | null][]> = { long: [], short: [] };
  // Those of a cohort have one peak, which is turned into text once.
  let shownPeak: Price | undefined;
  let shown: string | null = null;
  for (const position of positions.values()) {
    const since = position.progress.trailsSince;
    if (since === undefined) continue;
    const peak = levels.peakOf(position);
    if (peak !== shownPeak) {
      shownPeak = peak;
      shown = peak === undefined ? null : priceText(peak);
    }
    found[position.side].push([since, shown]);
  }
  return { symbol, long: runsOf(found.long), short: runsOf(found.short) };
}

/** The noted peak of a stop that trails since that record; undefined where it was not armed. */
export function peakIn(mark: TrailMark, side: Side, since: number): string | undefined {
  const runs = mark[side];
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle] as Run)[0] < since) low = middle + 1;
    else high = middle;
  }
  return runs[low]?.[1] ?? undefined;
}

function runsOf(found: [number, string | null][]): Run[] {
  const runs: [number, string | null][] = [];
  for (const [since, peak] of found.sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === peak) last[0] = since;
    else runs.push([since, peak]);
  }
  return runs;
}
