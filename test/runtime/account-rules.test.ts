// account.rules and guard.status: what replaces what, which anchors stay, and what is told of them;
// and the resume in two steps, which sets them anew.
import { beforeEach, describe, expect, test } from 'vitest';
import { lateQuotesMs } from '#actors/day-rollovers';
import { startTs } from '../support/core-harness.ts';
import { account, closes, lose, newWorldForEachTest, told, trackLots, world } from './acting.ts';
import type { Body } from './acting.ts';
import {
  answer,
  ask,
  breachIdOfA,
  createGuarded,
  entriesTold,
  standingOf,
  stateOfA,
} from './guarded-account.ts';

newWorldForEachTest();

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const daily = { id: 'daily', anchor: 'dayStartEquity', limitAmount: 1000 };
const peak = { id: 'peak', anchor: 'peakEquity', limitPct: 20 };

async function anchorsOf(...ruleIds: string[]): Promise<unknown[]> {
  const standings = await Promise.all(ruleIds.map(standingOf));
  return standings.map((one) => [one?.['anchorValue'], one?.['anchorMovedBy']]);
}

describe('account.rules', () => {
  /** A day began at an equity of 10,500, a position being open. */
  beforeEach(async () => {
    await createGuarded([daily, peak]);
    await trackLots('a', { positionId: 'p' });
    lose(-500);
    world.clock.advance(dayMs);
    lose(-600);
  });

  test('keeps the anchors of a rule that says the same, in whatever words', async () => {
    expect(await anchorsOf('daily', 'peak')).toEqual([
      ['10500', 'rollover'],
      ['10600', 'quote'],
    ]);
    const same = { ...daily, limitAmount: '1000.00', resetAt: '00:00', timezone: 'UTC' };
    const other = { id: 'other', anchor: 'dayStartBalance', limitAmount: 900 };
    const rules = [other, { ...same, graceSeconds: 0, action: 'close' }, peak];
    expect(await ask('account.rules', { rules })).toMatchObject({
      rules: [{ id: 'other' }, { id: 'daily' }, { id: 'peak' }],
    });
    expect(await anchorsOf('other', 'daily', 'peak')).toEqual([
      ['10000', 'rules'],
      ['10500', 'rollover'],
      ['10600', 'quote'],
    ]);
  });

  test('anchors a rule anew that says something else', async () => {
    const rules = [{ ...daily, limitAmount: 1001 }, peak];
    await ask('account.rules', { rules });
    expect(await anchorsOf('daily')).toEqual([['10600', 'rules']]);
    expect(await standingOf('daily')).toMatchObject({
      anchorMovedAt: startTs + dayMs,
      floor: '9599',
    });
  });

  test('is told, stands in the ledger, and says who asked', async () => {
    await ask('account.rules', { preset: 'default' });
    const rules = [
      { id: 'peak', anchor: 'peakEquity', limitPct: '20', warningPct: '15' },
      { id: 'minimum', anchor: 'fixed', floor: '100' },
    ];
    const body = { rules, preset: 'default', by: 'op', equity: '10600' };
    expect(told('account.rules-replaced')).toMatchObject([{ accountId: 'a', ...body }]);
    expect((await world.rows()).at(-1)).toMatchObject({
      ...{ eventType: 'account_rules_replaced', userId: 'a', status: 0, metaData: body },
    });
  });

  test('of other rules acts from the next quote on, on what is open', async () => {
    await ask('account.rules', { rules: [{ id: 'least', anchor: 'fixed', floor: 10_601 }] });
    expect(await stateOfA()).toBe('normal');
    lose(-600);
    expect(await closes()).toEqual([['p', 'drawdown_critical', 'least']]);
  });

  test('without any ends guarding', async () => {
    const reply = await ask('account.rules', {});
    expect(reply).toMatchObject({ rules: [], state: 'normal' });
    expect(reply).not.toHaveProperty('peakEquity');
    lose(9999);
    expect(await account('a')).toMatchObject({ state: 'normal', openPositions: 1 });
  });

  test('measures a peak that nobody followed from the equity as it is', async () => {
    await ask('account.rules', {});
    lose(-3000);
    lose(-2000);
    await ask('account.rules', { rules: [peak] });
    expect(await anchorsOf('peak')).toEqual([['12000', 'rules']]);
  });

  test('forgets the warning of a rule that is gone or other, and keeps that of one that is not', async () => {
    const near = { ...peak, limitPct: 10 };
    await ask('account.rules', { rules: [daily, near] });
    // Below 10,500 − 750, and below 10,600 less 7.5 % of it.
    lose(250);
    expect(told('guard.warning').map(({ ruleId }) => ruleId)).toEqual(['daily', 'peak']);
    await ask('account.rules', { rules: [daily] });
    expect(await stateOfA()).toBe('warning');
    lose(-400);
    expect(await stateOfA()).toBe('normal');
    lose(250);
    await ask('account.rules', { rules: [near] });
    expect(await stateOfA()).toBe('normal');
    lose(250);
    expect(await stateOfA()).toBe('warning');
  });

  test('ends the halt of entries by a rule that is gone', async () => {
    const rule = { ...daily, action: 'haltEntries' };
    await ask('account.rules', { rules: [rule, peak] });
    lose(400);
    const { breachId } = (await standingOf('daily')) ?? {};
    expect(breachId).toBe(told('guard.breached')[0]?.['breachId']);
    await ask('account.rules', { rules: [peak, rule] });
    expect(await account('a')).toMatchObject({ state: 'warning', entries: { allowed: false } });
    await ask('account.rules', { rules: [peak] });
    expect(await account('a')).toMatchObject({ state: 'normal', entries: { allowed: true } });
    expect(entriesTold()).toEqual([['halted', 'rule daily is breached'], ['resumed']]);
  });

  test('leaves a halt by a breach as it is', async () => {
    lose(500);
    const breachId = await breachIdOfA();
    expect(await ask('account.rules', {})).toMatchObject({ state: 'halted', breachId });
    await trackLots('a', { positionId: 'late' });
    lose(500);
    expect((await closes()).at(-1)).toEqual(['late', 'drawdown_critical', 'daily']);
  });

  const rule = { id: 'r', anchor: 'peakEquity', limitPct: 5 };
  test.each<[name: string, body: Body, reply: string]>([
    ['both', { rules: [], preset: 'default' }, '400 invalid_request: preset'],
    ['an unknown preset', { preset: 'best' }, '400 invalid_request: preset'],
    ['a preset of another size', { preset: 'ftmo-2step' }, 'ok'],
    ['a preset without that size', { preset: 'apex' }, '400 invalid_request: preset'],
    ['no list', { rules: rule }, '400 invalid_request: rules'],
    ['an unknown key', { rule: [] }, '400 invalid_request: rule'],
    [
      'faults of several rules, each by its path',
      {
        rules: [
          { ...rule, limitPct: 101 },
          { ...rule, anchor: 'top' },
          { ...rule, action: 'x' },
        ],
      },
      '400 invalid_request: rules[0].limitPct, rules[1].anchor, rules[1].id, rules[2].action, rules[2].id',
    ],
    [
      'several faults of one rule',
      { rules: [{ ...daily, limitPct: 5, timezone: 'Mars/Base', resetAt: '24:00' }] },
      '400 invalid_request: rules[0].limitPct, rules[0].resetAt, rules[0].timezone',
    ],
    [
      'a grace without a close',
      { rules: [{ ...rule, action: 'warn', graceSeconds: 5 }] },
      '400 invalid_request: rules[0].graceSeconds',
    ],
  ])('given %s', async (_name, body, reply) => {
    const rulesOf = async (): Promise<unknown> => (await account('a'))['rules'];
    const before = await rulesOf();
    expect(await answer('account.rules', body)).toBe(reply);
    const isSame = JSON.stringify(await rulesOf()) === JSON.stringify(before);
    expect(isSame).toBe(reply !== 'ok');
  });

  test('of a preset looks at the size at which the account began, deposits included', async () => {
    const presetOf = (preset: string): Promise<string> => answer('account.rules', { preset });
    await ask('account.adjust', { amount: 15_000, reason: 'deposit' });
    expect(await presetOf('apex')).toBe('ok');
    expect(await standingOf('trailing-threshold')).toMatchObject({ floor: '24100' });
    await ask('account.adjust', { amount: 1, reason: 'deposit' });
    expect(await presetOf('apex')).toBe('400 invalid_request: preset');
    expect(await presetOf('default')).toBe('ok');
  });
});

describe('guard.status of an account', () => {
  test('says of each rule where it stands, what it would do, and what moved it last', async () => {
    const prague = { timezone: 'Europe/Prague', resetAt: '17:00' };
    await createGuarded([
      { ...daily, ...prague, graceSeconds: 5 },
      { id: 'cash', anchor: 'initialBalance', limitPct: 10, observed: 'balance', warningPct: 8 },
      { id: 'least', anchor: 'fixed', floor: 9000, action: 'haltEntries' },
      { id: 'margin', anchor: 'marginLevel', limitPct: 50, warningPct: 20, action: 'reduce' },
    ]);
    await trackLots('a', { positionId: 'p' });
    lose(-100);
    lose(600);
    expect(await ask('guard.status')).toEqual({
      ...{ accountId: 'a', state: 'normal', balance: '10000', equity: '9400' },
      initialBalance: '10000',
      entries: { allowed: true, reasons: [] },
      rules: [
        {
          ...{ id: 'daily', anchor: 'dayStartEquity', anchorValue: '10000' },
          ...{ anchorMovedBy: 'created', anchorMovedAt: startTs, ...prague },
          ...{ action: 'close', graceSeconds: 5, observes: 'equity', observed: '9400' },
          ...{ warnAt: '9250', floor: '9000', distance: '400', distancePct: '4.2553191489' },
          state: 'normal',
        },
        {
          ...{ id: 'cash', anchor: 'initialBalance', anchorValue: '10000' },
          ...{ anchorMovedBy: 'created', anchorMovedAt: startTs },
          ...{ action: 'close', observes: 'balance', observed: '10000' },
          ...{ warnAt: '9200', floor: '9000', distance: '1000', distancePct: '10' },
          state: 'normal',
        },
        {
          ...{ id: 'least', anchor: 'fixed', anchorValue: '9000', action: 'haltEntries' },
          ...{ observes: 'equity', observed: '9400', floor: '9000' },
          ...{ distance: '400', distancePct: '4.2553191489', state: 'normal' },
        },
        // No instrument of this world has a margin rate, so that there is no level.
        {
          ...{ id: 'margin', anchor: 'marginLevel', anchorValue: '50', action: 'reduce' },
          ...{ observes: 'marginLevel', warnAt: '60', floor: '50', state: 'normal' },
        },
      ],
    });
  });

  test('follows each thing that moves an anchor', async () => {
    await createGuarded([daily, peak, { ...peak, id: 'first', anchor: 'initialBalance' }]);
    const anchors = (): Promise<unknown[]> => anchorsOf('daily', 'peak', 'first');
    await trackLots('a', { positionId: 'p' });
    lose(-300);
    const story = [await anchors()];
    await ask('account.adjust', { amount: 700, reason: 'deposit' });
    story.push(await anchors());
    // Nothing is quoted: the day begins when quotes of the old one are not waited for any more.
    world.clock.advance(dayMs + lateQuotesMs - 1);
    expect(await anchors()).toEqual(story.at(-1));
    world.clock.advance(1);
    story.push(await anchors());
    lose(701);
    const acknowledge = await breachIdOfA();
    await ask('account.resume', { reason: 'x', acknowledge });
    story.push(await anchors());
    const [created, quote, adjusted, rollover] = ['created', 'quote', 'adjusted', 'rollover'];
    expect(story).toEqual([
      [
        ['10000', created],
        ['10300', quote],
        ['10000', created],
      ],
      [
        ['10700', adjusted],
        ['11000', adjusted],
        ['10700', adjusted],
      ],
      [
        ['11000', rollover],
        ['11000', adjusted],
        ['10700', adjusted],
      ],
      [
        ['9999', 'resumed'],
        ['9999', 'resumed'],
        ['10700', adjusted],
      ],
    ]);
  });
});

describe('account.resume', () => {
  const resume = (acknowledge?: string): Promise<Body> =>
    ask('account.resume', { reason: 'reviewed', ...(acknowledge && { acknowledge }) });

  test('takes two steps, and sets peak and every anchor of a day anew', async () => {
    await createGuarded([
      daily,
      peak,
      { ...daily, id: 'cash', anchor: 'dayStartBalance' },
      { ...daily, id: 'higher', anchor: 'dayStartHigher' },
      { ...daily, id: 'highest', anchor: 'highestDayEndBalance' },
    ]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    const breachId = await breachIdOfA();
    expect(await answer('account.resume', { reason: 'x' })).toBe('409 acknowledge_required');
    expect(await answer('account.resume', { reason: 'x', acknowledge: 'breach_0' })).toBe(
      '409 acknowledge_required',
    );
    expect(told('account.resumed')).toEqual([]);
    // Tracked in between: the equity is not the balance.
    await trackLots('a', { positionId: 'late', symbol: 'XAUUSD', entryPrice: 1300 });
    world.clock.advance(minuteMs);
    expect(await resume(breachId)).toMatchObject({ state: 'normal', entries: { allowed: true } });
    const moved = ['9000', 'resumed'];
    expect(await anchorsOf('daily', 'peak', 'cash', 'higher', 'highest')).toEqual([
      moved,
      moved,
      moved,
      moved,
      moved,
    ]);
    expect((await world.rows()).at(-1)).toMatchObject({
      ...{ eventType: 'account_resumed', userId: 'a' },
      metaData: { reason: 'reviewed', by: 'op', acknowledge: breachId, equity: '9000' },
    });
    expect(entriesTold()).toEqual([['halted', 'rule daily was breached'], ['resumed']]);
  });

  test('anchors equity and balance each at its own, where something is open', async () => {
    await createGuarded([daily, { ...daily, id: 'cash', anchor: 'dayStartBalance' }, peak]);
    await trackLots('a', { positionId: 'p' });
    await ask('account.halt', { reason: 'audit' });
    lose(-250);
    await resume();
    expect(await anchorsOf('daily', 'cash', 'peak')).toEqual([
      ['10250', 'resumed'],
      ['10000', 'resumed'],
      ['10250', 'resumed'],
    ]);
  });

  test.each([
    ['fixed', { id: 'r', anchor: 'fixed', floor: 9500 }, '9500'],
    ['initialBalance', { id: 'r', anchor: 'initialBalance', limitPct: 10 }, '9000'],
  ])('would breach again by %s, and is refused', async (_name, rule, limit) => {
    await createGuarded([rule]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    expect(await resume(await breachIdOfA())).toMatchObject({
      error: { code: 409, name: 'would_breach', limit, actual: '9000' },
    });
    expect(await stateOfA()).toBe('halted');
    expect(told('account.resumed')).toEqual([]);
  });

  test('would not breach by an anchor that it sets anew, though its limit is of another', async () => {
    const rule = { id: 'r', anchor: 'dayStartBalance', limitPct: 10, pctOf: 'initialBalance' };
    await createGuarded([rule]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    expect(await resume(await breachIdOfA())).toMatchObject({ state: 'normal' });
    expect(await standingOf('r')).toMatchObject({ anchorValue: '9000', floor: '8000' });
  });

  test('closes no more what was tracked while it was halted', async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    lose(1000);
    await trackLots('a', { positionId: 'late', entryPrice: '1.09' });
    await resume(await breachIdOfA());
    lose(1000);
    expect(await account('a')).toMatchObject({ state: 'normal', openPositions: 1 });
    lose(2000);
    expect((await closes()).at(-1)).toEqual(['late', 'drawdown_critical', 'daily']);
    expect(told('guard.breached')).toHaveLength(2);
  });
});

describe('an account that an operator has halted', () => {
  beforeEach(async () => {
    await createGuarded([daily]);
    await trackLots('a', { positionId: 'p' });
    await ask('account.halt', { reason: 'audit' });
  });

  test('still breaches, and then the breach is what halts it', async () => {
    lose(1000);
    expect(await account('a')).toMatchObject({ state: 'halted', openPositions: 0 });
    expect(entriesTold()).toEqual([
      ['halted', 'halted by an operator: audit'],
      ['halted', 'rule daily was breached'],
    ]);
    expect(told('account.halted')).toMatchObject([{ by: 'op' }, { by: 'breach' }]);
    expect(await answer('account.resume', { reason: 'x' })).toBe('409 acknowledge_required');
  });

  test('waits for a grace as any other', async () => {
    await ask('account.rules', { rules: [{ ...daily, graceSeconds: 5 }] });
    lose(1000);
    expect(await account('a')).toMatchObject({ state: 'grace', openPositions: 1 });
    expect(await answer('account.resume', { reason: 'x' })).toBe('409 account_closing');
    world.clock.advance(5000);
    expect(await account('a')).toMatchObject({ state: 'halted', openPositions: 0 });
  });
});
