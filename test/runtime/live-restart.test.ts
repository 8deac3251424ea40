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
  const fails: Behaviour = { kind: 'fail', executes: false };
  const ables = [both, onlyQuery, onlyIdempotent, neither];

  async function killed(close: Behaviour, runMs: number, capabilities = both): Promise<LiveWorld> {
    const w = await LiveWorld.start({
      provider: { capabilities: { ...capabilities, closeByTicket: true } },
      script: { close: [close, answers], query: [fails], positions: [fails] },
    });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    await w.run(runMs, 10);
    expect(w.sent()).toEqual(['1:2']);
    return w;
  }

  const close = '1:2';
  test.each([
    { name: 'sending, executed', first: slow, runMs: 100, phase: 'sending', resent: [] },
    { name: 'sending, lost', first: lost, runMs: 100, phase: 'sending', resent: [close] },
    { name: 'unknown, executed', first: silent, runMs: 2500, phase: 'unknown', resent: [] },
    { name: 'unknown, lost', first: lost, runMs: 2500, phase: 'unknown', resent: [close] },
    { name: 'rejected', first: rejects, runMs: 30, phase: 'rejected', resent: ['2:2'] },
  ])('$name', async ({ first, runMs, phase, resent }) => {
    for (const capabilities of ables) {
      const w = await killed(first, runMs, capabilities);
      expect(w.stateOf('p')).toBe(`closing ${phase}`);
      await w.kill();
      w.play({});
      await w.restart();
      await w.run(40_000, 200);
      expect(w.stateOf('p')).toBe('closed');
      expect(w.sent()).toEqual([close, ...resent]);
      const rows = (await w.story('p')).filter((row) => row.startsWith('position_closed'));
      expect(rows).toHaveLength(1);
      expect(w.excess()).toEqual([]);
      await w.kill();
    }
  });

  test('pending: it is asked about and not sent', async () => {
    for (const capabilities of ables) {
      const w = await killed(pending, 100, capabilities);
      expect(w.stateOf('p')).toBe('closing pending');
      await w.kill();
      w.play({ query: [pending] });
      await w.restart();
      await w.run(40_000, 200);
      expect(w.stateOf('p')).toBe('closing pending');
      expect(w.sent()).toEqual([close]);
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

  test.each([
    { capabilities: both, balance: '998' },
    { capabilities: onlyQuery, balance: '998' },
    // Nobody can be asked about the order: it is gone, at no price.
    { capabilities: onlyIdempotent, balance: '1000' },
  ])(
    'the fill, $capabilities: it is found again and booked once',
    async ({ capabilities, balance }) => {
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
      expect(w.balance()).toBe(balance);
      expect(new Set(w.sent())).toEqual(new Set(['1:2']));
    },
  );
});

describe('where the provider can neither be asked nor trusted with an id twice', () => {
  test('that it was sent is on record before it is', async () => {
    const w = await LiveWorld.start({ provider: { capabilities: neither } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    const { log } = w.journal;
    w.provider.behaviour = (call) => {
      log.push(call);
      return answers;
    };
    log.length = 0;
    w.quote(99);
    await w.run(100);
    expect(log).toEqual(['close.intended', 'close.sent', 'close', 'close.filled']);
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

  test.each([lost, silent])(
    'nor told what is open: one that was is alarmed, never resent %o',
    async (close) => {
      const capabilities = { ...neither, closeByTicket: false };
      const unsupported = says({ status: 'unsupported' });
      const w = await LiveWorld.start({
        provider: { capabilities, isNetting: true },
        script: { close: [close, answers], positions: [unsupported] },
      });
      await w.open('p', { exits: { stopLoss: 99.5 } });
      w.quote(100);
      w.quote(99);
      await w.run(100);
      for (let i = 0; i < 3; i++) {
        await w.killAndRestart();
        await w.run(20_000, 200);
        w.quote(98.9);
        expect(w.sent()).toEqual(['1:2']);
        expect(w.stateOf('p')).toBe('closing unknown');
        expect(w.deadLetters()).toEqual(['p']);
      }
    },
  );

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
