// Entries of the quote ring whose equity may be the highest, as far as doubles can tell. Which of them
// it is, exact decimals say at the end; the same prices are asked for once.
import { invariant } from '#src/domain/errors';
import { Decimal } from '#src/domain/money';
import { exactOf, type Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import type { Prices, PricesOf } from './exposure.ts';
import type { QuoteRing } from './quote-ring.ts';
import type { RingSums } from './ring-sums.ts';

const half = new Decimal('0.5');

/** Up to so many are looked through one by one. */
const listedMax = 8;

/** The highest equity of a window, where and when it was. */
export interface FoundPeak {
  readonly peak: Decimal;
  readonly ts: number;
  readonly index: number;
}

/** One is made, and emptied for each search. */
export class PeakCandidates {
  /** The exact highest equity is certainly not below this. */
  low = 0;
  private error = 0;
  private count = 0;
  /** The candidate that is highest in doubles, the first of such. */
  private first = 0;
  private equities = new Float64Array(16);
  private indexes = new Float64Array(16);
  /** Of each candidate the prices of all slots. */
  private prices = new Float64Array(128);
  /** Their places plus one, by the hash of their prices: only where there are many of them. */
  private table = new Int32Array(64);

  clear(low: number, error: number): void {
    this.low = low;
    this.error = error;
    this.forget();
  }

  /** The index of the highest so far; -1 where there is none. */
  get highestIndex(): number {
    return this.count === 0 ? -1 : (this.indexes[this.first] as number);
  }

  /** The price of the highest so far: side 0 is the bid, 1 the ask. */
  highestPrice(sums: RingSums, slot: number, side: 0 | 1): number {
    return this.prices[(this.first * sums.slots + slot) * 2 + side] as number;
  }

  /** Takes the entry with the prices that the sums hold now, unless it is known or too low. */
  offer(ring: QuoteRing, sums: RingSums, equity: number, index: number): void {
    const { error } = this;
    if (equity + error < this.low) return;
    const highest = this.count === 0 ? -Infinity : (this.equities[this.first] as number);
    if (equity > highest + 2 * error) this.forget();
    const known = this.find(ring, sums, index);
    if (known >= 0) {
      if (index < (this.indexes[known] as number)) this.put(sums, known, equity, index);
      return;
    }
    if (equity - error > this.low) this.low = equity - error;
    const at = this.count++;
    if (this.equities.length === at) this.grow();
    while (this.prices.length < this.count * sums.slots * 2) this.growPrices();
    this.put(sums, at, equity, index);
    if (this.count > listedMax) this.enterInTable(sums);
    if (at === 0 || equity > highest) this.first = at;
  }

  /** The first of those with the highest exact equity, if that is above the peak. */
  resolve(
    ring: QuoteRing,
    sums: RingSums,
    peak: Decimal,
    equityAt: (pricesOf: PricesOf) => Decimal,
  ): FoundPeak | undefined {
    let highest = peak;
    let found = -1;
    for (let i = 0; i < this.count; i++) {
      if ((this.equities[i] as number) + this.error < this.low) continue;
      const index = this.indexes[i] as number;
      const from = i * sums.slots * 2;
      const equity = equityAt(pricesAt(ring, sums, this.prices, from, index));
      const order = equity.comparedTo(highest);
      if (order > 0 || (order === 0 && index < found)) {
        highest = equity;
        found = index;
      }
    }
    return found < 0 ? undefined : { peak: highest, ts: ring.timeAt(found), index: found };
  }

  private forget(): void {
    if (this.count > listedMax) this.table.fill(0);
    this.count = 0;
    this.first = 0;
  }

  /** The candidate with the prices of now; -1 where there is none. */
  private find(ring: QuoteRing, sums: RingSums, index: number): number {
    if (this.count <= listedMax) {
      for (let i = 0; i < this.count; i++) if (this.isSame(ring, sums, i, index)) return i;
      return -1;
    }
    const { table } = this;
    const mask = table.length - 1;
    for (let at = hashOf(sums, sums.prices, 0) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const i = (table[at] as number) - 1;
      if (this.isSame(ring, sums, i, index)) return i;
    }
    return -1;
  }

  /** The last candidate; all of them where there was no table for so few, or it is too small. */
  private enterInTable(sums: RingSums): void {
    const isTight = this.table.length < 2 * this.count;
    if (isTight) this.table = new Int32Array(4 * this.table.length);
    const mask = this.table.length - 1;
    const isNew = isTight || this.count === listedMax + 1;
    for (let i = isNew ? 0 : this.count - 1; i < this.count; i++) {
      let at = hashOf(sums, this.prices, i * sums.slots * 2) & mask;
      while (this.table[at] !== 0) at = (at + 1) & mask;
      this.table[at] = i + 1;
    }
  }

  /** Whether the candidate has the prices of now, those that count, to the last digit. */
  private isSame(ring: QuoteRing, sums: RingSums, i: number, index: number): boolean {
    const from = i * sums.slots * 2;
    for (let slot = 0; slot < sums.slots; slot++) {
      const bid = 2 * slot;
      const hasTexts = !ring.texts.isEmpty && ring.texts.has(sums.columns[slot] as number);
      const was = hasTexts
        ? ring.texts.at(sums.columns[slot] as number, this.indexes[i] as number)
        : undefined;
      const is = hasTexts ? ring.texts.at(sums.columns[slot] as number, index) : undefined;
      if (
        sums.countsBid[slot] === 1 &&
        (!isEqual(this.prices[from + bid], sums.prices[bid]) || was?.bid !== is?.bid)
      ) {
        return false;
      }
      if (
        sums.countsAsk[slot] === 1 &&
        (!isEqual(this.prices[from + bid + 1], sums.prices[bid + 1]) || was?.ask !== is?.ask)
      ) {
        return false;
      }
    }
    return true;
  }

  private put(sums: RingSums, i: number, equity: number, index: number): void {
    this.equities[i] = equity;
    this.indexes[i] = index;
    const from = i * sums.slots * 2;
    for (let side = 0; side < sums.slots * 2; side++) {
      this.prices[from + side] = sums.prices[side] as number;
    }
  }

  private grow(): void {
    for (const name of ['equities', 'indexes'] as const) {
      const larger = new Float64Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }

  private growPrices(): void {
    const larger = new Float64Array(this.prices.length * 2);
    larger.set(this.prices);
    this.prices = larger;
  }
}

/** Of the prices that count. */
function hashOf(sums: RingSums, prices: Float64Array, from: number): number {
  let hash = 0;
  for (let slot = 0; slot < sums.slots; slot++) {
    const at = from + 2 * slot;
    if (sums.countsBid[slot] === 1) hash = mixed(hash, prices[at] as number);
    if (sums.countsAsk[slot] === 1) hash = mixed(hash, prices[at + 1] as number);
  }
  return hash ^ (hash >>> 15);
}

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

function mixed(hash: number, price: number): number {
  double[0] = price;
  const word = (words[0] as number) ^ Math.imul(words[1] as number, 0x85ebca6b);
  const next = Math.imul(hash ^ word, 0x9e3779b1);
  return next ^ (next >>> 13);
}

/** Both NaN: in either the price was missing. */
function isEqual(a: number | undefined, b: number | undefined): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** Exact prices, from doubles by slot; the texts are those in force at the index. */
export function pricesAt(
  ring: QuoteRing,
  sums: RingSums,
  doubles: Float64Array,
  from: number,
  index: number,
): PricesOf {
  const known = new Map<number, Prices>();
  return (symbol) => {
    const column = ring.findColumn(symbol);
    const slot = column === undefined ? -1 : (sums.slotOf[column] as number) - 1;
    invariant(column !== undefined && slot >= 0, `${symbol} is held by the account`);
    let prices = known.get(slot);
    if (prices === undefined) {
      const mark = ring.texts.at(column, index);
      const bid = { value: doubles[from + 2 * slot] as number, exact: mark?.bid };
      const ask = { value: doubles[from + 2 * slot + 1] as number, exact: mark?.ask };
      prices = new EntryPrices(bid, ask);
      known.set(slot, prices);
    }
    return prices;
  };
}

class EntryPrices implements Prices {
  readonly hasQuote: boolean;
  private readonly bid: Price;
  private readonly ask: Price;
  private exactBid: Decimal | undefined;
  private exactAsk: Decimal | undefined;

  constructor(bid: Price, ask: Price) {
    this.hasQuote = !Number.isNaN(bid.value);
    this.bid = bid;
    this.ask = ask;
  }

  /** Of most symbols only one side is asked for. */
  closingPrice(side: Side): Decimal {
    if (side === 'long') return (this.exactBid ??= exactOf(this.bid.value, this.bid.exact));
    return (this.exactAsk ??= exactOf(this.ask.value, this.ask.exact));
  }

  mid(): Decimal {
    return this.closingPrice('long').plus(this.closingPrice('short')).times(half);
  }
}
