// Accounts and their guards on a live core, held against a model that recomputes every account on
// every quote: random stories with commands, days, graces and kills in the middle of the quotes.
import { expect, test } from 'vitest';
import type { Count } from './account-model.ts';
import { AccountStory } from './account-story.ts';

const seeds = Array.from(
  { length: Number(process.env['N'] ?? 12) },
  (_, i) => i + Number(process.env['S'] ?? 1),
);
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
  for (const [what, count] of story.model.counts) counts.set(what, (counts.get(what) ?? 0) + count);
});

test('the stories had everything in them', () => {
  console.log(wraps, Object.fromEntries([...counts].sort()));
  expect(wraps).toBeGreaterThan(1);
});
