import { expect, test } from 'vitest';
import { memoryJournal } from '#src/journal/memory-journal';
import { describeJournal } from './conformance.ts';
import { recordOf, recordsOf } from './records.ts';

describeJournal('memory journal', () => {
  const journal = memoryJournal();
  return { journal: () => journal, remove: () => {} };
});

test('a memory journal is durable before append returns', async () => {
  const journal = memoryJournal();
  await journal.open();
  const steps: string[] = [];
  journal.append([recordOf(1)], () => steps.push('durable'));
  steps.push('returned');
  expect(steps).toEqual(['durable', 'returned']);
});

test('a memory journal that keeps nothing counts and calls back all the same', async () => {
  const journal = memoryJournal({ keep: false, directoryId: 'replay' });
  await journal.open();
  let durable = 0;
  journal.append(recordsOf(1, 10), () => durable++);
  journal.append([recordOf(11)], () => durable++);
  expect(durable).toBe(2);
  expect(await journal.read(0, 10)).toEqual([]);
  expect(await journal.open()).toEqual({ epoch: 2, directoryId: 'replay', lastN: 11 });
});
