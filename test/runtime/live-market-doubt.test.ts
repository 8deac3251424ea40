// A close of a market guard that may be at the provider already, or that waited when the runtime was
// killed: nothing is closed twice, and nothing is sent that has cleared.
import { describe, expect, test } from 'vitest';
import { guard, lastRow, notSent, sentMsMax, settings, spread } from './live-market.ts';
import { answers, blind, LiveWorld, lost, says, silent } from './live-world.ts';

describe('one that may be at the provider is asked about first', () => {
  const slow = { route: { timeoutMs: 300 }, settings };

  test.each([
    // Who never had it may get it yet: under the same id it is executed once.
    ['never had it', lost, ['1:2', '1:2']],
    ['has executed it', silent, ['1:2']],
  ] as const)('which %s', async (_, close, sent) => {
    const w = await LiveWorld.start({ ...slow, script: { close: [close, answers] } });
    await w.open('p');
    await guard(w);
    spread(w, 100, 102);
    await w.run(20);
    spread(w, 100, 100);
    await w.run(sentMsMax);
    expect([w.stateOf('p'), w.sent('p')]).toEqual(['closed', sent]);
    expect(w.provider.calls).toContain('query');
    expect(w.harness.counter('closes_cleared')).toBe(0);
    expect(w.excess()).toEqual([]);
  });

  test('and is on its way when it says that it never had it', async () => {
    const late = { kind: 'late', ms: 5000, executes: 'last' } as const;
    const provider = { isNetting: true };
    const w = await LiveWorld.start({ ...slow, provider, script: { close: [late, answers] } });
    await w.open('p');
    await guard(w, { gap: false });
    spread(w, 100, 102);
    await w.run(20);
    for (let i = 0; i < 50; i++) {
      spread(w, 100, 100);
      await w.run(20);
    }
    for (let i = 0; i < 300; i++) {
      spread(w, 100, 102);
      await w.run(20);
    }
    expect([w.stateOf('p'), w.excess()]).toEqual(['closed', []]);
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
    // Nobody knows whether it was sent: under its id it is executed once.
    { name: 'for a provider that tells of an order by its id', options: {}, isKnown: false },
    { name: 'for one that can tell nothing of an order', options: blind, isKnown: true },
  ];

  describe.each(ways)('$name', ({ options, isKnown }) => {
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

    test('it is not sent where the condition had cleared, and it is on record that it was not', async () => {
      const w = await killed(true);
      await w.run(10_000, 50);
      expect([w.stateOf('p'), w.sent('p')]).toEqual(
        isKnown ? ['guarded', []] : ['closed', ['1:2']],
      );
      const row = isKnown ? notSent : { eventType: 'position_closed', status: 0 };
      expect(await lastRow(w)).toMatchObject(row);
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
