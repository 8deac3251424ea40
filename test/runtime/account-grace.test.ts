// The order of a breach, and its grace: what may happen meanwhile, and that none of it keeps the
// account from being closed.
import { beforeEach, describe, expect, test } from 'vitest';
import type { RecordType } from '#src/domain/records';
import type { RestingOrders } from '#src/ports/resting-orders';
import { startTs } from '../support/core-harness.ts';
import {
  account,
  closes,
  enter,
  killAndRestart,
  lose,
  restart,
  startAgain,
  told,
  trackLots,
  world,
  type Body,
} from './acting.ts';
import {
  answer,
  ask,
  breachIdOfA,
  createGuarded,
  entriesTold,
  recordsOf,
  standingOf,
  stateOfA,
} from './guarded-account.ts';
import { account as live, answers, LiveWorld, rejects, type Script } from './live-world.ts';

/** Each cancel, with how many positions were open then. */
let cancels: unknown[][];
const orders: RestingOrders = {
  cancelAll: (accountId, breachId) => {
    const open = world.core.state.accounts.get(accountId)?.positions.size;
    cancels.push([accountId, breachId, open]);
  },
};

beforeEach(async () => {
  cancels = [];
  await enter({ orders });
});

const graceMs = 30_000;
const tight = { id: 'tight', anchor: 'peakEquity', limitAmount: 2000 };
const patient = { ...tight, graceSeconds: graceMs / 1000 };
const closedByTight = (positionId: string): string[] => [positionId, 'drawdown_critical', 'tight'];

describe('a breach without grace', () => {
  test('halts entries, closes worst first, cancels resting orders, and then is halted', async () => {
    await createGuarded([tight]);
    await trackLots('a', { positionId: 'mild', quantity: 0.2 }, { positionId: 'worst' });
    lose(2000);
    const types: RecordType[] = ['rule.breached', 'close.filled', 'account.settled'];
    const places: number[][] = [];
    for (const type of types) places.push((await recordsOf(type)).map(({ n }) => n));
    expect(places.flat()).toEqual(places.flat().toSorted((x, y) => x - y));
    expect(places.map((own) => own.length)).toEqual([1, 2, 1]);
    expect(world.eventNames('a').slice(2)).toEqual([
      ...['guard.breached', 'entries.halted', 'position.closed', 'position.closed'],
      'account.halted',
    ]);
    expect(await closes()).toEqual([closedByTight('worst'), closedByTight('mild')]);
    expect(cancels).toEqual([['a', await breachIdOfA(), 0]]);
  });

  test('cancels resting orders where nothing was open any more', async () => {
    await createGuarded([{ ...tight, observed: 'balance' }]);
    await trackLots('a', { positionId: 'p', exits: { stopLoss: '1.075' } });
    lose(2500);
    expect(await closes()).toEqual([['p', 'stop_loss', undefined]]);
    expect(await stateOfA()).toBe('halted');
    expect(cancels).toEqual([['a', await breachIdOfA(), 0]]);
  });

  test('cancels them again after a restart: a kill may have come before', async () => {
    await createGuarded([tight]);
    await trackLots('a', { positionId: 'p' });
    lose(2000);
    const first = cancels.splice(0);
    await killAndRestart();
    expect(cancels).toEqual(first);
  });

  test('leaves resting orders of others alone, and those of an operator’s halt', async () => {
    await createGuarded([tight]);
    await ask('account.halt', { reason: 'audit' });
    await restart();
    expect(cancels).toEqual([]);
  });
});

describe('a breach with grace', () => {
  beforeEach(async () => {
    await createGuarded([patient]);
    await trackLots('a', { positionId: 'mild', quantity: 0.2 }, { positionId: 'worst' });
    lose(2000);
  });

  test('halts entries at once, and closes when it ends, at the book as it then stands', async () => {
    expect(await account('a')).toMatchObject({
      ...{ state: 'grace', graceUntil: startTs + graceMs, openPositions: 2 },
      entries: { allowed: false, reasons: ['rule tight was breached'] },
    });
    expect(told('guard.breached')).toMatchObject([{ graceUntil: startTs + graceMs }]);
    expect(entriesTold()).toEqual([['halted', 'rule tight was breached']]);
    expect(cancels).toEqual([]);
    world.clock.advance(graceMs - 1);
    lose(2100);
    expect(await account('a')).toMatchObject({ state: 'grace', openPositions: 2 });
    world.clock.advance(1);
    expect(await closes()).toEqual([closedByTight('worst'), closedByTight('mild')]);
    expect(await account('a')).toMatchObject({ state: 'halted', balance: '7480' });
    expect(cancels).toEqual([['a', await breachIdOfA(), 0]]);
    expect(await recordsOf('grace.ended')).toMatchObject([{ ts: startTs + graceMs }]);
  });

  test('is not cancelled by a recovery', async () => {
    lose(-9000);
    world.clock.advance(graceMs);
    expect(await account('a')).toMatchObject({ state: 'halted', balance: '20800' });
    expect(told('guard.restored')).toEqual([]);
  });

  test('goes on with peak and exits', async () => {
    await ask('position.amend', { positionId: 'mild', exits: { takeProfit: '1.15' } });
    lose(-5000);
    expect(await closes()).toEqual([['mild', 'take_profit', undefined]]);
    expect(await account('a')).toMatchObject({ state: 'grace', peakEquity: '16000' });
    world.clock.advance(graceMs);
    expect((await closes()).slice(1)).toEqual([closedByTight('worst')]);
  });

  test('shows what was breached, however far it is from it now', async () => {
    lose(-9000);
    expect(await standingOf('tight')).toMatchObject({ state: 'breached', graceSeconds: 30 });
    expect(await ask('guard.status')).toMatchObject({
      ...{ state: 'grace', entries: { allowed: false } },
      breach: {
        ...{ by: 'breach', ruleId: 'tight', reason: 'drawdown_critical' },
        ...{ observed: '7600', floor: '8000', graceUntil: startTs + graceMs },
      },
    });
  });

  const nothing = (): void => {};
  test.each<[name: string, command: string, body: Body, reply: string, then: () => void]>([
    ['an operator’s halt', 'account.halt', { reason: 'me too' }, 'ok', nothing],
    ['a deposit', 'account.adjust', { amount: 50_000, reason: 'help' }, 'ok', nothing],
    ['other rules', 'account.rules', { rules: [{ ...tight, limitAmount: 1 }] }, 'ok', nothing],
    ['no rules', 'account.rules', {}, 'ok', nothing],
    [
      'a longer grace',
      'account.rules',
      { rules: [{ ...tight, graceSeconds: 999 }] },
      'ok',
      nothing,
    ],
    ['a deeper loss', 'account.get', {}, 'ok', () => lose(9000)],
    ['a resume', 'account.resume', { reason: 'x' }, '409 account_closing', nothing],
    ['a position', 'position.track', { ...late(), positionId: 'late' }, 'ok', nothing],
  ])('is neither begun anew nor ended by %s', async (_name, command, body, reply, then) => {
    const breachId = await breachIdOfA();
    world.clock.advance(graceMs / 2);
    expect(await answer(command, body)).toBe(reply);
    then();
    expect(await account('a')).toMatchObject({ state: 'grace', breachId });
    world.clock.advance(graceMs / 2 - 1);
    expect(await stateOfA()).toBe('grace');
    world.clock.advance(1);
    expect(await account('a')).toMatchObject({ state: 'halted', breachId, openPositions: 0 });
    expect(told('guard.breached')).toHaveLength(1);
    const reasons = (await closes()).map(([, ...why]) => why.join(' '));
    expect(new Set(reasons)).toEqual(new Set(['drawdown_critical tight']));
  });

  test('names the breach to a resume that acknowledges it too early', async () => {
    const acknowledge = await breachIdOfA();
    expect(await answer('account.resume', { reason: 'x', acknowledge })).toBe(
      '409 account_closing',
    );
  });

  test('ends with nothing to close where an operator has closed all', async () => {
    await ask('account.close-all', { reason: 'now' });
    expect((await closes()).map(([, reason]) => reason)).toEqual(['now', 'now']);
    expect(await stateOfA()).toBe('grace');
    expect(cancels).toEqual([]);
    world.clock.advance(graceMs);
    expect(await stateOfA()).toBe('halted');
    expect(cancels).toHaveLength(1);
    expect(await closes()).toHaveLength(2);
  });

  test('closes what was tracked meanwhile too, worst first, and the rest by its first quote', async () => {
    await trackLots(
      'a',
      { positionId: 'short', side: 'short' },
      { positionId: 'big', quantity: 2 },
      { positionId: 'gold', symbol: 'XAUUSD', entryPrice: 1300 },
    );
    lose(2100);
    world.clock.advance(graceMs);
    expect(await closes()).toEqual(['big', 'worst', 'mild', 'short'].map(closedByTight));
    expect(await account('a')).toMatchObject({ state: 'halted', openPositions: 1 });
    world.quote('XAUUSD', 1310, 1310);
    expect((await closes()).at(-1)).toEqual(closedByTight('gold'));
    expect(told('account.halted')).toHaveLength(1);
  });

  test.each([
    ['a stop', restart],
    ['a kill', killAndRestart],
  ])('goes on through %s', async (_name, again) => {
    const before = await account('a');
    world.clock.advance(graceMs / 2);
    await again();
    expect(await account('a')).toEqual(before);
    world.clock.advance(graceMs / 2 - 1);
    expect(await stateOfA()).toBe('grace');
    world.clock.advance(1);
    lose(2050);
    expect(await closes()).toEqual([closedByTight('worst'), closedByTight('mild')]);
    expect(await stateOfA()).toBe('halted');
  });

  test.each([
    // What was noted of the book is a second old at the most.
    ['its symbol is quoted once more', 0, 'halted'],
    ['its symbol is quoted again after a noted book', 1000, 'closing'],
  ])('that passed while nobody looked ends at once: closed when %s', async (_name, ms, state) => {
    const breachId = await breachIdOfA();
    world.clock.advance(ms);
    await world.kill();
    world.clock.advance(graceMs * 10);
    await startAgain();
    expect(await account('a')).toMatchObject({ state, breachId, openPositions: 2 });
    lose(2050);
    expect(await closes()).toEqual([closedByTight('worst'), closedByTight('mild')]);
    expect(await account('a')).toMatchObject({ state: 'halted', breachId, balance: '7540' });
    await killAndRestart();
    lose(2051);
    expect(await closes()).toHaveLength(2);
    expect(await recordsOf('grace.ended')).toHaveLength(1);
    expect(await recordsOf('account.settled')).toHaveLength(1);
  });
});

describe('at a provider', () => {
  const takesItsTime = { kind: 'late', ms: 1500, executes: 'last' } as const;
  const limit = { ...tight, anchor: 'peakEquity' as const, limitAmount: 10, graceSeconds: 0 };
  let story: string[];

  async function breached(
    rule: typeof limit,
    script: Script = { close: [answers, takesItsTime] },
  ): Promise<LiveWorld> {
    story = [];
    const w: LiveWorld = await LiveWorld.start({
      settings: { accounts: [{ ...live, rules: [rule] }] },
      script,
      harness: {
        orders: {
          cancelAll: () => void story.push(`cancelled after ${w.provider.received.length}`),
        },
      },
    });
    await w.open('mild', { entryPrice: '100.5' });
    await w.open('worst', { entryPrice: '101' });
    w.quote(100);
    w.quote(97);
    await w.run(100);
    return w;
  }

  test('resting orders are cancelled once the closes are asked for, and halted comes last', async () => {
    const w = await breached(limit);
    expect(w.provider.received.map((order) => order.positionId)).toEqual(['worst', 'mild']);
    expect([w.stateOf('worst'), w.stateOf('mild')]).toEqual(['closed', 'closing sending']);
    // Behind both sends, and before any outcome.
    expect(story).toEqual(['cancelled after 2']);
    await w.run(2000);
    expect(w.harness.eventNames('a').slice(2)).toEqual([
      ...['guard.breached', 'entries.halted'],
      ...['position.closed', 'position.closed', 'account.halted'],
    ]);
    expect(story).toHaveLength(1);
  });

  test('resting orders are cancelled, however long one close has no outcome', async () => {
    const w = await breached(limit, { close: [answers, rejects] });
    await w.run(600_000, 500);
    expect([w.stateOf('worst'), w.stateOf('mild')]).toEqual(['closed', 'closing rejected']);
    expect(w.harness.core.state.accounts.get('a')?.state).toBe('closing');
    expect(story).toEqual(['cancelled after 2']);
  });

  test('resting orders are cancelled when the grace ends, not before', async () => {
    const w = await breached({ ...limit, graceSeconds: 5 }, { close: [takesItsTime] });
    await w.killAndRestart();
    w.quote(97);
    await w.run(4000);
    expect(story).toEqual([]);
    await w.run(1000);
    expect([w.stateOf('worst'), w.stateOf('mild')]).toEqual(['closing sending', 'closing sending']);
    expect(story).toEqual(['cancelled after 2']);
  });

  test('what an operator is closing is closed for the breach too, when its grace ends', async () => {
    const w = await breached({ ...limit, graceSeconds: 5 });
    w.play({ close: [{ kind: 'say', reply: { status: 'pending' } }] });
    void w.close('mild');
    await w.run(5100);
    const reasons = w.harness.core.state.positions.get('mild')?.reasons;
    expect(reasons).toEqual(['manual', 'drawdown_critical']);
    expect([w.stateOf('worst'), story.length]).toEqual(['closing pending', 1]);
  });

  test('a kill between the closes ends in the same', async () => {
    const w = await breached(limit);
    story = [];
    await w.killAndRestart();
    // The kill may have come before they were asked for.
    expect(story).toHaveLength(1);
    await w.run(20_000, 100);
    expect(story).toHaveLength(1);
    expect(w.harness.core.state.accounts.get('a')?.state).toBe('halted');
    expect(w.excess()).toEqual([]);
    expect(w.provider.held.size).toBe(0);
  });
});

function late(): Body {
  return { symbol: 'EURUSD', side: 'long', quantity: 1, entryPrice: '1.2' };
}
