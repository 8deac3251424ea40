// Closes that a market guard asks for, whatever the provider does with them, whenever they have cleared
// and whenever we are killed: what is open here is open there, and nothing is closed twice.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Behaviour } from '../support/fake-provider.ts';
import { guard, settings, spread } from './live-market.ts';
import { LiveWorld, lost, rejects, silent, there, unreachable } from './live-world.ts';

const behaviours: Behaviour[] = [
  { kind: 'answer' },
  silent,
  lost,
  rejects,
  unreachable,
  { kind: 'partial', share: 0.5 },
  { kind: 'pending', ms: 300, parts: 2 },
  { kind: 'late', ms: 300, executes: 'first' },
  { kind: 'fail', executes: true },
  { kind: 'fail', executes: false },
  { kind: 'throttled', retryAfterMs: 200 },
];

const positions = ['p', 'q', 'r'];

type Step =
  | { spread: [number, number] }
  | { run: number }
  | { kill: true }
  | { close: string }
  | { retry: true };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    // Calm, a spread, a gap, and one that is near the price before it.
    arbitrary: fc.record({
      spread: fc.constantFrom<[number, number]>([100, 100], [100, 102], [92, 92], [96, 96]),
    }),
  },
  { weight: 5, arbitrary: fc.record({ run: fc.integer({ min: 1, max: 600 }) }) },
  { weight: 1, arbitrary: fc.record({ kill: fc.constant(true as const) }) },
  { weight: 1, arbitrary: fc.record({ close: fc.constantFrom(...positions) }) },
  { weight: 1, arbitrary: fc.record({ retry: fc.constant(true as const) }) },
);

async function act(w: LiveWorld, one: Step): Promise<void> {
  if ('spread' in one) spread(w, ...one.spread);
  else if ('run' in one) await w.run(one.run, 50);
  else if ('kill' in one) await w.killAndRestart();
  else if ('close' in one) {
    void w.ask('a.position.close', { positionId: one.close });
    await w.run(0);
  } else {
    const [letter] = await w.letters();
    if (letter === undefined) return;
    const body = { closeId: letter['closeId'], reason: 'again' };
    await w.settled(w.ask('_.deadletter.retry', body));
  }
}

test.each([
  ['can be asked', {}],
  ['can be asked, and executes whatever comes', { idempotentByClientId: false }],
  ['executes an id once', { queryByClientId: false }],
])('a provider that %s', async (_, capabilities) => {
  let cleared = 0;
  let closed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 14 }),
      fc.array(fc.constantFrom(...behaviours), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1, 100),
      async (steps, script, burst) => {
        const route = { ratePerSecond: 2 * burst, burst, timeoutMs: 500 };
        const w = await LiveWorld.start({ settings, provider: { capabilities }, route });
        for (const positionId of positions) await w.open(positionId);
        await guard(w, { spread: { clearAfterMs: 200 } });
        spread(w, 100, 100);
        w.play({ close: [...script, { kind: 'answer' }] });
        for (const one of steps) await act(w, one);
        w.play({});
        await w.run(120_000, 500);
        for (const positionId of positions) {
          const state = w.stateOf(positionId);
          expect([positionId, state]).toEqual([
            positionId,
            there(w, positionId) === '0' ? 'closed' : 'guarded',
          ]);
          if (state === 'closed') closed++;
        }
        expect(w.excess()).toEqual([]);
        const rows = await w.rows();
        cleared += rows.filter(({ metaData }) =>
          String(metaData['errorMessage']).startsWith('it was not sent'),
        ).length;
      },
    ),
    { numRuns: 120 },
  );
  // Both ends are common, so that neither is looked at in vain.
  expect(Math.min(cleared, closed)).toBeGreaterThan(5);
});
