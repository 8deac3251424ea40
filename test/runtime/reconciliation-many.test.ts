// Reconciliation of many accounts, and of lists that lag behind what has happened.
import { describe, expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import { account, answers, says, type LiveWorld } from './live-world.ts';
import {
  lists,
  position,
  positionsAre,
  reconcile,
  standing,
  startReconciled,
  statusOf,
  theirs,
} from './reconciliation-world.ts';
import { reports } from './reports-world.ts';

test('of more accounts than a route can be asked about in half a minute, none is left out', async () => {
  const accounts = Array.from({ length: 700 }, (_, i) => ({ ...account, accountId: `a${i}` }));
  const w = await startReconciled({ settings: { accounts }, harness: { reconcileEveryS: 60 } });
  for (const { accountId } of accounts) w.provider.balances.set(accountId, decimal(1000));
  await w.run(120_000, 100);
  const all = await statusOf(w, '_');
  expect(all).toHaveLength(700);
  expect(all.filter(({ complete }) => !complete)).toEqual([]);
});

test('an account that a person asks about is the next of many', async () => {
  const accounts = Array.from({ length: 100 }, (_, i) => ({ ...account, accountId: `a${i}` }));
  const route = { ratePerSecond: 40, burst: 2 };
  const w = await startReconciled({ settings: { accounts }, route });
  for (const { accountId } of accounts) w.provider.balances.set(accountId, decimal(1000));
  const all = w.ask('_.reconciliation.run');
  const from = w.clock.now();
  await reconcile(w, 'a99');
  expect(w.clock.now() - from).toBeLessThan(2500);
  await w.run(16_000, 100);
  expect(await all).toMatchObject({ accounts: { length: 100 } });
});

test.each(['adopt', 'close'] as const)(
  'under %s a list that lags behind closes nothing that was just opened',
  async (driftPolicy) => {
    const w = await startReconciled({ route: { driftPolicy }, harness: { reconcileEveryS: 60 } });
    await w.run(59_900, 100);
    w.play({ positions: [says({ complete: true, positions: [] }), answers] });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.run(130_000, 100);
    expect(await position(w)).toMatchObject({ state: 'guarded', exits: { stopLoss: '99.5' } });
    expect(w.sent()).toEqual([]);
    expect(standing(w)).toEqual([]);
  },
);

test('what is gone in two lists is closed without a person', async () => {
  const w = await startReconciled({
    route: { driftPolicy: 'adopt' },
    harness: { reconcileEveryS: 10 },
  });
  await w.open('p');
  w.provider.held.clear();
  await w.run(11_000, 100);
  expect([w.stateOf('p'), standing(w)]).toEqual(['guarded', ['unknown_there p 2 -']]);
  await w.run(10_000, 100);
  expect([w.stateOf('p'), w.sent()]).toEqual(['closed', []]);
});

test('what was taken for gone and is there after all has its exits again', async () => {
  const w = await startReconciled({ route: { driftPolicy: 'adopt' } });
  await w.open('p', { exits: { stopLoss: 90, takeProfit: 110 } });
  lists(w);
  await reconcile(w);
  expect(w.stateOf('p')).toBe('closed');
  lists(w, theirs);
  await reconcile(w);
  const { items } = await w.ask('a.position.list');
  expect(items).toMatchObject([
    { ticket: 'p', state: 'guarded', exits: { stopLoss: '90', takeProfit: '110' } },
  ]);
});

describe('the balance', () => {
  async function gone(): Promise<LiveWorld> {
    const w = await startReconciled({ route: { driftPolicy: 'adopt' } });
    await w.open('p');
    w.play({ positions: [positionsAre()], account: [answers] });
    await reconcile(w);
    w.provider.balances.set('a', decimal(994));
    return w;
  }

  test('is not judged while a close has no price, and its loss is booked once', async () => {
    const w = await gone();
    await reconcile(w);
    expect([w.balance(), standing(w)]).toEqual(['1000', []]);
    await reports(w, { order_id: 'p', ord_status: 'EXECUTED', avgpx: '97', cumqty: '2' });
    await reconcile(w);
    expect([w.balance(), standing(w)]).toEqual(['994', []]);
    w.provider.balances.set('a', decimal(900));
    await reconcile(w);
    expect(w.balance()).toBe('900');
  });

  test('is not judged after a restart either', async () => {
    const w = await gone();
    await w.killAndRestart();
    await reconcile(w);
    expect([w.balance(), standing(w)]).toEqual(['1000', []]);
  });
});

test('the status says since when a difference stands', async () => {
  const w = await startReconciled();
  await w.open('p', { isThere: false });
  const since = w.clock.now();
  await reconcile(w);
  await w.run(5000);
  expect((await reconcile(w)).drifts).toMatchObject([{ kind: 'unknown_there', since }]);
});
