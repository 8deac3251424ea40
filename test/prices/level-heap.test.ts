// The heap of levels, held against looking at every one of them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import { price } from '#src/domain/price';
import { LevelHeap, type Direction } from '#src/prices/level-heap';
import { priceText } from '../domain/arbitraries.ts';
import { D } from '../support/brute-force/exact.ts';

function crossedBy(heap: LevelHeap<string>, at: string): string[] {
  const { value, exact } = price(at);
  const owners: string[] = [];
  heap.forEachCrossed(value, exact, (owner) => owners.push(owner));
  return owners.sort();
}

test.each<[Direction, string, string, boolean]>([
  ['below', '2', '2.1', false],
  ['below', '2', '2', true],
  ['below', '2', '1.9', true],
  ['above', '2', '1.9', false],
  ['above', '2', '2', true],
  ['above', '2', '2.1', true],
  // Equal as doubles: the digits behind decide.
  ['below', '1.1', '1.1000000000000000000001', false],
  ['below', '1.1000000000000000000001', '1.1', true],
  ['below', '1.1000000000000000000001', '1.1000000000000000000001', true],
  ['above', '1.1', '1.1000000000000000000001', true],
  ['above', '1.1000000000000000000001', '1.1', false],
  ['above', '1.1000000000000000000001', '1.1000000000000000000002', true],
])('a level %s at %s is crossed at %s: %j', (direction, level, at, expected) => {
  const heap = new LevelHeap<string>(direction);
  heap.add(price(level), 'owner');
  expect(crossedBy(heap, at)).toEqual(expected ? ['owner'] : []);
});

test('an empty heap is crossed by nothing', () => {
  const heap = new LevelHeap<string>('above');
  expect(heap.first).toBe(Infinity);
  expect(crossedBy(heap, '1000000000')).toEqual([]);
  heap.remove(heap.add(price('1'), 'owner'));
  expect(heap.first).toBe(Infinity);
  expect(heap.size).toBe(0);
  expect(crossedBy(heap, '1000000000')).toEqual([]);
});

test('a level can be removed once', () => {
  const heap = new LevelHeap<string>('below');
  const slot = heap.add(price('1'), 'owner');
  heap.remove(slot);
  expect(() => heap.remove(slot)).toThrow(InvariantError);
  expect(() => heap.remove(99)).toThrow(InvariantError);
});

test('what was exact of a removed level says nothing of the next one in its slot', () => {
  const heap = new LevelHeap<string>('above');
  heap.remove(heap.add(price('1.1000000000000000000001'), 'first'));
  heap.add(price('1.1'), 'second');
  expect(crossedBy(heap, '1.1')).toEqual(['second']);
});

type Step = { do: 'add' | 'ask'; at: string } | { do: 'remove'; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), at: priceText }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), at: priceText }) },
);

interface Held {
  readonly slot: number;
  readonly owner: string;
  readonly at: string;
}

test.each<Direction>(['below', 'above'])(
  'levels %s are crossed as brute force says',
  (direction) => {
    let told = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const heap = new LevelHeap<string>(direction);
        const held: Held[] = [];
        const isCrossed = (level: string, at: string) =>
          direction === 'below' ? new D(at).lte(level) : new D(at).gte(level);
        const ask = (at: string): void => {
          const expected = held.filter((one) => isCrossed(one.at, at)).map((one) => one.owner);
          expect(crossedBy(heap, at)).toEqual(expected.sort());
          told += expected.length;
        };
        steps.forEach((one, i) => {
          if (one.do === 'add') {
            const owner = `o${i}`;
            held.push({ slot: heap.add(price(one.at), owner), owner, at: one.at });
          } else if (one.do === 'remove') {
            const [removed] = held.splice(one.which % Math.max(1, held.length), 1);
            if (removed !== undefined) heap.remove(removed.slot);
          } else {
            ask(one.at);
          }
          expect(heap.size).toBe(held.length);
          expect(new Set(held.map((each) => each.slot)).size).toBe(held.length);
        });
        for (const at of ['0.5', '2', '1.250000000000000000001', '5']) ask(at);
      }),
      { numRuns: 300 },
    );
    expect(told).toBeGreaterThan(200);
  },
);

test('places of removed levels are used again, however many come and go', () => {
  const heap = new LevelHeap<string>('below');
  const slots = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const slot = heap.add(price('1'), `o${i}`);
    slots.add(slot);
    heap.remove(slot);
  }
  expect(slots.size).toBe(1);
});

test('thousands of equal levels are all told, and leave one by one', () => {
  const heap = new LevelHeap<string>('above');
  const slots = Array.from({ length: 5000 }, (_, i) => heap.add(price('1.5'), `o${i}`));
  expect(crossedBy(heap, '1.5')).toHaveLength(5000);
  expect(crossedBy(heap, '1.4')).toEqual([]);
  for (const slot of slots.slice(0, 4999)) heap.remove(slot);
  expect(crossedBy(heap, '1.5')).toEqual(['o4999']);
});
