// The highest equity that an account had at the end of any quote of a window of the ring: only blocks
// whose best corner could be above what is known are looked into, the most promising first.
import { invariant } from '#src/domain/errors';
import type { Decimal } from '#src/domain/money';
import type { PricesOf } from './exposure.ts';
import { nearestDouble } from './nearest-double.ts';
import { PeakCandidates, pricesAt, type FoundPeak } from './peak-candidates.ts';
import { blockEntries, superBlocks, superEntries, type QuoteRing } from './quote-ring.ts';
import { highAsk, highBid, lowAsk, lowBid, type RingLevel } from './ring-level.ts';
import { RingSums, type Holding } from './ring-sums.ts';

export interface PeakSearch {
  /** Index of the first entry that counts; not before the ring's `start`. */
  readonly since: number;
  readonly balance: number;
  readonly holdings: readonly Holding[];
  /** Only what is strictly higher is found. */
  readonly peak: Decimal;
  /**
   * No less than what the sum in doubles may be off at any entry of the window, rounding of the exact
   * P&L included; and far above what doubles lose, since the corners of blocks are taken for exact
   * within it: 1e-11 of all that is multiplied and added will do.
   */
  readonly error: number;
  /** Exact equity at such prices; it is asked for symbols of the holdings and of their legs alone. */
  readonly equityAt: (pricesOf: PricesOf) => Decimal;
}

/** Relative to a peak, above what is lost by taking its double. */
const roundingOfPeak = 2 ** -52;

// The core is synchronous, so one search at a time: what it needs is made once.
const sums = new RingSums();
const candidates = new PeakCandidates();
let superCorners = new Float64Array(80);
const blockCorners = new Float64Array(superBlocks);

/**
 * The highest exact equity above `peak` at the end of any entry from `since` on that is of a column of
 * the holdings or of their legs; the first such entry. Undefined where there is none.
 */
export function highestSince(ring: QuoteRing, search: PeakSearch): FoundPeak | undefined {
  const { since, holdings, peak, error, equityAt } = search;
  const { end } = ring;
  invariant(since >= ring.start, 'a window begins within the ring');
  if (since >= end || holdings.length === 0) return undefined;
  sums.set(ring, since, search.balance, holdings);
  const known = nearestDouble(peak);
  const low = known - Math.abs(known) * roundingOfPeak;
  const firstSuper = Math.floor(since / superEntries);
  const count = Math.floor((end - 1) / superEntries) - firstSuper + 1;
  if (superCorners.length < count) superCorners = new Float64Array(2 * count);
  sums.corners(ring.supers, firstSuper, count, superCorners);
  const highest = superCorners[highestOf(superCorners, count)] as number;
  if (highest + error < low) return undefined;
  const isComparable = isExactlyComparable(ring);
  if (
    isComparable &&
    highest - error <= known &&
    isSettledByCorner(ring, search, firstSuper, count)
  ) {
    return undefined;
  }
  candidates.clear(low, error);
  for (;;) {
    const best = highestOf(superCorners, count);
    const corner = superCorners[best] as number;
    if (corner === -Infinity || corner + error < candidates.low) break;
    superCorners[best] = -Infinity;
    const ordinal = firstSuper + best;
    const from = ordinal * superEntries;
    if (
      corner - 2 * error <= candidates.low &&
      isComparable &&
      isMatchedBefore(ring.supers, ordinal, from)
    ) {
      continue;
    }
    searchBlocks(ring, from, since, end, error, isComparable);
  }
  return candidates.resolve(ring, sums, peak, equityAt);
}

/** The blocks of a superblock, as far as they belong to the window. */
function searchBlocks(
  ring: QuoteRing,
  superFrom: number,
  since: number,
  end: number,
  error: number,
  isComparable: boolean,
): void {
  const first = superFrom < since ? since - (since % blockEntries) : superFrom;
  const last = Math.min(superFrom + superEntries, end);
  const count = Math.ceil((last - first) / blockEntries);
  const firstBlock = Math.floor(first / blockEntries);
  sums.corners(ring.blocks, firstBlock, count, blockCorners);
  for (;;) {
    const best = highestOf(blockCorners, count);
    const corner = blockCorners[best] as number;
    if (corner === -Infinity || corner + error < candidates.low) return;
    blockCorners[best] = -Infinity;
    const from = first + best * blockEntries;
    if (
      corner - 2 * error <= candidates.low &&
      isComparable &&
      isMatchedBefore(ring.blocks, firstBlock + best, from)
    ) {
      continue;
    }
    searchEntries(ring, from, since, Math.min(from + blockEntries, end), error);
  }
}

/** One after the other, with the prices of the account as they stood at the end of each. */
function searchEntries(
  ring: QuoteRing,
  from: number,
  since: number,
  end: number,
  error: number,
): void {
  const { columns } = ring;
  const { slotOf, prices } = sums;
  const place = from & (ring.size - 1);
  sums.enter(ring.blocks, from / blockEntries);
  const skipped = since - from;
  const count = end - from;
  for (let i = Math.max(ring.base - from, 0); i < count; i++) {
    const slot = slotOf[columns[place + i] as number] as number;
    if (slot === 0) continue;
    prices[2 * slot - 2] = ring.prices[2 * (place + i)] as number;
    prices[2 * slot - 1] = ring.prices[2 * (place + i) + 1] as number;
    if (i < skipped) continue;
    const equity = sums.equity();
    if (equity + error >= candidates.low) candidates.offer(ring, sums, equity, from + i);
  }
}

/**
 * Whether of two sets of prices the exact equity of one is known to be no lower because each of them is no
 * worse: not where a price was missing, or has digits that its double has not.
 */
function isExactlyComparable(ring: QuoteRing): boolean {
  if (sums.hasGaps) return false;
  if (ring.texts.isEmpty) return true;
  for (let slot = 0; slot < sums.slots; slot++) {
    if (ring.texts.has(sums.columns[slot] as number)) return false;
  }
  return true;
}

/**
 * Whether no price of the row that counts is better than that of the highest candidate, which came
 * before: then nothing in it can be higher, and what equals it is later. Rates must be the same, since
 * the P&L of each position is rounded and some are gains, some losses.
 */
function isMatchedBefore(level: RingLevel, ordinal: number, from: number): boolean {
  const { highestIndex } = candidates;
  if (highestIndex < 0 || highestIndex >= from) return false;
  const { columns, countsBid, countsAsk, isLeg } = sums;
  for (let slot = 0; slot < sums.slots; slot++) {
    const at = (field: number): number => level.get(field, columns[slot] as number, ordinal);
    const bid = candidates.highestPrice(sums, slot, 0);
    const ask = candidates.highestPrice(sums, slot, 1);
    if (countsBid[slot] === 1 && at(highBid) > bid) return false;
    if (countsAsk[slot] === 1 && at(lowAsk) < ask) return false;
    if (isLeg[slot] === 1 && (at(lowBid) !== bid || at(highAsk) !== ask)) return false;
  }
  return true;
}

/** Whether the exact equity at the best prices of the whole window is not above the peak. */
function isSettledByCorner(
  ring: QuoteRing,
  search: PeakSearch,
  firstSuper: number,
  count: number,
): boolean {
  const { supers } = ring;
  const { columns, prices, isLeg } = sums;
  for (let slot = 0; slot < sums.slots; slot++) {
    let [bid, bidAtLeast, ask, askAtMost] = [-Infinity, Infinity, Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      const at = (field: number): number =>
        supers.get(field, columns[slot] as number, firstSuper + i);
      bid = Math.max(bid, at(highBid));
      bidAtLeast = Math.min(bidAtLeast, at(lowBid));
      ask = Math.min(ask, at(lowAsk));
      askAtMost = Math.max(askAtMost, at(highAsk));
    }
    if (isLeg[slot] === 1 && (bid !== bidAtLeast || ask !== askAtMost)) return false;
    prices[2 * slot] = bid;
    prices[2 * slot + 1] = ask;
  }
  if (sums.equity() - search.error > nearestDouble(search.peak)) return false;
  const equity = search.equityAt(pricesAt(ring, sums, prices, 0, search.since));
  return equity.lessThanOrEqualTo(search.peak);
}

/** The place of the highest of the first `count` numbers; the first of equal ones. */
function highestOf(numbers: Float64Array, count: number): number {
  let best = 0;
  let highest = numbers[0] as number;
  for (let i = 1; i < count; i++) {
    const number = numbers[i] as number;
    if (number > highest) {
      highest = number;
      best = i;
    }
  }
  return best;
}
