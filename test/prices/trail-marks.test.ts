// Peaks of trailing stops as they are noted: each finds its own again, and a trend takes few words.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExitsSpec } from '#src/domain/exits';
import type { Side } from '#src/domain/quote';
import { peakIn, trailMarkOf, type TrailMark } from '#src/prices/trail-marks';
import { quoteAt } from '../domain/arbitraries.ts';
import { ExitDesk, type Guarded } from './exit-desk.ts';

const symbol = 'XAUUSD';
const wide: ExitsSpec = { trailing: { distance: 500 } };

function track(desk: ExitDesk, exits: ExitsSpec = wide, side: Side = 'long'): Guarded {
  return desk.track({ side, quantity: '1', entryPrice: '2000', exits });
}

/** As it is read after a restart. */
function marked(desk: ExitDesk): TrailMark {
  return JSON.parse(JSON.stringify(trailMarkOf(desk.market))) as TrailMark;
}

function noted(mark: TrailMark, { position }: Guarded): string | undefined {
  return peakIn(mark, position.side, position.progress.trailsSince ?? NaN);
}

test('without a trailing stop nothing is noted', () => {
  const desk = new ExitDesk(symbol);
  track(desk, { stopLoss: 1 });
  track(desk, { trailing: { distance: 1, activation: 9000 } });
  desk.quote(symbol, '2000', '2001');
  expect(marked(desk)).toEqual({ symbol, long: [], short: [] });
});

test('stops of one peak are one run, whatever their distances', () => {
  const desk = new ExitDesk(symbol);
  for (let i = 0; i < 50; i++) {
    track(desk, { trailing: { distance: 400 + i } });
    track(desk, wide, 'short');
  }
  desk.quote(symbol, '2000', '2001');
  desk.quote(symbol, '2005', '2006');
  const sinceOf = (side: Side): (number | undefined)[] =>
    desk.guarded
      .filter((g) => g.position.side === side)
      .map((g) => g.position.progress.trailsSince);
  expect(marked(desk)).toEqual({
    symbol,
    long: [[sinceOf('long').at(-1), '2005']],
    short: [[sinceOf('short').at(-1), '2001']],
  });
});

test('what a double does not hold is noted as well', () => {
  const desk = new ExitDesk(symbol);
  const one = track(desk);
  desk.quote(symbol, '2000.100000000000000000001', '2001');
  expect(noted(marked(desk), one)).toBe('2000.100000000000000000001');
});

test('of who closes, or is not watched, the last peak is noted; of who left, nothing', () => {
  const desk = new ExitDesk(symbol);
  const [one, other] = [track(desk), track(desk)];
  desk.quote(symbol, '2000', '2001');
  desk.unwatch(one);
  desk.quote(symbol, '2005', '2006');
  expect([noted(marked(desk), one), noted(marked(desk), other)]).toEqual(['2000', '2005']);
  desk.remove(other);
  expect(marked(desk).long.length).toBe(1);
});

test('a stop that no quote has armed has no peak, be it among others that have', () => {
  const desk = new ExitDesk(symbol);
  const first = track(desk);
  const between = track(desk);
  const last = track(desk);
  // As after a crossing of very many: what was set meanwhile waits for the next quote.
  const { progress } = between.position;
  between.position.progress = { ...progress, trailsSince: 1000 };
  desk.market.levels.advance(quoteAt(symbol, '2000', '2001'), 999);
  between.position.progress = progress;
  const mark = marked(desk);
  expect([first, between, last].map((one) => noted(mark, one))).toEqual([
    '2000',
    undefined,
    '2000',
  ]);
});

type Op =
  | { kind: 'track'; side: Side; step: boolean; activation: boolean }
  | { kind: 'quote'; bid: number; rest: string }
  | { kind: 'remove'; which: number };

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    kind: fc.constant('track' as const),
    side: fc.constantFrom<Side>('long', 'short'),
    step: fc.boolean(),
    activation: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('quote' as const),
    bid: fc.integer({ min: 1990, max: 2010 }),
    rest: fc.constantFrom('', '', '.000000000000000000001'),
  }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
);

test('each finds its own peak again, in no more runs than there are changes', () => {
  let shared = 0;
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60, size: 'max' }), (ops) => {
      const desk = new ExitDesk(symbol);
      for (const one of ops) {
        if (one.kind === 'track') {
          const more = {
            ...(one.step ? { step: 3 } : {}),
            ...(one.activation ? { activation: 2000 } : {}),
          };
          track(desk, { trailing: { distance: 500, ...more } }, one.side);
        } else if (one.kind === 'quote') {
          desk.quote(symbol, `${one.bid}${one.rest}`, String(one.bid + 1));
        } else {
          const gone = desk.guarded[one.which % desk.guarded.length];
          if (gone !== undefined) desk.remove(gone);
        }
      }
      const mark = marked(desk);
      for (const one of desk.guarded) {
        if (one.position.progress.trailsSince === undefined) continue;
        expect(noted(mark, one)).toBe(one.peak?.toFixed());
      }
      for (const side of ['long', 'short'] as const) {
        const runs = mark[side];
        const own = desk.guarded.filter(
          ({ position }) => position.side === side && position.progress.trailsSince !== undefined,
        );
        shared += own.length - runs.length;
        expect(runs.length).toBeLessThanOrEqual(own.length);
        runs.forEach(([since, peak], i) => {
          const next = runs[i + 1];
          if (next === undefined) return;
          expect(next[0]).toBeGreaterThan(since);
          expect(next[1]).not.toBe(peak);
        });
      }
    }),
    { numRuns: 300 },
  );
  expect(shared).toBeGreaterThan(100);
});
