// A restart in every phase of a close: everything is taken up, and nothing is sent twice.
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../support/fake-provider.ts';
import { answers, LiveWorld, lost, rejects, says, silent } from './live-world.ts';

const neither = { idempotentByClientId: false, queryByClientId: false };
const onlyQuery = { idempotentByClientId: false, queryByClientId: true };
const onlyIdempotent = { idempotentByClientId: true, queryByClientId: false };
const both = { idempotentByClientId: true, queryByClientId: true };

describe('the phase of a close when the process is killed', () => {
  const pending = says({ status: 'pending' });
  const slow: Behaviour = { kind: 'late', ms: 1000, executes: 'first' };
  test.each([
    { name: 'sending, executed', close: slow, runMs: 100, phase: 'sending' },
    { name: 'sending, lost', close: lost, runMs: 100, phase: 'sending' },
    { name: 'unknown, executed', close: silent, runMs: 2500, phase: 'unknown' },
    { name: 'unknown, lost', close: lost, runMs: 2500, phase: 'unknown' },
    { name: 'pending', close: pending, runMs: 100, phase: 'pending' },
    { name: 'rejected', close: rejects, runMs: 30, phase: 'rejected' },
  ])('$name', async ({ close, runMs, phase }) => {
    for (const capabilities of [both, onlyQuery, onlyIdempotent, neither]) {
      const fails: Behaviour = { kind: 'fail', executes: false };
      const w = await LiveWorld.start({
        provider: { capabilities: { ...capabilities, closeByTicket: true } },
        script: { close: [close, answers], query: [fails], positions: [fails] },
      });
      await w.open('p', { exits: { stopLoss: 99.5 } });
      w.quote(100);
      w.quote(99);
      await w.run(runMs, 10);
      expect(w.stateOf('p')).toBe(`closing ${phase}`);
      const before = w.sent();
      expect(before).toHaveLength(1);
      await w.kill();
      w.play(phase === 'pending' ? { query: [pending] } : {});
      await w.restart();
      await w.run(40_000, 200);
      expect(w.stateOf('p')).toBe(phase === 'pending' ? 'closing pending' : 'closed');
      expect(w.excess()).toEqual([]);
      const isExecuted = close === slow || close === silent;
      if (phase === 'pending') expect(w.sent()).toEqual(['1:2']);
      if (isExecuted) expect(new Set(w.sent())).toEqual(new Set(['1:2']));
      if (isExecuted && !capabilities.idempotentByClientId) expect(w.sent()).toEqual(['1:2']);
      if (phase === 'rejected') expect(w.sent()).toEqual(['1:2', '2:2']);
      const rows = (await w.story('p')).filter((row) => row.startsWith('position_closed'));
      if (phase !== 'pending') expect(rows).toHaveLength(1);
      await w.kill();
    }
  });
});

test('a position that was closed while nobody was there is closed, at no price', async () => {
  const w = await LiveWorld.start({ script: { close: [lost], query: [lost] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(100);
  await w.kill();
  w.provider.closeByItself('p');
  w.play({});
  await w.restart();
  await w.run(1000);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.sent()).toEqual(['1:2']);
});

describe('a kill before a record is durable', () => {
  test.each([both, onlyQuery, onlyIdempotent, neither])(
    'the intent, %j: nothing was sent',
    async (capabilities) => {
      const w = await LiveWorld.start({ provider: { capabilities } });
      await w.open('p', { exits: { stopLoss: 99.5 } });
      w.quote(100);
      w.journal.isHeld = true;
      w.quote(99);
      await w.run(500);
      await w.kill();
      w.journal.isHeld = false;
      await w.restart();
      expect(w.sent()).toEqual([]);
      expect(w.stateOf('p')).toBe('guarded');
      w.quote(98.9);
      await w.run(100);
      expect(w.sent()).toEqual(['1:2']);
      expect(w.stateOf('p')).toBe('closed');
    },
  );

  test.each([both, onlyQuery, onlyIdempotent])(
    'the fill, %j: it is found again and booked once',
    async (capabilities) => {
      const w = await LiveWorld.start({ provider: { capabilities } });
      await w.open('p', { exits: { stopLoss: 99.5 } });
      w.play({ close: [{ kind: 'late', ms: 200, executes: 'first' }] });
      w.quote(100);
      w.quote(99);
      await w.run(100);
      w.journal.isHeld = true;
      await w.run(200);
      expect(w.stateOf('p')).toBe('closed');
      // Nobody has been told: the event waits for the record.
      expect(w.harness.eventNames('a')).not.toContain('position.closed');
      await w.kill();
      w.journal.isHeld = false;
      await w.restart();
      await w.run(5000, 100);
      expect(w.stateOf('p')).toBe('closed');
      expect(w.excess()).toEqual([]);
      if (capabilities !== onlyIdempotent) expect(w.balance()).toBe('998');
      expect(new Set(w.sent())).toEqual(new Set(['1:2']));
    },
  );
});

describe('where the provider can neither be asked nor trusted with an id twice', () => {
  test('that it was sent is on record before it is', async () => {
    const w = await LiveWorld.start({ provider: { capabilities: neither } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    const order: string[] = [];
    const { append } = w.journal;
    w.journal.append = function (records, whenDurable) {
      append.call(this, records, (error) => {
        for (const { type } of records) if (type.startsWith('close.')) order.push(type);
        whenDurable(error);
      });
    };
    const { close } = w.provider;
    w.provider.close = async (one) => {
      order.push('call');
      return await close.call(w.provider, one);
    };
    w.quote(99);
    await w.run(100);
    expect(order).toEqual(['close.intended', 'close.sent', 'call', 'close.filled']);
  });

  test('one that was not is sent after a restart, once', async () => {
    const w = await LiveWorld.start({
      provider: { capabilities: neither },
      route: { maxInFlight: 1 },
    });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.open('q', { exits: { stopLoss: 99.5 } });
    w.play({ close: [lost] });
    w.quote(100);
    w.quote(99);
    await w.run(100);
    // The one is under way, the other waits behind it: its intent is durable, and it was not sent.
    expect(w.sent()).toEqual(['1:2']);
    expect((await w.records('close.intended')).map((r) => r.body.intent.positionId)).toEqual([
      'p',
      'q',
    ]);
    expect((await w.records('close.sent')).map((r) => r.body.positionId)).toEqual(['p']);
    await w.kill();
    w.play({});
    await w.restart();
    await w.run(1000);
    expect(w.sent('q')).toEqual(['1:2']);
    expect(w.stateOf('q')).toBe('closed');
    // Listed as a whole, and closed by its ticket: it is safe to send it again.
    expect(w.sent('p')).toEqual(['1:2', '1:2']);
    expect(w.excess()).toEqual([]);
  });

  test('one that takes its time to be recorded is not sent twice', async () => {
    const w = await LiveWorld.start({ provider: { capabilities: neither } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    // The intent is durable, that it is sent is not: for longer than the call may take.
    await Promise.resolve();
    w.journal.isHeld = true;
    await w.run(5000, 50);
    expect(w.sent()).toEqual([]);
    w.journal.isHeld = false;
    w.journal.flush();
    await w.run(5000, 50);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
  });
});

test('what waits for its next attempt waits no longer after a restart than before', async () => {
  const w = await LiveWorld.start({ script: { close: [rejects] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(20_000, 100);
  expect(w.deadLetters()).toEqual(['p']);
  await w.killAndRestart();
  expect(w.deadLetters()).toEqual(['p']);
  w.play({});
  await w.run(31_000, 100);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.deadLetters()).toEqual([]);
  expect(w.excess()).toEqual([]);
});

test('a clean stop waits for what is under way', async () => {
  const w = await LiveWorld.start({
    script: { close: [{ kind: 'late', ms: 500, executes: 'first' }] },
  });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(20);
  await w.settled(w.harness.stop());
  await w.restart();
  expect(w.stateOf('p')).toBe('closed');
  expect(w.balance()).toBe('998');
});
