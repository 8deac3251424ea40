// Unrealised P&L, exact and summed up in doubles.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, text } from '#src/domain/money';
import type { Position } from '#src/domain/state';
import { EquitySheet, type Swing } from '#src/prices/equity-sheet';
import { equityOf, Exposure, unrealisedPnl, usedMarginOf } from '#src/prices/exposure';
import { quoteAt } from '../domain/arbitraries.ts';
import { closeFilled } from '../domain/story.ts';
import { D } from '../support/brute-force/exact.ts';
import { anyCurrency, anyHolding, anyQuote, symbols, World, type Holding } from './world.ts';

/** Where nothing else is in the account. */
function swingOf(...exposures: Exposure[]): Swing {
  const swing = {
    ...{ equity: 0, error: 0, perReach: 0, spread: 0, rateSpread: 0 },
    ...{ margin: 0, marginError: 0, marginPerReach: 0, marginSpread: 0 },
  };
  const { account } = new World({ currency: 'USD', balance: '0' });
  const sheet = new EquitySheet();
  sheet.renew(account, exposures);
  sheet.measure(swing);
  return swing;
}

const noColumn = (): number => -1;

function exposureIn(world: World, symbol: string, conversion: Position['conversion']): Exposure {
  return new Exposure(symbol, conversion, world.markets.bookOf, noColumn);
}

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
  const exposure = exposureIn(world, 'XAUUSD', position.conversion);
  exposure.add(position);
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(unrealisedPnl(position, bookOf)).toBeUndefined();
  expect(text(usedMarginOf(position, bookOf))).toBe('0');
  expect([swingOf(exposure), exposure.version()]).toEqual([swingOf(), 0]);
  world.take(quoteAt('EURUSD', '1.25', '1.25'));
  expect(text(equityOf(world.account, bookOf))).toBe('1080');
  expect(swingOf(exposure).equity).toBeCloseTo(80, 9);
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

test('an exposure without positions is worth nothing for certain, one without quotes has a margin', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(gold);
  const exposure = exposureIn(world, 'XAUUSD', []);
  expect([exposure.count, swingOf(exposure)]).toEqual([0, swingOf()]);
  exposure.add(position);
  // The entry price and its own currency are all that a margin needs.
  expect(swingOf(exposure)).toMatchObject({ equity: 0, perReach: 0, spread: 0, margin: 10_000 });
  expect(exposure.count).toBe(1);
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(swingOf(exposure).equity).toBe(100);
  exposure.remove(position);
  expect([exposure.count, swingOf(exposure)]).toEqual([0, swingOf()]);
});

test('what is left of a position counts once it is said to have changed', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track(gold);
  const exposure = exposureIn(world, 'XAUUSD', []);
  exposure.add(position);
  world.take(quoteAt('XAUUSD', '2001', '2002'));
  expect(swingOf(exposure)).toMatchObject({ equity: 100, margin: 10_000 });
  position.remainingQuantity = decimal('0.5');
  exposure.stale();
  expect(swingOf(exposure)).toMatchObject({ equity: 50, margin: 5000 });
  expect(text(usedMarginOf(position, world.markets.bookOf))).toBe('5000');
});

/** A margin is of the entry price, and converted at the mid. */
test.each<[string, Holding, string]>([
  ['USD', gold, '10000'],
  ['USD', { ...gold, side: 'short', quantity: '0.5' }, '5000'],
  // At a mid of 1.25: what is bought with it.
  ['EUR', gold, '8000'],
  // No margin rate, no margin.
  ['USD', { ...gold, symbol: 'GBPUSD', entryPrice: '1.25' }, '0'],
  // 0.1 lots at 150.5 yen, of which half: 752,500 yen at a mid of 151.
  ['USD', { ...gold, symbol: 'USDJPY', quantity: '0.1', entryPrice: '150.5' }, '4983.4437086093'],
])('in %s %j uses a margin of %s', (currency, holding, margin) => {
  const world = new World({ currency, balance: '1000' });
  const position = world.track(holding);
  world.take(quoteAt('EURUSD', '1.2', '1.3'));
  world.take(quoteAt('USDJPY', '150', '152'));
  expect(text(usedMarginOf(position, world.markets.bookOf))).toBe(margin);
  expect(world.exactMargin().toFixed()).toBe(margin);
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
  const exposure = exposureIn(world, 'XAUUSD', []);
  for (const holding of holdings) exposure.add(world.track(holding));
  const unquoted = exposure.version();
  world.take(quoteAt('XAUUSD', '2000', '2001'));
  const before = exposure.version();
  expect(before).toBeGreaterThan(unquoted);
  world.take(quoteAt('XAUUSD', bid, ask));
  expect(exposure.version() > before).toBe(expected);
});

test('a conversion pair changes the version by either side', () => {
  const world = new World({ currency: 'EUR', balance: '1000' });
  const position = world.track(gold);
  const exposure = exposureIn(world, 'XAUUSD', position.conversion);
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
        const { margin, marginError } = swingOf(...exposures.values());
        const margins = held.map(({ position }) => usedMarginOf(position, bookOf).toNumber());
        const offMargin = margins.reduce((sum, one) => sum + one, 0) - margin;
        expect(Math.abs(offMargin)).toBeLessThanOrEqual(marginError);
        for (const [symbol, exposure] of exposures) {
          const own = held.filter(({ holding }) => holding.symbol === symbol);
          const pnls = own.map(({ holding }) => world.exactPnl(holding) ?? new D(0));
          const exact = pnls.reduce((sum, pnl) => sum.plus(pnl), new D(0));
          const { equity, error } = swingOf(exposure);
          const off = exact.minus(equity).abs();
          expect(off.toNumber()).toBeLessThanOrEqual(error);
          if (!exact.isZero()) valued++;
          // Nor is the error so large that a watch would never be quiet.
          expect(error).toBeLessThan(1);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(valued).toBeGreaterThan(200);
});

function exposureOf(all: Map<string, Exposure>, position: Position, world: World): Exposure {
  const { symbol, conversion } = position;
  const exposure = all.get(symbol) ?? exposureIn(world, symbol, conversion);
  all.set(symbol, exposure);
  return exposure;
}

/** Every price within so much of itself: the equity and the margin go no further than is said. */
test('where prices stay in a band, equity and margin stay within what they may swing', () => {
  let tight = 0;
  const part = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 1000);
  const given = fc.record({
    currency: anyCurrency,
    holdings: fc.array(anyHolding, { minLength: 1, maxLength: 6 }),
    quotes: fc.array(anyQuote, { minLength: 8, maxLength: 16 }),
    reach: fc.constantFrom(0.05, 0.02, 0.001, 1e-7),
    moves: fc.array(fc.tuple(part, part), { minLength: 8, maxLength: 8 }),
  });
  fc.assert(
    fc.property(given, ({ currency, holdings, quotes, reach, moves }) => {
      const world = new World({ currency, balance: '0' });
      const exposures = new Map<string, Exposure>();
      for (const holding of holdings) {
        const position = world.track(holding);
        exposureOf(exposures, position, world).add(position);
      }
      for (const quote of quotes) world.take(quote);
      const books = symbols.map((symbol) => world.markets.bookOf(symbol));
      const before = swingOf(...exposures.values());
      books.forEach((book, i) => {
        if (!book.hasQuote) return;
        const [low, high] = [book.bid * (1 - reach), book.ask * (1 + reach)];
        // Somewhere in the band, its ends included.
        const [one, other] = (moves[i] as [number, number]).map((at) =>
          Math.min(high, Math.max(low, low + ((high - low) * (at * 1.4 + 1)) / 2)),
        ) as [number, number];
        const [bid, ask] = [Math.min(one, other), Math.max(one, other)];
        world.take(quoteAt(book.symbol, new D(bid).toFixed(), new D(ask).toFixed()));
      });
      const after = swingOf(...exposures.values());
      const slack = before.error + after.error;
      const moved = after.equity - before.equity;
      const free = reach * before.perReach;
      const [up, down] = [free + before.spread, free + before.rateSpread];
      expect(moved).toBeLessThanOrEqual(up * (1 + 1e-9) + slack);
      expect(moved).toBeGreaterThanOrEqual(-down * (1 + 1e-9) - slack);
      const allowed = reach * before.marginPerReach + before.marginSpread;
      const movedMargin = Math.abs(after.margin - before.margin);
      expect(movedMargin).toBeLessThanOrEqual(allowed * (1 + 1e-9) + slack);
      if (moved < -0.5 * down) tight++;
    }),
    { numRuns: 1000 },
  );
  // The bounds are not so wide that nothing could reach them.
  expect(tight).toBeGreaterThan(20);
});
