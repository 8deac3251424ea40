// The life of a guarded position.
import { expect, test } from 'vitest';
import { createActor, initialTransition, transition } from 'xstate';
import { positionMachine, type PositionEvent } from '#machines/position.machine';
import type { Exits } from '#src/domain/exits';
import { stepOf } from './step.ts';

const input = { positionId: 'p', exits: { stopLoss: '1', takeProfit: '2' } };
const crossed = (stopLoss: boolean, takeProfit: boolean): PositionEvent => ({
  type: 'levels.crossed',
  crossing: { stopLoss, takeProfit },
});
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
  expect(actor.getSnapshot().value).toBe('closing');
  actor.send({ type: 'close.filled' });
  expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'closed' });
});

test.each<[string, PositionEvent, string, string[]]>([
  ['guarded', crossed(true, false), 'guarded', ['requestClose']],
  ['guarded', crossed(false, true), 'guarded', ['requestClose']],
  ['guarded', crossed(true, true), 'guarded', ['requestClose']],
  ['guarded', crossed(false, false), 'guarded', []],
  ['guarded', { type: 'close.intended', isSent: false }, 'closing', ['unwatchLevels']],
  ['guarded', { type: 'close.filled' }, 'closed', ['unwatchLevels']],
  ['guarded', { type: 'close.failed' }, 'guarded', []],
  ['guarded', amended, 'guarded', ['unwatchLevels', 'watchLevels']],
  ['guarded', { type: 'position.untracked' }, 'untracked', ['unwatchLevels']],
  // Closing: no level of it triggers anything.
  ['closing', crossed(true, true), 'closing', []],
  ['closing', { type: 'close.intended', isSent: false }, 'closing', []],
  ['closing', { type: 'close.filled' }, 'closed', []],
  ['closing', { type: 'close.failed' }, 'guarded', ['watchLevels']],
  ['closing', amended, 'closing', []],
  ['closing', { type: 'position.untracked' }, 'untracked', []],
  ['closed', crossed(true, true), 'closed', []],
  ['closed', { type: 'close.failed' }, 'closed', []],
  ['closed', amended, 'closed', []],
  ['untracked', crossed(true, true), 'untracked', []],
  ['untracked', { type: 'close.filled' }, 'untracked', []],
])('%s, on %j, is %s and asks for %j', (from, event, to, actions) => {
  const isDone = to === 'closed' || to === 'untracked';
  expect(stepOf(positionMachine, from, event, input)).toEqual({ value: to, actions, isDone });
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

test.each(['guarded', 'closing'])(
  'an amendment while %s replaces the exits as a whole',
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
