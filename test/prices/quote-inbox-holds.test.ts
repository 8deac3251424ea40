// Quotes of a symbol that is held, while a mass crossing of it is drained, wait: others pass.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Quote } from '#src/domain/quote';
import { busyDesk, Desk, extremes, madeOf, most, run, waitMost } from './quote-desk.ts';

const ofSymbol = (all: readonly Quote[], symbol: string): Quote[] =>
  all.filter((one) => one.symbol === symbol);

test('quotes of a held symbol wait, those of others are taken at once', () => {
  const desk = new Desk();
  desk.inbox.hold('S');
  const all = run(10, (i) => (i % 2 === 0 ? 'S' : 'T'));
  desk.push(...all);
  expect(desk.taken).toEqual(ofSymbol(all, 'T'));
  expect(desk.inbox.waiting).toBe(5);
  // Nothing can be done in the next turn: none is asked for.
  expect(desk.endTurn()).toBe(false);
  expect(desk.taken).toHaveLength(5);
  expect(desk.inbox.waiting).toBe(5);
});

test('once released they are taken in the next turn, before later ones of the symbol', () => {
  const desk = new Desk();
  desk.inbox.hold('S');
  const early = run(3);
  desk.push(...early);
  desk.inbox.release('S');
  const late = run(2);
  desk.push(...late);
  expect(desk.taken).toEqual([]);
  expect(desk.inbox.waiting).toBe(5);
  expect(desk.endTurn()).toBe(false);
  expect(desk.taken).toEqual([...early, ...late]);
  const last = madeOf('S');
  desk.push(last);
  expect(desk.taken.at(-1)).toBe(last);
});

test('the quote that crosses holds its symbol itself, at once or out of the queue', () => {
  for (const desk of [new Desk(), busyDesk()]) {
    const all = [madeOf('S', 1), madeOf('T', 1), madeOf('S', 666), madeOf('S', 2), madeOf('T', 2)];
    desk.onTake = ({ bid, symbol }) => {
      if (bid === 666) desk.inbox.hold(symbol);
    };
    desk.push(...all);
    desk.endTurns();
    expect(desk.taken).toEqual([all[0], all[1], all[2], all[4]]);
    const late = madeOf('S', 3);
    desk.push(late);
    desk.inbox.release('S');
    desk.endTurns();
    expect(desk.taken.slice(4)).toEqual([all[3], late]);
  }
});

test('the last one that waits holds its symbol for those to come, and then is forgotten', () => {
  const desk = busyDesk();
  desk.onTake = ({ symbol }) => desk.inbox.hold(symbol);
  desk.push(madeOf('S', 1, 50));
  desk.endTurns();
  desk.onTake = () => undefined;
  const late = madeOf('S', 1, 60);
  desk.push(late);
  expect(desk.taken).toHaveLength(1);
  desk.inbox.release('S');
  desk.onTake = ({ symbol }) => desk.inbox.hold(symbol);
  desk.endTurns();
  expect(desk.taken.at(-1)).toBe(late);
  desk.inbox.release('S');
  desk.onTake = () => undefined;
  // The books know its time by then.
  desk.push(...run(most, 'busy'), madeOf('S', 1, 70));
  expect(desk.asked.at(-1)?.[1]).toBe(0);
});

test('a mass crossing that is over before its quote is finished keeps nothing waiting', () => {
  for (const desk of [new Desk(), busyDesk()]) {
    const all = run(3);
    desk.onTake = ({ symbol }) => {
      desk.inbox.hold(symbol);
      desk.inbox.release(symbol);
    };
    desk.push(...all);
    desk.endTurns();
    expect(desk.taken).toEqual(all);
    expect(desk.inbox.waiting).toBe(0);
  }
});

test('those that waited before the hold come before those that came during it', () => {
  const desk = busyDesk();
  const all = run(5);
  desk.push(...all.slice(0, 2));
  desk.inbox.hold('S');
  desk.push(...all.slice(2, 4));
  desk.endTurns();
  expect(desk.taken).toEqual([]);
  desk.push(...all.slice(4));
  desk.inbox.release('S');
  desk.endTurns();
  expect(desk.taken).toEqual(all);
});

test('a release before the turn that would have put them aside changes nothing', () => {
  const desk = busyDesk();
  const all = run(4, (i) => (i % 2 === 0 ? 'S' : 'T'));
  desk.push(...all);
  desk.inbox.hold('S');
  desk.inbox.release('S');
  desk.endTurns();
  expect(desk.taken).toEqual(all);
});

test('held again while some of the released ones still wait: these wait on, in their order', () => {
  const desk = new Desk();
  desk.inbox.hold('S');
  const all = run(5);
  desk.push(...all.slice(0, 4));
  desk.onTake = () => {
    if (desk.taken.length % 2 === 0) desk.inbox.hold('S');
  };
  desk.inbox.release('S');
  desk.endTurns();
  expect(desk.taken).toEqual(all.slice(0, 2));
  desk.push(...all.slice(4));
  desk.inbox.release('S');
  desk.endTurns();
  expect(desk.taken).toEqual(all.slice(0, 4));
  desk.inbox.release('S');
  desk.endTurns();
  expect(desk.taken).toEqual(all);
});

test('one release ends a hold that was asked for twice, and none is no fault', () => {
  const desk = new Desk();
  desk.inbox.release('S');
  desk.inbox.hold('S');
  desk.inbox.hold('S');
  desk.inbox.release('S');
  desk.inbox.release('S');
  const one = madeOf('S');
  desk.push(one);
  expect(desk.taken).toEqual([one]);
});

test('a turn takes no more than its share of what was released', () => {
  const desk = new Desk();
  const symbols = ['A', 'B', 'C'];
  for (const symbol of symbols) desk.inbox.hold(symbol);
  const all = run(3 * waitMost, (i) => symbols[i % 3] as string);
  desk.push(...all);
  expect(desk.inbox.waiting).toBe(3 * waitMost);
  for (const symbol of symbols) desk.inbox.release(symbol);
  const passing = madeOf('T');
  desk.push(passing);
  expect(desk.endTurn()).toBe(true);
  expect(desk.taken).toHaveLength(most);
  expect(desk.endTurn()).toBe(false);
  expect(desk.taken.at(-1)).toBe(passing);
  for (const symbol of symbols) {
    expect(ofSymbol(desk.taken, symbol)).toEqual(ofSymbol(all, symbol));
  }
});

test.each([0, 100, waitMost])(
  'at the limit they conflate, %i of them in the common queue and the others held',
  (queued) => {
    const desk = busyDesk();
    const other = madeOf('T');
    const own = run(waitMost - 2);
    own.splice(10, 0, madeOf('S', 9));
    own.splice(200, 0, madeOf('S', 0.5));
    own.push(madeOf('S'));
    own.forEach((one, i) => Object.assign(one, { ts: 1_000_000 + i }));
    desk.push(...own.slice(0, queued), other);
    desk.inbox.hold('S');
    // Those that waited in the queue are put aside in the first of two turns.
    if (queued === 100) desk.endTurn();
    desk.push(...own.slice(queued));
    const kept = [own[0], own[10], own[200], own.at(-1)].filter(
      (one) => one?.bid !== 1 || one === own.at(-1),
    );
    expect(desk.inbox.waiting).toBe(kept.length + (queued === 100 ? 0 : 1));
    expect(desk.dropped).toBe(own.length - kept.length);
    desk.endTurns();
    expect(desk.taken).toEqual([other]);
    desk.inbox.release('S');
    desk.endTurns();
    expect(desk.taken).toEqual([other, ...kept]);
    expect(desk.inbox.waiting).toBe(0);
  },
);

test('what was released and then conflates may leave nothing of what was held', () => {
  const desk = new Desk();
  desk.inbox.hold('S');
  const all = run(waitMost + 1);
  const bids = new Map([
    [20, 0.5],
    [30, 9],
  ]);
  all.forEach((one, i) => {
    const bid = bids.get(i) ?? 5;
    Object.assign(one, { bid, ask: bid + 1 });
  });
  desk.push(...all.slice(0, 10));
  desk.inbox.release('S');
  desk.push(...all.slice(10));
  expect(desk.inbox.waiting).toBe(3);
  desk.endTurns();
  expect(desk.taken).toEqual([all[20], all[30], all.at(-1)]);
});

test('hygiene comes first, and is told of the last one that is held', () => {
  const desk = new Desk();
  desk.inbox.hold('S');
  const all = [madeOf('S', 1, 50), madeOf('S', 1, 60), madeOf('S', 1, 70)];
  desk.push(all[0] as Quote, madeOf('S', -1, 55), all[1] as Quote, madeOf('S', 1, 59));
  expect(desk.inbox.waiting).toBe(2);
  desk.inbox.release('S');
  desk.push(all[2] as Quote);
  expect(desk.asked.map(([, lastTs]) => lastTs)).toEqual([0, 50, 50, 60, 60]);
  desk.endTurns();
  expect(desk.taken).toEqual(all);
  // By then the books know it themselves.
  desk.push(...run(most, 'busy'), madeOf('S', 1, 5));
  expect(desk.asked.at(-1)?.[1]).toBe(0);
});

interface Pushing {
  readonly do: 'push';
  readonly count: number;
  /** Undefined: of all symbols mixed. */
  readonly symbol: string | undefined;
  readonly seed: number;
}

type Act = Pushing | { do: 'hold' | 'release'; symbol: string } | { do: 'turn' };

const symbols = ['A', 'B', 'C'];

const pushing = fc.record({
  do: fc.constant('push' as const),
  count: fc.constantFrom(1, 2, 5, 100, 3000, waitMost, most),
  symbol: fc.constantFrom(...symbols, undefined),
  seed: fc.nat(),
});

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: pushing },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('hold' as const, 'release' as const),
        symbol: fc.constantFrom(...symbols),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  ),
  { maxLength: 20, size: 'max' },
);

function quotesOf({ count, symbol, seed }: Pushing): Quote[] {
  let chance = seed;
  return Array.from({ length: count }, () => {
    chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
    const drawn = symbol ?? symbols[(chance >>> 16) % 3] ?? '';
    return madeOf(drawn, 1 + ((chance >>> 8) % 10_000));
  });
}

/** Few quotes cross: these hold their own symbol, or release the others while they are taken. */
const isMassCrossing = ({ bid }: Quote): boolean => bid % 1000 === 7;
const endsMassCrossings = ({ bid }: Quote): boolean => bid % 1000 === 8;

test('whatever is held and released: order holds for each symbol, and nothing is lost', () => {
  const seen = { conflated: 0, whole: 0, heldInTake: 0 };
  fc.assert(
    fc.property(acts, (all) => {
      const desk = new Desk();
      const held = new Set<string>();
      const pushed: Quote[] = [];
      let takenWhileHeld = 0;
      const hold = (symbol: string): void => {
        held.add(symbol);
        desk.inbox.hold(symbol);
      };
      const release = (symbol: string): void => {
        held.delete(symbol);
        desk.inbox.release(symbol);
      };
      desk.onTake = (quote) => {
        if (held.has(quote.symbol)) takenWhileHeld++;
        if (isMassCrossing(quote)) {
          hold(quote.symbol);
          seen.heldInTake++;
        }
        if (endsMassCrossings(quote)) symbols.forEach(release);
      };
      const endTurn = (): void => {
        const before = desk.taken.length;
        desk.endTurn();
        expect(desk.taken.length - before).toBeLessThanOrEqual(most);
      };
      for (const act of all) {
        if (act.do === 'push') {
          for (const quote of quotesOf(act)) {
            pushed.push(quote);
            desk.push(quote);
          }
        } else if (act.do === 'turn') endTurn();
        else if (act.do === 'hold') hold(act.symbol);
        else release(act.symbol);
        expect(desk.inbox.waiting).toBe(pushed.length - desk.taken.length - desk.dropped);
        expect(desk.inbox.waiting).toBeLessThanOrEqual(symbols.length * waitMost);
        expect(desk.marked).toBeLessThanOrEqual(1);
      }
      while (desk.inbox.waiting > 0) {
        symbols.forEach(release);
        expect(desk.marked).toBe(1);
        endTurn();
      }
      expect(takenWhileHeld).toBe(0);
      expect(desk.taken.length + desk.dropped).toBe(pushed.length);
      for (const symbol of symbols)
        expectSame(ofSymbol(desk.taken, symbol), ofSymbol(pushed, symbol), desk.dropped > 0);
      if (desk.dropped > 0) seen.conflated++;
      else seen.whole++;
    }),
    { numRuns: 60 },
  );
  expect(Math.min(seen.conflated, seen.whole, seen.heldInTake)).toBeGreaterThan(0);
});

/** In their order; all of them, or where some may have been dropped the last and both extremes. */
function expectSame(taken: readonly Quote[], pushed: readonly Quote[], isConflated: boolean): void {
  const places = new Map(pushed.map((one, i) => [one, i]));
  const order = taken.map((one) => places.get(one) ?? -1);
  expect(order.every((place, i) => place > (order[i - 1] ?? -1))).toBe(true);
  const least = isConflated ? Math.min(1, pushed.length) : pushed.length;
  expect(taken.length).toBeGreaterThanOrEqual(least);
  expect(taken.at(-1)).toBe(pushed.at(-1));
  expect(extremes(taken)).toEqual(extremes(pushed));
}

test('to other symbols a held one is as if it had no quotes', () => {
  fc.assert(
    fc.property(fc.array(pushing, { maxLength: 6 }), (pushes) => {
      const [holding, without] = [new Desk(), new Desk()];
      holding.inbox.hold('A');
      for (const one of pushes) {
        const all = quotesOf(one);
        holding.push(...all);
        without.push(...all.filter(({ symbol }) => symbol !== 'A'));
        expect(holding.taken.length).toBe(without.taken.length);
        holding.endTurn();
        without.endTurn();
      }
      holding.endTurns();
      without.endTurns();
      const isEqual = holding.taken.every((quote, i) => quote === without.taken[i]);
      expect([isEqual, holding.taken.length]).toEqual([true, without.taken.length]);
    }),
    { numRuns: 25 },
  );
});
