// State + record → state, of guards of markets and of their hours.
import { expect, test } from 'vitest';
import { guardOf, type FeedsSpec } from '#src/domain/market-conditions';
import type { Draft } from '#src/domain/records';
import { Story } from './story.ts';

test('a guard is put, holds conditions, clears them and is removed', () => {
  const guard = guardOf({ symbol: 'XAUUSD', gap: false, spread: { limit: '1', closeOn: 'never' } });
  const changed = (level: 'warning' | 'critical' | 'clear'): Draft => ({
    type: 'market.changed',
    accountId: '_',
    body: { symbol: 'XAUUSD', condition: 'spread', level, measured: '2', limit: '1' },
  });
  const story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard } });
  const active = () => Object.fromEntries(story.state.guards.get('XAUUSD')?.active ?? []);
  story.tellAt(5, changed('warning'));
  expect(active()).toEqual({ spread: { level: 'warning', since: 5, measured: '2' } });
  story.tellAt(6, changed('critical'));
  expect(active()).toEqual({ spread: { level: 'critical', since: 6, measured: '2' } });
  story.tell(changed('clear'));
  expect(active()).toEqual({});
  // What is put again as it was stands as it did.
  story.tellAt(7, changed('warning'));
  story.tell({ type: 'guard.put', accountId: '_', body: { guard } });
  expect(active()).toEqual({ spread: { level: 'warning', since: 7, measured: '2' } });
  const other = { ...guard, spread: false } as const;
  story.tell({ type: 'guard.put', accountId: '_', body: { guard: other } });
  expect(active()).toEqual({});
  story.tell({ type: 'guard.removed', accountId: '_', body: { symbol: 'XAUUSD' } });
  expect(story.state.guards.size).toBe(0);
  // What is told of a guard that is gone, or was never there, is nothing.
  story.tell(changed('warning'), changed('clear'));
  expect(story.state.guards.size).toBe(0);
});

test('a guard of an earlier version is put as it was: what it did not know is off', () => {
  const guard = {
    symbol: 'XAUUSD',
    gap: { limit: '4', closeOn: 'critical' },
    spread: false,
  } as never;
  const story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard } });
  const gap = { limit: 4, closeOn: 'critical', haltEntriesOn: 'never' } as const;
  expect(story.state.guards.get('XAUUSD')?.record).toEqual({
    ...{ ...guardOf({ symbol: 'XAUUSD', gap, spread: false }) },
    ...{ liquidity: false, stale: false, volatility: false },
  });
});

test('liquidity holds on each side by itself', () => {
  const changed = (side: 'long' | 'short', level: 'warning' | 'clear'): Draft => ({
    type: 'market.changed',
    accountId: '_',
    body: { symbol: 'XAUUSD', condition: 'liquidity', side, level, measured: '4', limit: '10' },
  });
  const guard = guardOf({ symbol: 'XAUUSD' });
  const story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard } });
  const active = (): string[] => [...(story.state.guards.get('XAUUSD')?.active.keys() ?? [])];
  story.tell(changed('long', 'warning'), changed('short', 'warning'));
  expect(active()).toEqual(['liquidityLong', 'liquidityShort']);
  story.tell(changed('long', 'clear'));
  expect(active()).toEqual(['liquidityShort']);
});

test('the feed that counts stays with its guard, for as long as that has the same feeds', () => {
  const put = (feeds?: FeedsSpec): Draft => ({
    type: 'guard.put',
    accountId: '_',
    body: { guard: guardOf({ symbol: 'XAUUSD', feeds }) },
  });
  const body = { symbol: 'XAUUSD', feed: 'two', reason: 'silent' } as const;
  const switched: Draft = {
    type: 'feed.switched',
    accountId: '_',
    body: { ...body, to: 'fallback' },
  };
  const story = new Story().tell(put({ primary: 'one', fallback: 'two' }));
  const feed = (): unknown => story.state.guards.get('XAUUSD')?.feed;
  expect(feed()).toBe('primary');
  story.tell(switched);
  expect(feed()).toBe('fallback');
  story.tell(put({ primary: 'one', fallback: 'two', backAfterMs: 5 }));
  expect(feed()).toBe('fallback');
  story.tell(put({ primary: 'two', fallback: 'one' }));
  expect(feed()).toBe('primary');
  story.tell(switched, put({ primary: 'two', fallback: 'three' }));
  expect(feed()).toBe('primary');
  story.tell(switched, put());
  expect(feed()).toBe('primary');
  story.tell({ type: 'guard.removed', accountId: '_', body: { symbol: 'XAUUSD' } }, switched);
  expect(feed()).toBeUndefined();
});

test('a market is open until it is told to be closed', () => {
  const told = (isOpen: boolean): Draft => ({
    type: 'session.changed',
    accountId: '_',
    body: { symbol: 'XAUUSD', isOpen },
  });
  const story = new Story();
  const closed = (): string[] => [...story.state.closedMarkets];
  expect(closed()).toEqual([]);
  story.tell(told(false));
  expect(closed()).toEqual(['XAUUSD']);
  story.tell(told(true));
  expect(closed()).toEqual([]);
});

test('what version 4 of the format said of a gap changes nothing', () => {
  const guard = guardOf({ symbol: 'XAUUSD' });
  const story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard } });
  const before = structuredClone([...story.state.guards]);
  story.tell({ type: 'gap.contradicted', accountId: '_', body: { symbol: 'XAUUSD' } });
  expect([...story.state.guards]).toEqual(before);
});
