// Markets: one a symbol, and whom its quotes move.
import { expect, test } from 'vitest';
import type { Account } from '#src/domain/state';
import { EquityWatch } from '#src/prices/equity-watch';
import { Markets } from '#src/prices/market';
import { accountCreated, Story } from '../domain/story.ts';

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

test('accounts are moved in the order of their creation, while they hold something', () => {
  const accountIds = ['c', 'a', 'b'];
  const story = new Story().tell(...accountIds.map((accountId) => accountCreated({ accountId })));
  const markets = new Markets();
  const watchOf = (account: Account): EquityWatch => new EquityWatch(account, markets.bookOf);
  const [c, a, b] = accountIds.map((accountId) => watchOf(story.account(accountId))) as [
    EquityWatch,
    EquityWatch,
    EquityWatch,
  ];
  const market = markets.of('S');
  const held = (): string[] => market.holders().map((watch) => watch.account.accountId);
  expect(held()).toEqual([]);
  for (const watch of [b, a, c, a]) market.hold(watch);
  expect(held()).toEqual(['c', 'a', 'b']);
  const before = market.holders();
  expect(market.holders()).toBe(before);
  market.release(a);
  expect(held()).toEqual(['c', 'a', 'b']);
  market.release(c);
  expect(held()).toEqual(['a', 'b']);
  market.release(a);
  expect(held()).toEqual(['b']);
  // Who was being told while it changed has its own list still.
  expect(before.map((watch) => watch.account.accountId)).toEqual(['c', 'a', 'b']);
  market.release(a);
  expect(held()).toEqual(['b']);
});
