// PositionCloser: closes in every state, fills what waits only while something does.
import { expect, test } from 'vitest';
import { createActor, initialTransition } from 'xstate';
import { positionCloserMachine, type PositionCloserEvent } from '#machines/position-closer.machine';
import { stepOf } from './step.ts';

const request: PositionCloserEvent = {
  type: 'close.requested',
  positionIds: ['p'],
  cause: { reason: 'manual' },
};

const ended: PositionCloserEvent = { type: 'part.ended', positionId: 'p' };

test('it starts ready, and as an actor', () => {
  const [snapshot, actions] = initialTransition(positionCloserMachine);
  expect([snapshot.value, actions]).toEqual(['ready', []]);
  const actor = createActor(positionCloserMachine).start();
  actor.send({ type: 'close.waited' });
  expect(actor.getSnapshot().value).toBe('waiting');
  actor.send({ type: 'waits.ended' });
  expect(actor.getSnapshot().value).toBe('ready');
});

test.each<[string, PositionCloserEvent, string, string[]]>([
  ['ready', request, 'ready', ['closePositions']],
  ['ready', ended, 'ready', ['beginNext']],
  ['ready', { type: 'close.waited' }, 'waiting', []],
  ['ready', { type: 'quote.taken', symbol: 'S' }, 'ready', []],
  ['ready', { type: 'waits.ended' }, 'ready', []],
  ['waiting', request, 'waiting', ['closePositions']],
  ['waiting', ended, 'waiting', ['beginNext']],
  ['waiting', { type: 'close.waited' }, 'waiting', []],
  ['waiting', { type: 'quote.taken', symbol: 'S' }, 'waiting', ['fillWaiting']],
  ['waiting', { type: 'waits.ended' }, 'ready', []],
])('%s, on %j, is %s and asks for %j', (from, event, to, actions) => {
  expect(stepOf(positionCloserMachine, from, event)).toEqual({ value: to, actions, isDone: false });
});
