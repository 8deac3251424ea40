// Levels of one symbol as position actors see them, held against looking at every one of them.
import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { expect, test } from 'vitest';
import type { Exits } from '#src/domain/exits';
import type { Quote, Side } from '#src/domain/quote';
import { LevelIndex, type Crossing } from '#src/prices/level-index';
import { exactPrices, priceText, quoteAt, quoteOf } from '../domain/arbitraries.ts';

/** Subscribes, and keeps what was told. */
function watch(
  index: LevelIndex,
  side: Side,
  exits: Exits,
  order = 0,
): { told: Crossing[]; end: Subscription } {
  const told: Crossing[] = [];
  const watched = { positionId: `p${order}`, side, exits, order };
  const end = index.crossings$(watched).subscribe((crossing) => told.push(crossing));
  return { told, end };
}

function tellAll(index: LevelIndex, quote: Quote): string[] {
  return index.crossed(quote).map((one) => {
    one.tell();
    return one.positionId;
  });
}

const stop: Crossing = { stopLoss: true, takeProfit: false };
const target: Crossing = { stopLoss: false, takeProfit: true };

/** The bid is the closing side of a long, the ask that of a short. */
test.each<[Side, Exits, [bid: string, ask: string], Crossing | undefined]>([
  ['long', { stopLoss: '100' }, ['100.01', '100.02'], undefined],
  ['long', { stopLoss: '100' }, ['100', '100.02'], stop],
  ['long', { stopLoss: '100' }, ['90', '100.02'], stop],
  ['long', { takeProfit: '110' }, ['109.99', '110.5'], undefined],
  ['long', { takeProfit: '110' }, ['110', '110.5'], target],
  ['long', { takeProfit: '110' }, ['120', '120.5'], target],
  ['short', { stopLoss: '110' }, ['110', '109.99'], undefined],
  ['short', { stopLoss: '110' }, ['109', '110'], stop],
  ['short', { stopLoss: '110' }, ['120', '121'], stop],
  ['short', { takeProfit: '100' }, ['99.99', '100.01'], undefined],
  ['short', { takeProfit: '100' }, ['99.99', '100'], target],
  ['short', { takeProfit: '100' }, ['89', '90'], target],
  // A stop above the target: both are crossed at once.
  [
    'long',
    { stopLoss: '110', takeProfit: '100' },
    ['105', '106'],
    { stopLoss: true, takeProfit: true },
  ],
  [
    'short',
    { stopLoss: '100', takeProfit: '110' },
    ['104', '105'],
    { stopLoss: true, takeProfit: true },
  ],
  ['long', {}, ['1', '2'], undefined],
])('a %s with %j at %j is told %j', (side, exits, [bid, ask], expected) => {
  const index = new LevelIndex();
  const { told } = watch(index, side, exits);
  tellAll(index, quoteAt('S', bid, ask));
  expect(told).toEqual(expected === undefined ? [] : [expected]);
});

test('levels stay set after they were told, until the subscription ends', () => {
  const index = new LevelIndex();
  const { told, end } = watch(index, 'long', { stopLoss: '100', takeProfit: '120' });
  expect(index.size).toBe(2);
  tellAll(index, quoteAt('S', '99', '100'));
  tellAll(index, quoteAt('S', '110', '111'));
  tellAll(index, quoteAt('S', '120', '121'));
  expect(told).toEqual([stop, target]);
  end.unsubscribe();
  expect(index.size).toBe(0);
  expect(index.crossed(quoteAt('S', '99', '100'))).toEqual([]);
});

test('who leaves between a crossing and its telling is told nothing', () => {
  const index = new LevelIndex();
  const { told, end } = watch(index, 'long', { stopLoss: '100' });
  const crossed = index.crossed(quoteAt('S', '99', '100'));
  end.unsubscribe();
  expect(crossed.map((one) => one.tell())).toEqual([stop]);
  expect(told).toEqual([]);
});

test('a quote that crosses nothing allocates nothing to tell it', () => {
  const index = new LevelIndex();
  watch(index, 'long', { stopLoss: '100' });
  const quote = quoteAt('S', '101', '102');
  expect(index.crossed(quote)).toBe(index.crossed(quote));
});

interface Watched {
  readonly side: Side;
  readonly exits: Exits;
}

const watched: fc.Arbitrary<Watched> = fc.record({
  side: fc.constantFrom<Side>('long', 'short'),
  exits: fc.record({ stopLoss: priceText, takeProfit: priceText }, { requiredKeys: [] }),
});

/** One by one, by the contract's own table. */
function crossingOf({ side, exits }: Watched, quote: Quote): Crossing {
  const { bid, ask } = exactPrices(quote);
  const { stopLoss, takeProfit } = exits;
  const isLong = side === 'long';
  return {
    stopLoss: stopLoss !== undefined && (isLong ? bid.lte(stopLoss) : ask.gte(stopLoss)),
    takeProfit: takeProfit !== undefined && (isLong ? bid.gte(takeProfit) : ask.lte(takeProfit)),
  };
}

test('every position is told exactly what a look at its levels says, in tracking order', () => {
  const round = fc.record({
    enter: fc.array(watched, { maxLength: 12 }),
    leave: fc.array(fc.nat(), { maxLength: 8 }),
    quote: quoteOf('S'),
  });
  let told = 0;
  fc.assert(
    fc.property(fc.array(round, { maxLength: 12, size: 'max' }), (rounds) => {
      const index = new LevelIndex();
      const held: (Watched & { order: number; told: Crossing[]; end: Subscription })[] = [];
      let order = 0;
      for (const { enter, leave, quote } of rounds) {
        for (const one of enter) {
          // Not the order of subscription: an amended position subscribes anew.
          const place = (order++ * 7919) % 1009;
          held.push({ ...one, order: place, ...watch(index, one.side, one.exits, place) });
        }
        for (const which of leave) {
          const [gone] = held.splice(which % Math.max(1, held.length), 1);
          gone?.end.unsubscribe();
        }
        const due = held
          .map((one) => ({ one, crossing: crossingOf(one, quote) }))
          .filter(({ crossing }) => crossing.stopLoss || crossing.takeProfit)
          .sort((a, b) => a.one.order - b.one.order);
        expect(tellAll(index, quote)).toEqual(due.map(({ one }) => `p${one.order}`));
        for (const { one, crossing } of due) expect(one.told.splice(0)).toEqual([crossing]);
        expect(held.flatMap((one) => one.told)).toEqual([]);
        told += due.length;
      }
      const levels = held.flatMap(({ exits }) => [exits.stopLoss, exits.takeProfit]);
      expect(index.size).toBe(levels.filter((level) => level !== undefined).length);
    }),
    { numRuns: 300 },
  );
  expect(told).toBeGreaterThan(200);
});
