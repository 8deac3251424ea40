// A min-heap of numbered slots, each with a key that can be set anew: O(1) to see the least key,
// O(log n) to move one. Keys are doubles in typed arrays.
const initialCapacity = 16;

export class KeyHeap {
  /** By place in the heap: the key, and the slot that has it. */
  private keys = new Float64Array(initialCapacity);
  private slots = new Int32Array(initialCapacity);
  /** Slot → place. */
  private places = new Int32Array(initialCapacity);
  private readonly freeSlots: number[] = [];
  private count = 0;
  private slotsUsed = 0;
  /** The least key; `Infinity` where there is none. */
  first = Infinity;

  get size(): number {
    return this.count;
  }

  /** Adds a key; the slot that is returned names it until it is removed. */
  add(key: number): number {
    if (this.count === this.keys.length) this.grow();
    const slot = this.freeSlots.pop() ?? this.slotsUsed++;
    this.raise(this.count++, key, slot);
    this.first = this.keys[0] as number;
    return slot;
  }

  set(slot: number, key: number): void {
    this.settle(this.places[slot] as number, key, slot);
    this.first = this.keys[0] as number;
  }

  keyOf(slot: number): number {
    return this.keys[this.places[slot] as number] as number;
  }

  remove(slot: number): void {
    const place = this.places[slot] as number;
    const last = --this.count;
    if (place !== last) {
      this.settle(place, this.keys[last] as number, this.slots[last] as number);
    }
    this.freeSlots.push(slot);
    this.first = last === 0 ? Infinity : (this.keys[0] as number);
  }

  /** The slot that has the least key. */
  top(): number {
    return this.slots[0] as number;
  }

  /** Tells each slot whose key is at most this, in no particular order. */
  forEachUpTo(most: number, tell: (slot: number, key: number) => void): void {
    if (this.first > most) return;
    const pending = [0];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const key = this.keys[place] as number;
      if (key > most) continue;
      tell(this.slots[place] as number, key);
      const left = 2 * place + 1;
      if (left < this.count) pending.push(left);
      if (left + 1 < this.count) pending.push(left + 1);
    }
  }

  /** Puts a slot where it belongs, `place` being free. */
  private settle(place: number, key: number, slot: number): void {
    if (place > 0 && key < (this.keys[(place - 1) >> 1] as number)) this.raise(place, key, slot);
    else this.lower(place, key, slot);
  }

  private raise(from: number, key: number, slot: number): void {
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

  private lower(from: number, key: number, slot: number): void {
    const { keys, count } = this;
    let place = from;
    for (let child = 2 * place + 1; child < count; child = 2 * place + 1) {
      if (child + 1 < count && (keys[child + 1] as number) < (keys[child] as number)) child++;
      const childKey = keys[child] as number;
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
