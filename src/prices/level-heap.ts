// Levels of one direction, the next one to be crossed on top: O(1) to see that none is crossed,
// O(log n) to set or remove one. A tie of doubles is decided exactly.
import { invariant } from '#src/domain/errors';
import { compareExact, type Price } from '#src/domain/price';
import { KeyHeap } from './key-heap.ts';

/** `below`: crossed by a price at or below the level; `above`: at or above it. */
export type Direction = 'below' | 'above';

/** A min-heap of `sign · level`, so that one comparison serves both directions. */
export class LevelHeap<Owner> {
  private readonly sign: 1 | -1;
  private readonly heap = new KeyHeap();
  private readonly owners: (Owner | undefined)[] = [];
  /** Slot → exact text, of the few levels that a double cannot hold. */
  private readonly exacts = new Map<number, string>();

  constructor(direction: Direction) {
    this.sign = direction === 'above' ? 1 : -1;
  }

  /** The key on top: nothing is crossed while it is above the price's key. */
  get first(): number {
    return this.heap.first;
  }

  get size(): number {
    return this.heap.size;
  }

  /** Adds a level; the slot that is returned names it until it is removed. */
  add(level: Price, owner: Owner): number {
    const slot = this.heap.add(this.sign * level.value);
    this.owners[slot] = owner;
    if (level.exact !== undefined) this.exacts.set(slot, level.exact);
    return slot;
  }

  remove(slot: number): void {
    invariant(this.owners[slot] !== undefined, 'a removed level is in the heap');
    this.owners[slot] = undefined;
    this.exacts.delete(slot);
    this.heap.remove(slot);
  }

  /** Tells the owner of each level that the price crosses, in no particular order. */
  forEachCrossed(value: number, exact: string | undefined, tell: (owner: Owner) => void): void {
    const key = this.sign * value;
    this.heap.forEachUpTo(key, (slot, own) => {
      if (own < key || this.isReachedExactly(slot, value, exact)) tell(this.owners[slot] as Owner);
    });
  }

  private isReachedExactly(slot: number, value: number, exact: string | undefined): boolean {
    return this.sign * compareExact(value, exact, value, this.exacts.get(slot)) >= 0;
  }
}
