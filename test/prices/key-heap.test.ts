// The heap of keys: its least key, whatever was set, added and removed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyHeap } from '#src/prices/key-heap';

test('an empty heap has no least key', () => {
  const heap = new KeyHeap();
  expect([heap.size, heap.first]).toEqual([0, Infinity]);
  const slot = heap.add(5);
  expect([heap.size, heap.first, heap.top(), heap.keyOf(slot)]).toEqual([1, 5, slot, 5]);
  heap.remove(slot);
  expect([heap.size, heap.first]).toEqual([0, Infinity]);
});

test('a slot that was removed is used again', () => {
  const heap = new KeyHeap();
  const slots = [3, 1, 2].map((key) => heap.add(key));
  expect(new Set(slots).size).toBe(3);
  heap.remove(slots[1] as number);
  expect(heap.first).toBe(2);
  expect(heap.add(0)).toBe(slots[1]);
  expect([heap.first, heap.top()]).toEqual([0, slots[1]]);
});

test('infinite keys are keys', () => {
  const heap = new KeyHeap();
  const [never, always] = [heap.add(Infinity), heap.add(-Infinity)];
  expect([heap.first, heap.top()]).toEqual([-Infinity, always]);
  heap.set(always, Infinity);
  expect(heap.first).toBe(Infinity);
  heap.set(never, 7);
  expect([heap.first, heap.top()]).toEqual([7, never]);
});

const anyKey = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, 0, -0) },
);
const anyStep = fc.record({
  what: fc.constantFrom('add', 'add', 'set', 'set', 'remove', 'pop'),
  which: fc.nat(),
  key: anyKey,
});

/** A heap beside a list that is searched. */
class Both {
  readonly heap = new KeyHeap();
  readonly keys = new Map<number, number>();

  take(what: string, slot: number | undefined, key: number): void {
    const { heap, keys } = this;
    if (what === 'add') keys.set(heap.add(key), key);
    else if (slot !== undefined && what === 'set') {
      heap.set(slot, key);
      keys.set(slot, key);
    } else if (slot !== undefined) {
      const gone = what === 'remove' ? slot : heap.top();
      heap.remove(gone);
      keys.delete(gone);
    }
  }
}

test('it says the same as a list that is searched', () => {
  let largest = 0;
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200, size: 'max' }), (steps) => {
      const both = new Both();
      const { heap, keys } = both;
      for (const { what, which, key } of steps) {
        both.take(what, [...keys.keys()][which % Math.max(1, keys.size)], key);
        expect(heap.size).toBe(keys.size);
        const least = Math.min(...keys.values());
        expect(heap.first + 0).toBe(least + 0);
        const top = keys.size === 0 ? least : keys.get(heap.top());
        expect((top ?? NaN) + 0).toBe(least + 0);
        for (const [slot, held] of keys) expect(heap.keyOf(slot)).toBe(held);
        largest = Math.max(largest, keys.size);
      }
    }),
    { numRuns: 300 },
  );
  // Beyond the capacity that it begins with.
  expect(largest).toBeGreaterThan(20);
});
