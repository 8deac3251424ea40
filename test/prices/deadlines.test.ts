// Deadlines: what is due and in which order, held against a sorted list, and how many it takes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import { deadlineRanks, Deadlines, type DeadlineRank, type Due } from '#src/prices/deadlines';

const { expiry, grace, confirm, clear, stale } = deadlineRanks;

function takeAll(deadlines: Deadlines, ts: number): string[] {
  const taken: string[] = [];
  for (let due = deadlines.take(ts); due !== undefined; due = deadlines.take(ts)) {
    taken.push(`${due.key}@${due.ts}`);
  }
  return taken;
}

type Step = ['set', string, number, DeadlineRank?, number?] | ['remove', string];

function act(deadlines: Deadlines, [what, key, ts = 0, rank = clear, order]: Step): void {
  if (what === 'set') deadlines.set(key, ts, rank, order);
  else deadlines.remove(key);
}

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
    'ties in the order of their ranks',
    [
      ['set', 'stale', 5, stale],
      ['set', 'clear', 5, clear],
      ['set', 'confirm', 5, confirm],
      ['set', 'grace', 5, grace],
      ['set', 'expiry', 5, expiry],
    ],
    ['expiry@5', 'grace@5', 'confirm@5', 'clear@5', 'stale@5'],
    Infinity,
  ],
  [
    'a rank that counts for less than the time',
    [
      ['set', 'a', 5, expiry],
      ['set', 'b', 4, stale],
    ],
    ['b@4', 'a@5'],
    Infinity,
  ],
  [
    'ties of a rank in tracking order, of several of these in the order in which they were set',
    [
      ['set', 'c', 5, expiry, 7],
      ['set', 'b', 5, expiry, 3],
      ['set', 'd', 5, expiry, 7],
      ['set', 'a', 5, grace, 1],
    ],
    ['b@5', 'c@5', 'd@5', 'a@5'],
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
    'one that was moved to a tie keeps its place by its order',
    [
      ['set', 'a', 4, expiry, 1],
      ['set', 'b', 5, expiry, 2],
      ['set', 'a', 5, expiry, 1],
    ],
    ['a@5', 'b@5'],
    Infinity,
  ],
  [
    'one that was moved to another rank',
    [
      ['set', 'a', 5, expiry],
      ['set', 'b', 5, grace],
      ['set', 'a', 5, stale],
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
  for (const one of steps) act(deadlines, one);
  expect(takeAll(deadlines, 10)).toEqual(due);
  expect(deadlines.next).toBe(next);
});

test.each([NaN, Infinity, -Infinity])('there is no deadline at %s', (ts) => {
  const deadlines = new Deadlines();
  expect(() => deadlines.set('a', ts, expiry)).toThrow(InvariantError);
  expect(() => deadlines.set('a', 1, expiry, ts)).toThrow(InvariantError);
  expect(deadlines.size).toBe(0);
});

test('when there is none, none is due, however late it is', () => {
  expect(new Deadlines().take(Infinity)).toBeUndefined();
});

interface Held {
  readonly key: string;
  readonly ts: number;
  readonly rank: DeadlineRank;
  readonly order: number;
  /** Which setting it was. */
  readonly turn: number;
}

const inOrder = (a: Held, b: Held): number =>
  a.ts - b.ts || a.rank - b.rank || a.order - b.order || a.turn - b.turn;

const key = fc.integer({ min: 0, max: 39 }).map((n) => `k${n}`);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key,
      ts: fc.integer({ min: 0, max: 6 }),
      rank: fc.constantFrom(...Object.values(deadlineRanks)),
      order: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('take' as const), ts: fc.integer({ min: 0, max: 6 }) }),
  },
);

function expectTaken(due: Due | undefined, held: Held | undefined): void {
  expect(due).toEqual(held && { key: held.key, ts: held.ts });
}

test('they are taken as a sorted list says', () => {
  let ties = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const deadlines = new Deadlines();
      let held: Held[] = [];
      steps.forEach((one, turn) => {
        if (one.do === 'set') {
          deadlines.set(one.key, one.ts, one.rank, one.order);
          held = held.filter((each) => each.key !== one.key);
          held.push({ ...one, order: one.order ?? 0, turn });
        } else if (one.do === 'remove') {
          deadlines.remove(one.key);
          held = held.filter((each) => each.key !== one.key);
        } else {
          const [first, second] = held.sort(inOrder);
          const isDue = first !== undefined && first.ts <= one.ts;
          expectTaken(deadlines.take(one.ts), isDue ? first : undefined);
          if (isDue) held.shift();
          if (isDue && first.ts === second?.ts) ties++;
        }
        expect(deadlines.size).toBe(held.length);
        expect(deadlines.next).toBe(Math.min(Infinity, ...held.map((each) => each.ts)));
      });
      const left = held.sort(inOrder).map((each) => `${each.key}@${each.ts}`);
      expect(takeAll(deadlines, 6)).toEqual(left);
      expect(deadlines.next).toBe(Infinity);
    }),
    { numRuns: 500 },
  );
  expect(ties).toBeGreaterThan(100);
});

const many = 1_000_000;
const takenOfMany = 50_000;

test('of a million that were set, some of them moved or removed, the earliest are taken', () => {
  const deadlines = new Deadlines();
  const times = new Float64Array(many);
  let chance = 1;
  const move = (i: number): void => {
    chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
    times[i] = chance >>> 8;
    deadlines.set(`p${i}`, chance >>> 8, expiry);
  };
  for (let i = 0; i < many; i++) move(i);
  expect(deadlines.size).toBe(many);
  for (let i = 0; i < many; i += 20) move(i);
  for (let i = 0; i < many; i += 30) {
    deadlines.remove(`p${i}`);
    times[i] = Infinity;
  }
  const left = deadlines.size;
  expect(left).toBe(times.filter((ts) => ts < Infinity).length);
  const expected = times.slice().sort();
  let wrong = 0;
  for (const ts of expected.subarray(0, takenOfMany)) {
    const due = deadlines.take(Infinity);
    if (due?.ts !== ts || times[Number(due.key.slice(1))] !== ts) wrong++;
  }
  expect(wrong).toBe(0);
  expect(deadlines.size).toBe(left - takenOfMany);
  expect(deadlines.next).toBe(expected[takenOfMany]);
});
