// Unrealised P&L, exact and summed up in doubles.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { text } from '#src/domain/money';
import type { Position } from '#src/domain/state';
import { equityOf, Exposure, unrealisedPnl } from '#src/prices/exposure';
import { quoteAt } from '../domain/arbitraries.ts';
import { closeFilled } from '../domain/story.ts';
import { D } from '../support/brute-force/exact.ts';
import { anyCurrency, anyHolding, anyQuote, World, type Holding } from './world.ts';

const gold: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '2000' };

test('a position counts nothing before its symbol has a quote', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(gold);
  const { bookOf } = world.markets;
  expect(unrealisedPnl(position, bookOf)).toBeUndefined();
  expect(text(equityOf(world.account, bookOf))).toBe('1000');
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(text(unrealisedPnl(position, bookOf) ?? world.account.peak)).toBe('100');
  expect(text(equityOf(world.account, bookOf))).toBe('1100');
});

test('nor before its conversion pair has one', () => {
  const world = new World({ currency: 'EUR', balance: '1000' });
  const position = world.track(gold);
  const { bookOf } = world.markets;
  const exposure = new Exposure('XAUUSD', position.conversion, bookOf);
  exposure.add(position);
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(unrealisedPnl(position, bookOf)).toBeUndefined();
  expect([exposure.value(), exposure.version()]).toEqual([0, 0]);
  world.take(quoteAt('EURUSD', '1.25', '1.25'));
  expect(text(equityOf(world.account, bookOf))).toBe('1080');
  expect(exposure.value()).toBeCloseTo(80, 9);
});

/** Longs are valued at the bid, shorts at the ask; the cost of closing is taken off. */
test.each<[Holding, string]>([
  [gold, '50'],
  [{ ...gold, side: 'short' }, '-150'],
  [{ ...gold, symbol: 'GBPUSD', entryPrice: '1.25', quantity: '100' }, '4.875'],
  [{ ...gold, symbol: 'GBPUSD', side: 'short', entryPrice: '1.25', quantity: '100' }, '-10.125'],
])('%j is worth %s', (holding, worth) => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(holding);
  world.take(quoteAt('XAUUSD', '2000.5', '2001.5'));
  world.take(quoteAt('GBPUSD', '1.3', '1.35'));
  expect(text(unrealisedPnl(position, world.markets.bookOf) ?? world.account.peak)).toBe(worth);
});

test('a closing position counts until its fill, a closed one no more', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(gold);
  const { story, markets } = world;
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  const intent = story.intent('p0');
  story.tell({ type: 'close.intended', accountId: 'a', body: { intent } });
  expect(position.state).toBe('closing');
  expect(text(equityOf(world.account, markets.bookOf))).toBe('1100');
  story.tell(closeFilled(intent, '90'));
  expect(text(equityOf(world.account, markets.bookOf))).toBe('1090');
});

test('an exposure without quotes, or without positions, is worth nothing for certain', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(gold);
  const exposure = new Exposure('XAUUSD', [], world.markets.bookOf);
  expect([exposure.isEmpty, exposure.value(), exposure.error()]).toEqual([true, 0, 0]);
  exposure.add(position);
  expect([exposure.isEmpty, exposure.value(), exposure.error()]).toEqual([false, 0, 0]);
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(exposure.value()).toBe(100);
  exposure.remove(position);
  expect([exposure.isEmpty, exposure.error(), exposure.value()]).toEqual([true, 0, 0]);
});

/** What the value hangs on: the bid where there are longs, the ask where there are shorts. */
test.each<[string, Holding[], [bid: string, ask: string], boolean]>([
  ['the same quote', [gold, { ...gold, side: 'short' }], ['2000', '2001'], false],
  ['another bid under a long', [gold], ['1999', '2001'], true],
  ['another ask over a long', [gold], ['2000', '2002'], false],
  ['another bid under a short', [{ ...gold, side: 'short' }], ['1999', '2001'], false],
  ['another ask over a short', [{ ...gold, side: 'short' }], ['2000', '2002'], true],
  ['digits behind the double', [gold], ['2000.000000000000000000001', '2001'], true],
])('%s changes the version: %3$j', (_, holdings, [bid, ask], expected) => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const exposure = new Exposure('XAUUSD', [], world.markets.bookOf);
  for (const holding of holdings) exposure.add(world.track(holding));
  expect(exposure.version()).toBe(0);
  world.take(quoteAt('XAUUSD', '2000', '2001'));
  const before = exposure.version();
  expect(before).toBeGreaterThan(0);
  world.take(quoteAt('XAUUSD', bid, ask));
  expect(exposure.version() > before).toBe(expected);
});

test('a conversion pair changes the version by either side', () => {
  const world = new World({ currency: 'EUR', balance: '1000' });
  const position = world.track(gold);
  const exposure = new Exposure('XAUUSD', position.conversion, world.markets.bookOf);
  exposure.add(position);
  world.take(quoteAt('XAUUSD', '2000', '2001'));
  const versions = [
    ['1.1', '1.2'],
    ['1.1', '1.3'],
    ['1.0', '1.3'],
    ['1.0', '1.3'],
  ].map(([bid, ask]) => {
    world.take(quoteAt('EURUSD', bid as string, ask as string));
    return exposure.version();
  });
  expect(versions.map((version, i) => version > (versions[i - 1] ?? 0))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('the value in doubles is within its error of the exact sum', () => {
  let valued = 0;
  const given = fc.record({
    currency: anyCurrency,
    holdings: fc.array(anyHolding, { minLength: 1, maxLength: 8 }),
    removed: fc.array(fc.nat(), { maxLength: 4 }),
    quotes: fc.array(anyQuote, { minLength: 5, maxLength: 20 }),
  });
  fc.assert(
    fc.property(given, ({ currency, holdings, removed, quotes }) => {
      const world = new World({ currency, balance: '1000' });
      const { bookOf } = world.markets;
      const exposures = new Map<string, Exposure>();
      const held = holdings.map((holding) => ({ holding, position: world.track(holding) }));
      for (const { position } of held) exposureOf(exposures, position, world).add(position);
      for (const which of removed) {
        const [gone] = held.splice(which % Math.max(1, held.length), 1);
        if (gone !== undefined) exposures.get(gone.position.symbol)?.remove(gone.position);
      }
      for (const quote of quotes) {
        world.take(quote);
        for (const { holding, position } of held) {
          expect(unrealisedPnl(position, bookOf)?.toFixed()).toBe(
            world.exactPnl(holding)?.toFixed(),
          );
        }
        for (const [symbol, exposure] of exposures) {
          const own = held.filter(({ holding }) => holding.symbol === symbol);
          const pnls = own.map(({ holding }) => world.exactPnl(holding) ?? new D(0));
          const exact = pnls.reduce((sum, pnl) => sum.plus(pnl), new D(0));
          const off = exact.minus(exposure.value()).abs();
          expect(off.toNumber()).toBeLessThanOrEqual(exposure.error());
          if (!exact.isZero()) valued++;
          // Nor is the error so large that a watch would never be quiet.
          expect(exposure.error()).toBeLessThan(1);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(valued).toBeGreaterThan(200);
});

function exposureOf(all: Map<string, Exposure>, position: Position, world: World): Exposure {
  const { symbol, conversion } = position;
  const exposure = all.get(symbol) ?? new Exposure(symbol, conversion, world.markets.bookOf);
  all.set(symbol, exposure);
  return exposure;
}
