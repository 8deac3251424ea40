// Account guards at work: warnings, breaches, and what they close.
import { describe, expect, test } from 'vitest';
import { startTs } from '../support/core-harness.ts';
import {
  account,
  breach,
  closes,
  killAndRestart,
  lose,
  newWorldForEachTest,
  restart,
  settled,
  told,
  trackLots,
  world,
} from './acting.ts';
import { refusalOf } from './refusals.ts';

newWorldForEachTest();

const breached = ['p1', 'drawdown_critical', 'peak'];

describe('a warning', () => {
  test('is told once at its level, over below 90 % of it, and then told again', async () => {
    await trackLots('acc1', { positionId: 'p1' });
    const states: unknown[] = [];
    for (const loss of [1499, 1500, 1600, 1400, 1350, 1349, 1499, 1500]) {
      lose(loss);
      states.push([loss, (await account())['state'], told('guard.warning').length]);
    }
    expect(states).toEqual([
      [1499, 'normal', 0],
      [1500, 'warning', 1],
      [1600, 'warning', 1],
      [1400, 'warning', 1],
      [1350, 'warning', 1],
      [1349, 'normal', 1],
      [1499, 'normal', 1],
      [1500, 'warning', 2],
    ]);
    expect(told('guard.warning')[0]).toEqual({
      ...{ id: expect.any(String), seq: 2, event: 'guard.warning', accountId: 'acc1', ts: startTs },
      ...{ ruleId: 'peak', observed: '8500', floor: '8000', anchorValue: '10000' },
      // What was seen: the quote, and what each position was worth on it.
      quote: { symbol: 'EURUSD', bid: '1.085', ask: '1.085', ts: startTs },
      positions: [
        {
          ...{ positionId: 'p1', symbol: 'EURUSD', side: 'long', quantity: '1' },
          ...{ price: '1.085', pnl: '-1500' },
        },
      ],
      positionsTotal: 1,
    });
    expect((await account())['rules']).toMatchObject([
      { id: 'peak', state: 'warning', observed: '8500', distance: '500' },
      { id: 'minimum', state: 'normal' },
    ]);
  });

  test('is measured from the peak, which follows the equity up', async () => {
    await trackLots('acc1', { positionId: 'p1' });
    lose(-5000);
    expect(await account()).toMatchObject({ peakEquity: '15000', equity: '15000' });
    lose(-2751);
    expect(await account()).toMatchObject({ state: 'normal', peakEquity: '15000' });
    lose(-2750);
    expect(await account()).toMatchObject({ state: 'warning' });
    lose(-2000);
    expect(await account()).toMatchObject({ state: 'halted' });
  });
});

describe('a breach', () => {
  test('closes everything on that quote, worst first, and halts the account', async () => {
    await trackLots(
      'acc1',
      { positionId: 'mild', quantity: 0.1 },
      { positionId: 'worst', quantity: 0.7 },
      { positionId: 'good', side: 'short', quantity: 0.1 },
      { positionId: 'twin', quantity: 0.1 },
      { positionId: 'other', quantity: 0.2 },
    );
    lose(1000);
    expect((await account())['state']).toBe('normal');
    lose(2000);
    expect(await closes()).toEqual(
      ['worst', 'other', 'mild', 'twin', 'good'].map((id) => [id, ...breached.slice(1)]),
    );
    expect(await account()).toMatchObject({
      state: 'halted',
      balance: '8000',
      equity: '8000',
      openPositions: 0,
      breachId: expect.stringMatching(/^breach_/),
      entries: { allowed: false, reasons: ['rule peak was breached'] },
      rules: [
        { id: 'peak', state: 'breached', observed: '8000', floor: '8000', distance: '0' },
        {},
      ],
    });
  });

  test('is told before its closes, and the halt after them', async () => {
    const breachId = await breach();
    expect(world.eventNames('acc1')).toEqual([
      'position.tracked',
      'guard.breached',
      'entries.halted',
      'position.closed',
      'account.halted',
    ]);
    const [event, entries] = told('guard.breached', 'entries.halted');
    expect(event).toMatchObject({
      ...{ breachId, ruleId: 'peak', observed: '8000', floor: '8000', anchorValue: '10000' },
      ...{ reason: 'drawdown_critical', action: 'close', positionsTotal: 1 },
    });
    expect(event).not.toHaveProperty('also');
    expect(event).not.toHaveProperty('graceUntil');
    expect(entries).toMatchObject({
      ...{ allowed: false, reasons: ['rule peak was breached'], seq: 3 },
    });
    expect(told('account.halted')[0]).toMatchObject({ by: 'breach', breachId, seq: 5 });
  });

  test('stands in the ledger: the breach, each close with what was observed, the halt', async () => {
    const breachId = await breach();
    const rows = await world.rows();
    expect(rows.map((row) => row.eventType)).toEqual([
      'guard_breached',
      'position_closed',
      'account_halted',
    ]);
    expect(rows[0]?.metaData).toMatchObject({ breachId, ruleId: 'peak' });
    expect(rows[1]?.metaData).toMatchObject({
      ...{ breachId, ruleId: 'peak', observed: '8000', floor: '8000' },
    });
    expect(rows[1]?.metaData).not.toHaveProperty('triggerPrice');
    expect(rows[2]?.metaData).toMatchObject({ breachId });
  });

  test('by several rules is that of the first in the list', async () => {
    const rules = [
      { id: 'low', anchor: 'fixed', floor: 500 },
      { id: 'tight', anchor: 'peakEquity', limitAmount: 100 },
      { id: 'wide', anchor: 'peakEquity', limitPct: 20 },
    ];
    await world.ask('op.multi.account.create', { currency: 'USD', balance: 10_000, rules });
    await trackLots('multi', { positionId: 'p1' });
    lose(5000);
    expect(await closes()).toEqual([['p1', 'drawdown_critical', 'tight']]);
  });

  test.each([
    [9900, 'halted'],
    [9899, 'normal'],
  ])('of a fixed floor is only below it: a loss of %d makes %s', async (loss, state) => {
    const rules = [{ id: 'r', anchor: 'fixed', floor: 100.5 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await trackLots('low', { positionId: 'p1' });
    lose(loss);
    expect((await account('low'))['state']).toBe(state);
  });

  test('at exactly a fixed floor is none', async () => {
    const rules = [{ id: 'r', anchor: 'fixed', floor: 8000, warningPct: 10 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await trackLots('low', { positionId: 'p1' });
    lose(2000);
    expect(await account('low')).toMatchObject({ state: 'warning', equity: '8000' });
    lose(2001);
    expect(await account('low')).toMatchObject({ state: 'halted' });
  });

  test('is closing until the last close has its outcome', async () => {
    await trackLots('acc1', {
      positionId: 'gold',
      symbol: 'XAUUSD',
      entryPrice: 1300,
      quantity: 1,
    });
    const pending = world.ask('gw.acc1.position.close', { positionId: 'gold', reason: 'mine' });
    world.clock.advance(2000);
    await pending;
    const breachId = await breach();
    expect(await account()).toMatchObject({ state: 'closing', openPositions: 1 });
    const resume = { reason: 'x', acknowledge: breachId };
    expect(refusalOf(await world.ask('op.acc1.account.resume', resume))).toBe(
      '409 account_closing',
    );
    await restart();
    expect(await account()).toMatchObject({ state: 'closing', breachId });
    world.quote('XAUUSD', 1310, 1310);
    expect(await account()).toMatchObject({ state: 'halted', balance: '9000' });
    expect(world.eventNames('acc1').slice(-2)).toEqual(['position.closed', 'account.halted']);
    const rows = await world.rows();
    const gold = rows.find((row) => row.metaData['positionId'] === 'gold' && row.status === 0);
    expect(gold?.metaData).toMatchObject({ closeReason: 'mine', reasons: ['mine'] });
  });

  test('leaves what had no quote guarded, and closes it on its first one', async () => {
    await trackLots('acc1', { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300 });
    await breach();
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 1 });
    world.quote('XAUUSD', 1310, 1310);
    expect(await closes()).toEqual([breached, ['gold', 'drawdown_critical', 'peak']]);
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 0 });
  });

  test('closes what is tracked later on the next quote of its symbol, worst first', async () => {
    const breachId = await breach();
    await trackLots(
      'acc1',
      { positionId: 'good', side: 'short' },
      { positionId: 'bad' },
      { positionId: 'gold', symbol: 'XAUUSD' },
    );
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 3 });
    lose(2000);
    expect((await closes()).slice(1)).toEqual([
      ['bad', 'drawdown_critical', 'peak'],
      ['good', 'drawdown_critical', 'peak'],
    ]);
    const row = (await world.rows()).at(-1);
    expect(row?.metaData).toMatchObject({ breachId, observed: '8000', floor: '8000' });
    expect(world.core.state.positions.get('gold')?.state).toBe('guarded');
  });

  test('an exit of what is tracked later comes first', async () => {
    await breach();
    await trackLots('acc1', { positionId: 'late', exits: { stopLoss: '1.09' } });
    lose(2000);
    expect((await closes()).at(-1)).toEqual(['late', 'stop_loss', undefined]);
  });

  test('outlives a restart, and so do halt, peak and breach id', async () => {
    const breachId = await breach();
    const before = await account();
    await restart();
    expect(await account()).toEqual({ ...before, breachId });
    await trackLots('acc1', { positionId: 'late' });
    lose(1000);
    expect((await closes()).at(-1)).toEqual(['late', 'drawdown_critical', 'peak']);
  });

  test('of one account leaves the others alone', async () => {
    await trackLots('acc2', { positionId: 'q1' });
    await breach();
    expect(await account('acc2')).toMatchObject({ state: 'normal', openPositions: 1 });
  });
});

describe('the peak', () => {
  test('outlives a restart, be it a stop or a kill a second later', async () => {
    await trackLots('acc1', { positionId: 'p1' });
    lose(-5000);
    lose(-4000);
    await restart();
    expect(await account()).toMatchObject({ peakEquity: '15000', equity: '14000' });
    lose(-6000);
    world.clock.advance(1000);
    await settled();
    await killAndRestart();
    expect(await account()).toMatchObject({ peakEquity: '16000' });
  });

  test('is not shown where no rule needs it', async () => {
    expect(await account('acc2')).not.toHaveProperty('peakEquity');
  });
});

describe('equity', () => {
  test('is the same before and after a fill, and counts what is closing', async () => {
    await trackLots(
      'acc2',
      { positionId: 'p1' },
      { positionId: 'gold', symbol: 'XAUUSD', quantity: 1 },
    );
    lose(123);
    expect(await account('acc2')).toMatchObject({ balance: '5000.5', equity: '4877.5' });
    await world.ask('gw.acc2.position.close', { positionId: 'p1' });
    expect(await account('acc2')).toMatchObject({ balance: '4877.5', equity: '4877.5' });
    await restart();
    expect(await account('acc2')).toMatchObject({ balance: '4877.5', openPositions: 1 });
  });
});
