// What waits about closes: one thing a position, the last that was begun.
import { expect, test } from 'vitest';
import { CloseTasks } from '#actors/close-tasks';
import type { CloseIntent } from '#src/domain/closing';
import { ManualClock } from '../support/manual-clock.ts';

const intent = (positionId: string, generation = 1, closeId = `close_${positionId}`): CloseIntent =>
  ({ positionId, closeId, clientOrderId: `${positionId}_${generation}` }) as CloseIntent;

function world(): { clock: ManualClock; tasks: CloseTasks; said: string[] } {
  const clock = new ManualClock(1000);
  return { clock, tasks: new CloseTasks(clock), said: [] };
}

test('what was begun last counts, and nothing that was begun before', () => {
  const { tasks } = world();
  const first = tasks.begin(intent('p'));
  expect(first()).toBe(true);
  const other = tasks.begin(intent('q'));
  const second = tasks.begin(intent('p'));
  expect([first(), second(), other()]).toEqual([false, true, true]);
  tasks.end('p');
  expect([second(), other()]).toEqual([false, true]);
  expect(tasks.size).toBe(1);
});

test('a task that ended is not the one that begins under the same id', () => {
  const { tasks } = world();
  const before = tasks.begin(intent('p'));
  tasks.end('p');
  const after = tasks.begin(intent('p'));
  expect([before(), after()]).toEqual([false, true]);
});

test('it waits until its time, unless something else is begun', () => {
  const { clock, tasks, said } = world();
  tasks.later(intent('p'), 100, () => said.push('p'));
  tasks.later(intent('q'), 50, () => said.push('q'));
  expect(tasks.find('p')?.nextAttemptAt).toBe(1100);
  tasks.begin(intent('q'));
  expect(tasks.find('q')?.nextAttemptAt).toBeUndefined();
  clock.advance(99);
  expect(said).toEqual([]);
  clock.advance(1);
  expect(said).toEqual(['p']);
  expect(tasks.find('p')?.nextAttemptAt).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('one that is set anew waits from then on', () => {
  const { clock, tasks, said } = world();
  tasks.later(intent('p'), 100, () => said.push('first'));
  clock.advance(60);
  tasks.later(intent('p'), 100, () => said.push('second'));
  clock.advance(60);
  expect(said).toEqual([]);
  clock.advance(40);
  expect(said).toEqual(['second']);
});

test('the next attempt takes over what failed before, and its timer ends', () => {
  const { clock, tasks, said } = world();
  tasks.later(intent('p', 1), 100, () => said.push('first'));
  Object.assign(tasks.of(intent('p', 1)), { misses: 2, isForced: true, isDoubtful: true });
  const next = tasks.of(intent('p', 2));
  expect(next).toMatchObject({ misses: 2, isForced: false, isDoubtful: false, most: undefined });
  clock.advance(1000);
  expect(said).toEqual([]);
  expect(tasks.size).toBe(1);
});

test('nothing waits after a stop', () => {
  const { clock, tasks, said } = world();
  tasks.later(intent('p'), 100, () => said.push('p'));
  tasks.later(intent('q'), 100, () => said.push('q'));
  tasks.stop();
  clock.advance(1000);
  expect(said).toEqual([]);
  expect([tasks.size, clock.pending]).toEqual([0, 0]);
});

test('another close of the position takes over nothing, and is not ended by the end of the former', () => {
  const { tasks } = world();
  Object.assign(tasks.of(intent('p', 1, 'part')), { misses: 2 });
  const isLast = tasks.begin(intent('p', 2, 'all'));
  expect(tasks.find('p')).toMatchObject({ misses: 0, closeId: 'all' });
  tasks.end('p', 'part');
  expect([isLast(), tasks.size]).toEqual([true, 1]);
  tasks.end('p', 'all');
  expect([isLast(), tasks.size]).toEqual([false, 0]);
});
