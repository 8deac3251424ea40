// Markets: one a symbol.
import { expect, test } from 'vitest';
import { Markets } from '#src/prices/market';

test('a market is made once, and found only where it was made', () => {
  const markets = new Markets();
  expect(markets.find('S')).toBeUndefined();
  const market = markets.of('S');
  expect(markets.of('S')).toBe(market);
  expect(markets.find('S')).toBe(market);
  expect(markets.bookOf('S')).toBe(market.book);
  expect(market.book.symbol).toBe('S');
  markets.of('T');
  expect([...markets.all()].map((one) => one.symbol)).toEqual(['S', 'T']);
});
