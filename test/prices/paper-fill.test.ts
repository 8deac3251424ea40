// Fills of the paper broker.
import { expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import { paperFill } from '#src/prices/paper-fill';
import { quoteAt } from '../domain/arbitraries.ts';
import { World, type Holding } from './world.ts';

const long: Holding = { symbol: 'XAUUSD', side: 'long', quantity: '2', entryPrice: '2000' };
const short: Holding = { ...long, side: 'short' };

function worldOf(currency: string, symbols: string[]): World {
  const world = new World({ currency, balance: '1000' });
  if (symbols.includes('XAUUSD')) world.take(quoteAt('XAUUSD', '2010', '2011.5'));
  if (symbols.includes('EURUSD')) world.take(quoteAt('EURUSD', '1.24', '1.26'));
  return world;
}

test.each([
  [
    'a long at the bid',
    long,
    'USD',
    ['XAUUSD'],
    undefined,
    { price: '2010', pnl: '2000', commission: '0' },
  ],
  [
    'a short at the ask',
    short,
    'USD',
    ['XAUUSD'],
    undefined,
    { price: '2011.5', pnl: '-2300', commission: '0' },
  ],
  [
    'a long, converted',
    long,
    'EUR',
    ['XAUUSD', 'EURUSD'],
    undefined,
    { price: '2010', pnl: '1600', commission: '0' },
  ],
  [
    'at a price that was',
    short,
    'USD',
    ['XAUUSD'],
    '1990.50',
    { price: '1990.5', pnl: '1900', commission: '0' },
  ],
  [
    'at a price that was, without a quote',
    long,
    'USD',
    [],
    '2001',
    { price: '2001', pnl: '200', commission: '0' },
  ],
  ['nothing without a quote', long, 'USD', [], undefined, undefined],
  ['nothing without the conversion pair', long, 'EUR', ['XAUUSD'], undefined, undefined],
  ['nothing without it, even at a price', long, 'EUR', ['XAUUSD'], '2001', undefined],
  [
    'with the pair alone, at a price',
    long,
    'EUR',
    ['EURUSD'],
    '2001',
    { price: '2001', pnl: '160', commission: '0' },
  ],
])('%s', (_, holding, currency, symbols, at, fill) => {
  const world = worldOf(currency, symbols);
  const position = world.track(holding);
  const price = at === undefined ? undefined : decimal(at);
  expect(paperFill(position, world.markets.bookOf, price)).toEqual(fill);
});

test('commission is in the fill', () => {
  const world = new World({ currency: 'USD', balance: '1000' });
  const position = world.track({ ...long, symbol: 'GBPUSD', quantity: '100', entryPrice: '1.25' });
  world.take(quoteAt('GBPUSD', '1.3', '1.35'));
  expect(paperFill(position, world.markets.bookOf)).toEqual({
    price: '1.3',
    pnl: '4.875',
    commission: '0.125',
  });
});

test('nothing is filled at a quote of before the restart, and a pair of then converts', () => {
  const world = new World({ currency: 'EUR', balance: '1000' });
  const position = world.track(long);
  const { bookOf } = world.markets;
  bookOf('XAUUSD').restore({ symbol: 'XAUUSD', bid: '2010', ask: '2011', ts: 1 });
  bookOf('EURUSD').restore({ symbol: 'EURUSD', bid: '1.25', ask: '1.25', ts: 1 });
  expect(paperFill(position, bookOf)).toBeUndefined();
  world.take(quoteAt('XAUUSD', '2005', '2006'));
  expect(paperFill(position, bookOf)).toMatchObject({ price: '2005', pnl: '800' });
});
