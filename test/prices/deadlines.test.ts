// Deadlines: the earliest first, ties as they were set.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '#src/prices/deadlines';

function takeAll(deadlines: Deadlines, ts: number): string[] {
  const taken: string[] = [];
  for (let due = deadlines.take(ts); due !== undefined; due = deadlines.take(ts)) {
    taken.push(`${due.key}@${due.ts}`);
  }
  return taken;
}

type Step = ['set', string, number] | ['remove', string];

/** What is due at 10, and when the next one is after that. */
test.each<[string, Step[], string[], number]>([
  ['none', [], [], Infinity],
  ['one that is due', [['set', 'a', 10]], ['a@10'], Infinity],
  ['one that is not', [['set', 'a', 11]], [], 11],
  [
    'the earliest first',
    [
      ['set', 'a', 9],
      ['set', 'b', 3],
      ['set', 'c', 12],
    ],
    ['b@3', 'a@9'],
    12,
  ],
  [
    'ties in the order in which they were set',
    [
      ['set', 'b', 5],
      ['set', 'a', 5],
    ],
    ['b@5', 'a@5'],
    Infinity,
  ],
  [
    'one that was moved',
    [
      ['set', 'a', 5],
      ['set', 'a', 20],
    ],
    [],
    20,
  ],
  [
    'one that was moved to a tie comes last',
    [
      ['set', 'a', 4],
      ['set', 'b', 5],
      ['set', 'a', 5],
    ],
    ['b@5', 'a@5'],
    Infinity,
  ],
  [
    'one that was removed',
    [
      ['set', 'a', 5],
      ['set', 'b', 7],
      ['remove', 'a'],
    ],
    ['b@7'],
    Infinity,
  ],
  [
    'one removed that was not there',
    [
      ['set', 'a', 5],
      ['remove', 'b'],
    ],
    ['a@5'],
    Infinity,
  ],
])('with %s', (_, steps, due, next) => {
  const deadlines = new Deadlines();
  for (const one of steps) {
    if (one[0] === 'set') deadlines.set(one[1], one[2]);
    else deadlines.remove(one[1]);
  }
  expect(takeAll(deadlines, 10)).toEqual(due);
  expect(deadlines.next).toBe(next);
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(
    fc.constant('set' as const),
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.integer({ min: 0, max: 9 }),
  ),
  fc.tuple(fc.constant('remove' as const), fc.constantFrom('a', 'b', 'c', 'd')),
);

test('they are taken as a sorted list says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.integer({ min: 0, max: 9 }), (steps, ts) => {
      const deadlines = new Deadlines();
      let held: { key: string; ts: number }[] = [];
      for (const one of steps) {
        held = held.filter(({ key }) => key !== one[1]);
        if (one[0] === 'set') {
          held.push({ key: one[1], ts: one[2] });
          deadlines.set(one[1], one[2]);
        } else {
          deadlines.remove(one[1]);
        }
        expect(deadlines.next).toBe(Math.min(Infinity, ...held.map((each) => each.ts)));
      }
      const due = held.filter((one) => one.ts <= ts).sort((a, b) => a.ts - b.ts);
      expect(takeAll(deadlines, ts)).toEqual(due.map((one) => `${one.key}@${one.ts}`));
    }),
  );
});
