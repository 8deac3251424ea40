// What is due at a time: in order of the time; ties as the contract has them (section 2, step 4).
import { invariant } from '#src/domain/errors';

export type DeadlineKey = string;

/**
 * Kinds of deadlines; of equal times the lower rank acts first. A silent feed is before what it may be
 * the cause of, so that one reads why first; both are before the end of the hours, within which
 * silence counts.
 */
export const deadlineRanks = {
  ...{ expiry: 0, grace: 1, confirm: 2, clear: 3, feed: 4, stale: 5, session: 6 },
} as const;

export type DeadlineRank = (typeof deadlineRanks)[keyof typeof deadlineRanks];

export interface Due {
  readonly key: DeadlineKey;
  readonly ts: number;
}

const initialCapacity = 16;

/**
 * A heap of up to millions of deadlines, the earliest on top, and a map to the slot of each key:
 * O(log n) to set, move, remove or take one, O(1) to see that none is due.
 */
export class Deadlines {
  private readonly slotOf = new Map<DeadlineKey, number>();
  private readonly keys: DeadlineKey[] = [];
  private readonly freeSlots: number[] = [];
  /** By place in the heap: the time, and the slot that has the rest. */
  private times = new Float64Array(initialCapacity);
  private slots = new Int32Array(initialCapacity);
  /** By slot: the place in the heap, and what decides ties, in this order. */
  private places = new Int32Array(initialCapacity);
  private ranks = new Uint8Array(initialCapacity);
  private orders = new Float64Array(initialCapacity);
  private turns = new Float64Array(initialCapacity);
  /** How many times a deadline was set. */
  private setCount = 0;
  /** The earliest time; `Infinity` where there is none. */
  next = Infinity;

  get size(): number {
    return this.slotOf.size;
  }

  /**
   * Sets or moves the deadline of a key. Of equal times and ranks the lower `order` is due first
   * (that of tracking or creation), of equal orders the one that was set, or moved, first.
   */
  set(key: DeadlineKey, ts: number, rank: DeadlineRank, order = 0): void {
    invariant(Number.isFinite(ts) && Number.isFinite(order), 'a deadline is at a finite time');
    const held = this.slotOf.get(key);
    const place = held === undefined ? this.size : (this.places[held] as number);
    const slot = held ?? this.occupy(key);
    this.ranks[slot] = rank;
    this.orders[slot] = order;
    this.turns[slot] = this.setCount++;
    this.settle(place, ts, slot);
  }

  has(key: DeadlineKey): boolean {
    return this.slotOf.has(key);
  }

  remove(key: DeadlineKey): void {
    const slot = this.slotOf.get(key);
    if (slot !== undefined) this.vacate(key, slot);
  }

  /** Takes the earliest deadline, where that is at or before `ts`. */
  take(ts: number): Due | undefined {
    if (this.size === 0 || this.next > ts) return undefined;
    const slot = this.slots[0] as number;
    const due = { key: this.keys[slot] as DeadlineKey, ts: this.next };
    this.vacate(due.key, slot);
    return due;
  }

  private occupy(key: DeadlineKey): number {
    if (this.size === this.times.length) this.grow();
    const slot = this.freeSlots.pop() ?? this.keys.length;
    this.keys[slot] = key;
    this.slotOf.set(key, slot);
    return slot;
  }

  private vacate(key: DeadlineKey, slot: number): void {
    this.slotOf.delete(key);
    this.keys[slot] = '';
    this.freeSlots.push(slot);
    const place = this.places[slot] as number;
    const last = this.size;
    if (place !== last) {
      this.settle(place, this.times[last] as number, this.slots[last] as number);
    }
    this.next = last === 0 ? Infinity : (this.times[0] as number);
  }

  /** Puts a deadline where it belongs, `place` being free. */
  private settle(place: number, ts: number, slot: number): void {
    const free = this.raise(place, ts, slot);
    this.put(free === place ? this.lower(place, ts, slot) : free, ts, slot);
    this.next = this.times[0] as number;
  }

  /** Moves down what is due later on the way up; the place that is then free. */
  private raise(from: number, ts: number, slot: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const parentTs = this.times[parent] as number;
      const parentSlot = this.slots[parent] as number;
      if (!this.isBefore(ts, slot, parentTs, parentSlot)) break;
      this.put(place, parentTs, parentSlot);
      place = parent;
    }
    return place;
  }

  /** Moves up what is due earlier on the way down; the place that is then free. */
  private lower(from: number, ts: number, slot: number): number {
    let place = from;
    for (let left = 2 * place + 1; left < this.size; left = 2 * place + 1) {
      const child = this.earlierOf(left, left + 1);
      const childTs = this.times[child] as number;
      const childSlot = this.slots[child] as number;
      if (!this.isBefore(childTs, childSlot, ts, slot)) break;
      this.put(place, childTs, childSlot);
      place = child;
    }
    return place;
  }

  private earlierOf(left: number, right: number): number {
    if (right >= this.size) return left;
    const { times, slots } = this;
    return this.isBefore(
      times[right] as number,
      slots[right] as number,
      times[left] as number,
      slots[left] as number,
    )
      ? right
      : left;
  }

  private isBefore(ts: number, slot: number, otherTs: number, otherSlot: number): boolean {
    if (ts !== otherTs) return ts < otherTs;
    const byRank = (this.ranks[slot] as number) - (this.ranks[otherSlot] as number);
    if (byRank !== 0) return byRank < 0;
    const byOrder = (this.orders[slot] as number) - (this.orders[otherSlot] as number);
    if (byOrder !== 0) return byOrder < 0;
    return (this.turns[slot] as number) < (this.turns[otherSlot] as number);
  }

  private put(place: number, ts: number, slot: number): void {
    this.times[place] = ts;
    this.slots[place] = slot;
    this.places[slot] = place;
  }

  private grow(): void {
    const capacity = this.times.length * 2;
    this.times = copied(this.times, new Float64Array(capacity));
    this.slots = copied(this.slots, new Int32Array(capacity));
    this.places = copied(this.places, new Int32Array(capacity));
    this.ranks = copied(this.ranks, new Uint8Array(capacity));
    this.orders = copied(this.orders, new Float64Array(capacity));
    this.turns = copied(this.turns, new Float64Array(capacity));
  }
}

function copied<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
