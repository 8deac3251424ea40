// Closes of LIVE accounts: sent once, asked about on any doubt, told as they are.
import { expect, test } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';

async function world() {
  const clock = new ManualClock(startTs);
  const provider = new FakeProvider({ clock, priceOf: (_s, side) => (side === 'long' ? '99' : '101') });
  provider.balances.set('a', (await import('#src/domain/money')).decimal('1000'));
  const harness = await CoreHarness.start({
    world: { clock, journal: memoryJournal(), ledger: memoryLedger() },
    brokers: { demo: provider },
    settings: {
      instruments: [{ symbol: 'X', quoteCurrency: 'USD' }],
      accounts: [{ accountId: 'a', currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' }],
    },
  });
  return { clock, provider, harness };
}

async function open(w: Awaited<ReturnType<typeof world>>, positionId: string, exits = {}) {
  const p = { positionId, ticket: positionId, symbol: 'X', side: 'long' as const, quantity: '2', entryPrice: '100' };
  w.provider.open('a', p);
  return await w.harness.commands.position.track('a', { ...p, exits });
}

test('a stop is sent to the provider and booked at its price', async () => {
  const w = await world();
  await open(w, 'p', { stopLoss: '99.5' });
  w.harness.quote('X', 100, 100.1);
  w.clock.turn();
  w.harness.quote('X', 99.4, 99.5);
  w.clock.turn();
  await new Promise(setImmediate);
  w.clock.turn();
  const rows = await w.harness.rows();
  expect(rows.map((r) => [r.eventType, r.status, r.metaData['pnl'], r.metaData['closedPrice']])).toEqual([
    ['position_closed', 0, '-2', '99'],
  ]);
  expect(w.provider.received).toHaveLength(1);
  await w.harness.stop();
});

test('a fill without an answer is found by its id', async () => {
  const w = await world();
  await open(w, 'p');
  w.harness.quote('X', 100, 100.1);
  w.clock.turn();
  let first = true;
  w.provider.behaviour = (call) => {
    if (call === 'close' && first) {
      first = false;
      return { kind: 'silent' };
    }
    return { kind: 'answer' };
  };
  const answer = w.harness.commands.position.close('a', { positionId: 'p' });
  await new Promise(setImmediate);
  w.clock.advance(1999);
  await new Promise(setImmediate);
  w.clock.advance(10);
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  expect(await answer).toMatchObject({ outcome: 'closed', success: true });
  expect(w.provider.received).toHaveLength(1);
  expect((await w.harness.rows()).map((r) => [r.eventType, r.status])).toEqual([
    ['position_close_pending', 1],
    ['position_closed', 0],
  ]);
});
