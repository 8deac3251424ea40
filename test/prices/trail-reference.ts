// Trailing each stop on its own, with exact integers: what a book of trails is held against.
import assert from 'node:assert/strict';
import { price, type Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { TrailBook, type TrailMember } from '#src/prices/trail-book';
import { scaled } from '../support/brute-force/exact.ts';

export interface Given {
  readonly peak: string;
  readonly step?: string | undefined;
  readonly distance?: string | undefined;
  readonly percent?: string | undefined;
}

const priceOf = (text: string | undefined): Price | undefined =>
  text === undefined ? undefined : price(text);

export const textOf = ({ value, exact }: Price): string => exact ?? String(value);

export function addTo<Owner>(
  book: TrailBook<Owner>,
  owner: Owner,
  given: Given,
): TrailMember<Owner> {
  const { peak, step, distance, percent } = given;
  return book.add({
    owner,
    peak: price(peak),
    step: priceOf(step),
    distance: priceOf(distance),
    percent: priceOf(percent),
  });
}

export function firedBy<Owner>(book: TrailBook<Owner>, at: string): Owner[] {
  const { value, exact } = price(at);
  const owners: Owner[] = [];
  book.forEachFired(value, exact, (owner) => owners.push(owner));
  return owners;
}

export function advance<Owner>(book: TrailBook<Owner>, at: string): boolean {
  const { value, exact } = price(at);
  return book.advance(value, exact);
}

export type Action =
  | { readonly do: 'add'; readonly given: Given }
  | { readonly do: 'remove'; readonly which: number }
  | {
      readonly do: 'quote';
      readonly at: string;
      /** Whether those whose stop is reached are closed, and all peaks looked at. */
      readonly closes: boolean;
      readonly looks: boolean;
    };

/** Decimals of the reference: more than what is drawn has. */
const decimals = 30;

/** One trailing stop on its own, in heights as {@link TrailBook} knows them: up is better. */
class Alone {
  readonly member: TrailMember<Alone>;
  private readonly sign: bigint;
  private readonly given: Given;
  peak: string;
  private height: bigint;

  constructor(book: TrailBook<Alone>, side: Side, given: Given) {
    this.sign = side === 'long' ? 1n : -1n;
    this.given = given;
    this.peak = textOf(price(given.peak));
    this.height = this.heightOf(given.peak);
    this.member = addTo(book, this, given);
  }

  /** How far the price is above the stop, and the stop itself. */
  lookAt(at: string): { readonly above: bigint; readonly trail: bigint } | undefined {
    const { distance, percent } = this.given;
    const behind: bigint[] = [];
    if (distance !== undefined) behind.push(scaled(distance, decimals));
    if (percent !== undefined) {
      // What is drawn as percentages has few digits, so that this division leaves no remainder.
      behind.push((this.sign * this.height * scaled(percent, 3)) / 100_000n);
    }
    const [least] = behind.sort((a, b) => (a < b ? -1 : 1));
    if (least === undefined) return undefined;
    const trail = this.height - least;
    return { above: this.heightOf(at) - trail, trail };
  }

  move(at: string): boolean {
    const { step } = this.given;
    const gain = this.heightOf(at) - this.height;
    if (step === undefined ? gain <= 0n : gain < scaled(step, decimals)) return false;
    this.height += gain;
    this.peak = textOf(price(at));
    return true;
  }

  private heightOf(at: string): bigint {
    return this.sign * scaled(at, decimals);
  }
}

/** How far, relative to its level, a stop may be that is told without being reached. */
const tolerance = 1_000_000_000n;

/** A book, and each of its members on its own beside it. */
export class Both {
  readonly tally = { due: 0, moved: 0, hidden: 0 };
  private readonly side: Side;
  private book: TrailBook<Alone>;
  private alone: Alone[] = [];

  constructor(side: Side) {
    this.side = side;
    this.book = new TrailBook(side);
  }

  run(actions: readonly Action[]): void {
    this.book = new TrailBook(this.side);
    this.alone = [];
    for (const one of actions) {
      if (one.do === 'add') this.alone.push(new Alone(this.book, this.side, one.given));
      else if (one.do === 'quote') this.quote(one);
      else this.remove(this.alone[one.which % Math.max(1, this.alone.length)]);
      assert.equal(this.book.size, this.alone.length);
    }
    this.lookAtPeaks();
  }

  private quote(quote: Action & { do: 'quote' }): void {
    const due = this.expectFired(quote.at);
    if (quote.closes) for (const one of due) this.remove(one);
    this.expectMoved(quote.at);
    if (quote.looks) this.lookAtPeaks();
  }

  private expectFired(text: string): Alone[] {
    const x = price(text).value;
    const { fireFirst } = this.book;
    const told = firedBy(this.book, text);
    const toldOnce = new Set(told);
    assert.equal(toldOnce.size, told.length, 'an owner is told twice');
    const due: Alone[] = [];
    for (const one of this.alone) {
      const seen = one.lookAt(text);
      if (seen !== undefined && seen.above <= 0n) due.push(one);
      else if (toldOnce.has(one)) assert(isClose(seen), 'an owner is told too early');
    }
    assert(
      due.every((one) => toldOnce.has(one)),
      'an owner is not told',
    );
    const isHidden = this.side === 'long' ? x > fireFirst : x < fireFirst;
    if (isHidden) assert.equal(due.length + told.length, 0);
    this.tally.due += due.length;
    this.tally.hidden += isHidden ? 1 : 0;
    return due;
  }

  private expectMoved(text: string): void {
    const x = price(text).value;
    const { moveFirst } = this.book;
    const moved = this.alone.filter((one) => one.move(text)).length;
    assert.equal(advance(this.book, text), moved > 0);
    const isHidden = this.side === 'long' ? x < moveFirst : x > moveFirst;
    if (isHidden) assert.equal(moved, 0);
    this.tally.moved += moved;
    this.tally.hidden += isHidden ? 1 : 0;
  }

  private remove(one: Alone | undefined): void {
    if (one === undefined) return;
    this.book.remove(one.member);
    this.alone = this.alone.filter((other) => other !== one);
  }

  private lookAtPeaks(): void {
    for (const { member, peak } of this.alone) {
      assert.equal(textOf(this.book.peakOf(member)), peak);
    }
  }
}

function isClose(seen: ReturnType<Alone['lookAt']>): boolean {
  if (seen === undefined) return false;
  const size = seen.trail < 0n ? -seen.trail : seen.trail;
  return seen.above * tolerance <= size;
}
