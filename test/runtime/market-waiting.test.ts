// Closes of a market guard that wait for the rate of a route: which of them are sent in the end.
import { describe, expect, test } from 'vitest';
import { LiveWorld, type Body } from './live-world.ts';

const off = { gap: false, spread: false, liquidity: false, stale: false } as const;
/** Two positions; a rate of one close in a second, of which the first is sent at once. */
async function waiting(guard: Body): Promise<LiveWorld> {
  const w = await LiveWorld.start({ route: { ratePerSecond: 1, burst: 1 } });
  await put(w, guard);
  await w.open('p');
  await w.open('q');
  w.quote(100);
  return w;
}

async function put(w: LiveWorld, guard: Body): Promise<void> {
  const reply = await w.settled(w.ask('_.guard.put', { symbol: 'X', ...off, ...guard }));
  expect(reply['error']).toBeUndefined();
}

function quote(w: LiveWorld, bid: number, ask = bid): void {
  w.harness.quote('X', bid, ask);
  w.clock.turn();
}

describe('a close is not sent where the condition', () => {
  test('holds at a lower level than closes', async () => {
    const w = await waiting({ spread: { closeOn: 'critical', clearAfterMs: 100 } });
    quote(w, 100, 102);
    for (let i = 0; i < 30; i++) {
      await w.run(40);
      quote(w, 100, 100.6);
    }
    expect(w.harness.core.state.guards.get('X')?.active.get('spread')?.level).toBe('warning');
    expect([w.sent('q'), w.stateOf('q')]).toEqual([[], 'guarded']);
  });

  test.each([
    ['guard.remove', {}],
    ['guard.put', { spread: { limit: 5 } }],
  ])('is of a guard that is gone: %s', async (command, more) => {
    const w = await waiting({ spread: {} });
    quote(w, 100, 102);
    await w.run(60);
    await w.settled(w.ask(`_.${command}`, { symbol: 'X', ...more }));
    await w.run(1500);
    expect([w.sent('q'), w.stateOf('q')]).toEqual([[], 'guarded']);
  });

  test('has cleared on its own side of liquidity, and not on the other', async () => {
    const w = await LiveWorld.start({ route: { ratePerSecond: 1, burst: 1 } });
    await put(w, { liquidity: { clearAfterMs: 100 } });
    await w.open('p');
    await w.open('q');
    await w.open('s', { side: 'short' });
    const sized = (bidSize: number, askSize: number): void => {
      const ts = w.clock.now();
      w.harness.engine.quote({ symbol: 'X', bid: 100, ask: 100, ts, bidSize, askSize });
      w.clock.turn();
    };
    sized(4, 4);
    for (let i = 0; i < 60; i++) {
      await w.run(40);
      sized(20, 4);
    }
    expect([w.sent('p'), w.sent('q'), w.sent('s')]).toEqual([['1:2'], [], ['1:2']]);
    expect(w.stateOf('q')).toBe('guarded');
  });
});

describe('a gap', () => {
  test('back where the one before it began is another one, and closes', async () => {
    const w = await waiting({ gap: { closeOn: 'never' } });
    quote(w, 110);
    await w.run(100);
    await put(w, { gap: {} });
    quote(w, 100);
    await w.run(100);
    expect(w.sent('p')).toEqual(['1:2']);
    await w.run(1500);
    expect(w.sent('q')).toEqual(['1:2']);
  });

  test('that follows one that has not cleared closes as well, though it leads back', async () => {
    const w = await LiveWorld.start({ route: { ratePerSecond: 1, burst: 1 } });
    await put(w, { gap: {} });
    w.quote(100);
    quote(w, 110);
    await w.open('p');
    await w.open('q');
    quote(w, 100);
    await w.run(1500);
    expect([w.sent('p'), w.sent('q')]).toEqual([['1:2'], ['1:2']]);
  });
});

/** No guard has asked for it, whatever its reason is called. */
test.each([
  ['position.close-if-triggered', { guardType: 'market', triggerReason: 'gap' }],
  ['position.close-if-triggered', { guardType: 'market', triggerReason: 'news' }],
  ['position.close', { reason: 'market_gap' }],
  ['position.close', { reason: 'market_spread' }],
])('what a caller vouches for is sent: %s %j', async (command, more) => {
  const w = await LiveWorld.start();
  await w.open('p');
  w.quote(100);
  const answer = await w.settled(w.ask(`a.${command}`, { positionId: 'p', ...more }));
  await w.run(1000);
  expect([w.sent('p'), answer['success']]).toEqual([['1:2'], true]);
});
