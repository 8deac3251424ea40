// Conflation against none: what the whole run of quotes reaches, what is kept of it reaches too.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Quote, Side } from '#src/domain/quote';
import { conflate } from '#src/prices/conflation';
import { exactPrices, priceText, quoteAt } from '../domain/arbitraries.ts';
import { D } from '../support/brute-force/exact.ts';

/** A level that does not move: `worse` is reached by falling to it (for a long), `better` by rising. */
interface Level {
  readonly what: 'stop' | 'target' | 'rung' | 'activation' | 'trigger';
  readonly at: string;
  readonly on: 'worse' | 'better';
}

interface Position {
  readonly side: Side;
  readonly levels: readonly Level[];
}

type Exact = InstanceType<typeof D>;

/** The closing side: the bid for a long, the ask for a short. */
function closing(side: Side, quote: Quote): Exact {
  const { bid, ask } = exactPrices(quote);
  return side === 'long' ? bid : ask;
}

function isReached(side: Side, { at, on }: Level, x: Exact): boolean {
  return (side === 'long') === (on === 'better') ? x.gte(at) : x.lte(at);
}

/** The quote that is the first to reach a level. */
function firstReaching(side: Side, level: Level, run: readonly Quote[]): Quote | undefined {
  return run.find((quote) => isReached(side, level, closing(side, quote)));
}

interface Fill {
  readonly level: Level;
  readonly quote: Quote;
}

interface Story {
  /** What closed the position, where something did. */
  readonly end: Fill | undefined;
  /** Rungs, and what only gets going at a level, that were reached before the end. */
  readonly before: readonly Fill[];
}

/** One position through a run, as contract section 3 has it: the stop first, then the target. */
function play({ side, levels }: Position, run: readonly Quote[]): Story {
  const before: Fill[] = [];
  const ends = ['stop', 'target'] as const;
  for (const quote of run) {
    const x = closing(side, quote);
    const due = ends
      .flatMap((what) => levels.filter((level) => level.what === what))
      .find((level) => isReached(side, level, x));
    if (due !== undefined) return { end: { level: due, quote }, before };
    for (const level of levels) {
      const isDone = before.some((one) => one.level === level);
      if (!isDone && isReached(side, level, x)) before.push({ level, quote });
    }
  }
  return { end: undefined, before };
}

/** Few ticks, so that prices and levels are equal again and again. */
const tick = fc.integer({ min: 1, max: 12 }).map((ticks) => new D(ticks).dividedBy(4).toFixed());

/** Prices that are one double, told apart by exact digits only. */
const hair = fc.integer({ min: 0, max: 8 }).map((more) => `1.25000000000000000000${more}`);

const prices = [tick, hair, priceText];

function runOf(price: fc.Arbitrary<string>): fc.Arbitrary<Quote[]> {
  return fc
    .array(fc.tuple(price, price), { minLength: 1, maxLength: 40, size: 'max' })
    .map((pairs) =>
      pairs.map(([one, other], i) =>
        new D(one).lte(other) ? quoteAt('S', one, other, i) : quoteAt('S', other, one, i),
      ),
    );
}

function positionOf(price: fc.Arbitrary<string>): fc.Arbitrary<Position> {
  const of = (what: Level['what'], on: Level['on'], max: number): fc.Arbitrary<Level[]> =>
    fc.array(
      price.map((at) => ({ what, at, on })),
      { maxLength: max },
    );
  const levels = fc
    .tuple(
      of('stop', 'worse', 1),
      of('target', 'better', 1),
      of('rung', 'better', 3),
      of('activation', 'better', 1),
      of('trigger', 'better', 1),
    )
    .map((all) => all.flat());
  return fc.record({ side: fc.constantFrom<Side[]>('long', 'short'), levels });
}

interface Case {
  readonly run: Quote[];
  readonly position: Position;
}

const cases: fc.Arbitrary<Case> = fc.oneof(
  ...prices.map((price) => fc.record({ run: runOf(price), position: positionOf(price) })),
);

const runs = fc.oneof(...prices.map(runOf));

const numRuns = 1500;

test('every level that the whole run reaches is reached by a kept quote, and no other level', () => {
  const counts = { reached: 0, notReached: 0, onlyByExtremes: 0 };
  fc.assert(
    fc.property(cases, ({ run, position: { side, levels } }) => {
      const kept = conflate(run);
      for (const level of levels) {
        const whole = firstReaching(side, level, run);
        const first = firstReaching(side, level, kept);
        expect(first === undefined).toBe(whole === undefined);
        if (whole === undefined) counts.notReached++;
        else counts.reached++;
        // What keeping the last one alone would have lost.
        if (whole !== undefined && firstReaching(side, level, run.slice(-1)) === undefined) {
          counts.onlyByExtremes++;
        }
      }
    }),
    { numRuns },
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(300);
});

test('the kept quote that first reaches a level is at or beyond it, and not before the run is', () => {
  const counts = { equal: 0, beyond: 0, later: 0 };
  fc.assert(
    fc.property(cases, ({ run, position: { side, levels } }) => {
      const kept = conflate(run);
      for (const level of levels) {
        const first = firstReaching(side, level, kept);
        const whole = firstReaching(side, level, run);
        if (first === undefined || whole === undefined) continue;
        // A gain for what is reached by prices that get better, in the direction of the position.
        const direction = (side === 'long') === (level.on === 'better') ? 1 : -1;
        const beyond = closing(side, first).minus(level.at).times(direction);
        assertThat(beyond.gte(0), 'at or beyond');
        assertThat(first.ts >= whole.ts, 'not before the run reaches it');
        if (beyond.isZero()) counts.equal++;
        else counts.beyond++;
        if (first.ts > whole.ts) counts.later++;
      }
    }),
    { numRuns },
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(300);
});

function assertThat(isSo: boolean, what: string): void {
  expect({ what, isSo }).toEqual({ what, isSo: true });
}

test('what its stop or target closes is closed by one of the two, what neither does by none', () => {
  const counts = { same: 0, other: 0, open: 0 };
  fc.assert(
    fc.property(cases, ({ run, position }) => {
      const { side, levels } = position;
      const kept = conflate(run);
      const whole = play(position, run).end;
      const end = play(position, kept).end;
      expect(end === undefined).toBe(whole === undefined);
      const could = levels.filter(
        (level) =>
          (level.what === 'stop' || level.what === 'target') &&
          firstReaching(side, level, run) !== undefined,
      );
      // Where the run reaches one of the two only, it is that one.
      assertThat(end === undefined || could.includes(end.level), 'the run reaches it');
      assertThat(end === undefined || run.includes(end.quote), 'filled at a quote of the run');
      assertThat(
        end === undefined || isReached(side, end.level, closing(side, end.quote)),
        'filled at or beyond the level',
      );
      if (end === undefined) counts.open++;
      else if (end.level === whole?.level) counts.same++;
      else counts.other++;
    }),
    { numRuns },
  );
  // It may be the other one, where the run reaches both: contract section 2 counts kept quotes.
  expect(counts.same).toBeGreaterThan(300);
  expect(Math.min(counts.other, counts.open)).toBeGreaterThan(20);
});

test('while nothing ends it, the same rungs are closed once each, and the same gets going', () => {
  let reached = 0;
  fc.assert(
    fc.property(cases, ({ run, position }) => {
      const levels = position.levels.filter(({ on, what }) => on === 'better' && what !== 'target');
      const open = { ...position, levels };
      const [whole, kept] = [run, conflate(run)].map((each) => play(open, each).before);
      const places = (fills: readonly Fill[] = []): number[] =>
        fills.map(({ level }) => levels.indexOf(level)).sort((a, b) => a - b);
      expect(places(kept)).toEqual(places(whole));
      reached += places(kept).length;
    }),
    { numRuns },
  );
  expect(reached).toBeGreaterThan(300);
});

test('what is kept are at most five, in their order, the last among them', () => {
  const sizes = new Set<number>();
  fc.assert(
    fc.property(runs, (run) => {
      const kept = conflate(run);
      const places = kept.map((quote) => run.indexOf(quote));
      expect(places.every((place, i) => place > (places[i - 1] ?? -1))).toBe(true);
      expect(kept.at(-1)).toBe(run.at(-1));
      expect(kept.length).toBeLessThanOrEqual(5);
      sizes.add(kept.length);
    }),
    { numRuns },
  );
  expect([...sizes].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
});

test('conflated again and again as more come, it is as if it had been conflated once', () => {
  fc.assert(
    fc.property(runs, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), (run, cuts) => {
      let kept: Quote[] = [];
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), run.length]) {
        kept = conflate([...kept, ...run.slice(from, to)]);
        from = Math.max(from, to);
      }
      expect(kept).toEqual(conflate(run));
    }),
    { numRuns },
  );
});
