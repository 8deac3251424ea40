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

/** Of a quote that came when so many were tracked. */
test.each<[string, number, string | undefined, boolean]>([
  ['counted as it came', Infinity, 'S', false],
  ['was held, and came after the position', 3, 'S', false],
  ['was held, and came before it', 2, 'S', true],
  ['was held, and is worked off', 2, undefined, false],
  ['was held, while another symbol is at it', 2, 'T', false],
])('a quote that %s: tracked %d, at %s, leaves it out: %s', (_, tracked, quoted, isOut) => {
  const market = new Markets().of('S');
  market.lastTracked = tracked;
  expect(market.leavesOut({ order: 2 }, quoted)).toBe(isOut);
});
