// Quotes that jump too far are held: what is held fires nothing, what is confirmed counts at its own
// time, what is contradicted is refused.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Logger } from '#src/ports/logger';
import { silentLogger } from '#src/ports/logger';
import { enter, trackLots, world } from './acting.ts';
import { forgetNews, guard, guardStatus, news, expectTold } from './market-worlds.ts';

/** What was warned of: the message, and the reason of a refusal. */
let warned: string[] = [];
const logger: Logger = {
  ...silentLogger,
  warn: (of: object, message?: string) => {
    warned.push(`${message ?? ''} ${'reason' in of ? String(of.reason) : ''}`.trim());
  },
};

beforeEach(async () => {
  forgetNews();
  warned = [];
  await enter({ logger });
});

const reject = { deviationPct: 2, withinMs: 10_000, confirmQuotes: 2 };

async function counters(): Promise<unknown> {
  const { held } = (await guardStatus())['quotes'] as { held?: number };
  return [
    held,
    world.counter('quotes_held'),
    world.counter('quotes_refused_bad_print'),
    world.engine.feed.accepted,
  ];
}

/** A long and a short that stand by, and a limit that each jump would reach. */
async function guarded(): Promise<void> {
  await guard({ gap: { limit: 2, closeOn: 'never' }, spread: {}, reject });
  await trackLots('acc2', { positionId: 'p', side: 'short', exits: { stopLoss: '1.04' } });
}

test('a held quote fires nothing and is no part of the book', async () => {
  await guarded();
  await expectTold(['1 1'], ['1.05 1.09'], ['+1000'], ['1.06 1.06'], ['+1000']);
  expect(await counters()).toEqual([2, 2, 0, 1]);
  expect(world.core.markets.of('EURUSD').book).toMatchObject({ bid: 1, ask: 1 });
  expect(await guardStatus()).toMatchObject({
    entries: { allowed: true },
    gap: { state: 'normal' },
  });
});

test('confirmed, all count in their order, each at its own time', async () => {
  await guarded();
  await expectTold(['1'], ['+1000'], ['1.05'], ['+1000'], ['1.06 1.09'], ['+1000']);
  const firstTs = world.clock.now() - 2000;
  await expectTold([
    '1.055',
    // The first of them is the gap, from the price before all, and reaches the stop at its own ask.
    ...['critical gap', 'halted gap', 'p stop_loss 1.05'],
    ...['critical spread', 'halted gap, spread'],
  ]);
  expect(await counters()).toEqual([0, 2, 0, 4]);
  const gap = world.events.find(({ event }) => event === 'market.critical');
  expect(gap).toMatchObject({ measured: '5', before: '1' });
  const closed = world.events.find(({ event }) => event === 'position.closed');
  expect(closed).toMatchObject({ closedPrice: '1.05', triggerPrice: '1.04' });
  expect(world.core.markets.of('EURUSD').book.ts).toBe(firstTs + 2000);
});

test('a gap that is confirmed closes once, at its own price', async () => {
  await guard({ gap: { limit: 2 }, reject });
  await expectTold(
    ['long a'],
    ['1'],
    ['1.05'],
    ['1.052'],
    ['1.051', 'critical gap', 'halted gap', 'a market_gap 1.05'],
    ['long b'],
    ['1.051'],
  );
});

test('contradicted, it is refused and counted, and nothing was fired', async () => {
  await guarded();
  await expectTold(['1'], ['1.05'], ['1.06'], ['1.001'], ['1.002']);
  expect(await counters()).toEqual([0, 2, 2, 3]);
  expect(world.core.state.positions.get('p')?.state).toBe('guarded');
  expect(warned).toContain('quote refused bad_print');
  expect(world.metrics.counters()).not.toHaveProperty('quotes_refused_stale');
});

test('a jump the other way refuses what was held, and is held itself', async () => {
  await guarded();
  await expectTold(['1'], ['1.05'], ['0.95']);
  expect(await counters()).toEqual([1, 2, 1, 1]);
  await expectTold(['0.95'], ['0.95', 'critical gap', 'halted gap']);
  expect(await counters()).toEqual([0, 3, 1, 4]);
});

test('a jump long after the last quote counts at once: that is no print', async () => {
  await guarded();
  await expectTold(['1'], ['+10001'], ['1.05', 'critical gap', 'halted gap', 'p stop_loss 1.05']);
  expect(await counters()).toEqual([0, 0, 0, 2]);
});

test('what is held is no sign of life: the market is stale on time, and a later quote ends it', async () => {
  await guard({ stale: { limit: 5 }, reject });
  await expectTold(
    ['1'],
    ['+4000'],
    ['1.05'],
    ['+999'],
    ['+1', 'warning stale', 'halted stale'],
    ['1'],
    // Of one time, it clears first, and is stale again: nothing was quoted meanwhile.
    ['+5000', 'cleared stale', 'resumed', 'warning stale', 'halted stale'],
  );
});

describe('what is held is dropped, and counted,', () => {
  test('where the guard is replaced', async () => {
    await guarded();
    await expectTold(['1'], ['1.05'], ['1.06']);
    await guard({ gap: { limit: 2 }, reject: { ...reject, withinMs: 9000 } });
    expect(await counters()).toEqual([0, 2, 2, 1]);
    // It begins anew: the two that are gone confirm nothing.
    await expectTold(
      ['1.05'],
      ['1.05'],
      ['1.05', 'critical gap', 'halted gap', 'p market_gap 1.05'],
    );
    expect(warned).toContain('quotes that were held are dropped');
  });

  test('and forgotten over a restart', async () => {
    await guarded();
    await expectTold(['1'], ['+2000'], ['1.05'], ['1.05'], ['kill'], ['1.05'], ['1.05']);
    expect(await counters()).toEqual([2, 2, 0, 0]);
    await expectTold(['1.05', 'critical gap', 'halted gap', 'p stop_loss 1.05']);
  });
});

test('without a quote before there is nothing to jump from', async () => {
  await guarded();
  await expectTold(['5 5', 'p stop_loss 5']);
  expect(await counters()).toEqual([0, 0, 0, 1]);
  expect(news()).toEqual([]);
});
