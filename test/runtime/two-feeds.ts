// Two feeds of the euro, what is told when they change places, and whose quotes count.
import { world, type Body } from './acting.ts';
import { guardStatus } from './market-worlds.ts';

export const feeds = {
  primary: 'one',
  fallback: 'two',
  fallbackAfterMs: 10_000,
  backAfterMs: 5000,
};
export const toFallback = 'feed fallback two silent';
export const toPrimary = 'feed primary one back';

export const bid = (): number => world.core.markets.of('EURUSD').book.bid;
export const active = async (): Promise<unknown> =>
  ((await guardStatus())['feeds'] as Body)['active'];
