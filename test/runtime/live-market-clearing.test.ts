// A close that a market guard asked for, and that has to wait, is looked at again just before it is
// sent: what has cleared meanwhile is not sent, and the position is guarded as before.
import { describe, expect, test } from 'vitest';
import {
  clearAfterMs,
  guard,
  lastRow,
  notSent,
  notSentAgain,
  sentMsMax,
  settings,
  spread,
} from './live-market.ts';
import {
  answers,
  blind,
  LiveWorld,
  rejects,
  unreachable,
  type Body,
  type LiveWorldOptions,
} from './live-world.ts';

/** How the close of p comes to wait, for 100 ms at the least. */
interface Wait {
  readonly name: string;
  readonly options?: LiveWorldOptions;
  /** Before the condition holds. */
  readonly before?: (w: LiveWorld) => Promise<void>;
  /** When it has closed what is open. */
  readonly after?: (w: LiveWorld) => Promise<void>;
  /** Its sends before it waits. */
  readonly sent: readonly string[];
  /** How it is sent in the end. */
  readonly last: string;
}

const waits: readonly Wait[] = [
  {
    name: 'for the rate limit',
    options: { route: { ratePerSecond: 1, burst: 1 } },
    before: async (w) => {
      await w.open('first', { quantity: '1' });
      await w.run(2000);
    },
    sent: [],
    last: '1:2',
  },
  { name: 'for a provider that does not answer', before: interrupted, sent: [], last: '1:2' },
  {
    name: 'for its next attempt after a rejection',
    options: { script: { close: [rejects, answers] }, harness: { chance: { next: () => 0.9 } } },
    sent: ['1:2'],
    last: '2:2',
  },
  {
    name: 'for its next attempt after nobody was there',
    options: {
      script: { close: [unreachable, answers] },
      harness: { chance: { next: () => 0.9 } },
    },
    sent: ['1:2'],
    last: '1:2',
  },
  {
    name: 'among the dead letters',
    options: { script: { close: [rejects, rejects, rejects, answers] } },
    after: async (w) => {
      // While the condition holds all the while.
      for (let i = 0; i < 20; i++) {
        spread(w, 100, 102);
        await w.run(20);
      }
      expect(w.deadLetters()).toEqual(['p']);
    },
    sent: ['1:2', '2:2', '3:2'],
    last: '4:2',
  },
  {
    name: 'because the provider has too much',
    options: { script: { close: [{ kind: 'throttled', retryAfterMs: 500 }, answers] } },
    sent: ['1:2'],
    last: '1:2',
  },
];

/** Closes of others have failed so often that the provider is not called for a while. */
async function interrupted(w: LiveWorld): Promise<void> {
  w.provider.behaviour = (_, order) => (order?.symbol === 'Y' ? unreachable : answers);
  const others = ['y1', 'y2'];
  for (const id of others) {
    await w.open(id, { symbol: 'Y' });
    void w.ask('a.position.close', { positionId: id });
  }
  await w.run(400);
  expect(w.harness.counter('broker_circuit_opened')).toBe(1);
}

/** p, whose close by the guard has to wait. */
async function waiting(wait: Wait, options: LiveWorldOptions = {}): Promise<LiveWorld> {
  const w = await LiveWorld.start({ settings, ...options, ...wait.options });
  await wait.before?.(w);
  await w.open('p', { exits: { stopLoss: 90 } });
  await guard(w);
  spread(w, 100, 100);
  spread(w, 100, 102);
  await w.run(20);
  await wait.after?.(w);
  expect(w.stateOf('p')).toMatch(/^closing/);
  expect(w.sent('p')).toEqual(wait.sent);
  return w;
}

describe.each(waits)('a close of a guard that waits $name', (wait) => {
  test('is not sent where the condition has cleared, and the position is guarded', async () => {
    const w = await waiting(wait);
    spread(w, 100, 100);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.sent('p')).toEqual(wait.sent);
    const { errorMessage } = wait.last.startsWith('1:') ? notSent : notSentAgain;
    expect(await lastRow(w)).toEqual({ ...notSent, errorMessage });
    expect(w.harness.counter('closes_cleared')).toBe(1);
    expect(w.told('position.close-failed').at(-1)).toMatchObject({
      positionId: 'p',
      errorMessage,
    });
    expect(w.deadLetters()).not.toContain('p');
    // It is guarded in full: its stop works.
    w.play({});
    w.quote(90);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.excess()).toEqual([]);
  });

  test('is sent where it still holds', async () => {
    const w = await waiting(wait);
    for (let i = 0; i < sentMsMax / 20; i++) {
      spread(w, 100, 102);
      await w.run(20);
    }
    expect(w.stateOf('p')).toBe('closed');
    expect(w.sent('p')).toEqual([...wait.sent, wait.last]);
    expect(w.harness.counter('closes_cleared')).toBe(0);
    expect(w.excess()).toEqual([]);
  });

  test.each([
    ['an operator', 'manual'],
    ['a bulk close', 'flat'],
    ['a breach', 'drawdown_critical'],
  ])('is sent where %s has joined it', async (_, reason) => {
    const w = await waiting(wait);
    if (reason === 'manual') void w.ask('a.position.close', { positionId: 'p' });
    else if (reason === 'flat') void w.ask('a.account.close-all', { reason });
    else {
      const rules = [{ id: 'low', anchor: 'fixed', floor: 990 }];
      await w.settled(w.ask('a.account.rules', { rules }));
      w.quote(94.5);
    }
    spread(w, 100, 100);
    await w.run(sentMsMax + 2000);
    expect(w.stateOf('p')).toBe('closed');
    // The price that breaches is a gap, too.
    const gap = reason === 'drawdown_critical' ? ['market_gap'] : [];
    expect((await lastRow(w))['reasons']).toEqual(['market_spread', ...gap, reason]);
    expect(w.harness.counter('closes_cleared')).toBe(0);
    expect(w.excess()).toEqual([]);
  });
});

test('an operator who retries the dead letter of such a close has it sent', async () => {
  const w = await LiveWorld.start({ settings, script: { close: [rejects] } });
  await w.open('p');
  await guard(w);
  for (let i = 0; i < 20; i++) {
    spread(w, 100, 102);
    await w.run(20);
  }
  const [letter] = await w.letters();
  w.play({});
  spread(w, 100, 100);
  await w.run(clearAfterMs + 10, 5);
  expect(w.stateOf('p')).toBe('closing rejected');
  const body = { closeId: letter?.['closeId'], reason: 'close it' };
  await w.settled(w.ask('_.deadletter.retry', body));
  await w.run(20);
  expect(w.stateOf('p')).toBe('closed');
  expect(await lastRow(w)).toMatchObject({ reasons: ['market_spread', 'manual'] });
});

describe('of a gap', () => {
  /** p's close by a gap from 100 to 90 waits for about a second. */
  async function gapped(
    more: Body = {},
    of: LiveWorldOptions = {},
    before = ['first'],
  ): Promise<LiveWorld> {
    const w = await LiveWorld.start({ settings, route: { ratePerSecond: 1, burst: 1 }, ...of });
    for (const positionId of before) await w.open(positionId, { quantity: '1' });
    await w.open('p');
    await w.run(2000);
    await guard(w, more);
    w.quote(100);
    w.quote(90);
    await w.run(20);
    expect(w.sent('p')).toEqual([]);
    expect(w.stateOf('p')).toBe('closing sending');
    return w;
  }

  test('it is sent although the time is over that it takes to clear', async () => {
    const w = await gapped();
    w.quote(90);
    await w.run(clearAfterMs * 2, 10);
    expect(w.told('market.cleared')).toMatchObject([{ condition: 'gap' }]);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['1:2']]);
    expect(w.harness.counter('closes_cleared')).toBe(0);
  });

  test.each([
    ['95.0001', 'guarded'],
    ['104.9999', 'guarded'],
    ['95', 'closed'],
    ['105', 'closed'],
  ])('a quote of %s after one of 100 and of 90 leaves it %s', async (back, state) => {
    const w = await gapped();
    w.quote(back);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe(state);
    expect(w.sent('p')).toEqual(state === 'closed' ? ['1:2'] : []);
    expect(w.harness.counter('closes_cleared')).toBe(state === 'closed' ? 0 : 1);
    expect(w.excess()).toEqual([]);
  });

  test.each([
    ['on record', 1200, 100, 'guarded'],
    // A kill loses the last second of quotes: what was decided is done.
    ['not on record', 40, 100, 'closed'],
    ['none', 1200, 91, 'closed'],
  ] as const)(
    'a contradiction that is %s, and a kill: %i ms after %i it is %s',
    async (_, ms, back, state) => {
      const w = await gapped({}, blind, ['first', 'second', 'third']);
      w.quote(back);
      await w.run(ms);
      expect(w.sent('p')).toEqual([]);
      await w.killAndRestart();
      await w.run(sentMsMax * 4);
      expect(w.stateOf('p')).toBe(state);
      expect(w.excess()).toEqual([]);
    },
  );

  test.each([
    ['gone again', [100, 90]],
    ['contradicted, and another one', [100, 90, 100, 90]],
  ] as const)('one that is %s stands after a kill', async (_, quotes) => {
    const w = await gapped({ gap: { clearAfterMs: 5000 } });
    for (const price of quotes) w.quote(price);
    await w.run(40);
    await w.killAndRestart();
    await w.run(sentMsMax * 2);
    expect([w.stateOf('p'), w.excess()]).toEqual(['closed', []]);
  });

  test('it is sent where a contradicted one has come true before', async () => {
    const w = await gapped({ gap: { clearAfterMs: 5000 } });
    w.quote(100);
    w.quote(90);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['1:2']]);
  });

  test('one that follows a contradicted one is a gap like any other', async () => {
    const w = await gapped({ gap: { clearAfterMs: 5000 } });
    w.quote(100);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('guarded');
    w.quote(90);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('closed');
  });

  test('the quote that contradicts it may be a gap for whoever came after it', async () => {
    const w = await gapped({ gap: { clearAfterMs: 5000 } });
    await w.open('late');
    w.quote(100);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.stateOf('late')]).toEqual(['guarded', 'closed']);
  });

  test('one that is confirmed by time is contradicted likewise', async () => {
    const w = await LiveWorld.start({ settings, route: { ratePerSecond: 1, burst: 1 } });
    await w.open('first', { quantity: '1' });
    await w.open('p');
    await w.run(2000);
    await guard(w, { gap: { confirmMs: 100, clearAfterMs: 5000 } });
    w.quote(100);
    w.quote(90);
    await w.run(120);
    expect(w.stateOf('p')).toBe('closing sending');
    w.quote(100);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('guarded');
  });
});

test('a stop that is crossed while it waits closes on the next quote beyond it', async () => {
  const w = await LiveWorld.start({ settings, route: { ratePerSecond: 1, burst: 1 } });
  await w.open('first', { quantity: '1' });
  await w.open('p', { exits: { stopLoss: 90 } });
  await w.run(2000);
  await guard(w, { gap: false });
  spread(w, 100, 102);
  w.quote(89);
  await w.run(sentMsMax);
  expect(w.stateOf('p')).toBe('guarded');
  w.quote(89);
  await w.run(sentMsMax);
  expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['2:2']]);
  expect((await lastRow(w))['reasons']).toEqual(['stop_loss']);
});

test('a dead letter of an earlier close of the position stays', async () => {
  const w = await LiveWorld.start({ settings, script: { close: [rejects] } });
  await w.open('p');
  void w.ask('a.position.close', { positionId: 'p' });
  await w.run(5000);
  expect(w.deadLetters()).toEqual(['p']);
  await guard(w);
  spread(w, 100, 102);
  await w.run(20);
  spread(w, 100, 100);
  await w.run(sentMsMax);
  expect(w.stateOf('p')).toBe('guarded');
  expect(w.harness.counter('closes_cleared')).toBe(1);
  expect(w.deadLetters()).toEqual(['p']);
});

describe('a reason of a market that no guard gave', () => {
  test.each(['spread', 'gap', 'circuit_breaker'])('%s is no condition to clear', async (reason) => {
    const w = await LiveWorld.start({ settings });
    await w.open('p');
    await guard(w);
    w.quote(100);
    const body = { positionId: 'p', guardType: 'market', triggerReason: reason };
    const answer = await w.settled(w.ask('a.position.close-if-triggered', body));
    expect(answer).toMatchObject({ success: true, closeReason: `market_${reason}` });
    expect(w.stateOf('p')).toBe('closed');
  });

  test('nor is one where there is no guard', async () => {
    const w = await LiveWorld.start({ settings });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p', { reason: 'market_spread' })).toMatchObject({ outcome: 'closed' });
  });
});
