// A guard that is put again: what it says as before stands as before, the rest begins anew.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, world, type Body } from './acting.ts';
import { calmWindows, forgetNews, guard, guardStatus, expectTold, news } from './market-worlds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

/** What another part of the guard may say meanwhile. */
const other = { stale: { limit: 600 } };

/** Puts the guard again, and says what was told of it. */
async function again(body: Body): Promise<string[]> {
  await guard(body);
  return news();
}

describe('a condition that is put again as it was', () => {
  test('stays active, closes without confirmation, and clears at its time', async () => {
    const spread = { confirmQuotes: 2 };
    await guard({ spread });
    await expectTold(['1 1.006'], ['1 1.006', 'warning spread', 'halted spread'], ['+4000']);
    expect(await again({ spread, ...other })).toEqual([]);
    await expectTold(['1'], ['long a'], ['1 1.006', 'a market_spread 1'], ['+4999'], ['1']);
    expect(await again({ spread })).toEqual([]);
    await expectTold(['+1', 'cleared spread', 'resumed']);
  });

  test('is so whatever the spelling of its numbers, defaults included', async () => {
    await guard({ spread: { limit: '0.50' } });
    await expectTold(['1 1.006', 'warning spread', 'halted spread']);
    expect(await again({ spread: { limit: 0.5, closeOn: 'warning', confirmQuotes: 1 } })).toEqual(
      [],
    );
  });

  test.each(['restart', 'kill'])('is so after a %s', async (stop) => {
    await guard({ spread: {} });
    await expectTold(['1 1.006', 'warning spread', 'halted spread']);
    expect(await again({ spread: {}, ...other })).toEqual([]);
    await expectTold([stop], ['long a'], ['1 1.006', 'a market_spread 1']);
    await expectTold(['+5000', 'cleared spread', 'resumed']);
  });

  test('goes on being confirmed, by quotes and by time', async () => {
    const guards = { spread: { confirmQuotes: 3 }, liquidity: { confirmMs: 1000 } };
    await guard(guards);
    await expectTold(['long a'], ['1 1.006 5x20'], ['1 1.006 5x20'], ['+999']);
    expect(await again({ ...guards, ...other })).toEqual([]);
    await expectTold(['+1', 'warning liquidity.long', 'halted liquidity.long']);
    await expectTold([
      '1 1.006 5x20',
      ...['warning spread', 'halted liquidity.long, spread', 'a market_spread 1'],
    ]);
  });

  test('of silence counts on from the last quote, and is stale once', async () => {
    const stale = { limit: 60, closeOn: 'warning' };
    await guard({ stale });
    await expectTold(['1'], ['+59999']);
    expect(await again({ stale, spread: {} })).toEqual([]);
    await expectTold(['+1', 'warning stale', 'halted stale'], ['long a']);
    expect(await again({ stale })).toEqual([]);
    await expectTold(['+59999'], ['+1', 'critical stale']);
    await expectTold(['1'], ['+5000', 'cleared stale', 'resumed']);
  });

  test('of silence is told once more where it had ended', async () => {
    const stale = { limit: 60, clearAfterMs: 100_000 };
    await guard({ stale });
    await expectTold(['1'], ['+60000', 'warning stale', 'halted stale'], ['1'], ['+10000']);
    expect(await again({ stale, spread: {} })).toEqual([]);
    // Silence again, before it has cleared.
    await expectTold(['+50000'], ['+100000', 'critical stale']);
  });

  test('of volatility knows the windows before, with another limit too', async () => {
    const volatility = { limit: 2, windowMs: 1000, halfLifeMs: 1000 };
    await guard({ volatility });
    calmWindows();
    expect(await again({ volatility, ...other })).toEqual([]);
    await expectTold(['1.0200'], ['1.0202', 'warning volatility', 'halted volatility']);
    const halted = { ...volatility, limit: 3 };
    expect(await again({ volatility: halted })).toEqual(['cleared volatility', 'resumed']);
    await expectTold(['1.0202'], ['1.04', 'warning volatility', 'halted volatility']);
    const otherWindows = { ...volatility, windowMs: 2000 };
    expect(await again({ volatility: otherWindows })).toEqual(['cleared volatility', 'resumed']);
    await expectTold(['2']);
  });
});

test('a condition that is put otherwise is over, and confirmed anew', async () => {
  await guard({ spread: { confirmQuotes: 2 }, gap: {} });
  await expectTold(['1 1.006'], ['1 1.006', 'warning spread', 'halted spread']);
  expect(await again({ spread: { confirmQuotes: 2, closeOn: 'never' }, gap: {} })).toEqual([
    ...['cleared spread', 'resumed'],
  ]);
  await expectTold(['1 1.006'], ['1 1.006', 'warning spread', 'halted spread']);
  expect(await again({ gap: {} })).toEqual(['cleared spread', 'resumed']);
  await expectTold(['1 1.006'], ['+60000']);
});

test('a limit of silence that is lower than the silence is reached at once', async () => {
  await guard({ stale: { limit: 600 } });
  await expectTold(['1'], ['+100000']);
  await guard({ stale: { limit: 60 } });
  await expectTold(['+0', 'warning stale', 'halted stale'], ['+20000', 'critical stale']);
});

describe('what is held as a bad print', () => {
  const reject = { deviationPct: 2, withinMs: 10_000, confirmQuotes: 1 };
  const held = async (): Promise<unknown> => ((await guardStatus())['quotes'] as Body)['held'];

  test('is held on with the same limits', async () => {
    await guard({ reject, spread: {} });
    await expectTold(['1'], ['long a'], ['1.05']);
    await guard({ reject });
    expect(await held()).toBe(1);
    await expectTold(['1.06']);
    expect(world.core.markets.of('EURUSD').book.bid).toBe(1.06);
  });

  test('is dropped with others, and counted', async () => {
    await guard({ reject });
    await expectTold(['1'], ['1.05']);
    await guard({ reject: { ...reject, confirmQuotes: 2 } });
    expect([await held(), world.counter('quotes_refused_bad_print')]).toEqual([0, 1]);
  });
});

describe('feeds', () => {
  const feeds = { primary: 'one', fallback: 'two', fallbackAfterMs: 10_000, backAfterMs: 5000 };

  test('that are put again as they were know when they were heard', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['+5000'], ['1.1@two']);
    expect(await again({ feeds, ...other })).toEqual([]);
    await expectTold(['+4999'], ['+1', 'feed fallback two silent']);
    await expectTold(['1@one'], ['+4000']);
    expect(await again({ feeds })).toEqual([]);
    await expectTold(['+1000'], ['1@one', 'feed primary one back']);
  });

  test('that are others begin with the primary', async () => {
    await guard({ feeds });
    await expectTold(['1@one'], ['1@two'], ['+9000'], ['1@two']);
    await expectTold(['+1000', 'feed fallback two silent']);
    await guard({ feeds: { ...feeds, fallback: 'three' } });
    expect(((await guardStatus())['feeds'] as Body)['active']).toBe('primary');
    await expectTold(['1@two'], ['1.01@one']);
    expect(world.core.markets.of('EURUSD').book.bid).toBe(1.01);
  });
});
