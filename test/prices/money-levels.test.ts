// Money exits as price levels: never beyond the price at which the amount is reached, and near it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exitsOf, type ExitsSpec } from '#src/domain/exits';
import { decimal } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import { price } from '#src/domain/price';
import type { Position } from '#src/domain/state';
import { hasMoneyExits, moneyLevels, type RateBound } from '#src/prices/money-levels';
import { quoteAt } from '../domain/arbitraries.ts';
import { D } from '../support/brute-force/exact.ts';
import { anyCurrency, anyHolding, World, type Exact, type Holding } from './world.ts';

function tracked(world: World, holding: Holding, exits: ExitsSpec): Position {
  const given = { ...holding, exits: exitsOf(exits) };
  return world.track(given);
}

function goldAt(exits: ExitsSpec, side: 'long' | 'short' = 'long', currency = 'USD'): Position {
  const world = new World({ currency, balance: '10000' });
  return tracked(world, { symbol: 'XAUUSD', side, quantity: '1', entryPrice: '2000' }, exits);
}

test.each<[ExitsSpec, boolean]>([
  [{}, false],
  [{ stopLoss: 1, takeProfit: 2, trailing: { distance: 1 } }, false],
  [{ stopLossAmount: 1 }, true],
  [{ takeProfitAmount: 1 }, true],
])('whether %j hang on money: %j', (exits, expected) => {
  expect(hasMoneyExits({ exits: exitsOf(exits) })).toBe(expected);
});

/** A lot of gold wins or loses 100 for every 1. */
test.each<['long' | 'short', ExitsSpec, stop: number | undefined, target: number | undefined]>([
  ['long', { stopLossAmount: 500 }, 1995, undefined],
  ['short', { stopLossAmount: 500 }, 2005, undefined],
  ['long', { takeProfitAmount: 500 }, undefined, 2005],
  ['short', { takeProfitAmount: 500, stopLossAmount: 100 }, 2001, 1995],
])('a %s of gold with %j has its stop at %s and its target at %s', (side, exits, stop, target) => {
  const levels = moneyLevels(goldAt(exits, side), () => expect.unreachable());
  expect(levels.rates).toEqual([]);
  for (const [found, expected] of [
    [levels.stop, stop],
    [levels.target, target],
  ]) {
    expect(found?.toFixed(4)).toBe(expected?.toFixed(4));
  }
});

test('what is left of a position decides, not what was tracked', () => {
  const position = goldAt({ takeProfitAmount: 500 });
  position.remainingQuantity = decimal('0.5');
  expect(moneyLevels(position, () => expect.unreachable()).target).toBeCloseTo(2010, 4);
});

test('an amount that is reached by rounding alone is at the level too', () => {
  const world = new World({ currency: 'USD', balance: '10000' });
  const holding = { symbol: 'GBPUSD', side: 'long', quantity: '0.01', entryPrice: '1.3' } as const;
  const position = tracked(world, holding, { takeProfitAmount: '0.01' });
  const x = '2.301299996';
  const { pnl } = pnlOf(position, position.quantity, decimal(x), () => expect.unreachable());
  expect(pnl.toFixed()).toBe('0.01');
  const { target } = moneyLevels(position, world.markets.bookOf);
  expect(target).toBeLessThanOrEqual(Number(x));
});

test('before every pair has a quote there is no level, and those that lack one are waited for', () => {
  const world = new World({ currency: 'JPY', balance: '10000' });
  const holding = { symbol: 'EURGBP', side: 'long', quantity: '1', entryPrice: '0.8' } as const;
  const position = tracked(world, holding, { stopLossAmount: 500, takeProfitAmount: 500 });
  const { bookOf } = world.markets;
  const none = { stop: undefined, target: undefined };
  const waits = (...symbols: string[]) => symbols.map((symbol) => ({ symbol, above: 0 }));
  expect(moneyLevels(position, bookOf)).toEqual({ ...none, rates: waits('GBPUSD', 'USDJPY') });
  world.take(quoteAt('GBPUSD', '1.25', '1.25'));
  expect(moneyLevels(position, bookOf)).toEqual({ ...none, rates: waits('USDJPY') });
  world.take(quoteAt('USDJPY', '160', '160'));
  const { stop, target, rates } = moneyLevels(position, bookOf);
  expect(rates.map(({ symbol }) => symbol)).toEqual(['GBPUSD', 'USDJPY']);
  expect([stop, target].map((level) => level?.toFixed(3))).toEqual(['0.800', '0.800']);
});

/** By which direction of a rate the amount is reached sooner, and that it is a thousandth at most. */
test.each<[currency: string, symbol: string, pair: string, bid: string, bound: 'above' | 'below']>([
  ['USD', 'EURGBP', 'GBPUSD', '1.25', 'above'],
  ['USD', 'USDJPY', 'USDJPY', '160', 'below'],
  ['EUR', 'XAUUSD', 'EURUSD', '1.1', 'below'],
])(
  'in %s, levels of %s hold until %s leaves five thousandths of %s, %s',
  (currency, symbol, pair, bid, bound) => {
    const world = new World({ currency, balance: '10000' });
    const holding = { symbol, side: 'short', quantity: '1', entryPrice: '100' } as const;
    const position = tracked(world, holding, { stopLossAmount: 500 });
    world.take(quoteAt(pair, bid, bid));
    const { rates } = moneyLevels(position, world.markets.bookOf);
    expect(rates.length).toBe(1);
    expect(rates[0]?.symbol).toBe(pair);
    const change = Number(rates[0]?.[bound]) / Number(bid) - 1;
    expect(bound === 'above' ? change : -change).toBeCloseTo(5e-3, 4);
  },
);

const mids: Record<string, number> = {
  EURUSD: 1.1,
  GBPUSD: 1.3,
  USDJPY: 150,
  EURGBP: 0.85,
  XAUUSD: 2000,
};

/** A mid up to the bound: 1 is just before it, 0 a tenth of a percent back beyond where it was set. */
function within({ above, below }: RateBound, share: number): Exact {
  const bound = new D(above ?? below ?? NaN);
  const least = new D('1e-15').plus(new D('0.01').times(1 - share));
  return bound.times(above === undefined ? least.plus(1) : new D(1).minus(least));
}

test('what is due is at the level or beyond it, and the level is near where it becomes due', () => {
  const amount = fc.integer({ min: 1, max: 10 ** 7 }).map((cents) => (cents / 100).toFixed(2));
  const nudge = fc.constantFrom(
    '0',
    '1e-18',
    '-1e-18',
    '1e-14',
    '-1e-14',
    '1e-9',
    '-1e-9',
    '0.001',
  );
  const shares = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1));
  let due = 0;
  let near = 0;
  fc.assert(
    fc.property(
      fc.tuple(anyCurrency, anyHolding, amount, fc.boolean()),
      fc.tuple(nudge, shares, fc.double({ min: 0.98, max: 1.02, noNaN: true })),
      ([currency, holding, worth, isStop], [nudged, [one, other], moved]) => {
        const world = new World({ currency, balance: '10000' });
        const exits = isStop ? { stopLossAmount: worth } : { takeProfitAmount: worth };
        const position = tracked(world, holding, exits);
        for (const [symbol, mid] of Object.entries(mids)) {
          const text = new D(mid).times(moved).toFixed(12);
          world.take(quoteAt(symbol, text, text));
        }
        const { stop, target, rates } = moneyLevels(position, world.markets.bookOf);
        const level = (isStop ? stop : target) as number;
        expect(isStop ? target : stop).toBeUndefined();
        const inBand = new Map(
          rates.map((rate, i) => [rate.symbol, within(rate, i === 0 ? one : other)]),
        );
        /** What one unit of the quote currency is worth. */
        const rateAt = (midOf: (symbol: string) => Exact): Exact =>
          position.conversion.reduce(
            (rate, leg) =>
              leg.divides ? rate.dividedBy(midOf(leg.symbol)) : rate.times(midOf(leg.symbol)),
            new D(1),
          );
        const { contractSize, commissionRate } = position.instrument;
        const size = new D(holding.quantity).times(contractSize.toFixed());
        const commission = new D(commissionRate.toFixed()).times(holding.entryPrice);
        const sign = holding.side === 'long' ? 1 : -1;
        /** Where the amount is reached at a rate, all digits of it. */
        const reachedAt = (rate: Exact): Exact => {
          const gain = new D(worth)
            .times(isStop ? -1 : 1)
            .dividedBy(rate)
            .dividedBy(size);
          return gain.plus(commission).times(sign).plus(holding.entryPrice);
        };
        const x = reachedAt(rateAt((symbol) => inBand.get(symbol) as Exact))
          .plus(nudged)
          .toDecimalPlaces(25)
          .toFixed();
        if (new D(x).lte(0)) return;
        const { pnl } = pnlOf(position, position.remainingQuantity, decimal(x), (symbol) =>
          decimal((inBand.get(symbol) as Exact).toFixed()),
        );
        const isDue = isStop ? pnl.lte(decimal(worth).negated()) : pnl.gte(worth);
        const { value } = price(x);
        const isAbove = (holding.side === 'long') !== isStop;
        if (isDue) due++;
        expect(!isDue || (isAbove ? value >= level : value <= level)).toBe(true);
        // The level is not looked at much too soon either.
        const now = reachedAt(
          rateAt((symbol) => new D(world.markets.bookOf(symbol).mid().toFixed())),
        );
        const way = new D(worth)
          .dividedBy(rateAt((s) => new D(world.markets.bookOf(s).mid().toFixed())))
          .dividedBy(size);
        const off = now.minus(level).abs();
        const doubt = new D(holding.entryPrice).times('2e-9').plus(new D('1e-8').dividedBy(size));
        expect(off.lte(way.times('0.01').plus(doubt))).toBe(true);
        near++;
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(due, near)).toBeGreaterThan(500);
});
