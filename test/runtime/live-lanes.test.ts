// Which close passes which, and what is told of one close when others have begun since.
import { expect, test } from 'vitest';
import { answers, LiveWorld, lost, rejects, says, type Body } from './live-world.ts';

const stop = { exits: { stopLoss: 99.5 } };

test.each([
  { name: 'two bulk closes', second: 'all' },
  { name: 'a bulk close that operators join', second: 'manual' },
])('$name do not hold up a stop', async ({ second }) => {
  const w = await LiveWorld.start({ route: { ratePerSecond: 10, burst: 1 } });
  const ids = Array.from({ length: 50 }, (_, i) => `p${i}`);
  for (const id of ids) await w.open(id);
  await w.open('s', stop);
  w.quote(100);
  const positions = ids.map((positionId) => ({ positionId }));
  void w.ask('a.account.close-all', { reason: 'eod', positions });
  await w.run(200);
  if (second === 'all') void w.ask('a.account.close-all', { reason: 'again', positions });
  else for (const positionId of ids) void w.ask('a.position.close', { positionId });
  await w.run(200);
  w.quote(99);
  await w.run(500);
  expect(w.sent('s')).toEqual(['1:2']);
  expect(w.sent().length).toBeLessThan(20);
  await w.run(8000);
});

test('a close that a guard has joined passes the bulk close that it was in', async () => {
  const w = await LiveWorld.start({ route: { ratePerSecond: 10, burst: 1 } });
  const ids = Array.from({ length: 30 }, (_, i) => `p${i}`);
  for (const id of ids) await w.open(id);
  await w.open('s');
  w.quote(100);
  void w.ask('a.account.close-all', { reason: 'eod', order: 'oldest-first' });
  await w.run(200);
  void w.ask('a.position.close', { positionId: 's', reason: 'guard' });
  await w.run(500);
  expect(w.sent('s')).toEqual(['1:2']);
  expect(w.sent().length).toBeLessThan(20);
  await w.run(8000);
});

test('a close that was throttled, and then joined by a stop, passes those that wait', async () => {
  const w = await LiveWorld.start({ route: { maxInFlight: 1, ratePerSecond: 5, burst: 1 } });
  let closes = 0;
  w.provider.behaviour = (call, order) =>
    call === 'close' && order?.positionId === 'p' && closes++ === 0
      ? { kind: 'throttled', retryAfterMs: 1000 }
      : answers;
  await w.open('p');
  for (let i = 0; i < 5; i++) await w.open(`r${i}`, { exits: { stopLoss: 99.4 } });
  w.quote(100);
  void w.ask('a.position.close', { positionId: 'p' });
  await w.run(100);
  void w.ask('a.position.close', { positionId: 'p', reason: 'guard' });
  await w.run(100);
  w.quote('99.3');
  await w.run(10_000);
  // The first time it was throttled.
  const order = w.provider.received.map(({ positionId }) => positionId);
  expect(order).toEqual(['p', 'p', 'r0', 'r1', 'r2', 'r3', 'r4']);
});

test('a repeat tells of the close that was asked for, not of a later one', async () => {
  const w = await LiveWorld.start({
    script: { close: [lost, rejects], query: [says({ status: 'notFound' })] },
  });
  await w.open('p', stop);
  w.quote(100);
  const asked = async (): Promise<Body> => {
    const body = { positionId: 'p' };
    return await w.settled(w.harness.ask('gw.a.position.close', body, { messageId: 'm1' }));
  };
  const { closeId, ...first } = await asked();
  expect(first).toMatchObject({ outcome: 'pending' });
  await w.run(20_000);
  expect(await asked()).toMatchObject({ closeId, outcome: 'failed' });
  const failed = { closeId, outcome: 'failed', closeReason: 'manual', success: false };
  w.play({ close: [{ kind: 'late', ms: 1000, executes: 'last' }] });
  w.quote(99);
  await w.run(100);
  expect(await asked()).toMatchObject(failed);
  await w.run(3000);
  expect(w.stateOf('p')).toBe('closed');
  expect(await asked()).toMatchObject(failed);
  await w.killAndRestart();
  expect(await asked()).toMatchObject(failed);
});

test('the close that an operator retries has the reason for which it was asked', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects, rejects, rejects, answers] } });
  await w.open('p');
  w.quote(100);
  await w.close('p');
  const [letter] = await w.letters();
  const body = { closeId: letter?.['closeId'], reason: 'the market is open again' };
  await w.settled(w.ask('_.deadletter.retry', body));
  await w.run(1000);
  const closed = (await w.rows()).find((row) => row.eventType === 'position_closed');
  expect(closed?.metaData).toMatchObject({ closeReason: 'manual', reasons: ['manual'] });
});

test('no letter is passed over because others have ended between two pages', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  for (let i = 0; i < 6; i++) await w.open(`p${i}`, stop);
  w.quote(100);
  w.quote(99);
  await w.run(5000);
  const page = async (more: Body): Promise<[string[], unknown]> => {
    const reply = await w.settled(w.ask('_.deadletter.list', { limit: 3, ...more }));
    const items = reply['items'] as Body[];
    return [items.map((item) => String(item['closeId'])), reply['nextCursor']];
  };
  const [all] = await page({ limit: 10 });
  const [first, cursor] = await page({});
  expect(first).toEqual(all.slice(0, 3));
  await w.settled(w.ask('_.deadletter.discard', { closeId: first[0], reason: 'x' }));
  const [second] = await page({ cursor });
  expect(second).toEqual(all.slice(3));
});
