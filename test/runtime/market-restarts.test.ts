// Guards that are replaced, removed, or restarted while conditions hold or are being confirmed.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, trackLots, world, type Body } from './acting.ts';
import {
  calmWindows,
  forgetNews,
  guard,
  guardStatus,
  news,
  expectTold,
  quote,
  type Row,
} from './market-worlds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

const volatility = { limit: 2, windowMs: 1000, halfLifeMs: 1000 };

/** Each condition, with what makes it a warning and critical. */
const conditions: [gauge: string, guard: Body, Row[], warning: string, critical: string][] = [
  ['gap', { gap: { closeOn: 'never' } }, [['1']], '1.05', '1.3'],
  ['spread', { spread: { closeOn: 'never' } }, [], '1 1.006', '1 1.02'],
  ['liquidity.long', { liquidity: { closeOn: 'never' } }, [], '1 1 9x20', '1 1 4x20'],
  ['liquidity.short', { liquidity: { closeOn: 'never' } }, [], '1 1 20x9', '1 1 20x4'],
];

describe.each(['restart', 'kill'])('after a %s', (stop) => {
  // What came while nobody listened is not known: it clears as if it had held until the start.
  test.each(conditions)('%s clears at its time', async (gauge, of, rows, warning) => {
    await guard(of);
    await expectTold(
      ...rows,
      [warning, `warning ${gauge}`, `halted ${gauge}`],
      ['+2000'],
      [stop],
      ['+4999'],
      ['+1', `cleared ${gauge}`, 'resumed'],
    );
    expect(world.core.deadlines.size).toBe(0);
  });

  test.each(conditions)('%s that is critical is so on both levels', async (...given) => {
    const [gauge, of, rows, warning, critical] = given;
    await guard(of);
    await expectTold(
      ...rows,
      [warning, `warning ${gauge}`, `halted ${gauge}`],
      ['+1000'],
      [critical, `critical ${gauge}`],
      [stop],
      ['+5000', `cleared ${gauge}`, 'resumed'],
    );
  });

  test('a condition goes on closing whenever it holds, and is not told again', async () => {
    await guard({ spread: { confirmQuotes: 2 } });
    await expectTold(
      ['1 1.006'],
      ['1 1.006', 'warning spread', 'halted spread'],
      [stop],
      ['long a'],
      ['1 1.005'],
      ['1 1.006', 'a market_spread 1'],
      ['+5000', 'cleared spread', 'resumed'],
    );
  });

  test('what was being confirmed begins anew', async () => {
    await guard({ spread: { confirmQuotes: 3 }, liquidity: { confirmMs: 1000 } });
    await expectTold(
      ['1 1.006 9x20'],
      ['1 1.006 9x20'],
      [stop],
      ['+2000'],
      ['1 1.006 20x20'],
      ['1 1.006 20x20'],
      ['1 1.006 20x20', 'warning spread', 'halted spread'],
    );
  });

  test('what is stale is so until a quote comes', async () => {
    await guard({ stale: { limit: 10 } });
    await expectTold(
      ['1'],
      ['+10000', 'warning stale', 'halted stale'],
      ['+1000'],
      // Nobody listened meanwhile: what counts begins with the start.
      [stop],
      ['+19999'],
      ['+1', 'critical stale'],
      [stop],
      ['+60000'],
      ['1'],
      ['+4999'],
      ['+1', 'cleared stale', 'resumed'],
    );
  });

  test('silence before a start is none of the feed’s', async () => {
    await guard({ stale: { limit: 10 } });
    await expectTold(['1'], ['+2000'], [stop], ['+9999'], ['+1', 'warning stale', 'halted stale']);
  });

  test('the first quote is a gap from the last before, and crosses levels at its own price', async () => {
    await guard({ gap: { closeOn: 'never' } });
    await trackLots('acc2', { positionId: 'p', exits: { stopLoss: '0.95' } });
    await expectTold(
      ['1'],
      ['+2000'],
      [stop],
      ['0.9', 'critical gap', 'halted gap', 'p stop_loss 0.9'],
    );
  });

  test('100 windows have to be over again before volatility is told', async () => {
    await guard({ volatility });
    calmWindows();
    await expectTold([stop], ['1.5'], ['1.6']);
    calmWindows();
    await expectTold(['1.03', 'warning volatility', 'halted volatility']);
  });
});

describe('a guard that is put over one, and says something else', () => {
  test.each(conditions)('ends %s that holds, and finds it again', async (...given) => {
    const [gauge, of, rows, warning, critical] = given;
    await guard(of);
    await expectTold(...rows, [warning, `warning ${gauge}`, `halted ${gauge}`]);
    const [[condition, spec] = ['', {}]] = Object.entries(of);
    await guard({ [condition]: { ...(spec as Body), clearAfterMs: 6000 } });
    expect(news()).toEqual([`cleared ${gauge}`, 'resumed']);
    await expectTold(
      ['+60000'],
      [critical, `critical ${gauge}`, `halted ${gauge}`],
      ['+6000', `cleared ${gauge}`, 'resumed'],
    );
  });

  test('ends several, one after the other', async () => {
    await guard({ gap: {}, spread: {} });
    await expectTold(
      ['1'],
      ['1.1 1.2', 'critical gap', 'halted gap', 'critical spread', 'halted gap, spread'],
    );
    await guard({ spread: false });
    expect(news()).toEqual(['cleared gap', 'halted spread', 'cleared spread', 'resumed']);
  });

  test('ends what was being confirmed', async () => {
    await guard({ spread: { confirmQuotes: 2 }, liquidity: { confirmMs: 1000 } });
    await expectTold(['1 1.006 9x9']);
    await guard({ spread: { confirmQuotes: 2, clearAfterMs: 1 }, liquidity: { confirmMs: 900 } });
    await expectTold(['+1000'], ['1 1.006'], ['1 1.006', 'warning spread', 'halted spread']);
  });

  test('ends what is stale: it is told anew', async () => {
    await guard({ stale: { limit: 10 } });
    await expectTold(['1'], ['+10000', 'warning stale', 'halted stale']);
    await guard({ stale: { limit: 15 } });
    expect(news()).toEqual(['cleared stale', 'resumed']);
    await expectTold(['+4999'], ['+1', 'warning stale', 'halted stale']);
  });
});

test('nothing is due of a guard that was removed, whatever held or was being confirmed', async () => {
  await guard({
    ...{ spread: {}, liquidity: { confirmMs: 1000 }, stale: {}, gap: { confirmQuotes: 2 } },
    reject: { deviationPct: 3, withinMs: 60_000 },
    feeds: { primary: 'one', fallback: 'two' },
  });
  await expectTold(['1@one'], ['1 1.006 9x9@one', 'warning spread', 'halted spread'], ['1.5@one']);
  expect(world.core.deadlines.size).toBeGreaterThan(3);
  await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
  expect(news()).toEqual(['cleared spread', 'resumed']);
  expect(world.core.deadlines.size).toBe(0);
  expect(world.counter('quotes_refused_bad_print')).toBe(1);
  await expectTold(['+100000'], ['2'], ['1 2 1x1@two'], ['long a'], ['3']);
  expect(await world.ask('op._.guard.status')).toEqual({ guards: [] });
  // Nothing is held, and any feed counts.
  expect(world.core.markets.of('EURUSD').book.bid).toBe(3);
});

test('the status says what each condition is, how it stands, and whether entries are allowed', async () => {
  await guard({ gap: {}, liquidity: {}, volatility });
  const calm = { state: 'normal' };
  expect(await guardStatus()).toMatchObject({
    symbol: 'EURUSD',
    gap: { limit: '5', closeOn: 'warning', confirmQuotes: 1, ...calm },
    spread: false,
    liquidity: { limit: '10', long: calm, short: calm },
    volatility: { limit: '2', windowMs: 1000, ...calm },
    stale: false,
    quotes: {},
    entries: { allowed: true, reasons: [] },
  });
  quote('1 1 20x20');
  quote('1.06 1.06 20x4');
  const since = world.clock.now();
  expect(await guardStatus()).toMatchObject({
    gap: { state: 'warning', since, measured: '6' },
    liquidity: { long: calm, short: { state: 'critical', since, measured: '4' } },
    quotes: { lastTs: since },
    entries: {
      allowed: false,
      reasons: ['gap is at its limit', 'liquidity for shorts is at its limit'],
    },
  });
  expect((await guardStatus())['liquidity']).not.toHaveProperty('state');
});
