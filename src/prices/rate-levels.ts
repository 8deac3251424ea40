// Who is to be told when the mid of a conversion pair leaves the band for which its levels were set.
import { LevelHeap } from './level-heap.ts';
import type { QuoteBook } from './quote-book.ts';

/** One bound that waits in a heap; it is removed by the heap that holds it. */
export interface RateSlot<Owner> {
  readonly heap: LevelHeap<Owner>;
  readonly slot: number;
}

export class RateLevels<Owner> {
  private readonly above = new LevelHeap<Owner>('above');
  private readonly below = new LevelHeap<Owner>('below');

  add(bound: { readonly above?: number; readonly below?: number }, owner: Owner): RateSlot<Owner> {
    const heap = bound.above === undefined ? this.below : this.above;
    const value = bound.above ?? bound.below ?? 0;
    return { heap, slot: heap.add({ value, exact: undefined }, owner) };
  }

  /** Those whose bound the mid has reached, each once; none in constant time. */
  reached(book: QuoteBook): readonly Owner[] {
    if (this.above.size === 0 && this.below.size === 0) return nobody;
    const mid = book.midValue();
    if (this.above.first > mid && this.below.first > -mid) return nobody;
    const owners = new Set<Owner>();
    const tell = (owner: Owner): void => void owners.add(owner);
    this.above.forEachCrossed(mid, undefined, tell);
    this.below.forEachCrossed(mid, undefined, tell);
    return [...owners];
  }
}

const nobody: readonly never[] = [];
