// Closes of a market guard that wait for the rate of a route: which of them are sent in the end.
import { describe, expect, test } from 'vitest';
import { answers, LiveWorld, rejects, unreachable, type Body } from './live-world.ts';

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

  test('does not hold by the limit that the guard was given since', async () => {
    const w = await waiting({ spread: {} });
    quote(w, 100, 102);
    await w.run(60);
    await put(w, { spread: { limit: 5 } });
    quote(w, 100, 102);
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

describe('a close is sent where', () => {
  // Nobody has said that what was decided is over.
  test.each([
    ['guard.remove', {}],
    ['guard.put', { ...off }],
    ['guard.put', { ...off, spread: { closeOn: 'never' } }],
    // By the last quote, which is still there.
    ['guard.put', { ...off, spread: { limit: 5 } }],
    ['guard.put', { ...off, spread: {} }],
    ['guard.put', { ...off, spread: { closeOn: 'critical' } }],
  ])('its guard is gone, or another one: %s %j', async (command, more) => {
    const w = await waiting({ spread: {} });
    quote(w, 100, 102);
    await w.run(60);
    await w.settled(w.ask(`_.${command}`, { symbol: 'X', ...more }));
    await w.run(1500);
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
  });

  test('its guard was removed, and put again', async () => {
    const w = await waiting({ spread: { clearAfterMs: 100 } });
    quote(w, 100, 102);
    await w.run(60);
    await w.settled(w.ask('_.guard.remove', { symbol: 'X' }));
    await put(w, { spread: { clearAfterMs: 100 } });
    await w.run(1500);
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
  });

  test('a gap is below the limit that the guard was given since, without a quote', async () => {
    const w = await waiting({ gap: {} });
    quote(w, 108);
    await w.run(60);
    await put(w, { gap: { limit: 10 } });
    await w.run(1500);
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
  });

  test('another gap has come since, which was not contradicted', async () => {
    const w = await waiting({ gap: { clearAfterMs: 100 } });
    w.play({ close: [...Array.from({ length: 4 }, () => unreachable), answers] });
    quote(w, 106);
    await w.run(200);
    for (const price of [109, 112]) {
      quote(w, price);
      await w.run(40);
    }
    quote(w, 90);
    await w.run(200);
    // Near the first one’s beginning, and far from that of the second.
    quote(w, 94);
    quote(w, 97);
    await w.run(20_000, 50);
    expect([w.stateOf('p'), w.stateOf('q')]).toEqual(['closed', 'closed']);
  });

  test('no quote has come since, however long ago that was', async () => {
    const w = await waiting({ spread: { clearAfterMs: 100 } });
    w.play({ close: [unreachable, unreachable, unreachable, unreachable, answers] });
    quote(w, 100, 102);
    await w.run(500);
    expect(w.told('market.cleared')).toHaveLength(1);
    await w.run(20_000, 50);
    expect(w.stateOf('q')).toBe('closed');
  });

  test.each<[string, string, Body]>([
    ['close with the name of the condition', 'position.close', { reason: 'market_spread' }],
    ['close with a name like one', 'position.close', { reason: 'market_halted' }],
    [
      'conditional close',
      'position.close-if-triggered',
      { guardType: 'market', triggerReason: 'spread' },
    ],
  ])('a caller has joined it: %s', async (_, command, body) => {
    const w = await waiting({ spread: { clearAfterMs: 100 } });
    quote(w, 100, 102);
    await w.run(20);
    void w.ask(`a.${command}`, { positionId: 'q', ...body });
    for (let i = 0; i < 60; i++) {
      quote(w, 100);
      await w.run(40);
    }
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
  });

  test('an operator closes the account, under whatever name', async () => {
    const w = await waiting({ spread: { clearAfterMs: 100 } });
    quote(w, 100, 102);
    await w.run(20);
    void w.ask('a.account.close-all', { reason: 'market_flash_crash' });
    for (let i = 0; i < 60; i++) {
      quote(w, 100);
      await w.run(40);
    }
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
  });

  test('a gap comes while the close of a spread waits, which clears', async () => {
    const w = await waiting({ spread: { clearAfterMs: 100 }, gap: {} });
    quote(w, 100, 102);
    await w.run(20);
    quote(w, 80);
    for (let i = 0; i < 60; i++) {
      await w.run(40);
      quote(w, 80);
    }
    expect([w.sent('q'), w.stateOf('q')]).toEqual([['1:2'], 'closed']);
    const row = (await w.rows()).findLast(({ metaData }) => metaData['positionId'] === 'q');
    expect(row?.metaData['reasons']).toEqual(['market_spread', 'market_gap']);
  });

  test('a gap comes while an operator’s close is refused', async () => {
    const w = await waiting({ gap: {} });
    w.play({ close: [rejects, rejects, rejects, rejects, rejects, rejects, answers] });
    void w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    quote(w, 80);
    for (let i = 0; i < 300; i++) {
      await w.run(100);
      quote(w, 80);
    }
    expect([w.stateOf('p'), w.stateOf('q')]).toEqual(['closed', 'closed']);
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
