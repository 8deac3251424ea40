// An account's holdings as plain numbers, made ready for the quote ring: its equity at an entry, and
// the highest that it can have had within a block, in a few multiplications.
import { invariant } from '#src/domain/errors';
import { blockEntries, type QuoteRing } from './quote-ring.ts';
import {
  firstAsk,
  firstBid,
  highAsk,
  highBid,
  lowAsk,
  lowBid,
  lowSpread,
  type RingLevel,
} from './ring-level.ts';

/**
 * What is held in one symbol with one way of conversion; its value in account currency is
 * (bid · longSize − ask · shortSize − cost) · rate, and 0 while a price is missing.
 */
export interface Holding {
  readonly column: number;
  readonly legs: readonly { readonly column: number; readonly divides: boolean }[];
  readonly longSize: number;
  readonly shortSize: number;
  readonly cost: number;
}

/** Doubles of a holding: how much counts the bid, the ask, the spread; the cost. */
const termWidth = 4;
/** Integers of a holding: column, slot, its first leg, whether a price of it was missing. */
const holdingWidth = 4;
/** Integers of a leg: column, slot, whether it divides. */
const legWidth = 3;

/** One is made, and set anew for each search. Each column that counts has a slot. */
export class RingSums {
  /** Slot of each column plus one; 0 where the account has nothing to do with it. */
  slotOf = new Int32Array(32);
  slots = 0;
  columns = new Int32Array(16);
  /** Of each slot: whether the bid counts, and the ask. */
  countsBid = new Uint8Array(16);
  countsAsk = new Uint8Array(16);
  isLeg = new Uint8Array(16);
  /** Of each slot the prices now: bid, ask. */
  prices = new Float64Array(32);
  /** Whether a price was still missing when the window began. */
  hasGaps = false;
  private balance = 0;
  private holdings = 0;
  private terms = new Float64Array(8 * termWidth);
  private holdingInts = new Int32Array(9 * holdingWidth);
  private legInts = new Int32Array(16 * legWidth);

  set(ring: QuoteRing, since: number, balance: number, holdings: readonly Holding[]): void {
    this.clear();
    this.balance = balance;
    this.holdings = holdings.length;
    while (this.terms.length < holdings.length * termWidth) this.growHoldings();
    while (this.slotOf.length < ring.columnsMax) this.slotOf = enlarged(this.slotOf);
    let legs = 0;
    for (let h = 0; h < holdings.length; h++) {
      const holding = holdings[h] as Holding;
      const { longSize, shortSize } = holding;
      const slot = this.slotFor(ring, holding.column);
      if (longSize > 0) this.countsBid[slot] = 1;
      if (shortSize > 0) this.countsAsk[slot] = 1;
      let isMissing = isMissingAtFirst(ring, holding.column, since);
      // Of what is held both long and short, only the spread counts.
      const hedged = Math.min(longSize, shortSize);
      const t = h * termWidth;
      this.terms[t] = longSize - hedged;
      this.terms[t + 1] = shortSize - hedged;
      this.terms[t + 2] = hedged;
      this.terms[t + 3] = holding.cost;
      const i = h * holdingWidth;
      this.holdingInts[i] = holding.column;
      this.holdingInts[i + 1] = slot * 2;
      this.holdingInts[i + 2] = legs * legWidth;
      for (const leg of holding.legs) {
        if (this.legInts.length <= legs * legWidth) this.legInts = enlarged(this.legInts);
        const legSlot = this.slotFor(ring, leg.column);
        this.countsBid[legSlot] = this.countsAsk[legSlot] = this.isLeg[legSlot] = 1;
        isMissing ||= isMissingAtFirst(ring, leg.column, since);
        const l = legs++ * legWidth;
        this.legInts[l] = leg.column;
        this.legInts[l + 1] = legSlot * 2;
        this.legInts[l + 2] = leg.divides ? 1 : 0;
      }
      this.holdingInts[i + 3] = isMissing ? 1 : 0;
      this.hasGaps ||= isMissing;
    }
    this.holdingInts[holdings.length * holdingWidth + 2] = legs * legWidth;
  }

  /** The highest equity that the extremes of blocks that follow on each other allow, each one's. */
  corners(level: RingLevel, first: number, count: number, into: Float64Array): void {
    const { terms, holdingInts, holdings } = this;
    const { numbers } = level;
    into.fill(this.balance, 0, count);
    for (let h = 0, t = 0, i = 0; h < holdings; h++, t += termWidth, i += holdingWidth) {
      const column = holdingInts[i] as number;
      const hasLegs = holdingInts[i + 2] !== holdingInts[i + holdingWidth + 2];
      if (hasLegs || holdingInts[i + 3] === 1 || terms[t + 2] !== 0) {
        this.addCorners(level, first, count, into, h);
        continue;
      }
      const isLong = terms[t] !== 0;
      const size = isLong ? (terms[t] as number) : -(terms[t + 1] as number);
      const cost = terms[t + 3] as number;
      const from = level.offsetOf(isLong ? highBid : lowAsk, column);
      for (let k = 0; k < count; k++) {
        const price = numbers[from + level.spotOf(first + k)] as number;
        into[k] = (into[k] as number) + (price * size - cost);
      }
    }
  }

  /** As `corners` does, of any holding: with legs, on both sides, or with a price that was missing. */
  private addCorners(
    level: RingLevel,
    first: number,
    count: number,
    into: Float64Array,
    h: number,
  ): void {
    const { numbers } = level;
    const { terms, legInts, holdingInts } = this;
    const [t, i] = [h * termWidth, h * holdingWidth];
    const column = holdingInts[i] as number;
    const bids = level.offsetOf(highBid, column);
    const asks = level.offsetOf(lowAsk, column);
    const spreads = level.offsetOf(lowSpread, column);
    const legsEnd = holdingInts[i + holdingWidth + 2] as number;
    const hasGap = holdingInts[i + 3] === 1;
    for (let k = 0; k < count; k++) {
      const spot = level.spotOf(first + k);
      let value =
        (numbers[bids + spot] as number) * (terms[t] as number) -
        (numbers[asks + spot] as number) * (terms[t + 1] as number) -
        (numbers[spreads + spot] as number) * (terms[t + 2] as number) -
        (terms[t + 3] as number);
      for (let l = holdingInts[i + 2] as number; l < legsEnd; l += legWidth) {
        // A gain is worth most at the highest rate, a loss least at the lowest.
        const divides = legInts[l + 2] === 1;
        const isLow = value >= 0 === divides;
        const leg = legInts[l] as number;
        const bid = numbers[level.offsetOf(isLow ? lowBid : highBid, leg) + spot] as number;
        const ask = numbers[level.offsetOf(isLow ? lowAsk : highAsk, leg) + spot] as number;
        const mid = (bid + ask) / 2;
        value = divides ? value / mid : value * mid;
      }
      if (hasGap) value = this.withGap(value, level, first + k, i);
      into[k] = (into[k] as number) + value;
    }
  }

  /** Sets the prices to those with which the block came in. */
  enter(level: RingLevel, ordinal: number): void {
    const { prices, columns } = this;
    for (let slot = 0; slot < this.slots; slot++) {
      const column = columns[slot] as number;
      prices[2 * slot] = level.get(firstBid, column, ordinal);
      prices[2 * slot + 1] = level.get(firstAsk, column, ordinal);
    }
  }

  /** Equity at the prices now. */
  equity(): number {
    const { terms, holdingInts, legInts, holdings, prices } = this;
    let equity = this.balance;
    for (let h = 0, t = 0, i = 0; h < holdings; h++, t += termWidth, i += holdingWidth) {
      const slot = holdingInts[i + 1] as number;
      const bid = prices[slot] as number;
      const ask = prices[slot + 1] as number;
      let value =
        bid * (terms[t] as number) -
        ask * (terms[t + 1] as number) -
        (ask - bid) * (terms[t + 2] as number) -
        (terms[t + 3] as number);
      const legsEnd = holdingInts[i + holdingWidth + 2] as number;
      for (let l = holdingInts[i + 2] as number; l < legsEnd; l += legWidth) {
        const leg = legInts[l + 1] as number;
        const mid = ((prices[leg] as number) + (prices[leg + 1] as number)) / 2;
        value = legInts[l + 2] === 1 ? value / mid : value * mid;
      }
      if (holdingInts[i + 3] === 1 && Number.isNaN(value)) value = 0;
      equity += value;
    }
    return equity;
  }

  /** Where a price was missing for all of the block or for part of it, the holding counted 0. */
  private withGap(value: number, level: RingLevel, ordinal: number, i: number): number {
    if (Number.isNaN(value)) return 0;
    const { holdingInts, legInts } = this;
    let isMissing = isMissingAt(level, holdingInts[i] as number, ordinal);
    const legsEnd = holdingInts[i + holdingWidth + 2] as number;
    for (let l = holdingInts[i + 2] as number; l < legsEnd; l += legWidth) {
      isMissing ||= isMissingAt(level, legInts[l] as number, ordinal);
    }
    return isMissing && value < 0 ? 0 : value;
  }

  private slotFor(ring: QuoteRing, column: number): number {
    invariant(column >= 0, 'a peak is looked for in columns of the ring');
    const known = this.slotOf[column] as number;
    if (known > 0) return known - 1;
    ring.settle(column);
    const slot = this.slots++;
    if (slot === this.columns.length) this.growSlots();
    this.slotOf[column] = slot + 1;
    this.columns[slot] = column;
    this.countsBid[slot] = this.countsAsk[slot] = this.isLeg[slot] = 0;
    return slot;
  }

  private clear(): void {
    for (let slot = 0; slot < this.slots; slot++) this.slotOf[this.columns[slot] as number] = 0;
    this.slots = 0;
    this.hasGaps = false;
  }

  private growHoldings(): void {
    this.terms = new Float64Array(this.terms.length * 2);
    this.holdingInts = new Int32Array((this.terms.length / termWidth + 1) * holdingWidth);
  }

  private growSlots(): void {
    this.columns = enlarged(this.columns);
    for (const name of ['countsBid', 'countsAsk', 'isLeg'] as const) {
      const larger = new Uint8Array(this.columns.length);
      larger.set(this[name]);
      this[name] = larger;
    }
    this.prices = new Float64Array(this.columns.length * 2);
  }
}

/** Whether the column has no price at the first entry of the window. */
function isMissingAtFirst(ring: QuoteRing, column: number, since: number): boolean {
  const block = Math.floor(since / blockEntries);
  if (!Number.isNaN(ring.blocks.get(firstBid, column, block))) return false;
  for (let index = Math.max(block * blockEntries, ring.base); index <= since; index++) {
    if (ring.columns[index & (ring.size - 1)] === column) return false;
  }
  return true;
}

/** Whether the column came into the block without a price. */
function isMissingAt(level: RingLevel, column: number, ordinal: number): boolean {
  return Number.isNaN(level.get(firstBid, column, ordinal));
}

function enlarged(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
