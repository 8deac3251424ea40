// A close of a market guard that may be at the provider already, or that waited when the runtime was
// killed: nothing is closed twice, and nothing is sent that has cleared.
import { describe, expect, test } from 'vitest';
import { guard, lastRow, notSent, sentMsMax, settings, spread } from './live-market.ts';
import { answers, blind, LiveWorld, lost, says, silent } from './live-world.ts';

describe('one that may be at the provider is asked about first', () => {
  const slow = { route: { timeoutMs: 300 }, settings };

  test.each([
    ['never had it', lost, 'guarded', 1],
    ['has executed it', silent, 'closed', 0],
  ] as const)('which %s', async (_, close, state, cleared) => {
    const w = await LiveWorld.start({ ...slow, script: { close: [close] } });
    await w.open('p');
    await guard(w);
    spread(w, 100, 102);
    await w.run(20);
    spread(w, 100, 100);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.sent('p')]).toEqual([state, ['1:2']]);
    expect(w.provider.calls).toContain('query');
    expect(w.harness.counter('closes_cleared')).toBe(cleared);
    expect(w.excess()).toEqual([]);
  });

  test('and is sent again where nothing can be learned of it', async () => {
    const w = await LiveWorld.start({
      ...slow,
      script: {
        close: [silent, answers],
        query: [says({ status: 'unsupported' })],
        positions: [says({ status: 'unsupported' })],
      },
    });
    await w.open('p');
    await guard(w);
    spread(w, 100, 102);
    await w.run(20);
    spread(w, 100, 100);
    await w.run(sentMsMax);
    // The provider executes an id once: the second send tells what became of the first.
    expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['1:2', '1:2']]);
    expect(w.harness.counter('closes_cleared')).toBe(0);
    expect(w.excess()).toEqual([]);
  });
});

describe('after a kill while it waited', () => {
  const ways = [
    { name: 'for a provider that tells of an order by its id', options: {} },
    { name: 'for one that can tell nothing of an order', options: blind },
  ];

  describe.each(ways)('$name', ({ options }) => {
    const limited = { route: { ratePerSecond: 1, burst: 1 }, settings, ...options };

    async function killed(isCalm: boolean): Promise<LiveWorld> {
      const w = await LiveWorld.start(limited);
      await w.open('first', { quantity: '1' });
      await w.open('p');
      await w.run(2000);
      await guard(w);
      spread(w, 100, 102);
      await w.run(20);
      if (isCalm) spread(w, 100, 100);
      await w.run(100);
      expect(w.sent('p')).toEqual([]);
      await w.kill();
      await w.restart();
      return w;
    }

    test('it is not sent where the condition had cleared', async () => {
      const w = await killed(true);
      await w.run(10_000, 50);
      expect([w.stateOf('p'), w.sent('p')]).toEqual(['guarded', []]);
      expect(await lastRow(w)).toEqual(notSent);
      expect(w.stateOf('first')).toBe('closed');
      expect(w.excess()).toEqual([]);
    });

    test('it is sent once where it still holds', async () => {
      const w = await killed(false);
      for (let i = 0; i < 200; i++) {
        spread(w, 100, 102);
        await w.run(40, 40);
      }
      expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['1:2']]);
      expect(w.stateOf('first')).toBe('closed');
      expect(w.excess()).toEqual([]);
    });
  });

  test('and again after what was not sent is on record: the position is guarded, and closes once', async () => {
    const w = await LiveWorld.start({ settings, route: { ratePerSecond: 1, burst: 1 } });
    await w.open('first', { quantity: '1' });
    await w.open('p');
    await w.run(2000);
    await guard(w);
    spread(w, 100, 102);
    spread(w, 100, 100);
    await w.run(sentMsMax);
    expect(w.stateOf('p')).toBe('guarded');
    await w.killAndRestart();
    expect(w.stateOf('p')).toBe('guarded');
    await w.run(sentMsMax);
    spread(w, 100, 102);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', ['2:2']]);
    expect(w.excess()).toEqual([]);
  });
});
