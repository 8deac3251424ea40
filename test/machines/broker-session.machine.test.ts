// Whether a provider is called: interrupted by failures in a row, and tried with one call.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import {
  brokerSessionMachine,
  failuresInARowMax,
  type BrokerSessionEvent,
} from '#machines/broker-session.machine';
import { stepOf } from './step.ts';

const events: Record<string, BrokerSessionEvent> = {
  answered: { type: 'call.answered' },
  failed: { type: 'call.failed', error: 'x' },
  pauseEnded: { type: 'pause.ended' },
  probeSent: { type: 'probe.sent' },
  probeAnswered: { type: 'probe.answered' },
  probeFailed: { type: 'probe.failed', error: 'x' },
  stopped: { type: 'session.stopped' },
};

const ready = { probing: 'ready' };
const asking = { probing: 'asking' };
const interruption = ['noteChange', 'schedulePause'];

test('it starts passing', () => {
  const [snapshot, actions] = initialTransition(brokerSessionMachine);
  expect(snapshot.value).toBe('passing');
  expect(snapshot.context).toEqual({ failures: 0, pauses: 0 });
  expect(actions.map((action) => action.type)).toEqual(['noteChange']);
});

test('it starts as an actor, and goes through an interruption and back', () => {
  const actor = createActor(brokerSessionMachine).start();
  const names = [
    ...Array<string>(failuresInARowMax).fill('failed'),
    ...['pauseEnded', 'probeSent', 'probeFailed', 'pauseEnded', 'probeSent', 'probeAnswered'],
    'stopped',
  ];
  const values = names.map((name) => {
    actor.send(events[name] as BrokerSessionEvent);
    const { value, context } = actor.getSnapshot();
    return [value, context.failures, context.pauses];
  });
  expect(values).toEqual([
    ['passing', 1, 0],
    ['passing', 2, 0],
    ['passing', 3, 0],
    ['passing', 4, 0],
    ['interrupted', 5, 1],
    [ready, 5, 1],
    [asking, 5, 1],
    ['interrupted', 5, 2],
    [ready, 5, 2],
    [asking, 5, 2],
    ['passing', 0, 0],
    ['stopped', 0, 0],
  ]);
  expect(actor.getSnapshot().status).toBe('done');
});

test('an answer between failures makes them count from the start', () => {
  const actor = createActor(brokerSessionMachine).start();
  for (let i = 0; i < 3 * failuresInARowMax; i++) {
    const name = i % failuresInARowMax === failuresInARowMax - 1 ? 'answered' : 'failed';
    actor.send(events[name] as BrokerSessionEvent);
  }
  expect(actor.getSnapshot().value).toBe('passing');
});

/** Every event in every state, after four failures; what is not named leads nowhere. */
test.each<[StateValue, Record<string, [StateValue, string[]]>]>([
  ['passing', { failed: ['interrupted', ['reportInterruption', ...interruption]] }],
  [
    'interrupted',
    {
      pauseEnded: [ready, ['noteChange']],
      // The reply of a probe that had timed out: the provider is slow, and there.
      probeAnswered: ['passing', ['cancelPause', 'reportRecovery', 'noteChange']],
    },
  ],
  [
    ready,
    {
      probeSent: [asking, []],
      probeAnswered: ['passing', ['reportRecovery', 'noteChange']],
    },
  ],
  [
    asking,
    {
      probeAnswered: ['passing', ['reportRecovery', 'noteChange']],
      probeFailed: ['interrupted', interruption],
    },
  ],
])('from %j', (from, steps) => {
  const context = { failures: failuresInARowMax - 1, pauses: 0 };
  const always: Record<string, [StateValue, string[]]> = { stopped: ['stopped', []] };
  for (const [name, event] of Object.entries(events)) {
    const { value, actions } = stepOf(brokerSessionMachine, from, event, context);
    expect([name, value, actions]).toEqual([
      name,
      ...({ ...steps, ...always }[name] ?? [from, []]),
    ]);
  }
});
