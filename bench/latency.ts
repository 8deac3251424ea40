// Latencies of one run, as percentiles.
import { build, type Histogram } from 'hdr-histogram-js';

const nsPerMs = 1_000_000;
const nsMax = 60_000 * nsPerMs;

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Percentiles of latencies in milliseconds, kept to three digits from a nanosecond to a minute. */
export function percentilesOf(latenciesMs: Iterable<number>): Percentiles {
  const histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: nsMax,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of latenciesMs) histogram.recordValue(Math.max(1, Math.round(ms * nsPerMs)));
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / nsPerMs;
  return { p50Ms: at(50), p99Ms: at(99) };
}
