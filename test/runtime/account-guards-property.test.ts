// Accounts and their guards on a live core, held against a model that recomputes every account on
// every quote: random stories with commands, days, graces and kills in the middle of the quotes.
import { expect, test } from 'vitest';
import type { Count } from './account-model-types.ts';
import { AccountStory } from './account-story.ts';

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
const stepsPerStory = 400;

const counts = new Map<Count, number>();
let wraps = 0;

test.each(seeds)('story %i is that of the model', { timeout: 60_000 }, async (seed) => {
  const story = await AccountStory.begin(seed);
  try {
    await story.run(stepsPerStory);
  } catch (error) {
    throw new Error(`seed ${seed}, after\n${story.last}`, { cause: error });
  }
  wraps += story.wraps;
  expect(story.model.counts.size).toBeGreaterThan(0);
  for (const [what, count] of story.model.counts) counts.set(what, (counts.get(what) ?? 0) + count);
});

test.each<[Count, number]>([
  ['peaks', 500],
  ['rolled', 100],
  ['told warning', 80],
  ['recovered', 80],
  ['told breached', 100],
  ['told restored', 50],
  ['told entries', 200],
  ['told halted', 50],
  ['told closed', 300],
  ['told part', 15],
  ['graceEnded', 5],
  ['reduced', 15],
  ['recoveredEmpty', 10],
  ['closedLate', 10],
  ['waited', 80],
  ['exits', 5],
  ['resumed', 50],
])('%s happens often enough', (what, least) => {
  expect(counts.get(what) ?? 0).toBeGreaterThan(least);
});

test('the ring of quotes comes round many times', () => {
  expect(wraps).toBeGreaterThan(3 * seeds.length);
});
