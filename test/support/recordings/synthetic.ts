// Quotes for machines without the recordings: as many rows, seeded, the same bytes every time.
import { gzipSync } from 'node:zlib';

export interface SyntheticSpec {
  readonly seed: number;
  readonly rows: number;
  readonly startTs: number;
  readonly endTs: number;
  readonly price: number;
  /** Largest change of the bid from one row to the next, jumps excepted. */
  readonly step: number;
  readonly spread: number;
  /** Share of rows whose ask is below the bid: feeds do send them. */
  readonly crossed: number;
  readonly decimals: number;
}

const fastest = 1;
/** One row in this many is a jump, as at a release of figures. */
const rowsPerJump = 20_000;

/** A CSV of quotes with header `ts,bid,ask`, gzipped: a random walk that jumps now and then. */
export function syntheticRecording(spec: SyntheticSpec): Buffer {
  const { rows, startTs, endTs, step, spread, crossed, decimals } = spec;
  const random = mulberry32(spec.seed);
  const gapMs = (endTs - startTs) / rows;
  const lines = ['ts,bid,ask'];
  let bid = spec.price;
  let ts = startTs;
  for (let row = 0; row < rows; row++) {
    const isJump = random() < 1 / rowsPerJump;
    bid += (random() + random() - 1) * step * (isJump ? 50 : 1);
    const isCrossed = random() < crossed;
    const wide = spread * (isJump ? 5 : 0.75 + random() / 2) * (isCrossed ? -1 : 1);
    lines.push(`${Math.round(ts)},${bid.toFixed(decimals)},${(bid + wide).toFixed(decimals)}`);
    ts += 2 * random() * gapMs;
  }
  return gzipSync(`${lines.join('\n')}\n`, { level: fastest });
}

/** Mulberry32, a public-domain generator of 32 bits, as numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
