// The highest equity of a window of the quote ring, held against walking every quote in decimals.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '#src/domain/money';
import { InvariantError } from '#src/domain/errors';
import type { PricesOf } from '#src/prices/exposure';
import { highestSince } from '#src/prices/peak-search';
import { QuoteRing } from '#src/prices/quote-ring';
import { priceText } from '../domain/arbitraries.ts';
import { RingDesk, type Given, type Held, type Window } from './ring-desk.ts';

const names = ['A', 'B', 'C', 'D', 'E', 'F'];

/** A desk that took these quotes, an ask the same as the bid where it is not given. */
function deskOf(...quotes: readonly (readonly [symbol: string, bid: string, ask?: string])[]) {
  const desk = new RingDesk(256);
  for (const [symbol, bid, ask = bid] of quotes) desk.quote({ symbol, bid, ask });
  return desk;
}

/** Up to the index, with quotes of a symbol that nobody holds. */
function fillTo(desk: RingDesk, end: number): void {
  for (let i = desk.ring.end; i < end; i++)
    desk.quote({ symbol: 'Z', bid: String(i), ask: '9999' });
}

function long(symbol: string, entry = '1', legs: Held['legs'] = []): Held {
  return { symbol, size: 1, isLong: true, entry, legs };
}

const short = (symbol: string, entry = '1'): Held => ({ ...long(symbol, entry), isLong: false });
const by = (symbol: string) => [{ symbol, divides: false }];
const per = (symbol: string) => [{ symbol, divides: true }];

/** Equity begins at 0, so that it is the P&L. */
function found(desk: RingDesk, positions: readonly Held[], peak = '0', since = 0) {
  const window = { since, balance: '0', positions, peak };
  const result = desk.found(window);
  expect(result).toEqual(desk.expected(window));
  return result && [result.peak, result.index];
}

describe('what is found', () => {
  const rise = deskOf(['A', '1', '2'], ['A', '4', '5'], ['B', '9'], ['A', '3']);
  const two = deskOf(['A', '1'], ['B', '1'], ['A', '3'], ['B', '2'], ['A', '2'], ['B', '4']);
  const touched = deskOf(['A', '1'], ['A', '3'], ['A', '2'], ['A', '3'], ['A', '1']);
  const rate = deskOf(
    ['A', '3'],
    ['R', '2', '4'],
    ['A', '4'],
    ['R', '1'],
    ['R', '8'],
    ['A', '0.5'],
  );
  const fine = deskOf(
    ['A', '2.000000000000000000001'],
    ['A', '2.000000000000000000003'],
    ['A', '2'],
    ['A', '2.000000000000000000002'],
  );
  test.each<[string, RingDesk, Held[], string, number, [string, number] | undefined]>([
    ['the highest bid of a long', rise, [long('A')], '0', 0, ['3', 1]],
    ['the lowest ask of a short', rise, [short('A', '5')], '0', 0, ['3', 0]],
    ['nothing that is only as high as the peak', rise, [long('A')], '3', 0, undefined],
    ['nothing from before the window', rise, [long('A')], '0', 2, ['2', 3]],
    ['nothing in a window that has not begun', rise, [long('A')], '0', 4, undefined],
    ['nothing at quotes of other symbols', rise, [long('C')], '-1', 0, undefined],
    ['nothing for an account that holds nothing', rise, [], '-1', 0, undefined],
    ['what two symbols had together', two, [long('A'), long('B')], '0', 0, ['4', 5]],
    ['what they had together, each its way', two, [long('A'), short('B')], '0', 0, ['2', 2]],
    ['the first of equal ones', touched, [long('A')], '0', 0, ['2', 1]],
    ['the first of equal ones in the window', touched, [long('A')], '0', 2, ['2', 3]],
    ['the spread where both sides are held', rise, [long('A'), short('A')], '-9', 0, ['0', 3]],
    ['a gain by the rate', rate, [long('A', '1', by('R'))], '0', 0, ['24', 4]],
    ['a gain by the inverse rate', rate, [long('A', '1', per('R'))], '0', 0, ['3', 3]],
    ['a loss by the rate', rate, [long('A', '5', by('R'))], '-9', 0, ['0', 0]],
    ['nothing before the rate was there', rate, [long('A', '1', by('R'))], '-1', 0, ['24', 4]],
    [
      'what no double tells of an ask',
      fine,
      [{ ...short('A', '2'), size: 1e12 }],
      '-9',
      0,
      ['0', 2],
    ],
    ['what no double tells', fine, [{ ...long('A', '2'), size: 1e12 }], '0', 0, ['0.000000003', 1]],
  ])('%s', (_, desk, positions, peak, since, expected) => {
    expect(found(desk, positions, peak, since)).toEqual(expected);
  });
});

test('an equal one that is looked at later, and was earlier, is the first', () => {
  const desk = deskOf(['A', '2'], ['B', '1']);
  fillTo(desk, 64);
  desk.quote({ symbol: 'A', bid: '3', ask: '3' });
  fillTo(desk, 128);
  // Of this block both could have been at 3, so it is looked at first.
  for (const bid of ['0.5', '1']) desk.quote({ symbol: 'B', bid, ask: bid });
  desk.quote({ symbol: 'A', bid: '1', ask: '1' });
  desk.quote({ symbol: 'B', bid: '3', ask: '3' });
  expect(found(desk, [long('A'), long('B')], '0', 64)).toEqual(['2', 64]);
});

test('a rate that is higher for a wider spread is no match for the one before', () => {
  const desk = deskOf(['A', '3'], ['R', '1', '3']);
  fillTo(desk, 64);
  desk.quote({ symbol: 'A', bid: '2.9', ask: '3' });
  desk.quote({ symbol: 'A', bid: '1', ask: '1' });
  // Both at their best would be more than what comes later, so this block is looked at first.
  desk.quote({ symbol: 'R', bid: '2.9', ask: '2.9' });
  desk.quote({ symbol: 'R', bid: '1', ask: '3' });
  fillTo(desk, 128);
  desk.quote({ symbol: 'A', bid: '2.9', ask: '3' });
  desk.quote({ symbol: 'R', bid: '0.5', ask: '4' });
  const positions = [long('A', '0', by('R'))];
  const window = { since: 64, balance: '0', positions, peak: '0', error: 100 };
  expect(desk.found(window)).toEqual({ peak: '6.525', ts: 130, index: 129 });
});

test('an account may hold very many symbols, each with its conversion', () => {
  const desk = new RingDesk(512);
  const symbols = Array.from({ length: 40 }, (_, i) => `S${i}`);
  const draw = chance(5);
  for (let i = 0; i < 900; i++) {
    const bid = (1 + draw(50) / 50).toFixed(2);
    desk.quote({ symbol: symbols[i % 40] as string, bid, ask: bid });
  }
  const positions = symbols.slice(1).map((symbol, i): Held => {
    const legs = i < 25 ? [by(symbols[i] as string), per(symbols[39 - i] as string)].flat() : [];
    return { ...long(symbol, '1.5', legs), isLong: i % 3 > 0 };
  });
  expectSame(desk, { since: desk.ring.start, balance: '0', positions });
  expectSame(desk, { since: 700, balance: '0', positions: positions.slice(0, 1) });
});

test('digits that no double has last as long as their quotes', () => {
  const desk = new RingDesk(2 ** 13);
  const quote = (bid: string): void => desk.quote({ symbol: 'A', bid, ask: '3' });
  for (const bid of ['2', '2.000000000000000000003', '2']) quote(bid);
  fillTo(desk, 5000);
  quote('1');
  const positions = [{ ...long('A', '2'), size: 1e12 }];
  expect(found(desk, positions)).toEqual(['0.000000003', 1]);
});

test('doubles are believed within the error only', () => {
  const off = fc.integer({ min: -99, max: 99 }).map((hundredths) => hundredths / 100);
  const anyPrice = fc.integer({ min: 20, max: 50 }).map((tenths) => tenths / 10);
  fc.assert(
    fc.property(fc.array(fc.tuple(anyPrice, off), { minLength: 1, maxLength: 60 }), (given) => {
      const ring = new QuoteRing({ quotesMax: 256 });
      const column = ring.columnOf('A');
      const exact = new Map(given);
      for (const [bid] of given) ring.append(column, { bid, ask: bid, ts: 7 }, 0);
      const kept = given.filter(([bid], i) => bid !== given[i - 1]?.[0]);
      const equities = kept.map(([bid]) => new Decimal(bid).plus(exact.get(bid) ?? 0));
      const peak = Decimal.max(...equities);
      const search = {
        ...{ since: 0, balance: 0, peak: new Decimal(-9), error: 1 },
        holdings: [{ column, legs: [], longSize: 1, shortSize: 0, cost: 0 }],
        equityAt: (pricesOf: PricesOf) => {
          const bid = pricesOf('A').closingPrice('long');
          return bid.plus(exact.get(bid.toNumber()) ?? 0);
        },
      };
      const index = equities.findIndex((equity) => equity.equals(peak));
      expect(highestSince(ring, search)).toEqual({ peak, ts: 7, index });
    }),
    { numRuns: 500 },
  );
});

test('a window begins within the ring', () => {
  const desk = deskOf(['A', '1']);
  for (let i = 0; i < 256; i++) desk.quote({ symbol: 'A', bid: String(2 + (i % 2)), ask: '9' });
  expect([desk.ring.start, desk.ring.end]).toEqual([64, 257]);
  const { ring } = desk;
  const search = {
    balance: 0,
    holdings: [],
    peak: new Decimal(0),
    error: 0,
    equityAt: () => new Decimal(0),
  };
  expect(() => highestSince(ring, { ...search, since: 63 })).toThrow(InvariantError);
  expect(highestSince(ring, { ...search, since: 64 })).toBeUndefined();
});

/** The first entry of a position at `at` and its size, so that gains, losses and nothing are common. */
const anyHeld = (symbols: readonly string[]): fc.Arbitrary<Held> =>
  fc.record({
    symbol: fc.constantFrom(...symbols),
    size: fc.constantFrom(1, 2, 0.5, 3),
    isLong: fc.boolean(),
    entry: fc.constantFrom('1', '2', '2.5', '3.3'),
    legs: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 2,
        arbitrary: fc.array(
          fc.record({ symbol: fc.constantFrom(...symbols), divides: fc.boolean() }),
          { minLength: 1, maxLength: 2 },
        ),
      },
    ),
  });

const anyPositions = (symbols: readonly string[]) =>
  fc.array(anyHeld(symbols), { minLength: 1, maxLength: 5 });

/** Some peaks are below all that there is, some are just what there was. */
function expectSame(desk: RingDesk, window: Omit<Window, 'peak'>): void {
  const all = desk.expected({ ...window, peak: '-1e9' });
  expect(desk.found({ ...window, peak: '-1e9' })).toEqual(all);
  if (all === undefined) return;
  expect(desk.found({ ...window, peak: all.peak })).toBeUndefined();
  const below = new Decimal(all.peak).minus('1e-10').toFixed();
  expect(desk.found({ ...window, peak: below })).toEqual(all);
}

/** A factor of all sizes, and an error that is no less than what doubles lose then. */
const anyScale = fc.constantFrom([1, 1e-8], [1, 1e-3], [1, 0.5], [1e12, 1], [1e12, 1e10]);

const scaled = (positions: readonly Held[], factor: number): Held[] =>
  positions.map((held) => ({ ...held, size: held.size * factor }));

test('a few quotes of any kind: the peak is that of the plain walk, from each index on', () => {
  const prices = fc.tuple(priceText, fc.constantFrom('0', '0', '0.25', '1e-22'));
  const anyQuote = fc
    .tuple(fc.constantFrom('A', 'B', 'C'), prices)
    .map(([symbol, [bid, spread]]): Given => {
      return { symbol, bid, ask: new Decimal(bid).plus(spread).toFixed() };
    });
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 9, arbitrary: anyQuote },
          { weight: 1, arbitrary: fc.constant(undefined) },
        ),
        { maxLength: 40 },
      ),
      anyPositions(['A', 'B', 'C', 'D']),
      fc.nat(8),
      anyScale,
      (quotes, held, offset, [factor, error]) => {
        const positions = scaled(held, factor);
        const desk = new RingDesk(256);
        for (const quote of quotes) {
          if (quote === undefined) desk.keepNext();
          else desk.quote(quote);
        }
        expect(desk.ring.end).toBe(desk.entries.length);
        for (let since = offset; since < desk.ring.end; since += 9) {
          expectSame(desk, { since, balance: '10', positions, error });
        }
      },
    ),
    { numRuns: 2000 },
  );
});

/** Numbers that look like chance, the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** How the prices of a market go: ticks of a step, and whether they have digits beyond a double. */
const markets = {
  walk: (draw: (below: number) => number) => draw(7) - 3,
  rise: (draw: (below: number) => number) => draw(7) - 2,
  'flat but for a tick': (draw: (below: number) => number, ticks: number) =>
    draw(2) - (ticks > 1000 ? 1 : 0),
  range: (draw: (below: number) => number, ticks: number) => 990 + draw(20) - ticks,
};

type Market = keyof typeof markets;

/** Quotes of six symbols, the last of which comes late, or with `isDeep` with digits of their own. */
function* quotesOf(market: Market, seed: number, count: number, isDeep: boolean): Generator<Given> {
  const draw = chance(seed);
  const ticks = names.map(() => 1000);
  for (let i = 0; i < count; i++) {
    const which = draw(i < count / 2 ? names.length - 1 : names.length);
    const at = Math.max(
      500,
      (ticks[which] as number) + markets[market](draw, ticks[which] as number),
    );
    ticks[which] = at;
    const more = isDeep && draw(3) === 0 ? '00000000000000000001' : '';
    const bid = (at / 1000).toFixed(3) + more;
    yield {
      symbol: names[which] as string,
      bid,
      ask: ((at + draw(2) + 1) / 1000).toFixed(3) + more,
    };
  }
}

test.each<[Market, number, number, number, boolean]>([
  ['walk', 256, 250, 40, false],
  ['walk', 256, 700, 10, false],
  ['walk', 512, 1500, 10, true],
  ['rise', 256, 900, 15, false],
  ['flat but for a tick', 256, 900, 20, false],
  ['flat but for a tick', 512, 700, 10, true],
  ['range', 512, 1200, 15, false],
  ['walk', 2 ** 14, 21_000, 3, false],
  ['walk', 2 ** 13, 9000, 2, true],
  ['range', 2 ** 14, 17_000, 2, false],
  ['flat but for a tick', 2 ** 14, 20_000, 2, false],
])(
  '%s, a ring of %i and %i quotes: the peak is that of the plain walk',
  (market, size, count, numRuns, isDeep) => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(anyPositions(names), { minLength: 2, maxLength: 2 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        anyScale,
        (seed, accounts, part, [factor, error]) => {
          const desk = new RingDesk(size);
          for (const quote of quotesOf(market, seed, count, isDeep)) desk.quote(quote);
          const { start, end } = desk.ring;
          for (const held of accounts) {
            const positions = scaled(held, factor);
            for (const since of [start, Math.floor(start + part * (end - start)), end - 3]) {
              expectSame(desk, { since, balance: '-7.5', positions, error });
            }
          }
        },
      ),
      { numRuns },
    );
  },
);

test('a flat market is asked about once, however long it is', () => {
  const desk = new RingDesk(2 ** 13);
  for (let i = 0; i < 9000; i++) {
    const symbol = i % 2 === 0 ? 'A' : 'B';
    desk.quote({ symbol, bid: i % 4 < 2 ? '2' : '3', ask: String(3 + (i % 5)) });
  }
  const window = { since: desk.ring.start, balance: '0', positions: [long('A'), long('B')] };
  const all = desk.expected({ ...window, peak: '0' });
  expect(desk.found({ ...window, peak: '0' })).toEqual(all);
  expect(desk.exactCount).toBe(1);
  // The best corner is as high as the peak, and no higher.
  expect(desk.found({ ...window, peak: '4' })).toBeUndefined();
  expect(desk.exactCount).toBe(2);
  // Certainly below it: nothing is asked.
  expect(desk.found({ ...window, peak: '4.1' })).toBeUndefined();
  expect(desk.exactCount).toBe(2);
});
