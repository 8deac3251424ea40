// Levels of one direction, the next one to be crossed on top: O(1) to see that none is crossed,
// O(log n) to set or remove one. Keys are doubles in typed arrays; a tie is decided exactly.
import { invariant } from '#src/domain/errors';
import { compareExact, type Price } from '#src/domain/price';

/** `below`: crossed by a price at or below the level; `above`: at or above it. */
export type Direction = 'below' | 'above';

const initialCapacity = 16;

/** A min-heap of `sign · level`, so that one comparison serves both directions. */
export class LevelHeap<Owner> {
  private readonly sign: 1 | -1;
  private keys = new Float64Array(initialCapacity);
  private slots = new Int32Array(initialCapacity);
  /** Slot → place in the heap, −1 where the slot is free. */
  private places = new Int32Array(initialCapacity);
  private readonly owners: (Owner | undefined)[] = [];
  /** Slot → exact text, of the few levels that a double cannot hold. */
  private readonly exacts = new Map<number, string>();
  private readonly freeSlots: number[] = [];
  private count = 0;
  /** The key on top: nothing is crossed while it is above the price's key. */
  first = Infinity;

  constructor(direction: Direction) {
    this.sign = direction === 'above' ? 1 : -1;
  }

  get size(): number {
    return this.count;
  }

  /** Adds a level; the slot that is returned names it until it is removed. */
  add(level: Price, owner: Owner): number {
    if (this.count === this.keys.length) this.grow();
    const slot = this.freeSlots.pop() ?? this.owners.length;
    this.owners[slot] = owner;
    if (level.exact !== undefined) this.exacts.set(slot, level.exact);
    this.siftUp(this.count++, this.sign * level.value, slot);
    this.first = this.keys[0] as number;
    return slot;
  }

  remove(slot: number): void {
    const place = this.places[slot] as number;
    invariant(this.owners[slot] !== undefined && place >= 0, 'a removed level is in the heap');
    this.owners[slot] = undefined;
    this.exacts.delete(slot);
    this.places[slot] = -1;
    this.freeSlots.push(slot);
    const last = --this.count;
    if (place !== last) {
      const key = this.keys[last] as number;
      const moved = this.slots[last] as number;
      if (key < (this.keys[place] as number)) this.siftUp(place, key, moved);
      else this.siftDown(place, key, moved);
    }
    this.first = last === 0 ? Infinity : (this.keys[0] as number);
  }

  /** Tells the owner of each level that the price crosses, in no particular order. */
  forEachCrossed(value: number, exact: string | undefined, tell: (owner: Owner) => void): void {
    const key = this.sign * value;
    if (this.first > key) return;
    const pending = [0];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const own = this.keys[place] as number;
      if (own > key) continue;
      const slot = this.slots[place] as number;
      if (own < key || this.isReachedExactly(slot, value, exact)) tell(this.owners[slot] as Owner);
      const left = 2 * place + 1;
      if (left < this.count) pending.push(left);
      if (left + 1 < this.count) pending.push(left + 1);
    }
  }

  private isReachedExactly(slot: number, value: number, exact: string | undefined): boolean {
    return this.sign * compareExact(value, exact, value, this.exacts.get(slot)) >= 0;
  }

  private siftUp(from: number, key: number, slot: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const parentKey = this.keys[parent] as number;
      if (parentKey <= key) break;
      this.put(place, parentKey, this.slots[parent] as number);
      place = parent;
    }
    this.put(place, key, slot);
  }

  private siftDown(from: number, key: number, slot: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.count) break;
      if (
        child + 1 < this.count &&
        (this.keys[child + 1] as number) < (this.keys[child] as number)
      ) {
        child++;
      }
      const childKey = this.keys[child] as number;
      if (childKey >= key) break;
      this.put(place, childKey, this.slots[child] as number);
      place = child;
    }
    this.put(place, key, slot);
  }

  private put(place: number, key: number, slot: number): void {
    this.keys[place] = key;
    this.slots[place] = slot;
    this.places[slot] = place;
  }

  private grow(): void {
    const capacity = this.keys.length * 2;
    const keys = new Float64Array(capacity);
    keys.set(this.keys);
    this.keys = keys;
    const slots = new Int32Array(capacity);
    slots.set(this.slots);
    this.slots = slots;
    const places = new Int32Array(capacity);
    places.set(this.places);
    this.places = places;
  }
}
