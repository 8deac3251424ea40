// When a day begins for the rules that have one: on its first quote, once, whoever is ahead or late.
import { describe, expect, test } from 'vitest';
import { lateQuotesMs } from '#actors/day-rollovers';
import { startTs } from '../support/core-harness.ts';
import { killAndRestart, newWorldForEachTest, restart, trackLots, world } from './acting.ts';
import { ask, createGuarded, recordsOf, standingOf, stateOfA } from './guarded-account.ts';

newWorldForEachTest();

/** `startTs` is midnight. */
const dayMs = 24 * 60 * 60_000;
const daily = { id: 'daily', anchor: 'dayStartEquity', limitAmount: 500 };

async function anchorOf(ruleId: string): Promise<unknown[]> {
  const standing = await standingOf(ruleId);
  return [standing?.['anchorValue'], standing?.['anchorMovedBy']];
}

/** One lot of euro at 1.1: a cent is 1,000. */
function quote(price: string, ts?: number): void {
  world.quote('EURUSD', price, price, ts);
}

describe('a day begins', () => {
  test('on the first quote of it, so that a late one of the old day counts for that', async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    quote('1.1');
    world.clock.advance(dayMs + 20);
    quote('1.11', startTs + dayMs - 5);
    expect(await anchorOf('daily')).toEqual(['10000', 'created']);
    // The floor is 10,500: as in a replay of these quotes.
    quote('1.1049');
    expect([await stateOfA(), (await recordsOf('day.rolled')).length]).toEqual(['halted', 1]);
    expect(await recordsOf('rule.breached')).toMatchObject([
      { body: { anchorValue: '11000', observed: '10490', floor: '10500' } },
    ]);
  });

  test('without quotes when those of the old day are not waited for any more', async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    quote('1.11');
    world.clock.advance(dayMs + lateQuotesMs - 1);
    expect(await anchorOf('daily')).toEqual(['10000', 'created']);
    world.clock.advance(1);
    expect(await anchorOf('daily')).toEqual(['11000', 'rollover']);
  });

  test('before a deposit that comes ahead of the first quote', async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    quote('1.11');
    world.clock.advance(dayMs + 1);
    await ask('account.adjust', { amount: 100, reason: 'x' });
    expect(await recordsOf('day.rolled')).toMatchObject([
      { body: { anchors: { daily: '11000' } } },
    ]);
    expect(await anchorOf('daily')).toEqual(['11100', 'adjusted']);
  });

  describe('once, though its first quote was ahead of the clock', () => {
    async function ahead(): Promise<void> {
      await createGuarded([daily]);
      await trackLots('a', { positionId: 'p' });
      quote('1.11');
      world.clock.advance(dayMs - 300);
      quote('1.12', startTs + dayMs + 100);
      expect(await anchorOf('daily')).toEqual(['11000', 'rollover']);
      await ask('account.adjust', { amount: 1000, reason: 'x' });
      world.clock.advance(10 * 60 * 60_000);
      quote('1.1051');
    }

    test('and the same rules are given again', async () => {
      await ahead();
      await ask('account.rules', { rules: [daily] });
      world.clock.advance(lateQuotesMs);
      expect(await anchorOf('daily')).toEqual(['12000', 'adjusted']);
      quote('1.104');
      expect(await stateOfA()).toBe('halted');
    });

    test.each([
      ['after a restart', restart],
      ['after a kill', killAndRestart],
    ])('%s', async (_name, again) => {
      await ahead();
      await again();
      world.clock.advance(lateQuotesMs);
      quote('1.1051');
      expect(await anchorOf('daily')).toEqual(['12000', 'adjusted']);
      expect(await recordsOf('day.rolled')).toHaveLength(1);
    });

    test('and the account is resumed before the clock is there', async () => {
      await createGuarded([daily]);
      await trackLots('a', { positionId: 'p' });
      await ask('account.halt', { reason: 'x' });
      world.clock.advance(dayMs - 300);
      quote('1.11', startTs + dayMs + 100);
      await ask('account.resume', { reason: 'y' });
      quote('1.12', startTs + dayMs + 200);
      world.clock.advance(dayMs / 2);
      quote('1.12');
      expect(await recordsOf('day.rolled')).toHaveLength(1);
      expect(await anchorOf('daily')).toEqual(['11000', 'resumed']);
    });
  });

  test('whatever the rule is called', async () => {
    await createGuarded([{ ...daily, id: '__proto__' }]);
    await trackLots('a', { positionId: 'p' });
    quote('1.11');
    world.clock.advance(dayMs);
    quote('1.12');
    expect(await anchorOf('__proto__')).toEqual(['11000', 'rollover']);
    await killAndRestart();
    expect(await anchorOf('__proto__')).toEqual(['11000', 'rollover']);
  });
});

test('the same rules again move no peak to what no quote has seen', async () => {
  const peak = { id: 'peak', anchor: 'peakEquity', limitPct: 10 };
  await createGuarded([peak]);
  quote('1.11');
  await trackLots('a', { positionId: 'p' });
  await ask('account.rules', { rules: [peak] });
  quote('1.1');
  expect([await anchorOf('peak'), await stateOfA()]).toEqual([['10000', 'created'], 'normal']);
});
