// The extremes of the quote ring's blocks, or of its superblocks, for each column.

/**
 * What is known of a column in a block: the extremes of its prices, those with which it came in
 * included, and these themselves; NaN where there were none.
 */
export const highBid = 0;
export const lowBid = 1;
export const highAsk = 2;
export const lowAsk = 3;
export const lowSpread = 4;
export const firstBid = 5;
export const firstAsk = 6;
const fields = 8;

/** Doubles of a column in what is being filled: a line of the cache. */
export const rowWidth = fields;
export const columnBytes = fields * Float64Array.BYTES_PER_ELEMENT;

/** Blocks whose doubles of one field and column lie beside each other: a line of the cache. */
const tileBlocks = 8;

/**
 * A search goes through one field of one column, block after block, and the end of a block through
 * all fields of all columns: so eight blocks of a column lie together, field by field. What is being
 * filled lies in rows of its own until it is full, or asked for (`settle`).
 */
export class RingLevel {
  readonly numbers: Float64Array;
  /** Of the block that is being filled, column by column. */
  readonly now: Float64Array;
  /** The place of a block is its ordinal modulo the places, a power of two. */
  private readonly placeMask: number;
  private readonly columnWidth: number;
  private spot = -1;

  constructor(capacity: number, places: number) {
    this.placeMask = places - 1;
    // A tile more than there are: columns a power of two apart would share few lines of the cache.
    this.columnWidth = (Math.ceil(places / tileBlocks) + 1) * tileBlocks * fields;
    this.numbers = new Float64Array(capacity * this.columnWidth);
    this.now = new Float64Array(capacity * rowWidth);
  }

  /** Where the field of a column begins; a double of it is at `spotOf` its block behind that. */
  offsetOf(field: number, column: number): number {
    return column * this.columnWidth + field * tileBlocks;
  }

  spotOf(ordinal: number): number {
    const place = ordinal & this.placeMask;
    return (place & -tileBlocks) * fields + (place & (tileBlocks - 1));
  }

  get(field: number, column: number, ordinal: number): number {
    return this.numbers[this.offsetOf(field, column) + this.spotOf(ordinal)] as number;
  }

  /** A column that is new had no price in the blocks that there are. */
  open(column: number): void {
    const from = column * this.columnWidth;
    this.numbers.fill(NaN, from, from + this.columnWidth);
    this.now.fill(NaN, column * rowWidth, (column + 1) * rowWidth);
  }

  /** Begins a block, with the prices of the columns as they are. */
  begin(ordinal: number, columns: number, bids: Float64Array, asks: Float64Array): void {
    const { now } = this;
    if (this.spot >= 0) for (let column = 0; column < columns; column++) this.settle(column);
    this.spot = this.spotOf(ordinal);
    for (let column = 0, at = 0; column < columns; column++, at += rowWidth) {
      const bid = bids[column] as number;
      const ask = asks[column] as number;
      now[at + highBid] = bid;
      now[at + lowBid] = bid;
      now[at + highAsk] = ask;
      now[at + lowAsk] = ask;
      now[at + lowSpread] = ask - bid;
      now[at + firstBid] = bid;
      now[at + firstAsk] = ask;
    }
  }

  /** Puts what is known of the column in the block that is being filled beside that of the others. */
  settle(column: number): void {
    const { now, numbers } = this;
    let at = this.offsetOf(0, column) + this.spot;
    const row = column * rowWidth;
    for (let field = highBid; field <= firstAsk; field++, at += tileBlocks) {
      numbers[at] = now[row + field] as number;
    }
  }
}
