// The life of a guarded position.
import { expect, test } from 'vitest';
import { createActor, initialTransition, transition, type StateValue } from 'xstate';
import { positionMachine, type PositionEvent } from '#machines/position.machine';
import type { Exits } from '#src/domain/exits';
import type { ClosePhase } from '#src/domain/state';
import { stepOf } from './step.ts';

const input = { positionId: 'p', exits: { stopLoss: '1', takeProfit: '2' } };
const crossed = (stopLoss: boolean, takeProfit: boolean): PositionEvent => ({
  type: 'levels.crossed',
  crossing: { stopLoss, takeProfit },
});
const intended = (isSent: boolean): PositionEvent => ({ type: 'close.intended', isSent });
const closing = (phase: ClosePhase): StateValue => ({ closing: phase });
const amended: PositionEvent = { type: 'position.amended', exits: { stopLoss: '1.5' } };

test('it starts guarded, its levels watched', () => {
  const [snapshot, actions] = initialTransition(positionMachine, input);
  expect(snapshot.value).toBe('guarded');
  expect(snapshot.context).toEqual(input);
  expect(actions.map((action) => action.type)).toEqual(['watchLevels']);
});

test('it starts as an actor, and ends when it is closed', () => {
  const actor = createActor(positionMachine, { input }).start();
  actor.send({ type: 'close.intended', isSent: false });
  expect(actor.getSnapshot().value).toEqual(closing('waiting'));
  actor.send({ type: 'close.filled' });
  expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'closed' });
});

test('it goes the whole way to a provider and back', () => {
  const actor = createActor(positionMachine, { input }).start();
  const steps: PositionEvent[] = [
    intended(true),
    { type: 'close.unknown' },
    { type: 'close.sent' },
    { type: 'close.rejected' },
    intended(true),
    { type: 'close.acknowledged' },
    { type: 'close.filled' },
  ];
  const values = steps.map((event) => {
    actor.send(event);
    return actor.getSnapshot().value;
  });
  expect(values).toEqual([
    closing('sending'),
    closing('unknown'),
    closing('sending'),
    closing('rejected'),
    closing('sending'),
    closing('pending'),
    'closed',
  ]);
});

const events: Record<string, PositionEvent> = {
  crossed: crossed(true, true),
  notCrossed: crossed(false, false),
  intended: intended(false),
  intendedToSend: intended(true),
  sent: { type: 'close.sent' },
  acknowledged: { type: 'close.acknowledged' },
  unknown: { type: 'close.unknown' },
  rejected: { type: 'close.rejected' },
  filled: { type: 'close.filled' },
  failed: { type: 'close.failed' },
  amended,
  untracked: { type: 'position.untracked' },
};

type Steps = Record<string, [to: StateValue, actions: string[]]>;

/** Closing: no level of it triggers anything, and from each phase every other is one step away. */
const fromClosing: Steps = {
  intended: [closing('waiting'), []],
  intendedToSend: [closing('sending'), []],
  sent: [closing('sending'), []],
  acknowledged: [closing('pending'), []],
  unknown: [closing('unknown'), []],
  rejected: [closing('rejected'), []],
  filled: ['closed', []],
  failed: ['guarded', ['watchLevels']],
  untracked: ['untracked', []],
};
const phases: ClosePhase[] = ['waiting', 'sending', 'pending', 'unknown', 'rejected'];

/** Every event in every state; what is not named changes nothing. */
test.each<[StateValue, Steps]>([
  [
    'guarded',
    {
      crossed: ['guarded', ['requestClose']],
      intended: [closing('waiting'), ['unwatchLevels']],
      intendedToSend: [closing('sending'), ['unwatchLevels']],
      filled: ['closed', ['unwatchLevels']],
      amended: ['guarded', ['unwatchLevels', 'watchLevels']],
      untracked: ['untracked', ['unwatchLevels']],
    },
  ],
  ...phases.map((phase): [StateValue, Steps] => [closing(phase), fromClosing]),
  ['closed', {}],
  ['untracked', {}],
])('from %j', (from, steps) => {
  for (const [name, event] of Object.entries(events)) {
    const [value, actions] = steps[name] ?? [from, []];
    const isDone = value === 'closed' || value === 'untracked';
    const step = stepOf(positionMachine, from, event, input);
    expect([name, step]).toEqual([name, { value, actions, isDone }]);
  }
});

test.each([
  [true, false],
  [false, true],
  [true, true],
])('guarded, it asks for its close when stop %j, target %j are crossed', (stop, target) => {
  const { actions } = stepOf(positionMachine, 'guarded', crossed(stop, target), input);
  expect(actions).toEqual(['requestClose']);
});

test.each<[Exits, PositionEvent, string[]]>([
  [{}, crossed(true, true), []],
  [{ takeProfit: '2' }, crossed(true, false), []],
  [{ stopLoss: '1' }, crossed(false, true), []],
  [{ takeProfit: '2' }, crossed(true, true), ['requestClose']],
])(
  'with the exits %j, %j asks for %j: a level that is gone triggers nothing',
  (exits, event, actions) => {
    expect(stepOf(positionMachine, 'guarded', event, { positionId: 'p', exits }).actions).toEqual(
      actions,
    );
  },
);

test.each<[StateValue]>([['guarded'], ...phases.map((phase): [StateValue] => [closing(phase)])])(
  'an amendment while %j replaces the exits as a whole',
  (value) => {
    const from = positionMachine.resolveState({ value, context: input });
    const [snapshot] = transition(positionMachine, from, amended);
    expect(snapshot.context).toEqual({ positionId: 'p', exits: { stopLoss: '1.5' } });
  },
);

test('levels are watched anew with the exits as amended', () => {
  const watched: Exits[] = [];
  const machine = positionMachine.provide({
    actions: { watchLevels: ({ context }) => void watched.push(context.exits) },
  });
  const actor = createActor(machine, { input }).start();
  actor.send(amended);
  actor.send({ type: 'close.intended', isSent: false });
  actor.send({ type: 'position.amended', exits: {} });
  actor.send({ type: 'close.failed' });
  expect(watched).toEqual([input.exits, { stopLoss: '1.5' }, {}]);
});
