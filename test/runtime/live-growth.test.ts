// What is not written while nothing changes, and not kept for ever.
import { expect, test } from 'vitest';
import { clientOrdersKeptMax } from '#src/domain/state';
import { LiveWorld, rejects, unreachable } from './live-world.ts';

test('a bulk close that does not get on is told of once', async () => {
  const w = await LiveWorld.start({ script: { close: [unreachable] } });
  await w.open('p');
  w.quote(100);
  void w.ask('a.account.close-all', { reason: 'eod' });
  await w.run(60_000, 500);
  expect(await w.records('bulk.progressed')).toHaveLength(1);
});

test('of a position that is rejected for an hour only the last ids are kept', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(3_600_000, 1000);
  expect(w.sent().length).toBeGreaterThan(100);
  expect(w.harness.core.state.clientOrders.size).toBe(clientOrdersKeptMax);
});
