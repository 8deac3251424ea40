// When reconciliation runs: at start before anything is armed, every so often, and on demand.
import { describe, expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import { refusalOf } from './refusals.ts';
import { account, lost, says, unreachable, type LiveWorld } from './live-world.ts';
import {
  driftStory,
  lists,
  ordersAre,
  positionsAre,
  readiness,
  reconcile,
  reconcileAll,
  standing,
  startReconciled,
  statusOf,
  theirs,
  told,
} from './reconciliation-world.ts';

const silent = { positions: [lost], orders: [lost], account: [lost] };
const accounts = [account, { ...account, accountId: 'b' }];
const paper = { accountId: 'c', currency: 'USD', balance: 500 } as const;

/** Clock time that a start takes. */
async function startMs(w: LiveWorld): Promise<number> {
  const before = w.clock.now();
  await w.restart();
  return w.clock.now() - before;
}

describe('at start', () => {
  test('what is gone at the provider is known before a quote counts', async () => {
    const w = await startReconciled({ route: { driftPolicy: 'adopt' } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.kill();
    w.provider.closeByItself('p');
    await w.restart();
    expect(w.stateOf('p')).toBe('closed');
    w.quote(99);
    await w.run(100);
    expect(w.sent()).toEqual([]);
  });

  test('a provider that answers delays it by no time of the clock', async () => {
    const w = await startReconciled();
    await w.open('p');
    await w.kill();
    expect(await startMs(w)).toBeLessThanOrEqual(20);
    expect(readiness(w)).toMatchObject({ ready: true, waitingFor: [] });
    expect(await statusOf(w)).toMatchObject([{ complete: true, drifts: [] }]);
  });

  test.each([
    { timeoutMs: 2000, name: 'the default timeout' },
    { timeoutMs: 500, name: 'a shorter one' },
  ])('a silent provider delays it by one timeout and no more: $name', async ({ timeoutMs }) => {
    const w = await startReconciled({ route: { timeoutMs }, settings: { accounts } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.open('q', { accountId: 'b' });
    await w.kill();
    w.play(silent);
    const startedAt = w.clock.now();
    const ms = await startMs(w);
    expect(ms).toBeGreaterThanOrEqual(timeoutMs);
    expect(ms).toBeLessThanOrEqual(timeoutMs + 40);

    const part = { part: 'broker:demo', since: startedAt };
    expect(readiness(w)).toMatchObject({ ready: false, since: startedAt, waitingFor: [part] });
    expect(refusalOf(await w.ask('a.account.get'))).toBe('ok');
    expect(
      refusalOf(await w.ask('a.position.track', { ...theirs, positionId: 'n', ticket: 'n' })),
    ).toBe('ok');
    w.quote(99);
    // Calls that were not answered have interrupted the route, for a moment.
    await w.run(1000);
    expect(w.sent('p')).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
  });

  test('the route is ready when each of its accounts was compared', async () => {
    const w = await startReconciled({
      settings: { accounts },
      harness: { reconcileEveryS: 5 },
      route: { timeoutMs: 500 },
    });
    w.provider.balances.set('b', w.provider.balances.get('a') as never);
    await w.open('p');
    await w.open('q', { accountId: 'b' });
    await w.kill();
    w.play(silent);
    await w.restart();
    expect(readiness(w).ready).toBe(false);
    await w.run(3000);
    lists(w, theirs);
    expect((await reconcile(w, 'a')).complete).toBe(true);
    expect(readiness(w).ready).toBe(false);
    await w.run(6000);
    expect(readiness(w)).toMatchObject({ ready: true, waitingFor: [] });
    // Later on a provider that is away is a matter of its circuit, not of the start.
    w.play(silent);
    await w.run(6000);
    expect(readiness(w).ready).toBe(true);
  });

  test('ready since whatever made it so last: its phase, NATS, or the last of its routes', async () => {
    const w = await startReconciled({ route: { timeoutMs: 500 } });
    await w.kill();
    w.play(silent);
    await w.restart();
    const phaseSince = w.clock.now();
    const nats = (since: number) => ({ phaseSince, nats: { isConnected: true, since } });
    await w.run(3000);
    lists(w);
    expect(readiness(w, { phaseSince }).ready).toBe(false);
    await reconcile(w);
    const ready = { ready: true, since: w.clock.now() };
    await w.run(3000);
    await reconcile(w);
    expect(readiness(w, { phaseSince })).toMatchObject(ready);
    expect(readiness(w, nats(phaseSince))).toMatchObject(ready);
    const since = w.clock.now();
    expect(readiness(w, nats(since))).toMatchObject({ ready: true, since });
    expect(readiness(w, { phaseSince: since + 1 })).toMatchObject({ since: since + 1 });
  });

  test('a route that nothing reaches stays unreconciled, and everything else is armed', async () => {
    const w = await startReconciled({
      brokerOf: (provider) => ({
        close: (order) => provider.close(order),
        positions: () => Promise.reject(new CloseoutError('broker_unreachable', 'nobody')),
      }),
    });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.kill();
    expect(await startMs(w)).toBeLessThanOrEqual(20);
    expect(readiness(w).waitingFor).toMatchObject([{ part: 'broker:demo' }]);
    w.quote(99);
    await w.run(20);
    expect(w.sent()).toEqual(['1:2']);
  });

  test('an answer that comes after the timeout is not taken for one of the start', async () => {
    const w = await startReconciled({ route: { driftPolicy: 'adopt' } });
    await w.open('p');
    await w.kill();
    const late = { kind: 'late', ms: 2500, executes: 'first' } as const;
    w.play({ positions: [late, positionsAre(theirs)], orders: [ordersAre()] });
    await w.restart();
    expect(readiness(w).ready).toBe(false);
    await w.run(2000);
    expect(await driftStory(w)).toEqual([]);
    expect(readiness(w).ready).toBe(false);
    await reconcile(w);
    expect(readiness(w).ready).toBe(true);
  });

  test('a reply that cannot even be read is none, and delays nothing', async () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const w = await startReconciled();
    await w.open('p');
    await w.kill();
    w.play({ positions: [says(hostile)], orders: [ordersAre()] });
    expect(await startMs(w)).toBeLessThanOrEqual(20);
    expect(readiness(w).ready).toBe(false);
    w.play({ orders: [ordersAre()] });
    expect(await reconcile(w)).toMatchObject({ complete: true });
  });
});

describe('an account that is new is reconciled at once', () => {
  const late = { kind: 'late', ms: 500, executes: 'first' } as const;
  const body = { currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' };

  test('one of the settings, on its first start and on no other', async () => {
    const w = await startReconciled({ settings: { accounts: [...accounts, paper] } });
    const ran = { ranAt: expect.any(Number) };
    expect(await statusOf(w, '_')).toMatchObject([
      { accountId: 'a', ...ran },
      { accountId: 'b', ...ran },
    ]);
    const before = w.provider.calls.length;
    await w.killAndRestart();
    const reads = w.provider.calls.slice(before).filter((call) => call === 'positions');
    expect(reads).toHaveLength(2);
  });

  test('one that is created, whose answer does not wait for it', async () => {
    const w = await startReconciled();
    w.play({ positions: [late], orders: [ordersAre()] });
    const at = w.clock.now();
    expect(await w.ask('n.account.create', body)).toMatchObject({ accountId: 'n' });
    expect(w.clock.now()).toBe(at);
    expect((await statusOf(w, 'n'))[0]?.ranAt).toBeUndefined();
    await w.run(520);
    const [status] = await statusOf(w, 'n');
    expect(status).toMatchObject({ ranAt: expect.any(Number), drifts: [] });
  });

  test('not before it is durable, and not at all on paper', async () => {
    const w = await startReconciled();
    const before = w.provider.calls.length;
    w.journal.isHeld = true;
    const created = w.ask('n.account.create', body);
    const onPaper = w.ask('o.account.create', { currency: 'USD', balance: 1000 });
    await w.run(100);
    expect(w.provider.calls).toHaveLength(before);
    w.journal.isHeld = false;
    w.journal.flush();
    await w.run(20);
    await Promise.all([created, onPaper]);
    expect(w.provider.calls.slice(before)).toEqual(['positions', 'orders', 'account']);
  });
});

describe('every so often', () => {
  test('each account once every period', async () => {
    const w = await startReconciled({
      settings: { accounts: [...accounts, paper] },
      harness: { reconcileEveryS: 5 },
    });
    await w.open('p');
    const before = w.harness.counter('reconciliations');
    const ran = (): number => w.harness.counter('reconciliations') - before;
    await w.run(4900, 100);
    expect(ran()).toBe(0);
    await w.run(200);
    expect(ran()).toBe(2);
    await w.run(5000, 100);
    expect(ran()).toBe(4);
    lists(w);
    await w.run(5000, 100);
    expect(standing(w)).toEqual(['unknown_there p 2 -']);
    await w.harness.kill();
    await w.run(20_000, 1000);
    expect(ran()).toBe(6);
  });

  test('a provider that takes longer than the period is not asked twice at the same time', async () => {
    const w = await startReconciled({
      harness: { reconcileEveryS: 1 },
      route: { timeoutMs: 3500 },
    });
    w.play({ positions: [lost], orders: [ordersAre()] });
    await w.run(4000, 100);
    expect(w.provider.calls.filter((call) => call === 'positions')).toHaveLength(1);
  });
});

describe('on demand', () => {
  async function three(): Promise<LiveWorld> {
    const w = await startReconciled({ settings: { accounts: [...accounts, paper] } });
    w.provider.balances.set('b', w.provider.balances.get('a') as never);
    return w;
  }

  test('of one account, and of all of them under _', async () => {
    const w = await three();
    await w.open('p', { isThere: false });
    const ranAt = w.clock.now();
    const one = await reconcileAll(w, 'a');
    expect(one).toMatchObject([{ accountId: 'a', ranAt, ageMs: 0, complete: true }]);
    expect(told(one[0]?.drifts ?? [])).toEqual(['unknown_there p 2 -']);
    expect(await reconcileAll(w, 'b')).toMatchObject([{ accountId: 'b', drifts: [] }]);
    expect((await reconcileAll(w)).map(({ accountId }) => accountId)).toEqual(['a', 'b']);
    expect(await reconcileAll(w, 'c')).toEqual([]);
    expect(refusalOf(await w.ask('nobody.reconciliation.run'))).toBe('404 unknown_account');
    expect(refusalOf(await w.ask('a.reconciliation.run', { now: true }))).toMatch(/^400/);
  });

  test('who asks while it runs has the same answer', async () => {
    const w = await three();
    const late = { kind: 'late', ms: 500, executes: 'first' } as const;
    w.play({ positions: [late], orders: [ordersAre()] });
    const both = Promise.all([w.ask('a.reconciliation.run'), w.ask('a.reconciliation.run')]);
    const [first, second] = await w.settled(both);
    expect(first).toEqual(second);
    expect(w.provider.calls.filter((call) => call === 'positions')).toHaveLength(1);
  });

  test('the status is of the last one, with its age', async () => {
    const w = await three();
    expect(await statusOf(w)).toMatchObject([{ accountId: 'a', complete: false, drifts: [] }]);
    await w.open('p', { isThere: false });
    await reconcile(w);
    await w.run(1000);
    const [status] = await statusOf(w);
    expect(status).toMatchObject({ accountId: 'a', ageMs: 1000, complete: true });
    expect(told(status?.drifts ?? [])).toEqual(['unknown_there p 2 -']);
    expect((await statusOf(w, '_')).map(({ accountId }) => accountId)).toEqual(['a', 'b']);
    expect(await statusOf(w, 'c')).toEqual([]);
    expect(refusalOf(await w.ask('nobody.reconciliation.status'))).toBe('404 unknown_account');
  });

  test('a fault is told: complete is false, and what is wrong', async () => {
    const w = await three();
    w.play({ positions: [unreachable], orders: [unreachable], account: [unreachable] });
    const answer = await reconcile(w);
    expect(answer).toMatchObject({ complete: false, error: 'positions: nobody there' });
    expect(await statusOf(w)).toMatchObject([
      { complete: false, error: 'positions: nobody there' },
    ]);
  });

  test('it is not held up by a route that has closes to send, nor are they by it', async () => {
    const w = await startReconciled({ route: { ratePerSecond: 2, burst: 2 } });
    for (let i = 0; i < 4; i++) await w.open(`p${i}`, { exits: { stopLoss: 99.5 } });
    void w.ask('a.reconciliation.run');
    w.quote(99);
    await w.run(5000);
    const closes = w.provider.calls.flatMap((call, i) => (call === 'close' ? [i] : []));
    const lastRead = w.provider.calls.findLastIndex((call) => call !== 'close');
    expect(closes).toHaveLength(4);
    expect(closes.at(-1)).toBeLessThan(lastRead);
  });
});
