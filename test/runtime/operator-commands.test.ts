// What an operator does to the runtime as a whole: pause, resume, and stop everything at once.
import { describe, expect, test } from 'vitest';
import type { BulkCloseResult } from '#src/domain/closing';
import { refusalOf } from './refusals.ts';
import { account, answers, LiveWorld, lost, says, unreachable, type Body } from './live-world.ts';

const paper = { accountId: 'paper', currency: 'USD', balance: 1000 } as const;

async function world(): Promise<LiveWorld> {
  const w = await LiveWorld.start({ settings: { accounts: [account, paper] } });
  w.quote(100);
  return w;
}

async function entries(w: LiveWorld, accountId = 'a'): Promise<Body> {
  return (await w.ask(`${accountId}.account.get`))['entries'] as Body;
}

function told(w: LiveWorld): Body[] {
  return w.harness.events.filter(({ event }) => event.startsWith('entries.'));
}

describe('pause', () => {
  test('halts entries of every account, tells it under _, and outlives a restart', async () => {
    const w = await world();
    expect(refusalOf(await w.ask('_.runtime.pause', { reason: 'news' }))).toBe('ok');
    const paused = { allowed: false, reasons: ['the runtime is paused: news'] };
    for (const accountId of ['a', 'paper']) expect(await entries(w, accountId)).toEqual(paused);
    await w.killAndRestart();
    expect(await entries(w)).toEqual(paused);
    expect(await w.story()).toEqual(['runtime_paused 0']);
    expect((await w.rows())[0]).toMatchObject({
      userId: '_',
      metaData: { reason: 'news', by: 'gw' },
    });
  });

  test('is told once, and so is its end', async () => {
    const w = await world();
    await w.ask('_.runtime.pause', { reason: 'news' });
    await w.ask('_.runtime.pause', { reason: 'again' });
    await w.ask('_.runtime.resume', { reason: 'over' });
    await w.ask('_.runtime.resume');
    expect(told(w)).toMatchObject([
      { event: 'entries.halted', accountId: '_', reason: 'news', by: 'gw', seq: 1 },
      { event: 'entries.resumed', accountId: '_', reason: 'over', by: 'gw', seq: 2 },
    ]);
    expect(await entries(w)).toEqual({ allowed: true, reasons: [] });
    await w.killAndRestart();
    expect(await entries(w)).toEqual({ allowed: true, reasons: [] });
  });

  test('the status says why and by whom, for as long as it is so', async () => {
    const w = await world();
    expect(await w.ask('_.runtime.status')).not.toHaveProperty('paused');
    const paused = { reason: 'news', by: 'gw' };
    const reply = await w.ask('_.runtime.pause', { reason: 'news' });
    expect(reply).toMatchObject({ state: 'ready', paused });
    expect(await w.ask('_.runtime.pause', { reason: 'again' })).toMatchObject({ paused });
    await w.killAndRestart();
    expect(await w.ask('_.runtime.status')).toMatchObject({ state: 'ready', paused });
    expect(await w.ask('_.runtime.resume')).not.toHaveProperty('paused');
    expect(await w.ask('_.runtime.status')).not.toHaveProperty('paused');
  });

  test('guards and closes go on', async () => {
    const w = await world();
    await w.ask('_.runtime.pause');
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.open('q');
    w.quote(99);
    await w.run(100);
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.close('q')).toMatchObject({ outcome: 'closed' });
  });

  test('resume leaves a halted account halted', async () => {
    const w = await world();
    await w.ask('_.runtime.pause', { reason: 'news' });
    await w.ask('a.account.halt', { reason: 'audit' });
    expect(await entries(w)).toEqual({
      allowed: false,
      reasons: ['the runtime is paused: news', 'halted by an operator: audit'],
    });
    await w.ask('_.runtime.resume');
    expect(await entries(w)).toMatchObject({ allowed: false });
    expect(await entries(w, 'paper')).toMatchObject({ allowed: true });
  });

  test.each(['pause', 'resume', 'emergency-stop', 'drain', 'status'])(
    '%s is of no account',
    async (action) => {
      const w = await world();
      const body = action === 'emergency-stop' ? { confirm: 'FLATTEN', reason: 'x' } : {};
      expect(refusalOf(await w.ask(`a.runtime.${action}`, body))).toBe('403 not_permitted');
    },
  );
});

describe('emergency stop', () => {
  const flatten = { confirm: 'FLATTEN', reason: 'fire' };

  /** Open positions of both accounts; the worst of all is `p2`, then `x2`. */
  async function populated(): Promise<LiveWorld> {
    const w = await world();
    await w.open('p1', { entryPrice: '99.5' });
    await w.open('p2', { entryPrice: '103' });
    await w.open('x1', { accountId: 'paper', entryPrice: '100', isThere: false });
    await w.open('x2', { accountId: 'paper', entryPrice: '102', isThere: false });
    return w;
  }

  async function stop(w: LiveWorld): Promise<BulkCloseResult & { accounts: number }> {
    const reply = await w.settled(w.ask('_.runtime.emergency-stop', flatten));
    if (refusalOf(reply) !== 'ok') throw new Error(JSON.stringify(reply));
    return reply as never;
  }

  test.each([
    { body: {}, paths: '400 invalid_request: confirm, reason' },
    { body: { confirm: 'flatten', reason: 'fire' }, paths: '400 invalid_request: confirm' },
    { body: { confirm: 'YES', reason: 'fire' }, paths: '400 invalid_request: confirm' },
    { body: { confirm: 'FLATTEN' }, paths: '400 invalid_request: reason' },
    { body: { confirm: 'FLATTEN', reason: '' }, paths: '400 invalid_request: reason' },
  ])('$body is refused, and nothing is touched', async ({ body, paths }) => {
    const w = await populated();
    expect(refusalOf(await w.ask('_.runtime.emergency-stop', body))).toBe(paths);
    expect(await w.rows()).toEqual([]);
    expect(w.stateOf('p1')).toBe('guarded');
  });

  test('halts every account and closes everything, on paper and at the provider', async () => {
    const w = await populated();
    const reply = await stop(w);
    expect(reply).toMatchObject({
      ...{ accounts: 2, totalPositions: 4, successfulCloses: 4, failedCloses: 0 },
      closeReason: 'emergency_stop',
    });
    // At the provider they are filled at 99, on paper at the bid of 100.
    expect(reply.totalPnl).toBe('-13');
    expect(reply.results.map((result) => result.bulkId)).toEqual(Array(4).fill(reply.bulkId));
    for (const accountId of ['a', 'paper']) {
      const view = await w.ask(`${accountId}.account.get`);
      expect(view).toMatchObject({ state: 'halted', openPositions: 0 });
      expect(await entries(w, accountId)).toMatchObject({ allowed: false });
    }
    expect(w.provider.held.size).toBe(0);
    const reasons = (await w.rows()).filter((row) => row.eventType === 'position_closed');
    expect(new Set(reasons.map((row) => row.metaData['closeReason']))).toEqual(
      new Set(['emergency_stop']),
    );
    await w.killAndRestart();
    expect(await w.ask('a.account.get')).toMatchObject({ state: 'halted' });
  });

  test('the worst positions go first', async () => {
    const w = await populated();
    await w.open('p3', { entryPrice: '101' });
    await stop(w);
    expect(w.provider.received.map((order) => order.positionId)).toEqual(['p2', 'p3', 'p1']);
  });

  test('again: what is over is over, and what is under way goes on', async () => {
    const w = await populated();
    w.play({ close: [says({ status: 'pending' })], query: [says({ status: 'pending' })] });
    const first = await stop(w);
    expect(first).toMatchObject({ totalPositions: 4, successfulCloses: 2, failedCloses: 0 });
    const again = await stop(w);
    expect(again).toMatchObject({ totalPositions: 2, successfulCloses: 0, failedCloses: 0 });
    expect(w.sent()).toEqual(['1:2', '1:2']);
    const ids = (reply: BulkCloseResult) => reply.results.map((result) => result.closeId).sort();
    expect(ids(first)).toEqual(expect.arrayContaining(ids(again)));
    for (const order of w.provider.received) {
      const report = { ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' };
      w.provider.report({ order_id: order.clientOrderId, ...report });
    }
    await w.run(100);
    expect(await stop(w)).toMatchObject({ accounts: 2, totalPositions: 0, results: [] });
    const halts = (await w.rows()).filter((row) => row.eventType === 'account_halted');
    expect(halts).toHaveLength(2);
    expect(w.balance()).toBe('991');
  });

  test('a repeat with the same message id is the same stop, also after a restart', async () => {
    const w = await populated();
    const ask = () =>
      w.harness.ask('gw._.runtime.emergency-stop', flatten, { messageId: 'stop-1' });
    const first = await w.settled(ask());
    expect(await w.settled(ask())).toEqual(first);
    await w.killAndRestart();
    await w.open('late');
    expect(await w.settled(ask())).toEqual(first);
    expect(w.stateOf('late')).toBe('guarded');
  });

  test('one that cannot be closed does not stop the others', async () => {
    const w = await populated();
    let isFirst = true;
    w.provider.behaviour = (call) => {
      if (call !== 'close') return answers;
      const behaviour = isFirst ? unreachable : answers;
      isFirst = false;
      return behaviour;
    };
    expect(await stop(w)).toMatchObject({ totalPositions: 4, successfulCloses: 4 });
    expect(w.excess()).toEqual([]);
  });

  test('where a provider says nothing it answers after 2 s with what is known', async () => {
    const w = await populated();
    w.play({ close: [lost], query: [lost], positions: [lost] });
    const before = w.clock.now();
    const reply = await stop(w);
    expect(w.clock.now() - before).toBeLessThanOrEqual(2100);
    expect(reply).toMatchObject({ totalPositions: 4, successfulCloses: 2, failedCloses: 0 });
    expect(reply.results.filter((result) => result.success)).toHaveLength(2);
    expect(reply.results).toHaveLength(4);
  });

  test('in a runtime that is paused, and with nothing open, it halts all the same', async () => {
    const w = await world();
    await w.ask('_.runtime.pause');
    expect(await stop(w)).toMatchObject({ accounts: 2, totalPositions: 0, totalPnl: '0' });
    expect(await w.ask('a.account.get')).toMatchObject({ state: 'halted' });
  });
});

test('drain says how many closes are in flight, and then takes no more commands', async () => {
  const w = await world();
  await w.open('p');
  w.play({ close: [says({ status: 'pending' })], query: [says({ status: 'pending' })] });
  void w.ask('a.position.close', { positionId: 'p' });
  await w.run(20);
  expect(await w.ask('_.runtime.drain')).toEqual({ state: 'draining', closesInFlight: 1 });
  expect(refusalOf(await w.ask('a.account.get'))).toBe('503 not_ready');
});
