// The exact texts of the ring's prices that no double can hold: few, so they are kept aside.

/** From this index on, until the next mark of its column, the prices of a column have these texts. */
export interface TextMark {
  readonly index: number;
  readonly bid: string | undefined;
  readonly ask: string | undefined;
}

export class RingTexts {
  private readonly byColumn = new Map<number, TextMark[]>();

  /** Whether no price at all has a text. */
  get isEmpty(): boolean {
    return this.byColumn.size === 0;
  }

  /** How many marks are kept. */
  get size(): number {
    let size = 0;
    for (const marks of this.byColumn.values()) size += marks.length;
    return size;
  }

  /** Whether some price of the column that the ring still knows has a text. */
  has(column: number): boolean {
    return this.byColumn.has(column);
  }

  /** Told of every entry of the column: one without texts ends what the one before it said. */
  add(column: number, mark: TextMark): void {
    const marks = this.byColumn.get(column);
    if (marks !== undefined) {
      if (!isPlain(mark) || !isPlain(marks.at(-1))) marks.push(mark);
    } else if (!isPlain(mark)) {
      this.byColumn.set(column, [mark]);
    }
  }

  /** What holds at the index; undefined where the column has had no text so far. */
  at(column: number, index: number): TextMark | undefined {
    const marks = this.byColumn.get(column);
    return marks?.[behind(marks, index) - 1];
  }

  /** What holds at the index of each column that has texts, and whatever came after it. */
  *from(index: number): Generator<readonly [column: number, mark: TextMark]> {
    for (const [column, marks] of this.byColumn) {
      const first = Math.max(behind(marks, index) - 1, 0);
      for (const mark of marks.slice(first)) yield [column, mark];
    }
  }

  /** Drops what holds for no price at the index or after it. */
  prune(index: number): void {
    for (const [column, marks] of this.byColumn) {
      let dropped = Math.max(behind(marks, index) - 1, 0);
      if (isPlain(marks[dropped])) dropped++;
      if (dropped === marks.length) this.byColumn.delete(column);
      else if (dropped > 0) marks.splice(0, dropped);
    }
  }

  clear(): void {
    this.byColumn.clear();
  }
}

/** How many of the marks are at the index or before it. */
function behind(marks: readonly TextMark[], index: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as TextMark).index <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isPlain(mark: TextMark | undefined): boolean {
  return mark?.bid === undefined && mark?.ask === undefined;
}
