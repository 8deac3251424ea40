// Feeds whose quotes are older than our clock says: what a quote measures goes by its own time, what is
// due after it by when it came.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, world } from './acting.ts';
import { forgetNews, guard, expectTold, news } from './market-worlds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

describe('quotes that are six seconds late', () => {
  test('clear for clearAfterMs from when the last one came', async () => {
    await guard({ spread: {} });
    await expectTold(
      ['1 1.006 ts-6000', 'warning spread', 'halted spread'],
      ['+4000'],
      ['1 1.006 ts-6000'],
      ['+4999'],
      ['+1', 'cleared spread', 'resumed'],
    );
  });

  test('are confirmed by a time from when the first one came', async () => {
    await guard({ spread: { confirmMs: 900 } });
    await expectTold(
      ['long a'],
      ['1 1.006 ts-6000'],
      ['+10'],
      ['1 ts-6000'],
      ['+1000'],
      ['1 1.006 ts-6000'],
      ['+899'],
      ['+1', 'warning spread', 'halted spread', 'a market_spread 1'],
    );
  });

  test('are confirmed by their own times, where quotes come', async () => {
    await guard({ spread: { confirmMs: 900 } });
    await expectTold(
      ['long a'],
      ['1 1.006 ts-6000'],
      ['+10'],
      ['1 1.006 ts-5110', 'warning spread', 'halted spread', 'a market_spread 1'],
    );
  });

  test('are confirmed by a time although their own does not go on', async () => {
    await guard({ spread: { confirmMs: 500 } });
    const ts = world.clock.now() - 6000;
    const again = (): void => {
      world.engine.quote({ symbol: 'EURUSD', bid: 1, ask: 1.006, ts });
    };
    again();
    for (let i = 0; i < 2; i++) {
      await expectTold(['+200']);
      again();
    }
    await expectTold(['+99'], ['+1', 'warning spread', 'halted spread']);
  });

  test('are no silence for a guard that is put later, or again', async () => {
    await expectTold(['1 ts-6000']);
    await guard({ stale: { limit: 5 } });
    await expectTold(['+1000'], ['1 ts-6000'], ['+4000']);
    await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
    await expectTold(['1 ts-6000']);
    await guard({ stale: { limit: 5 } });
    await expectTold(['+4999'], ['+1', 'warning stale', 'halted stale']);
  });

  test('are no silence', async () => {
    await guard({ stale: { limit: 5 } });
    for (let i = 0; i < 20; i++) await expectTold(['1 ts-6000'], ['+1000']);
    await expectTold(['+3999'], ['+1', 'warning stale', 'halted stale']);
  });
});

test('quotes that are ahead of the clock: what is due is so from when they came', async () => {
  await guard({ spread: {}, stale: { limit: 20 } });
  const ahead = (ms: number): void => {
    const ts = world.clock.now() + ms;
    world.engine.quote({ symbol: 'EURUSD', bid: 1, ask: 1.006, ts });
  };
  ahead(3000);
  expect(news()).toEqual(['warning spread', 'halted spread']);
  await expectTold(['+4999'], ['+1', 'cleared spread', 'resumed']);
  await expectTold(['+14999'], ['+1', 'warning stale', 'halted stale']);
});

test('a quote that was held clears for clearAfterMs from when it counts', async () => {
  const reject = { deviationPct: 2, withinMs: 60_000, confirmQuotes: 1 };
  await guard({ gap: {}, reject });
  await expectTold(
    ['1'],
    ['1.06'],
    ['+10000'],
    ['1.06', 'warning gap', 'halted gap'],
    ['+4999'],
    ['+1', 'cleared gap', 'resumed'],
  );
});

describe('the same instrument put again', () => {
  const put = (sessions?: object): Promise<unknown> =>
    world.ask('op._.instrument.put', {
      ...{ symbol: 'EURUSD', contractSize: '100000', quoteCurrency: 'USD' },
      ...(sessions && { sessions }),
    });

  test('says nothing of a silence that was told', async () => {
    await put();
    await guard({ stale: { limit: 60, closeOn: 'warning' } });
    await expectTold(['long a'], ['1'], ['+59999']);
    await put();
    await expectTold(['+1', 'warning stale', 'halted stale', 'a market_stale 1'], ['long b']);
    await put();
    await expectTold(['+10000']);
    await put();
    await expectTold(['+49999'], ['+1', 'critical stale']);
    await put();
    await expectTold(['+100000']);
  });

  test('with other hours begins the silence anew', async () => {
    await put();
    await guard({ stale: { limit: 60, closeOn: 'warning' } });
    await expectTold(['long a'], ['1'], ['+59999']);
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    await put({ timezone: 'UTC', weekly: [{ days, from: '00:00', to: '24:00' }], holidays: [] });
    await expectTold(['+59999'], ['+1', 'warning stale', 'halted stale', 'a market_stale 1']);
  });
});

test('hours that are put end the confirmation of a silence', async () => {
  const put = (more: object): Promise<unknown> =>
    world.ask('op._.instrument.put', {
      ...{ symbol: 'EURUSD', contractSize: '100000', quoteCurrency: 'USD' },
      ...more,
    });
  await put({});
  await guard({ stale: { limit: 60, confirmMs: 60_000, closeOn: 'warning' } });
  await expectTold(['long a'], ['1'], ['+100000']);
  const date = new Date(world.clock.now()).toISOString().slice(0, 10);
  const weekly = [{ days: ['mon'], from: '00:00', to: '00:01' }];
  const sessions = { timezone: 'UTC', weekly, holidays: [{ date, closed: true }] };
  await put({ sessions });
  await expectTold(['+0', 'halted closed'], ['+100000']);
});

test('the time that confirms silence counts while the market is open', async () => {
  const from = new Date(world.clock.now() - 60_000).toISOString().slice(11, 16);
  const to = new Date(world.clock.now() + 600_000).toISOString().slice(11, 16);
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  await world.ask('op._.instrument.put', {
    ...{ symbol: 'EURUSD', contractSize: '100000', quoteCurrency: 'USD' },
    sessions: { timezone: 'UTC', weekly: [{ days, from, to }], holidays: [] },
  });
  await guard({ stale: { limit: 60, confirmMs: 3_600_000 } });
  await expectTold(['1'], ['+600000', 'halted closed'], ['+7200000']);
});
