// Bulk closes at a provider: the worst first, at its rate, their progress told, others let pass.
import { describe, expect, test } from 'vitest';
import { account, answers, LiveWorld, lost, rejects, says } from './live-world.ts';

describe('progress is told to the end', () => {
  test('with what failed', async () => {
    const w = await LiveWorld.start();
    for (const id of ['p', 'q', 'r']) await w.open(id);
    w.provider.behaviour = (_call, order) => (order?.positionId === 'q' ? rejects : answers);
    w.quote(100);
    const answer = w.ask('a.account.close-all', { reason: 'manual' });
    await w.run(5000);
    expect(await answer).toMatchObject({ successfulCloses: 2, failedCloses: 1, totalPnl: '-4' });
    for (const { closed, failed, pending } of w.told('bulk.progressed')) {
      expect(Number(closed) + Number(failed) + Number(pending)).toBe(3);
    }
    expect(w.told('bulk.progressed').at(-1)).toMatchObject({
      closed: 2,
      failed: 1,
      pending: 0,
      pnl: '-4',
    });
  });

  test('with the P&L of every part', async () => {
    const w = await LiveWorld.start({
      script: { close: [{ kind: 'partial', share: 0.25 }, answers] },
    });
    await w.open('p');
    w.quote(100);
    const answer = w.ask('a.account.close-all', { reason: 'flatten' });
    await w.run(3000);
    expect(await answer).toMatchObject({ successfulCloses: 1, totalPnl: '-2' });
    expect(w.told('bulk.progressed').at(-1)).toMatchObject({ closed: 1, pending: 0, pnl: '-2' });
  });

  test('where some were being closed already', async () => {
    const w = await LiveWorld.start({
      script: { close: [{ kind: 'late', ms: 1500, executes: 'first' }] },
    });
    for (const id of ['p', 'q']) await w.open(id);
    w.quote(100);
    void w.close('p', { reason: 'stop_loss' });
    await w.run(100);
    const answer = w.ask('a.account.close-all', { reason: 'flatten' });
    await w.run(5000);
    expect(await answer).toMatchObject({ totalPositions: 2, successfulCloses: 2 });
    expect(w.told('bulk.progressed').at(-1)).toMatchObject({ pending: 0 });
    expect(w.harness.core.state.bulks.size).toBe(0);
    const before = w.told('bulk.progressed').length;
    await w.run(10_000, 100);
    expect(w.told('bulk.progressed')).toHaveLength(before);
  });

  test('across a restart', async () => {
    const w = await LiveWorld.start({ script: { close: [answers, lost], query: [lost] } });
    for (const id of ['p', 'q', 'r']) await w.open(id);
    w.quote(100);
    void w.ask('a.account.close-all', { reason: 'flatten' });
    await w.run(3000);
    expect(w.told('bulk.progressed').at(-1)).toMatchObject({ closed: 1, pending: 2 });
    await w.kill();
    w.play({});
    await w.restart();
    await w.run(40_000, 200);
    expect(w.told('bulk.progressed').at(-1)).toMatchObject({
      closed: 3,
      failed: 0,
      pending: 0,
      pnl: '-6',
    });
    expect(w.excess()).toEqual([]);
  });

  test('of what was closed at once nothing is', async () => {
    const paper = { accountId: 'paper', currency: 'USD', balance: 1000 };
    const w = await LiveWorld.start({ settings: { accounts: [paper] } });
    await w.open('x', { accountId: 'paper', isThere: false });
    w.quote(100);
    await w.settled(w.ask('paper.account.close-all', { reason: 'flatten' }));
    await w.run(3000);
    expect(w.told('bulk.progressed')).toEqual([]);
  });
});

test('an emergency stop halts every account and closes everything, the worst first', async () => {
  const other = { ...account, accountId: 'b' };
  const w = await LiveWorld.start({ settings: { accounts: [account, other] } });
  await w.open('p');
  await w.open('q', { accountId: 'b', entryPrice: '103' });
  await w.open('r', { entryPrice: '101' });
  w.quote(100);
  const answer = w.ask('_.runtime.emergency-stop', { confirm: 'FLATTEN', reason: 'fire' });
  await w.run(2000);
  expect(await answer).toMatchObject({ accounts: 2, totalPositions: 3, successfulCloses: 3 });
  expect(w.provider.received.map((order) => order.positionId)).toEqual(['q', 'r', 'p']);
  const states = [...w.harness.core.state.accounts.values()].map((one) => one.state);
  expect(states).toEqual(['halted', 'halted']);
});

test('progress of a stop of several accounts is told under none, and to its end', async () => {
  const other = { ...account, accountId: 'b' };
  const w = await LiveWorld.start({
    settings: { accounts: [account, other] },
    script: { close: [says({ status: 'pending' })] },
  });
  await w.open('p');
  await w.open('q', { accountId: 'b' });
  w.quote(100);
  void w.ask('_.runtime.emergency-stop', { confirm: 'FLATTEN', reason: 'fire' });
  await w.run(2500);
  expect(w.told('bulk.progressed').at(-1)).toMatchObject({ accountId: '_', total: 2, pending: 2 });
  for (const id of ['p', 'q']) w.provider.closeByItself(id);
  w.play({ query: [says({ status: 'filled', filledQuantity: '2', price: '99' })] });
  await w.run(12_000, 100);
  expect(w.told('bulk.progressed').at(-1)).toMatchObject({
    accountId: '_',
    closed: 2,
    pending: 0,
    pnl: '-4',
  });
});

test('a close that waits behind many passes them once a guard has joined it', async () => {
  const other = { ...account, accountId: 'b' };
  const w = await LiveWorld.start({
    settings: { accounts: [account, other] },
    route: { ratePerSecond: 1, burst: 1 },
  });
  for (let i = 0; i < 20; i++) await w.open(`p${i}`);
  await w.open('q', { accountId: 'b' });
  w.quote(100);
  void w.ask('a.account.close-all', { reason: 'manual' });
  void w.ask('b.position.close', { positionId: 'q' });
  await w.run(100);
  void w.ask('b.position.close', { positionId: 'q', reason: 'stop_loss' });
  await w.run(3000);
  expect(w.stateOf('q')).toBe('closed');
  await w.run(20_000, 100);
  expect(w.sent('q')).toEqual(['1:2']);
  expect(w.excess()).toEqual([]);
});
