// Gaps, liquidity on each side, silence and volatility: quotes in, events and closes out.
import { beforeEach, describe, expect, test } from 'vitest';
import { newWorldForEachTest, trackLots, world } from './acting.ts';
import {
  calmWindows,
  expectTold,
  forgetNews,
  guard,
  news,
  push,
  type Row,
} from './market-worlds.ts';

newWorldForEachTest();

beforeEach(() => {
  forgetNews();
});

describe('gap', () => {
  test('closes on the quote that made it, and again only on another', async () => {
    await guard({ gap: {} });
    await expectTold(
      ['1'],
      ['long a'],
      ['1.05', 'warning gap', 'halted gap', 'a market_gap 1.05'],
      ['long b'],
      ['1.05'],
      ['1.06'],
      ['0.9', 'critical gap', 'b market_gap 0.9'],
      ['long c'],
      ['+5000', 'cleared gap', 'resumed'],
      ['0.9'],
    );
  });

  test('confirmQuotes: gaps in a row', async () => {
    await guard({ gap: { confirmQuotes: 2 } });
    await expectTold(
      ['long a'],
      ['1'],
      ['1.06'],
      ['1.07'],
      ['1.15'],
      ['1.25', 'warning gap', 'halted gap', 'a market_gap 1.25'],
    );
  });

  test('confirmMs: it holds until a quote comes that is none, and acts on the book', async () => {
    await guard({ gap: { confirmMs: 1000 } });
    await expectTold(
      ['long a'],
      ['1'],
      ['1.06'],
      ['+500'],
      ['1.061'],
      ['+5000'],
      ['1.13'],
      ['+1000', 'warning gap', 'halted gap', 'a market_gap 1.13'],
    );
  });
});

describe('liquidity of each side', () => {
  test('a size that can be none is as if it were absent, and counted; the quote counts', async () => {
    await guard({ liquidity: { closeOn: 'warning' } });
    await trackLots('acc2', { positionId: 'l' }, { positionId: 's', side: 'short' });
    for (const sizes of [
      { bidSize: -5 },
      { askSize: '-0.1' },
      { bidSize: -5, askSize: -Infinity },
      { bidSize: Infinity, askSize: 10 },
      { bidSize: null, askSize: null, seq: null },
    ]) {
      push({ bid: 1, ask: 1, ...sizes });
    }
    expect(news()).toEqual([]);
    expect(world.counter('quotes_bad_size')).toBe(4);
    expect(world.engine.feed.accepted).toBe(5);
    push({ bid: 1, ask: 1, bidSize: '9.99999999999999999', askSize: '10.00000000000000001' });
    expect(news()).toEqual([
      'warning liquidity.long',
      'halted liquidity.long',
      'l market_liquidity 1',
    ]);
  });

  test('closes that side, longs by the size at the bid, shorts by that at the ask', async () => {
    await guard({ liquidity: {} });
    await expectTold(
      ['short s'],
      ['long l'],
      [
        '1.1 1.2 9x9',
        ...['warning liquidity.long', 'halted liquidity.long'],
        ...['warning liquidity.short', 'halted liquidity.long, liquidity.short'],
      ],
      ['1.1 1.2 20x4', 'critical liquidity.short', 's market_liquidity 1.2'],
      ['1.1 1.2 4x20', 'critical liquidity.long', 'l market_liquidity 1.1'],
    );
  });

  test('is confirmed by itself, and a quote without sizes holds neither', async () => {
    await guard({ liquidity: { confirmQuotes: 2, closeOn: 'warning' } });
    await expectTold(
      ['short s'],
      ['long l'],
      ['1 1 9x20'],
      ['1 1 20x9'],
      ['1 1'],
      ['1 1 20x9'],
      ['1 1 9x9', ...['warning liquidity.short', 'halted liquidity.short', 's market_liquidity 1']],
      [
        '1 1 9x20',
        ...['warning liquidity.long', 'halted liquidity.short, liquidity.long'],
        'l market_liquidity 1',
      ],
      ['+4999'],
    );
  });

  test('both on one quote: longs first', async () => {
    await guard({ liquidity: { closeOn: 'warning' } });
    await expectTold(
      ['short s'],
      ['long l'],
      [
        '1 1 9x9',
        ...['warning liquidity.long', 'halted liquidity.long', 'l market_liquidity 1'],
        ...['warning liquidity.short', 'halted liquidity.long, liquidity.short'],
        's market_liquidity 1',
      ],
    );
  });
});

describe('stale', () => {
  test('is told at its deadline, twice, and has cleared 5 s after quotes have come again', async () => {
    await guard({ stale: {} });
    await expectTold(
      // A feed that never said anything is silent as well.
      ['+59999'],
      ['+1', 'warning stale', 'halted stale'],
      ['long a'],
      ['1'],
      ['+5000', 'cleared stale', 'resumed'],
      ['+25000'],
      ['1'],
      ['+59999'],
      ['+1', 'warning stale', 'halted stale'],
      ['+59999'],
      ['+1', 'critical stale'],
      ['+600000'],
      ['1'],
      ['+3000'],
      ['1'],
      ['+1999'],
      ['+1', 'cleared stale', 'resumed'],
      ['+54999'],
      ['1'],
      ['+60000', 'warning stale', 'halted stale'],
    );
  });

  test('that comes back before it has cleared goes on', async () => {
    await guard({ stale: { limit: 2, clearAfterMs: 3000 } });
    await expectTold(
      ['1'],
      ['+2000', 'warning stale', 'halted stale'],
      ['1'],
      ['+2000'],
      ['+2000', 'critical stale'],
      ['1'],
      ['+1500'],
      ['1'],
      ['+1499'],
      ['+1', 'cleared stale', 'resumed'],
      ['+500', 'warning stale', 'halted stale'],
    );
  });

  test.each<[string, Row[]]>([
    [
      'warning',
      [
        ['+10000', 'warning stale', 'halted stale', 'a market_stale 1.1'],
        ['+10000', 'critical stale'],
      ],
    ],
    [
      'critical',
      [
        ['+10000', 'warning stale', 'halted stale'],
        ['+10000', 'critical stale', 'a market_stale 1.1'],
      ],
    ],
    [
      'never',
      [
        ['+10000', 'warning stale', 'halted stale'],
        ['+10000', 'critical stale'],
      ],
    ],
  ])('closes on %s, at the book as it stands', async (closeOn, rows) => {
    await guard({ stale: { limit: 10, closeOn } });
    await expectTold(['long a'], ['1.1 1.2'], ...rows);
  });

  test('confirmMs: it goes on for so long; no quote can confirm it', async () => {
    await guard({ stale: { limit: 10, confirmMs: 3000, confirmQuotes: 7 } });
    await expectTold(['1'], ['+12999'], ['1'], ['+12999'], ['+1', 'warning stale', 'halted stale']);
  });

  test('is put over a book that is old: nobody listened, so it counts from then', async () => {
    await expectTold(['1'], ['+40000']);
    await guard({ stale: {} });
    await expectTold(['+59999'], ['+1', 'warning stale', 'halted stale']);
  });
});

describe('volatility', () => {
  const volatility = { limit: 2, windowMs: 1000, halfLifeMs: 1000 };

  test('acts after 100 windows only', async () => {
    await guard({ volatility });
    await expectTold(['1'], ['+1000'], ['5'], ['1'], ['+1000'], ['1'], ['long a'], ['3'], ['1']);
  });

  test('is a warning at its limit, and critical at twice that', async () => {
    await guard({ volatility });
    calmWindows();
    await expectTold(
      ['long a'],
      ['1.0200'],
      ['1.0202', 'warning volatility', 'halted volatility'],
      ['1.0405'],
      ['1.0407', 'critical volatility', 'a market_volatility 1.0407'],
      ['long b'],
      ['1.01'],
      ['0.9', 'b market_volatility 0.9'],
      // Windows without quotes are none, and the next begins with its own first price.
      ['+5000', 'cleared volatility', 'resumed'],
      ['1.2'],
      ['1.2001'],
    );
    const measured = world.events.map((event) => event['measured']).filter(Boolean);
    expect(measured.map((value) => Number(value).toFixed(2))).toEqual(['2.01', '4.01']);
  });

  test('confirmQuotes, confirmMs', async () => {
    await guard({
      volatility: { ...volatility, closeOn: 'warning', confirmQuotes: 2, confirmMs: 300 },
    });
    calmWindows();
    await expectTold(
      ['long a'],
      ['1.03'],
      ['1.01'],
      ['1.03'],
      ['1.03'],
      ['+299'],
      ['+1', 'warning volatility', 'halted volatility', 'a market_volatility 1.03'],
    );
  });
});

describe('several on one quote', () => {
  test('are told in their order, and the first closes', async () => {
    await guard({ gap: {}, spread: {}, liquidity: { closeOn: 'warning' } });
    await expectTold(
      ['long a'],
      ['short b'],
      ['1 1 20x20'],
      [
        '1.1 1.2 9x9',
        ...['critical gap', 'halted gap', 'a market_gap 1.1', 'b market_gap 1.2'],
        ...['critical spread', 'halted gap, spread'],
        ...['warning liquidity.long', 'halted gap, spread, liquidity.long'],
        ...['warning liquidity.short', 'halted gap, spread, liquidity.long, liquidity.short'],
      ],
      ['long c'],
      ['1.15 1.16 9x20', 'c market_spread 1.15'],
      ['long d'],
      ['1.15 1.15 9x20', 'd market_liquidity 1.15'],
    );
  });

  test('one that does not close leaves it to the next', async () => {
    await guard({ gap: { closeOn: 'never' }, spread: { confirmQuotes: 2 }, liquidity: {} });
    await expectTold(
      ['long a'],
      ['1 1 20x20'],
      [
        '1.1 1.2 4x20',
        ...['critical gap', 'halted gap', 'critical liquidity.long'],
        ...['halted gap, liquidity.long', 'a market_liquidity 1.1'],
      ],
    );
  });

  test('end each at its own time: entries resume with the last', async () => {
    await guard({ gap: { clearAfterMs: 1000 }, spread: { clearAfterMs: 3000 } });
    await expectTold(
      ['1'],
      ['1.1 1.2', 'critical gap', 'halted gap', 'critical spread', 'halted gap, spread'],
      ['+1000', 'cleared gap', 'halted spread'],
      ['+2000', 'cleared spread', 'resumed'],
    );
  });
});
