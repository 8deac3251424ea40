// The supervisor: a child's error restarts the child and moves nothing else.
import { expect, test } from 'vitest';
import { createActor, initialTransition } from 'xstate';
import { supervisorMachine, type SupervisorEvent } from '#machines/supervisor.machine';
import { stepOf } from './step.ts';

const armed: SupervisorEvent = { type: 'runtime.armed' };
const drained: SupervisorEvent = { type: 'runtime.drained' };
const failed: SupervisorEvent = {
  type: 'xstate.error.actor.position:p',
  error: new Error('boom'),
  actorId: 'position:p',
};

test('it starts arming, and as an actor', () => {
  const [snapshot, actions] = initialTransition(supervisorMachine);
  expect([snapshot.value, actions]).toEqual(['arming', []]);
  const actor = createActor(supervisorMachine).start();
  const values = [armed, failed, drained].map((event) => {
    actor.send(event);
    return actor.getSnapshot().value;
  });
  expect(values).toEqual(['running', 'running', 'drained']);
  expect(actor.getSnapshot().status).toBe('active');
});

test.each<[string, SupervisorEvent, string, string[]]>([
  ['arming', armed, 'running', []],
  ['arming', drained, 'arming', []],
  ['arming', failed, 'arming', ['restartChild']],
  ['running', armed, 'running', []],
  ['running', drained, 'drained', []],
  ['running', failed, 'running', ['restartChild']],
  ['drained', armed, 'drained', []],
  ['drained', drained, 'drained', []],
  ['drained', failed, 'drained', ['restartChild']],
])('%s, on %j, is %s and asks for %j', (from, event, to, actions) => {
  expect(stepOf(supervisorMachine, from, event)).toEqual({ value: to, actions, isDone: false });
});
