// Heaps that meld, held against plain lists.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import { noNode, PairingHeaps } from '#src/prices/pairing-heap';

function toldUpTo(heaps: PairingHeaps<string>, root: number, limit: number): string[] {
  const told: string[] = [];
  heaps.forEachUpTo(root, limit, (item) => told.push(item));
  return told.sort();
}

test('an empty heap has no smallest key and tells nothing', () => {
  const heaps = new PairingHeaps<string>();
  expect(heaps.firstOf(noNode)).toBe(Infinity);
  expect(toldUpTo(heaps, noNode, Infinity)).toEqual([]);
  expect(heaps.meld(noNode, noNode)).toBe(noNode);
});

test('a node can be removed once', () => {
  const heaps = new PairingHeaps<string>();
  const first = heaps.create(1, 'first');
  const second = heaps.create(2, 'second');
  const root = heaps.meld(first, second);
  expect(heaps.remove(root, second)).toBe(first);
  expect(() => heaps.remove(root, second)).toThrow(InvariantError);
  expect(() => heaps.remove(root, 99)).toThrow(InvariantError);
  expect(heaps.remove(root, first)).toBe(noNode);
});

test('a root is not removed from another heap', () => {
  const heaps = new PairingHeaps<string>();
  const one = heaps.create(1, 'one');
  const other = heaps.create(2, 'other');
  expect(() => heaps.remove(one, other)).toThrow(InvariantError);
});

test('numbers of removed nodes are used again', () => {
  const heaps = new PairingHeaps<string>();
  const nodes = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    const node = heaps.create(i, `item ${i}`);
    nodes.add(node);
    heaps.remove(node, node);
  }
  expect(nodes.size).toBe(1);
});

test.each<[string, (i: number) => number]>([
  ['rise', (i) => i],
  ['fall', (i) => -i],
  ['are equal', () => 1],
  ['are mixed', (i) => (i * 7919) % 20_000],
])('20,000 keys that %s leave in order, without deep recursion', (_, keyAt) => {
  const heaps = new PairingHeaps<number>();
  let root: number = noNode;
  for (let i = 0; i < 20_000; i++) root = heaps.meld(root, heaps.create(keyAt(i), i));
  let before = -Infinity;
  let left = 0;
  for (; root !== noNode; left++) {
    expect(heaps.firstOf(root)).toBeGreaterThanOrEqual(before);
    before = heaps.firstOf(root);
    root = heaps.remove(root, root);
  }
  expect(left).toBe(20_000);
});

type Step =
  | { readonly do: 'add'; readonly heap: number; readonly key: number }
  | { readonly do: 'meld'; readonly heap: number; readonly other: number }
  | { readonly do: 'remove'; readonly heap: number; readonly which: number };

const heapCount = 3;
const heap = fc.nat({ max: heapCount - 1 });
const key = fc.integer({ min: 0, max: 8 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), heap, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('meld' as const), heap, other: heap }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('remove' as const), heap, which: fc.nat() }),
  },
);

interface Held {
  readonly node: number;
  readonly key: number;
  readonly item: string;
}

test('heaps tell what lists tell, whatever is added, melded and removed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const heaps = new PairingHeaps<string>();
      const roots = Array.from({ length: heapCount }, (): number => noNode);
      const lists = Array.from({ length: heapCount }, (): Held[] => []);
      const rootOf = (i: number): number => roots[i] ?? noNode;
      const listOf = (i: number): Held[] => lists[i] ?? [];
      steps.forEach((one, i) => {
        const list = listOf(one.heap);
        if (one.do === 'add') {
          const item = `item ${i}`;
          const node = heaps.create(one.key, item);
          roots[one.heap] = heaps.meld(rootOf(one.heap), node);
          list.push({ node, key: one.key, item });
        } else if (one.do === 'remove') {
          const [removed] = list.splice(one.which % Math.max(1, list.length), 1);
          if (removed) roots[one.heap] = heaps.remove(rootOf(one.heap), removed.node);
        } else if (one.heap !== one.other) {
          roots[one.heap] = heaps.meld(rootOf(one.heap), rootOf(one.other));
          lists[one.heap] = [...list, ...listOf(one.other)];
          roots[one.other] = noNode;
          lists[one.other] = [];
        }
        lists.forEach((held, at) => {
          const root = rootOf(at);
          expect(heaps.firstOf(root)).toBe(Math.min(Infinity, ...held.map((each) => each.key)));
          const limit = i % 10;
          const expected = held.filter((each) => each.key <= limit).map((each) => each.item);
          expect(toldUpTo(heaps, root, limit)).toEqual(expected.sort());
          for (const each of held) expect(heaps.keyOf(each.node)).toBe(each.key);
        });
      });
    }),
    { numRuns: 200 },
  );
});
