// The inbox of live quotes: turns, order, and conflation at the limit.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import { QuoteInbox } from '#src/prices/quote-inbox';
import { busyDesk, Desk, extremes, madeOf, most, run, waitMost } from './quote-desk.ts';

test('a quote is taken at once while the turn has room', () => {
  const desk = new Desk();
  const all = run(most);
  desk.push(...all);
  expect(desk.taken).toEqual(all);
  expect(desk.inbox.waiting).toBe(0);
  expect(desk.marked).toBe(1);
});

test('beyond that it waits for the next turn, and a turn takes no more than its share', () => {
  const desk = new Desk();
  const all = run(2 * most + 5, (i) => `S${i % 8}`);
  desk.push(...all);
  expect(desk.taken).toHaveLength(most);
  expect(desk.inbox.waiting).toBe(most + 5);
  expect(desk.endTurn()).toBe(true);
  expect(desk.taken).toHaveLength(2 * most);
  expect(desk.endTurn()).toBe(false);
  expect(desk.taken).toEqual(all);
  expect(desk.inbox.waiting).toBe(0);
});

test('each turn has its room anew, and none is asked for when nothing comes', () => {
  const desk = new Desk();
  desk.push(...run(most));
  expect(desk.endTurn()).toBe(false);
  desk.push(...run(most));
  expect(desk.taken).toHaveLength(2 * most);
  expect(desk.inbox.waiting).toBe(0);
  expect(desk.endTurn()).toBe(false);
});

test('what comes while something waits is not taken before it', () => {
  const desk = busyDesk();
  const all = run(most + 10, (i) => `S${i % 8}`);
  desk.push(...all);
  desk.endTurn();
  const late = madeOf('late');
  desk.push(late);
  desk.endTurns();
  expect(desk.taken).toEqual([...all, late]);
});

test('at the limit of a symbol its waiting quotes conflate, and those of others stay', () => {
  const desk = busyDesk();
  const others = run(3, 'other');
  const own = run(waitMost + 1, 'S');
  const [lowest, highest, last] = [madeOf('S', 0.5), madeOf('S', 9), own.at(-1) as Quote];
  own.splice(10, 0, highest);
  own.splice(20, 0, lowest);
  own.splice(own.length - 3, 2);
  // Hygiene looks at times: they are in order.
  own.forEach((one, i) => Object.assign(one, { ts: 1_000_000 + i }));
  desk.push(others[0] as Quote, ...own.slice(0, 100), others[1] as Quote, ...own.slice(100));
  desk.push(others[2] as Quote);
  expect(own).toHaveLength(waitMost + 1);
  expect(desk.inbox.waiting).toBe(3 + 3);
  expect(desk.dropped).toBe(waitMost + 1 - 3);
  desk.endTurns();
  expect(desk.taken).toEqual([others[0], highest, lowest, others[1], last, others[2]]);
});

test('up to the limit nothing conflates, again and again', () => {
  const desk = busyDesk();
  for (let i = 0; i < 3; i++) {
    const all = run(waitMost);
    desk.push(...all);
    desk.endTurns();
    expect(desk.dropped).toBe(0);
    expect(desk.taken.filter(({ symbol }) => symbol === 'S')).toEqual(all);
    desk.taken.length = 0;
    desk.push(...run(most, (place) => `busy${place % 8}`));
  }
});

test('after it conflated, a symbol has room again', () => {
  const desk = busyDesk();
  desk.push(...run(waitMost + 1));
  const kept = desk.inbox.waiting;
  expect(kept).toBeLessThanOrEqual(5);
  const dropped = desk.dropped;
  const all = run(waitMost - kept);
  desk.push(...all);
  expect(desk.dropped).toBe(dropped);
  desk.push(madeOf('S'));
  expect(desk.dropped).toBeGreaterThan(dropped);
  expect(desk.inbox.waiting).toBeLessThanOrEqual(5);
});

test('a quote that would be refused displaces nothing', () => {
  const desk = busyDesk();
  const all = run(waitMost);
  const first = all[0] as Quote;
  desk.push(...all);
  // Not acceptable by itself, or after what waits: no extremes, no last one, no limit reached.
  desk.push(madeOf('S', -1000), madeOf('S', 1000, first.ts - 1));
  expect(desk.inbox.waiting).toBe(waitMost);
  desk.endTurns();
  expect(desk.taken).toEqual(all);
  expect(desk.dropped).toBe(0);
});

test('hygiene is told of the last one that waits of its symbol, and forgets it with the queue', () => {
  const desk = busyDesk();
  desk.push(
    madeOf('S', 1, 50),
    madeOf('T', 1, 70),
    madeOf('S', 1, 60),
    madeOf('S', 1, 55),
    madeOf('S', 1, 65),
  );
  expect(desk.asked.map(([{ symbol }, lastTs]) => [symbol, lastTs])).toEqual([
    ['S', 0],
    ['T', 0],
    ['S', 50],
    ['S', 60],
    ['S', 60],
  ]);
  desk.endTurns();
  expect(desk.taken.map((one) => one.ts)).toEqual([50, 70, 60, 65]);
  // By then the books know it themselves.
  desk.push(...run(most, 'busy'));
  desk.asked.length = 0;
  desk.push(madeOf('S', 1, 5));
  expect(desk.asked.map(([, lastTs]) => lastTs)).toEqual([0]);
});

test('a quote that is pushed while another is taken comes after those that wait', () => {
  const taken: number[] = [];
  const soons: (() => void)[] = [];
  const inbox: QuoteInbox = new QuoteInbox({
    take: ({ bid }) => {
      taken.push(bid);
      if (bid === 2) inbox.push(madeOf('S', 9));
    },
    isAcceptable: () => true,
    soon: (act) => soons.push(act),
    onConflated: () => undefined,
  });
  for (let i = 0; i < most; i++) inbox.push(madeOf('busy', 1));
  taken.length = 0;
  for (const bid of [2, 3, 4]) inbox.push(madeOf('S', bid));
  for (let act = soons.shift(); act !== undefined; act = soons.shift()) act();
  expect(taken).toEqual([2, 3, 4, 9]);
});

interface Burst {
  readonly count: number;
  readonly turns: number;
}

test('whatever comes: nothing is lost but by conflation, order holds, turns are bounded', () => {
  const symbols = ['A', 'B', 'C'];
  let conflated = 0;
  const burst: fc.Arbitrary<Burst> = fc.record({
    count: fc.constantFrom(1, 100, 3000, most, 3 * most),
    turns: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(burst, { maxLength: 5 }), fc.nat(), (bursts, seed) => {
      const desk = new Desk();
      let chance = seed;
      let pushed: Quote[] = [];
      for (const { count, turns } of bursts) {
        const all = Array.from({ length: count }, () => {
          chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
          return madeOf(symbols[(chance >>> 16) % 3] as string, 1 + ((chance >>> 8) % 1000));
        });
        desk.push(...all);
        pushed = [...pushed, ...all];
        expect(desk.inbox.waiting).toBeLessThanOrEqual(symbols.length * waitMost);
        expect(desk.marked).toBeLessThanOrEqual(1);
        for (let i = 0; i < turns; i++) {
          const before = desk.taken.length;
          desk.endTurn();
          expect(desk.taken.length - before).toBeLessThanOrEqual(most);
        }
      }
      desk.endTurns();
      expect(desk.inbox.waiting).toBe(0);
      expect(desk.taken.length + desk.dropped).toBe(pushed.length);
      conflated += desk.dropped;
      // In the order in which they came, the last of each symbol among them, and both extremes.
      const places = new Map(pushed.map((one, i) => [one, i]));
      const order = desk.taken.map((one) => places.get(one) as number);
      expect(order.every((place, i) => i === 0 || place > (order[i - 1] as number))).toBe(true);
      for (const symbol of symbols) {
        const [came, went] = [pushed, desk.taken].map((all) =>
          all.filter((one) => one.symbol === symbol),
        );
        expect(went?.at(-1)).toBe(came?.at(-1));
        expect(extremes(went)).toEqual(extremes(came));
      }
    }),
    { numRuns: 25 },
  );
  expect(conflated).toBeGreaterThan(0);
});
