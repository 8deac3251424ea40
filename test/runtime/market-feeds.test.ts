// Several feeds of a symbol, and the sequence numbers of their quotes.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SessionCalendar } from '#src/domain/sessions';
import { newWorldForEachTest, trackLots, world, type Body } from './acting.ts';
import { forgetNews, guard, guardStatus, expectTold, news, push, quote } from './market-worlds.ts';
import { active, bid, feeds, toFallback, toPrimary } from './two-feeds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

describe('two feeds', () => {
  test('the fallback takes over when the primary is silent, and gives way when it is back', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['+4000'], ['1.1@two']);
    expect([bid(), await active()]).toEqual([1, 'primary']);
    await expectTold(['+5999'], ['+1', toFallback]);
    // Its earlier quote was none that counted.
    expect([bid(), await active()]).toEqual([1, 'fallback']);
    await expectTold(['1.2@two']);
    expect(bid()).toBe(1.2);
    await expectTold(['1.3@one'], ['+3000'], ['1.3@one'], ['1.21@two'], ['+1999'], ['1.3@one']);
    expect(bid()).toBe(1.21);
    await expectTold(['+1'], ['1.31@one', toPrimary], ['1.22@two']);
    expect([bid(), await active()]).toEqual([1.31, 'primary']);
    expect(world.counter('quotes_standby')).toBe(5);
    expect(world.counter('feed_switches')).toBe(2);
    expect(world.events.filter(({ event }) => event === 'feed.switched')).toMatchObject([
      { accountId: '_', symbol: 'EURUSD', to: 'fallback', feed: 'two', reason: 'silent' },
      { accountId: '_', symbol: 'EURUSD', to: 'primary', feed: 'one', reason: 'back' },
    ]);
  });

  test('a fallback that was silent too takes over with its next quote, which counts', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['1.1@two'], ['+60000'], ['1.2@two', toFallback]);
    expect(bid()).toBe(1.2);
  });

  test('a primary that was not heard since the start has its time from the first of the other', async () => {
    await guard({ feeds });
    await expectTold(
      ['1.2@two'],
      ['+5000'],
      ['1.25@two'],
      ['+4999'],
      ['+1', toFallback],
      ['1.3@two'],
      ['restart'],
      ['1@one'],
      ['1.4@two'],
    );
    expect(bid()).toBe(1.4);
  });

  test.each(['restart', 'kill'])('the fallback takes over after a %s as ever', async (stop) => {
    await guard({ feeds });
    await expectTold(['1@one'], [stop], ['1.1@two'], ['1.01@one'], ['+9999'], ['1.1@two']);
    expect(bid()).toBe(1.01);
    await expectTold(['+1', toFallback]);
  });

  test('a primary that pauses begins its return anew', async () => {
    await guard({ feeds });
    await expectTold(
      ['1@one'],
      ['+9000'],
      ['1@two'],
      ['+1000', toFallback],
      ['1@one'],
      ['+4000'],
      ['1@two'],
      ['+6000'],
      ['1@two'],
      // Ten seconds after its last one: it is as if it were its first.
      ['1@one'],
      ['+4999'],
      ['1@one'],
      ['1@two'],
      ['+1'],
      ['1@one', toPrimary],
    );
  });

  test('other feeds, and quotes that name none, have no effect', async () => {
    await guard({ feeds, spread: {} });
    await expectTold(['1@one'], ['1 2@three'], ['1 2'], ['+10000'], ['1 2@three']);
    expect(bid()).toBe(1);
    expect(world.counter('quotes_of_no_feed')).toBe(3);
    expect(world.engine.feed.accepted).toBe(1);
  });

  test('the reason of a change is why it came: a fallback that is silent gives way to a primary', async () => {
    await guard({ feeds: { ...feeds, backAfterMs: 60_000 } });
    await expectTold(
      ['1@one'],
      ['+9000'],
      ['1@two'],
      ['+1000', toFallback],
      ['1@two'],
      ['+10000'],
      ['1@one', 'feed primary one silent'],
    );
  });

  test('with both defaults a change of feeds is told, and no staleness', async () => {
    await guard({ feeds: { primary: 'one', fallback: 'two' }, stale: {} });
    await expectTold(['1@one'], ['1@two'], ['+9000'], ['1@two'], ['+999'], ['+1', toFallback]);
    for (let i = 0; i < 60; i++) await expectTold(['1@two'], ['+1000']);
    await expectTold(['+58999'], ['+1', 'warning stale', 'halted stale']);
  });

  test('a quote that hygiene refuses is no sign of life', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['+9000'], ['1@two'], ['2 1@one'], ['+1000', toFallback]);
    expect(world.counter('quotes_refused_crossed')).toBe(1);
  });

  test('never mixed: no quote that stands by fires anything', async () => {
    await guard({ feeds, gap: { closeOn: 'never' }, spread: {}, stale: { limit: 8 } });
    await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.9' } });
    await expectTold(
      ['1@one'],
      ['0.5 0.8@two'],
      ['+7999'],
      ['0.5 0.8@two'],
      ['+1', 'warning stale', 'halted stale'],
      ['+2000', toFallback],
      // The first of them that counts is a gap from the last before.
      ['0.8@two', ...['critical gap', 'halted stale, gap', 'p stop_loss 0.8']],
    );
  });

  test('what one has held is none of the other’s', async () => {
    await guard({ feeds, reject: { deviationPct: 2, withinMs: 60_000 } });
    await expectTold(['1@one'], ['1.1@one'], ['+9000'], ['1@two'], ['+1000', toFallback]);
    expect(world.counter('quotes_refused_bad_print')).toBe(1);
    await expectTold(['1.1@two']);
    expect(bid()).toBe(1);
    await expectTold(['1.1@two']);
    expect(bid()).toBe(1.1);
  });

  test.each(['restart', 'kill'])('the one that counts does so after a %s', async (stop) => {
    await guard({ feeds });
    await expectTold(['1@one'], ['+9000'], ['1@two'], ['+1000', toFallback], [stop]);
    expect(await active()).toBe('fallback');
    await expectTold(['1.1@two'], ['1.2@one']);
    expect(bid()).toBe(1.1);
    await expectTold(['+4000'], ['1.2@one'], ['+1000'], ['1.3@one', toPrimary]);
    expect(bid()).toBe(1.3);
  });

  test('a guard with the same feeds keeps the one that counts, another begins with its primary', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['+9000'], ['1@two'], ['+1000', toFallback]);
    await guard({ feeds: { ...feeds, fallbackAfterMs: 2000 } });
    expect(await active()).toBe('fallback');
    await guard({ feeds: { ...feeds, fallback: 'three' } });
    expect(await active()).toBe('primary');
    await guard({});
    expect(await guardStatus()).not.toHaveProperty('feeds');
    await expectTold(['1.5@any']);
    expect(bid()).toBe(1.5);
  });

  test('silence counts while the market is open', async () => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    const sessions = { timezone: 'UTC', weekly: [{ days, from: '12:00', to: '00:00' }] };
    const euro = { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000 };
    await world.ask('op._.instrument.put', { ...euro, sessions });
    await guard({ feeds });
    const halfDay = 12 * 3_600_000;
    await expectTold(
      [`+${halfDay}`, 'halted closed', 'resumed'],
      [`+${halfDay - 4000}`],
      ['1@one'],
      [`+${4000 + halfDay}`, 'halted closed', 'resumed'],
      ['1.1@two'],
      ['+5999'],
      ['+1', toFallback],
    );
  });
});

describe('when a feed is silent', () => {
  const euro = { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000 };
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const from = (open: string, until: string): Body => ({
    ...euro,
    sessions: { timezone: 'UTC', weekly: [{ days, from: open, to: until }] },
  });
  const put = async (body: Body): Promise<void> => {
    await world.ask('op._.instrument.put', body);
    world.clock.advance(0);
    news();
  };

  test('goes by other hours at once', async () => {
    // It is midnight.
    await put(from('12:00', '13:00'));
    await guard({ feeds });
    await expectTold(['1@one'], ['1@two'], ['+1000']);
    await put(euro);
    await expectTold(['+8999'], ['1@two'], ['+1', toFallback]);
  });

  test('also where it is so already', async () => {
    await put(from('12:00', '13:00'));
    await guard({ feeds });
    await expectTold(['1@one'], ['+15000'], ['1@two'], ['+1000']);
    await world.ask('op._.instrument.put', euro);
    await expectTold(['+0', toFallback, 'resumed']);
  });

  test('has all of its time where it was not heard yet', async () => {
    await put(from('00:00', '24:00'));
    await guard({ feeds });
    await expectTold(['1@two'], ['+1000']);
    await put(euro);
    await expectTold(['1@two'], ['+8999'], ['+1', toFallback]);
  });

  test('waits where the hours are over', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['1@two'], ['+4000']);
    await put(from('12:00', '13:00'));
    await expectTold(['1@two'], ['+60000'], ['1@two']);
    expect(await active()).toBe('primary');
  });

  test('is asked once where the market does not open within sight', async () => {
    await put({ ...euro, sessions: { timezone: 'UTC', weekly: [] } });
    await guard({ feeds });
    const openAfter = vi.spyOn(SessionCalendar.prototype, 'openAfter');
    await expectTold(['1@one']);
    for (let i = 0; i < 20; i++) await expectTold(['1@two'], ['+1000']);
    expect(openAfter).toHaveBeenCalledTimes(1);
    await expectTold(['+3600000']);
    expect(openAfter).toHaveBeenCalledTimes(2);
    openAfter.mockRestore();
    await put(euro);
    await expectTold(['1@two', toFallback]);
  });

  test('it is told before staleness of the same time, and before the end of the hours', async () => {
    await put(from('00:00', '01:00'));
    await expectTold([`+${3_600_000 - 10_000}`]);
    await guard({ feeds, stale: { limit: 10 } });
    await expectTold(['1@one'], ['+9000'], ['1@two'], ['+999']);
    await expectTold(['+1', toFallback, 'warning stale', 'halted stale', 'halted closed, stale']);
  });
});

describe('sequence numbers', () => {
  const at = (seq: number, feed?: string): void => push({ bid: 1, ask: 1, seq, feed });
  const sequences = async (): Promise<unknown> =>
    ((await guardStatus())['quotes'] as Body)['sequences'];

  test('their holes and repeats are counted, and no quote is refused for them', async () => {
    await guard({});
    expect(await sequences()).toBeUndefined();
    quote('1');
    expect(await sequences()).toBeUndefined();
    for (const seq of [7, 8, 8, 9, 12, 13, 3, 4, 9]) at(seq);
    expect(await sequences()).toEqual([{ last: 9, holes: 2, missed: 6, repeats: 2 }]);
    expect(world.engine.feed.accepted).toBe(10);
  });

  test('by feed, also of one that stands by', async () => {
    await guard({ feeds });
    at(1, 'one');
    at(100, 'two');
    at(2, 'one');
    at(102, 'two');
    expect(await sequences()).toEqual([
      { feed: 'one', last: 2, holes: 0, missed: 0, repeats: 0 },
      { feed: 'two', last: 102, holes: 1, missed: 1, repeats: 0 },
    ]);
  });

  test('of the first sixteen feeds; what is beyond is counted', async () => {
    await guard({});
    for (let i = 0; i < 40; i++) at(1, `feed-${i}`);
    expect(await sequences()).toHaveLength(16);
    expect(world.counter('sequences_unwatched')).toBe(24);
  });

  test('of the two that may count in any case', async () => {
    const named = async (): Promise<unknown[]> =>
      ((await sequences()) as Body[]).map(({ feed }) => feed);
    const junk = (from: number): string[] =>
      Array.from({ length: 16 - from }, (_, i) => `x${i + from}`);
    await guard({ feeds });
    for (const feed of [...junk(0), 'one', 'x0', 'one']) at(1, feed);
    expect(await named()).toEqual([...junk(1), 'one']);
    at(1, 'two');
    expect(await named()).toEqual([...junk(2), 'one', 'two']);
    expect(world.counter('sequences_unwatched')).toBe(1);
    expect(((await sequences()) as Body[])[14]).toMatchObject({ feed: 'one', last: 1, repeats: 1 });
    await guard({ feeds: { ...feeds, fallback: 'three' } });
    at(1, 'three');
    expect(await named()).toEqual([...junk(3), 'one', 'two', 'three']);
  });
});
