// A journal that fails: closes go out only where a second one does no harm, and nobody is told.
import { describe, expect, test } from 'vitest';
import { LiveWorld, lost } from './live-world.ts';
import { refusalOf } from './refusals.ts';

describe('a stop that is crossed when the journal takes nothing more', () => {
  const safe = { idempotentByClientId: true };
  const unsafe = { idempotentByClientId: false };
  test.each([
    { name: 'idempotent: sent', able: safe, sent: ['1:2'], state: 'closed', held: 0 },
    { name: 'not: held back', able: unsafe, sent: [], state: 'closing sending', held: 1 },
    {
      name: 'not, and cannot be asked: held back',
      able: { ...unsafe, queryByClientId: false },
      sent: [],
      state: 'closing sending',
      held: 1,
    },
  ])('$name', async ({ able, sent, state, held }) => {
    const w = await LiveWorld.start({ provider: { capabilities: able } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    await w.run(20);
    w.journal.break();
    w.quote(99);
    await w.run(100);
    expect(w.harness.phase).toBe('failed');
    expect(w.sent()).toEqual(sent);
    expect(w.stateOf('p')).toBe(state);
    expect(w.harness.engine.outbox.held).toBe(held);
    // What is not durable is told to nobody.
    expect(w.told('position.closed')).toEqual([]);
  });
});

test('quotes still guard after the journal has failed, and commands are not taken', async () => {
  const w = await LiveWorld.start();
  await w.open('p', { exits: { stopLoss: 99.5 } });
  await w.open('q', { exits: { stopLoss: 98.5 } });
  w.quote(100);
  await w.run(20);
  w.journal.break();
  w.quote(99);
  await w.run(100);
  const refused = await w.settled(w.ask('a.position.close', { positionId: 'q' }));
  expect(refusalOf(refused)).toBe('503 not_ready');
  expect(w.sent('q')).toEqual([]);
  w.quote(98);
  await w.run(100);
  expect(w.sent('q')).toEqual(['1:2']);
  expect(w.stateOf('q')).toBe('closed');
});

test('a command whose record is lost is answered so, and its close goes out where it may', async () => {
  const w = await LiveWorld.start();
  await w.open('p');
  w.quote(100);
  await w.run(20);
  w.journal.break();
  const reply = await w.settled(w.ask('a.position.close', { positionId: 'p' }));
  expect(refusalOf(reply)).toBe('503 not_ready');
  await w.run(100);
  expect(w.sent()).toEqual(['1:2']);
});

test('a close that was sent without a record is the same close after a restart', async () => {
  const w = await LiveWorld.start();
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  await w.run(20);
  w.journal.isHeld = true;
  w.journal.break();
  w.quote(99);
  w.play({ close: [lost] });
  w.journal.flush();
  await w.run(100);
  expect(w.sent()).toEqual(['1:2']);
  await w.kill();
  const { clientOrderId } = w.provider.received[0] ?? {};
  w.journal.mend();
  w.play({});
  await w.restart();
  expect(w.stateOf('p')).toBe('guarded');
  w.quote(98.9);
  await w.run(100);
  expect(w.provider.received.map((order) => order.clientOrderId)).toEqual([
    clientOrderId,
    clientOrderId,
  ]);
  expect(w.excess()).toEqual([]);
});

test('a partial fill goes on being closed without a journal', async () => {
  const w = await LiveWorld.start({
    script: { close: [{ kind: 'partial', share: 0.5 }, { kind: 'answer' }] },
  });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  await w.run(20);
  w.journal.break();
  w.quote(99);
  await w.run(1000);
  expect(w.sent()).toEqual(['1:2', '2:1']);
  expect(w.stateOf('p')).toBe('closed');
});
