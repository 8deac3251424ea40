// Latencies as percentiles: HDR histograms, exact to three digits from a nanosecond to a minute.
import { build, type Histogram } from 'hdr-histogram-js';

const nsPerMs = 1_000_000;
const nsMax = 60_000 * nsPerMs;

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A point of the curve: so many percent took at most so long. */
export interface CurvePoint {
  readonly percentile: number;
  readonly ms: number;
}

export interface Latencies extends Percentiles {
  readonly count: number;
  readonly meanMs: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** From the fastest to the slowest. */
  readonly curve: readonly CurvePoint[];
}

/**
 * Correct for coordinated omission as long as each latency is taken from the time at which its cause
 * was due by a fixed schedule, however late the cause came: then nothing has to be made up for.
 */
export interface LatencyHistogram {
  record(ms: number): void;
  result(): Latencies;
}

/** Points of the curve for each nine: 90 %, 99 %, 99.9 %. */
const pointsPerNine = 10;

export function latencyHistogram(): LatencyHistogram {
  const histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: nsMax,
    numberOfSignificantValueDigits: 3,
  });
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / nsPerMs;
  return {
    record: (ms) => histogram.recordValue(Math.min(nsMax, Math.max(1, Math.round(ms * nsPerMs)))),
    result: () => {
      const count = histogram.totalCount;
      const nines = Math.log10(Math.max(count, 1));
      const curve: CurvePoint[] = [];
      for (let i = 0; i <= nines * pointsPerNine; i++) {
        const percentile = 100 * (1 - 10 ** (-i / pointsPerNine));
        curve.push({ percentile, ms: at(percentile) });
      }
      return {
        ...{ count, curve, meanMs: histogram.mean / nsPerMs },
        ...{ p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: at(100) },
      };
    },
  };
}

/** Percentiles of latencies in milliseconds. */
export function percentilesOf(latenciesMs: Iterable<number>): Percentiles {
  const histogram = latencyHistogram();
  for (const ms of latenciesMs) histogram.record(ms);
  return histogram.result();
}
