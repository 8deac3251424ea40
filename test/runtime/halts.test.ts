// Halts and resumes, by a breach and by an operator, and what an adjustment leaves alone.
import { describe, expect, test } from 'vitest';
import {
  account,
  breach,
  closes,
  lose,
  newWorldForEachTest,
  told,
  trackLots,
  world,
  type Body,
} from './acting.ts';
import { refusalOf } from './refusals.ts';

newWorldForEachTest();

const breached = ['p1', 'drawdown_critical', 'peak'];

describe('account.resume', () => {
  const resume = (body: Body): Promise<Body> =>
    world.ask('op.acc1.account.resume', { reason: 'reviewed', ...body });

  test('after a breach must acknowledge it', async () => {
    const breachId = await breach();
    expect(refusalOf(await resume({}))).toBe('409 acknowledge_required');
    expect(refusalOf(await resume({ acknowledge: 'breach_other' }))).toBe(
      '409 acknowledge_required',
    );
    const reply = await resume({ acknowledge: breachId });
    expect(reply).toMatchObject({
      ...{ state: 'normal', balance: '8000', peakEquity: '8000' },
      entries: { allowed: true, reasons: [] },
      rules: [{ state: 'normal', floor: '6400' }, {}],
    });
    expect(reply).not.toHaveProperty('breachId');
    expect(told('account.resumed', 'entries.resumed')).toMatchObject([
      { event: 'account.resumed', reason: 'reviewed', by: 'op', acknowledge: breachId },
      { event: 'entries.resumed', allowed: true, reasons: [] },
    ]);
    expect((await world.rows()).at(-1)).toMatchObject({ eventType: 'account_resumed' });
    expect(refusalOf(await resume({ acknowledge: breachId }))).toBe('409 account_not_halted');
  });

  test('guards again from the new peak', async () => {
    const first = await breach();
    await resume({ acknowledge: first });
    await trackLots('acc1', { positionId: 'p2', entryPrice: '1.08' });
    lose(3199);
    expect(await account()).toMatchObject({ state: 'normal' });
    lose(3600);
    expect(await account()).toMatchObject({ state: 'halted' });
    expect((await account())['breachId']).not.toBe(first);
  });

  test('is refused while a rule would breach at once, and taken after a deposit', async () => {
    const rules = [{ id: 'floor', anchor: 'fixed', floor: 9000 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await trackLots('low', { positionId: 'p1' });
    lose(1500);
    const { breachId } = await account('low');
    const body = { reason: 'x', acknowledge: breachId };
    const ask = (): Promise<Body> => world.ask('op.low.account.resume', body);
    expect(await ask()).toMatchObject({
      error: { code: 409, name: 'would_breach', limit: '9000', actual: '8500' },
    });
    await world.ask('op.low.account.adjust', { amount: 499, reason: 'deposit' });
    expect(refusalOf(await ask())).toBe('409 would_breach');
    await world.ask('op.low.account.adjust', { amount: 1, reason: 'deposit' });
    expect(refusalOf(await ask())).toBe('ok');
  });

  test('of an operator’s halt acknowledges nothing', async () => {
    await world.ask('op.acc1.account.halt', { reason: 'audit' });
    expect(refusalOf(await resume({ acknowledge: 'breach_1' }))).toBe('409 acknowledge_required');
    expect(refusalOf(await resume({}))).toBe('ok');
  });
});

describe('an operator’s halt', () => {
  const halt = (): Promise<Body> => world.ask('op.acc1.account.halt', { reason: 'audit' });

  test('is told, stands in the ledger, and says who asked', async () => {
    await halt();
    expect(told('account.halted', 'entries.halted')).toMatchObject([
      { event: 'account.halted', reason: 'audit', by: 'op', seq: 1 },
      {
        ...{ event: 'entries.halted', allowed: false, seq: 2 },
        reasons: ['halted by an operator: audit'],
      },
    ]);
    expect(await world.rows()).toMatchObject([
      { eventType: 'account_halted', metaData: { reason: 'audit', by: 'op' } },
    ]);
  });

  test('takes positions, keeps them guarded, and closes none', async () => {
    await trackLots('acc1', { positionId: 'p1', exits: { stopLoss: '1.095' } });
    await halt();
    await trackLots('acc1', { positionId: 'p2' });
    lose(100);
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 2 });
    lose(500);
    expect(await closes()).toEqual([['p1', 'stop_loss', undefined]]);
  });

  test('lets the rules go on: a warning, a breach, and then the breach must be acknowledged', async () => {
    await trackLots('acc1', { positionId: 'p1' });
    await halt();
    lose(1500);
    expect(told('guard.warning').length).toBe(1);
    expect(await account()).toMatchObject({ state: 'halted' });
    lose(1000);
    lose(1500);
    expect(told('guard.warning').length).toBe(2);
    lose(2000);
    expect(await closes()).toEqual([breached]);
    const { breachId } = await account();
    const resume = (body: Body): Promise<Body> => world.ask('op.acc1.account.resume', body);
    expect(refusalOf(await resume({ reason: 'x' }))).toBe('409 acknowledge_required');
    expect(refusalOf(await resume({ reason: 'x', acknowledge: breachId }))).toBe('ok');
  });

  test('after a breach changes nothing', async () => {
    const breachId = await breach();
    const events = world.events.length;
    expect(await halt()).toMatchObject({
      breachId,
      entries: { reasons: ['rule peak was breached'] },
    });
    expect(world.events.length).toBe(events);
  });
});

describe('account.adjust', () => {
  test('is no gain and no loss: nothing warns, and the floor moves along', async () => {
    await trackLots('acc1', { positionId: 'p1' });
    lose(1400);
    await world.ask('op.acc1.account.adjust', { amount: -1000, reason: 'out' });
    expect(await account()).toMatchObject({ equity: '7600', peakEquity: '9000' });
    expect((await account())['rules']).toMatchObject([{ floor: '7200' }, { floor: '100' }]);
    lose(1300);
    expect(told('guard.warning').length).toBe(0);
    lose(1350);
    expect(told('guard.warning').length).toBe(1);
    lose(1800);
    expect(await account()).toMatchObject({ state: 'halted' });
    expect(told('account.adjusted')[0]).toMatchObject({ amount: '-1000', reason: 'out', by: 'op' });
    expect((await world.rows())[0]).toMatchObject({ eventType: 'account_adjusted', status: 0 });
  });
});
