// Two feeds of a symbol that are not level: quotes that are older than the last one that counted.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, trackLots, world } from './acting.ts';
import { forgetNews, guard, expectTold } from './market-worlds.ts';
import { active, bid, feeds, toFallback, toPrimary } from './two-feeds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

describe('quotes that are older than the last one that counted', () => {
  const failOver = async (): Promise<void> => {
    await guard({ feeds });
    await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.9' } });
    await expectTold(['1@one'], ['+9000'], ['1@two'], ['+1000', toFallback], ['1@two']);
  };

  test('are no sign of life of the feed that counts', async () => {
    await guard({ feeds });
    await expectTold(
      ['1@one'],
      ['+5000'],
      ['1@one'],
      ['1@two'],
      ['+5000'],
      ['1 ts-5001@one'],
      ['1@two'],
      ['+4999'],
      ['1 ts-15000@one'],
      ['+1', toFallback],
    );
    expect(world.counter('quotes_refused_stale')).toBe(2);
  });

  test('of one at the same time they are, as hygiene takes them', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['1@two'], ['+9000'], ['1 ts-9000@one'], ['+1000'], ['1@two']);
    expect([await active(), world.counter('quotes_accepted')]).toEqual(['primary', 0]);
    expect(world.engine.feed.accepted).toBe(2);
  });

  test('that wait for their turn are the last ones, too', async () => {
    await guard({ feeds });
    const inbox = world.engine['inbox'];
    await expectTold(['1@one']);
    inbox.hold('EURUSD');
    await expectTold(
      ['+5000'],
      ['1@one'],
      ['+5000'],
      // Later than the book, and earlier than what waits.
      ['1 ts-6000@one'],
      ['1@two'],
      ['+4999'],
      ['+1', toFallback],
    );
    inbox.release('EURUSD');
    await expectTold(['+1']);
    expect(world.engine.feed.accepted).toBe(2);
  });

  test('do not bring back a primary that sends what it has kept', async () => {
    await failOver();
    await expectTold(['+20000'], ['1@two']);
    for (let i = 0; i < 6; i++) await expectTold(['1 ts-19000@one'], ['1@two'], ['+1000']);
    expect(world.counter('quotes_standby_behind')).toBe(6);
    await expectTold(['0.8@two', 'p stop_loss 0.8']);
  });

  test('bring back a primary that is a little later, with one that is no older', async () => {
    await failOver();
    for (let i = 0; i < 6; i++) await expectTold(['1@two'], ['1 ts-1000@one'], ['+1000']);
    await expectTold(
      ['1@two'],
      ['+299'],
      ['1.1 ts-300@one'],
      ['+1'],
      ['1.2 ts-300@one', toPrimary],
    );
    expect([bid(), world.counter('quotes_standby_behind')]).toEqual([1.2, 0]);
  });

  test('do not begin its return', async () => {
    await failOver();
    await expectTold(['1@two'], ['1 ts-1001@one'], ['+4000'], ['1@two'], ['1@one'], ['+4999']);
    await expectTold(['1@one'], ['1@two'], ['+1'], ['1@one', toPrimary]);
  });

  test('of a primary whose clock is behind count when it has passed that of the last one', async () => {
    await failOver();
    for (let i = 0; i < 20; i++) {
      await expectTold(['1.1@two'], ['0.8 ts-120000@one'], ['+1000']);
    }
    await expectTold(['1.1@two']);
    for (let i = 0; i < 119; i++) await expectTold(['+1000'], ['0.8 ts-120000@one']);
    expect([bid(), await active()]).toEqual([1.1, 'fallback']);
    await expectTold(['+999'], ['0.8 ts-120000@one'], ['+1']);
    await expectTold(['0.8 ts-120000@one', 'feed primary one silent', 'p stop_loss 0.8']);
  });

  test('of a fallback are none that takes over', async () => {
    await guard({ feeds });
    await expectTold(
      ['1@one'],
      ['+9999'],
      ['1 ts-10000@two'],
      ['+1'],
      ['1 ts-10001@two'],
      // The primary goes on at once.
      ['1.1@one'],
    );
    expect([bid(), await active()]).toEqual([1.1, 'primary']);
  });

  test('a quote that is held is a sign of life, and not the last that counted', async () => {
    await guard({ feeds, reject: { deviationPct: 2, withinMs: 60_000, confirmQuotes: 3 } });
    await expectTold(
      ['1@one'],
      ['+9000'],
      ['1.1@one'],
      ['1@two'],
      ['+1000'],
      ['1.1 ts-5000@one'],
      ['+9999'],
      ['1@two'],
      ['+1', toFallback],
    );
    expect(world.counter('quotes_held')).toBe(1);
  });
});
