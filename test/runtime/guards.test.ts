// Account guards and market guards at work: warnings, breaches, halts, resumes, and what they close.
import { beforeEach, describe, expect, test } from 'vitest';
import { startTs, type CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { long, startWorld } from './world.ts';

type Body = Record<string, unknown>;

let world: CoreHarness;
beforeEach(async () => {
  world = await startWorld();
});

/** A whole lot of euro at 1.1: a cent is 1,000 USD. */
const lot = { ...long, quantity: 1 };

async function track(account: string, ...positions: Body[]): Promise<void> {
  for (const position of positions) {
    const reply = await world.ask(`gw.${account}.position.track`, { ...lot, ...position });
    expect(refusalOf(reply)).toBe('ok');
  }
}

async function account(accountId = 'acc1'): Promise<Body> {
  return await world.ask(`gw.${accountId}.account.get`);
}

/** Quotes the euro so that `acc1`, with one lot, has lost this much. */
function lose(amount: number): void {
  const bid = ((110_000 - amount) / 100_000).toFixed(5);
  world.quote('EURUSD', bid, bid);
}

function told(...names: string[]): Body[] {
  return world.events.filter((event) => names.includes(event.event));
}

/** Position, reason and rule of each close, in order. */
async function closes(): Promise<unknown[]> {
  const rows = (await world.rows()).filter((row) => row.eventType === 'position_closed');
  return rows.map(({ metaData: m }) => [m['positionId'], m['closeReason'], m['ruleId']]);
}

async function breach(): Promise<string> {
  await track('acc1', { positionId: 'p1' });
  lose(2000);
  return String((await account())['breachId']);
}

const breached = ['p1', 'drawdown_critical', 'peak'];

describe('a warning', () => {
  test('is told once at its level, over below 90 % of it, and then told again', async () => {
    await track('acc1', { positionId: 'p1' });
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
    });
    expect((await account())['rules']).toMatchObject([
      { id: 'peak', state: 'warning', observed: '8500', distance: '500' },
      { id: 'minimum', state: 'normal' },
    ]);
  });

  test('is measured from the peak, which follows the equity up', async () => {
    await track('acc1', { positionId: 'p1' });
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
    await track(
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
      reason: 'drawdown_critical',
    });
    expect(entries).toMatchObject({ reason: 'drawdown_critical', breachId, seq: 3 });
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
    await track('multi', { positionId: 'p1' });
    lose(5000);
    expect(await closes()).toEqual([['p1', 'drawdown_critical', 'tight']]);
  });

  test.each([
    [9900, 'halted'],
    [9899, 'normal'],
  ])('of a fixed floor is only below it: a loss of %d makes %s', async (loss, state) => {
    const rules = [{ id: 'r', anchor: 'fixed', floor: 100.5 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await track('low', { positionId: 'p1' });
    lose(loss);
    expect((await account('low'))['state']).toBe(state);
  });

  test('at exactly a fixed floor is none', async () => {
    const rules = [{ id: 'r', anchor: 'fixed', floor: 8000, warningPct: 10 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await track('low', { positionId: 'p1' });
    lose(2000);
    expect(await account('low')).toMatchObject({ state: 'warning', equity: '8000' });
    lose(2001);
    expect(await account('low')).toMatchObject({ state: 'halted' });
  });

  test('is closing until the last close has its outcome', async () => {
    await track('acc1', { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300, quantity: 1 });
    const pending = world.ask('gw.acc1.position.close', { positionId: 'gold', reason: 'mine' });
    world.clock.advance(2000);
    await pending;
    const breachId = await breach();
    expect(await account()).toMatchObject({ state: 'closing', openPositions: 1 });
    const resume = { reason: 'x', acknowledge: breachId };
    expect(refusalOf(await world.ask('op.acc1.account.resume', resume))).toBe(
      '409 account_closing',
    );
    world = await restarted();
    expect(await account()).toMatchObject({ state: 'closing', breachId });
    world.quote('XAUUSD', 1310, 1310);
    expect(await account()).toMatchObject({ state: 'halted', balance: '9000' });
    expect(world.eventNames('acc1').slice(-2)).toEqual(['position.closed', 'account.halted']);
    const rows = await world.rows();
    const gold = rows.find((row) => row.metaData['positionId'] === 'gold' && row.status === 0);
    expect(gold?.metaData).toMatchObject({ closeReason: 'mine', reasons: ['mine'] });
  });

  test('leaves what had no quote guarded, and closes it on its first one', async () => {
    await track('acc1', { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300 });
    await breach();
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 1 });
    world.quote('XAUUSD', 1310, 1310);
    expect(await closes()).toEqual([breached, ['gold', 'drawdown_critical', 'peak']]);
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 0 });
  });

  test('closes what is tracked later on the next quote of its symbol, worst first', async () => {
    const breachId = await breach();
    await track(
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
    await track('acc1', { positionId: 'late', exits: { stopLoss: '1.09' } });
    lose(2000);
    expect((await closes()).at(-1)).toEqual(['late', 'stop_loss', undefined]);
  });

  test('outlives a restart, and so do halt, peak and breach id', async () => {
    const breachId = await breach();
    const before = await account();
    world = await restarted();
    expect(await account()).toEqual({ ...before, breachId });
    await track('acc1', { positionId: 'late' });
    lose(1000);
    expect((await closes()).at(-1)).toEqual(['late', 'drawdown_critical', 'peak']);
  });

  test('of one account leaves the others alone', async () => {
    await track('acc2', { positionId: 'q1' });
    await breach();
    expect(await account('acc2')).toMatchObject({ state: 'normal', openPositions: 1 });
  });
});

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
      { event: 'entries.resumed', reason: 'reviewed' },
    ]);
    expect((await world.rows()).at(-1)).toMatchObject({ eventType: 'account_resumed' });
    expect(refusalOf(await resume({ acknowledge: breachId }))).toBe('409 account_not_halted');
  });

  test('guards again from the new peak', async () => {
    const first = await breach();
    await resume({ acknowledge: first });
    await track('acc1', { positionId: 'p2', entryPrice: '1.08' });
    lose(3199);
    expect(await account()).toMatchObject({ state: 'normal' });
    lose(3600);
    expect(await account()).toMatchObject({ state: 'halted' });
    expect((await account())['breachId']).not.toBe(first);
  });

  test('is refused while a rule would breach at once, and taken after a deposit', async () => {
    const rules = [{ id: 'floor', anchor: 'fixed', floor: 9000 }];
    await world.ask('op.low.account.create', { currency: 'USD', balance: 10_000, rules });
    await track('low', { positionId: 'p1' });
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
      { event: 'entries.halted', reason: 'audit', seq: 2 },
    ]);
    expect(await world.rows()).toMatchObject([
      { eventType: 'account_halted', metaData: { reason: 'audit', by: 'op' } },
    ]);
  });

  test('takes positions, keeps them guarded, and closes none', async () => {
    await track('acc1', { positionId: 'p1', exits: { stopLoss: '1.095' } });
    await halt();
    await track('acc1', { positionId: 'p2' });
    lose(100);
    expect(await account()).toMatchObject({ state: 'halted', openPositions: 2 });
    lose(500);
    expect(await closes()).toEqual([['p1', 'stop_loss', undefined]]);
  });

  test('lets the rules go on: a warning, a breach, and then the breach must be acknowledged', async () => {
    await track('acc1', { positionId: 'p1' });
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
    await track('acc1', { positionId: 'p1' });
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

describe('the peak', () => {
  test('outlives a restart, be it a stop or a kill a second later', async () => {
    await track('acc1', { positionId: 'p1' });
    lose(-5000);
    lose(-4000);
    world = await restarted();
    expect(await account()).toMatchObject({ peakEquity: '15000', equity: '14000' });
    lose(-6000);
    world.clock.advance(1000);
    for (let i = 0; i < 10; i++) await Promise.resolve();
    await world.kill();
    world = await world.restart();
    expect(await account()).toMatchObject({ peakEquity: '16000' });
  });

  test('is not shown where no rule needs it', async () => {
    expect(await account('acc2')).not.toHaveProperty('peakEquity');
  });
});

describe('equity', () => {
  test('is the same before and after a fill, and counts what is closing', async () => {
    await track(
      'acc2',
      { positionId: 'p1' },
      { positionId: 'gold', symbol: 'XAUUSD', quantity: 1 },
    );
    lose(123);
    expect(await account('acc2')).toMatchObject({ balance: '5000.5', equity: '4877.5' });
    await world.ask('gw.acc2.position.close', { positionId: 'p1' });
    expect(await account('acc2')).toMatchObject({ balance: '4877.5', equity: '4877.5' });
    world = await restarted();
    expect(await account('acc2')).toMatchObject({ balance: '4877.5', openPositions: 1 });
  });
});

describe('a market guard', () => {
  const guard = (body: Body): Promise<Body> =>
    world.ask('op._.guard.put', { symbol: 'EURUSD', ...body });
  const market = (): string[] => world.eventNames('_');

  beforeEach(async () => {
    await track('acc2', { positionId: 'a' }, { positionId: 'b', side: 'short' });
    await track('acc2', { positionId: 'gold', symbol: 'XAUUSD' });
  });

  test('is off for a symbol that nobody named', async () => {
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', 2, 3);
    expect(await closes()).toEqual([]);
    expect(market()).toEqual([]);
  });

  test('closes what is open in the symbol when its limit is reached, in tracking order', async () => {
    await guard({});
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', '1.0499', '1.0499');
    expect(market()).toEqual([]);
    world.quote('EURUSD', '1.1025', '1.1025');
    expect(await closes()).toEqual([
      ['a', 'market_gap', undefined],
      ['b', 'market_gap', undefined],
    ]);
    expect(told('market.warning')).toMatchObject([
      {
        accountId: '_',
        symbol: 'EURUSD',
        condition: 'gap',
        limit: '5',
        measured: expect.any(String),
      },
    ]);
    expect(world.core.state.positions.get('gold')?.state).toBe('guarded');
  });

  test.each([
    ['at the limit', 'warning', '1.05', ['market.warning'], 2],
    ['at the limit', 'critical', '1.05', ['market.warning'], 0],
    ['at twice the limit', 'critical', '1.1', ['market.critical'], 2],
    ['at twice the limit', 'never', '1.1', ['market.critical'], 0],
  ])('of a gap %s with closeOn %s', async (_, closeOn, price, events, count) => {
    await guard({ gap: { closeOn } });
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', price, price);
    expect(market()).toEqual(events);
    expect((await closes()).length).toBe(count);
  });

  test.each([
    ['1.005', [], 0],
    ['1.00500001', ['market.warning'], 2],
    ['1.01', ['market.warning'], 2],
    ['1.0100001', ['market.critical'], 2],
  ])('of a spread from 1 to %s', async (ask, events, count) => {
    await guard({});
    world.quote('EURUSD', 1, ask);
    expect(market()).toEqual(events);
    expect((await closes()).length).toBe(count);
  });

  test('goes on closing while it holds, rises to critical, and clears 5 s after it held last', async () => {
    await guard({ gap: false });
    world.quote('EURUSD', 1, 1.006);
    await track('acc2', { positionId: 'c' });
    world.quote('EURUSD', 1, 1.001);
    expect(world.core.state.positions.get('c')?.state).toBe('guarded');
    world.clock.advance(3000);
    world.quote('EURUSD', 1, 1.006);
    expect(world.core.state.positions.get('c')?.state).toBe('closed');
    world.quote('EURUSD', 1, 1.02);
    world.quote('EURUSD', 1, 1.006);
    expect(market()).toEqual(['market.warning', 'market.critical']);
    world.quote('EURUSD', 1, 1.001);
    world.clock.advance(4999);
    expect(market().length).toBe(2);
    world.clock.advance(1);
    expect(market()).toEqual(['market.warning', 'market.critical', 'market.cleared']);
    expect(told('market.cleared')[0]).toMatchObject({ ts: startTs + 8000, condition: 'spread' });
    world.quote('EURUSD', 1, 1.006);
    expect(market().at(-1)).toBe('market.warning');
  });

  test('clears at its time over a restart', async () => {
    await guard({});
    world.quote('EURUSD', 1, 1.006);
    world.clock.advance(2000);
    world = await restarted();
    expect(await world.ask('op._.guard.status')).toMatchObject({
      guards: [{ spread: { state: 'warning', since: startTs } }],
    });
    world.clock.advance(2999);
    expect(market()).not.toContain('market.cleared');
    world.clock.advance(1);
    expect(market()).toContain('market.cleared');
  });

  test('that is replaced goes by its new limits, one that is removed by none', async () => {
    await guard({});
    await guard({ spread: { limit: 1 } });
    world.quote('EURUSD', 1, 1.006);
    expect(market()).toEqual([]);
    await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
    world.quote('EURUSD', 1, 1.5);
    world.clock.advance(10_000);
    expect(market()).toEqual([]);
    expect(await closes()).toEqual([]);
    expect(world.core.deadlines.next).toBe(Infinity);
  });

  test('acts before exits, and exits before account guards', async () => {
    const exits = { stopLoss: '1.04' };
    await track('acc1', { positionId: 'one', exits });
    await guard({ gap: { limit: 6 } });
    world.quote('EURUSD', 1.1, 1.1);
    world.quote('EURUSD', 1.03, 1.03);
    expect((await closes()).map((close) => (close as unknown[])[1])).toEqual(
      ['a', 'b', 'one'].map(() => 'market_gap'),
    );
    await track('acc1', { positionId: 'two', exits });
    world.quote('EURUSD', 1.02, 1.02);
    expect((await closes()).at(-1)).toEqual(['two', 'stop_loss', undefined]);
  });
});

/** Stops, and starts again on the same journal and ledger. */
async function restarted(): Promise<CoreHarness> {
  await world.stop();
  return await world.restart();
}
