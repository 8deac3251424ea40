// Slices change when positions are told, and nothing else: random worlds, held against those in
// which every quote is worked off at once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryJournal } from '#src/journal/memory-journal';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import {
  given,
  outcomeOf,
  priceOf,
  quoted,
  trackAll,
  type Given,
  type Quoted,
} from './exit-worlds.ts';
import { StepClock } from './step-clock.ts';
import { accounts, instruments } from './world.ts';

async function run(positions: readonly Given[], quotes: readonly Quoted[], perSlice: number) {
  const clock = new StepClock(startTs);
  const world = await CoreHarness.start({
    world: { clock, journal: memoryJournal(), ledger: memoryLedger() },
    settings: { instruments, accounts },
    crossingsPerSlice: perSlice,
  });
  await trackAll(world, positions);
  for (const { symbol: of, tick, spread, turns } of quotes) {
    world.quote(of, priceOf(of, tick), priceOf(of, tick + spread));
    for (let i = 0; i < turns; i++) clock.step();
  }
  clock.turn();
  const outcome = outcomeOf(world, world.events);
  await world.kill();
  return { ...outcome, sliced: world.counter('mass_crossings') };
}

test('closes, their reasons and prices, and what is left are those of a run without slices', async () => {
  let sliced = 0;
  let closed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(given, { minLength: 8, maxLength: 40, size: 'max' }),
      fc.array(quoted, { minLength: 4, maxLength: 20, size: 'max' }),
      fc.integer({ min: 1, max: 5 }),
      async (positions, quotes, perSlice) => {
        const one = await run(positions, quotes, perSlice);
        const other = await run(positions, quotes, 1000);
        expect(one.closes).toEqual(other.closes);
        expect(one.left).toEqual(other.left);
        expect(other.sliced).toBe(0);
        sliced += one.sliced;
        closed += one.closes.flat().length;
      },
    ),
    { numRuns: 60 },
  );
  expect(sliced).toBeGreaterThan(100);
  expect(closed).toBeGreaterThan(500);
});
