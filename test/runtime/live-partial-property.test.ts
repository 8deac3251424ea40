// Parts of LIVE positions add up, whatever a provider does with them and whenever we are killed: what
// was closed there is what was closed here, and no close has closed more than was asked of it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import type { Behaviour } from '../support/fake-provider.ts';
import { LiveWorld, lost, rejects, silent, unreachable } from './live-world.ts';

/** Executed after it was said never to have been there: only an id that counts once survives that. */
const belated: Behaviour = { kind: 'late', ms: 2500, executes: 'last' };

const behaviours: Behaviour[] = [
  { kind: 'answer' },
  silent,
  { kind: 'silent', share: 0.5 },
  lost,
  rejects,
  unreachable,
  { kind: 'partial', share: 0.5 },
  { kind: 'pending', ms: 300, parts: 1 },
  { kind: 'pending', ms: 300, parts: 2 },
  { kind: 'late', ms: 300, executes: 'first' },
  { kind: 'garbage', executes: true },
  { kind: 'garbage', executes: false },
  { kind: 'fail', executes: true },
  { kind: 'fail', executes: false },
  { kind: 'throttled', retryAfterMs: 200 },
];

type Step =
  { close: Decimal } | { quote: number } | { run: number } | { kill: true } | { all: true };

const share = fc.integer({ min: 1, max: 12 }).map((n) => decimal(n).div(20));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ close: share }) },
  { weight: 4, arbitrary: fc.record({ quote: fc.integer({ min: 97, max: 104 }) }) },
  { weight: 4, arbitrary: fc.record({ run: fc.integer({ min: 1, max: 1500 }) }) },
  { weight: 1, arbitrary: fc.record({ kill: fc.constant(true as const) }) },
  { weight: 1, arbitrary: fc.record({ all: fc.constant(true as const) }) },
);

/** How much the provider executed of each close, by its id; and how much was asked of it. */
async function closesOf(w: LiveWorld): Promise<Map<string, { asked: Decimal; executed: Decimal }>> {
  const closes = new Map<string, { asked: Decimal; executed: Decimal }>();
  const counted = new Set<string>();
  for (const { body } of await w.records('close.intended')) {
    const { closeId, clientOrderId, quantity } = body.intent;
    const close = closes.get(closeId) ?? { asked: decimal(quantity), executed: zero };
    closes.set(closeId, close);
    if (counted.has(clientOrderId)) continue;
    counted.add(clientOrderId);
    const reply = await w.provider.query({ clientOrderId });
    if ('filledQuantity' in reply) close.executed = close.executed.plus(reply.filledQuantity ?? 0);
  }
  return closes;
}

test.each([
  ['executes an id once and can be asked', {}, [belated]],
  ['executes an id once and cannot be asked', { queryByClientId: false }, [belated]],
  ['executes whatever comes and can be asked', { idempotentByClientId: false }, []],
])('a provider that %s', async (_name, capabilities, more) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 100, max: 104 }), share), { minLength: 1, maxLength: 4 }),
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(fc.constantFrom(...behaviours, ...more), { minLength: 1, maxLength: 10 }),
      async (rungs, steps, script) => {
        const w = await LiveWorld.start({ provider: { capabilities } });
        let sum = zero;
        const own = rungs.filter(([, fraction]) => (sum = sum.plus(fraction)).lte(1));
        const ladder = own.map(([price, fraction]) => ({ price, fraction: text(fraction) }));
        const exits = { stopLoss: 97, ...(ladder.length === 0 ? {} : { ladder }) };
        await w.open('p', { exits });
        w.play({ close: [...script, { kind: 'answer' }] });
        for (const one of steps) {
          if ('quote' in one) w.quote(one.quote);
          else if ('run' in one) await w.run(one.run, 100);
          else if ('kill' in one) await w.killAndRestart();
          else {
            const body = 'all' in one ? {} : { quantity: text(one.close.times(2)) };
            void w.ask('a.position.close', { positionId: 'p', ...body });
            await w.run(0);
          }
        }
        w.play({});
        await w.run(120_000, 500);
        const position = w.harness.core.state.positions.get('p');
        expect([position?.intent, position?.queued]).toEqual([undefined, []]);
        expect(w.harness.core.state.accounts.get('a')?.closingCount).toBe(0);
        const there = w.provider.held.get('p')?.quantity ?? '0';
        // What was given up, and is executed afterwards, is for a person to look at.
        const isTold = script.includes(belated) && w.told('drift.detected').length > 0;
        const isSame = text(position?.remainingQuantity ?? zero) === there;
        expect(isSame || isTold).toBe(true);
        expect(w.excess()).toEqual([]);
        for (const { asked, executed } of (await closesOf(w)).values()) {
          expect(executed.lte(asked)).toBe(true);
        }
        // What was never there, and then is executed, is nobody's where all of it is closed.
        const drifts = script.includes(belated) ? [] : w.told('drift.detected');
        expect(drifts).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
