// An account that holds nothing has no next quote: what its rules told of ends without one.
import { beforeEach, describe, expect, test } from 'vitest';
import { lateQuotesMs } from '#actors/day-rollovers';
import {
  account,
  enter,
  killAndRestart,
  lose,
  startAgain,
  told,
  trackLots,
  world,
  type Body,
} from './acting.ts';
import { ask, createGuarded, recordsOf, standingOf, stateOfA } from './guarded-account.ts';
import { accounts, instruments } from './world.ts';

const dayMs = 24 * 60 * 60 * 1000;
const daily = { id: 'daily', anchor: 'dayStartBalance', limitAmount: 1000 };
const margin = { id: 'margin', anchor: 'marginLevel', limitPct: 100 };

beforeEach(async () => {
  const withMargin = instruments.map((one) => ({ ...one, marginRate: '0.01' }));
  await enter({ settings: { instruments: withMargin, accounts } });
});

const close = (positionId: string, more: Body = {}): Promise<Body> =>
  ask('position.close', { positionId, ...more });

describe('the warning of an account that holds nothing any more', () => {
  beforeEach(async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    lose(800);
  });

  test('lasts as long as the loss is not below nine tenths of its level', async () => {
    await close('p');
    expect(await stateOfA()).toBe('warning');
    await ask('account.adjust', { amount: 5000, reason: 'deposit' });
    // A deposit moves the anchor too.
    expect(await standingOf('daily')).toMatchObject({ state: 'warning' });
    world.clock.advance(dayMs + lateQuotesMs - 1);
    expect(await stateOfA()).toBe('warning');
    expect(await recordsOf('rule.recovered')).toEqual([]);
  });

  test('ends with the close that makes the loss so small', async () => {
    await close('p', { price: '1.09326' });
    expect(await account('a')).toMatchObject({ state: 'normal', balance: '9326' });
    expect(await recordsOf('rule.recovered')).toMatchObject([
      { body: { ruleIds: ['daily'], observed: '9326' } },
    ]);
  });

  test('does not end a cent above that', async () => {
    await close('p', { price: '1.09325' });
    expect(await account('a')).toMatchObject({ state: 'warning', balance: '9325' });
  });

  test('ends with a new day, once', async () => {
    await close('p');
    world.clock.advance(dayMs + lateQuotesMs);
    expect(await stateOfA()).toBe('normal');
    expect(await standingOf('daily')).toMatchObject({ state: 'normal' });
    world.clock.advance(dayMs + lateQuotesMs);
    expect(await recordsOf('rule.recovered')).toHaveLength(1);
  });

  test('ends in a new day that begins while nobody looks', async () => {
    await close('p');
    await world.kill();
    world.clock.advance(3 * dayMs);
    await startAgain();
    expect(await stateOfA()).toBe('normal');
    await killAndRestart();
    expect(await stateOfA()).toBe('normal');
    expect(await recordsOf('rule.recovered')).toHaveLength(1);
  });

  test('ends after an operator’s halt too, which goes on', async () => {
    await close('p');
    await ask('account.halt', { reason: 'audit' });
    world.clock.advance(dayMs + lateQuotesMs);
    expect(await standingOf('daily')).toMatchObject({ state: 'normal' });
    expect(await stateOfA()).toBe('halted');
    await ask('account.resume', { reason: 'done' });
    expect(await stateOfA()).toBe('normal');
  });

  test('stays where another position is open', async () => {
    await trackLots('a', { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300 });
    await close('p');
    world.clock.advance(dayMs + lateQuotesMs);
    // No quote of gold has come since: the rules are asked on the next one.
    expect(await stateOfA()).toBe('warning');
    world.quote('XAUUSD', 1300, 1300);
    expect(await stateOfA()).toBe('normal');
  });
});

describe('of two warnings the state follows the last one', () => {
  test('be one of them a breach that only warned', async () => {
    const first = { id: 'first', anchor: 'initialBalance', limitAmount: 1000 };
    await createGuarded([first, { ...daily, limitAmount: 700, action: 'warn' }]);
    await trackLots('a', { positionId: 'p' });
    lose(800);
    await close('p');
    world.clock.advance(dayMs + lateQuotesMs);
    expect(await stateOfA()).toBe('warning');
    expect(await standingOf('daily')).toMatchObject({ state: 'normal' });
    expect(await standingOf('first')).toMatchObject({ state: 'warning' });
    expect(await recordsOf('rule.recovered')).toMatchObject([{ body: { ruleIds: ['daily'] } }]);
  });
});

describe('without margin in use', () => {
  /** What was told of the end of a breach: the rules, and what was observed. */
  async function ends(): Promise<unknown[]> {
    const events = told('guard.restored').map((e) => [e['ruleIds'], e['observed']]);
    const rows = (await world.rows()).filter((row) => row.eventType === 'guard_restored');
    expect(rows.map(({ metaData: m }) => [m['ruleIds'], m['observed']])).toEqual(events);
    return events;
  }

  test('no level is told where a breach ends with the last position', async () => {
    await createGuarded([{ ...margin, warningPct: 20, action: 'haltEntries' }]);
    await trackLots('a', { positionId: 'p', quantity: 10 });
    lose(100);
    expect(await account('a')).toMatchObject({ state: 'warning', entries: { allowed: false } });
    await close('p');
    expect(await account('a')).toMatchObject({ state: 'normal', entries: { allowed: true } });
    expect(await ends()).toEqual([[['margin'], undefined]]);
    const [recovered] = await recordsOf('rule.recovered');
    expect(recovered?.body).toEqual({ ruleIds: ['margin'] });
  });

  test('no level is told where a reduction has closed all', async () => {
    await createGuarded([{ ...margin, action: 'reduce' }]);
    await trackLots('a', { positionId: 'p', quantity: 10 });
    lose(950);
    expect(await account('a')).toMatchObject({ openPositions: 0, entries: { allowed: true } });
    expect(await ends()).toEqual([[['margin'], undefined]]);
  });

  test('no level is told where what is left uses none', async () => {
    const free = { ...instruments[1], marginRate: 0 };
    await world.kill();
    const used = { ...instruments[0], marginRate: '0.01' };
    await enter({ settings: { instruments: [used, free] as never, accounts } });
    await createGuarded([{ ...margin, action: 'haltEntries' }]);
    await trackLots(
      'a',
      { positionId: 'p', quantity: 10 },
      { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300 },
    );
    lose(100);
    await close('p');
    world.quote('XAUUSD', 1300, 1300);
    expect(await ends()).toEqual([[['margin'], undefined]]);
  });

  test('an equity is told of a rule that observes it, and a level where there is one', async () => {
    await createGuarded([
      { id: 'least', anchor: 'fixed', floor: 9500, action: 'haltEntries' },
      { ...margin, action: 'haltEntries' },
    ]);
    await trackLots('a', { positionId: 'p', quantity: 9 }, { positionId: 'q', quantity: 0.1 });
    lose(50);
    // 10,010 are used, 9,545 are there.
    expect(told('guard.breached')).toMatchObject([{ ruleId: 'margin' }]);
    await close('p');
    lose(50);
    lose(600);
    await close('q', { price: '1.0999' });
    expect(await ends()).toEqual([
      // 9,545 are there, 110 used by what is left.
      [['margin'], '8677.2727272727'],
      [['least'], '9549'],
    ]);
  });
});
