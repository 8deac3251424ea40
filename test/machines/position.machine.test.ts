// The life of a guarded position.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import { positionEventKey, positionMachine, type PositionEvent } from '#machines/position.machine';
import type { ClosePhase } from '#src/domain/state';
import { stepOf } from './step.ts';

const input = { positionId: 'p' };
const crossed: PositionEvent = {
  type: 'levels.crossed',
  reached: { closes: [], moves: undefined },
};
const intended = (isSent: boolean, isPart = false): PositionEvent => ({
  type: 'close.intended',
  isSent,
  isPart,
});
const whole: StateValue = { guarded: 'whole' };
const closing = (phase: ClosePhase): StateValue => ({ closing: phase });
const reducing = (phase: ClosePhase): StateValue => ({ guarded: { reducing: phase } });
const phases: ClosePhase[] = ['waiting', 'sending', 'pending', 'unknown', 'rejected'];

test('it starts guarded, its levels watched', () => {
  const [snapshot, actions] = initialTransition(positionMachine, input);
  expect(snapshot.value).toEqual(whole);
  expect(snapshot.context).toEqual(input);
  expect(actions.map((action) => action.type)).toEqual(['watchLevels']);
});

test('it starts as an actor, and ends when it is closed', () => {
  const actor = createActor(positionMachine, { input }).start();
  actor.send(intended(false));
  expect(actor.getSnapshot().value).toEqual(closing('waiting'));
  actor.send({ type: 'close.filled' });
  expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'closed' });
});

/** The events of a life, and where each leads. */
test.each<[string, [PositionEvent, StateValue][]]>([
  [
    'to a provider and back',
    [
      [intended(true), closing('sending')],
      [{ type: 'close.unknown' }, closing('unknown')],
      [{ type: 'close.sent' }, closing('sending')],
      [{ type: 'close.rejected' }, closing('rejected')],
      [intended(true), closing('sending')],
      [{ type: 'close.acknowledged' }, closing('pending')],
      [{ type: 'close.filled' }, 'closed'],
    ],
  ],
  [
    'in parts',
    [
      [intended(true, true), reducing('sending')],
      [{ type: 'close.rejected' }, reducing('rejected')],
      [intended(true, true), reducing('sending')],
      [{ type: 'part.closed' }, whole],
      [intended(false, true), reducing('waiting')],
      [{ type: 'close.failed', isGuarded: true }, whole],
      [intended(false), closing('waiting')],
    ],
  ],
  [
    'with a close of all that is left behind that of a part',
    [
      [intended(true, true), reducing('sending')],
      [{ type: 'close.unknown' }, reducing('unknown')],
      [{ type: 'close.queued', phase: 'unknown' }, closing('unknown')],
      [{ type: 'close.failed', isGuarded: false }, closing('unknown')],
      [intended(true), closing('sending')],
      [{ type: 'close.failed', isGuarded: true }, whole],
    ],
  ],
])('it goes %s', (_name, steps) => {
  const actor = createActor(positionMachine, { input }).start();
  for (const [event, to] of steps) {
    actor.send(event);
    expect([event, actor.getSnapshot().value]).toEqual([event, to]);
  }
});

const events: Record<string, PositionEvent> = {
  crossed,
  passed: { type: 'deadline.passed' },
  intended: intended(false),
  intendedToSend: intended(true),
  part: intended(false, true),
  partToSend: intended(true, true),
  queued: { type: 'close.queued', phase: 'waiting' },
  queuedBehindPending: { type: 'close.queued', phase: 'pending' },
  sent: { type: 'close.sent' },
  acknowledged: { type: 'close.acknowledged' },
  unknown: { type: 'close.unknown' },
  rejected: { type: 'close.rejected' },
  partClosed: { type: 'part.closed' },
  filled: { type: 'close.filled' },
  failed: { type: 'close.failed', isGuarded: true },
  failedBefore: { type: 'close.failed', isGuarded: false },
  amended: { type: 'position.amended' },
  untracked: { type: 'position.untracked' },
};

type Steps = Record<string, [to: StateValue, actions: string[]]>;

/** Guarded, be a part being closed or not: its levels are watched, and what they ask for is done. */
const fromGuarded = (from: StateValue): Steps => ({
  crossed: [from, ['closeReached']],
  passed: [from, ['closeExpired']],
  intended: [closing('waiting'), ['unwatchLevels']],
  intendedToSend: [closing('sending'), ['unwatchLevels']],
  part: [reducing('waiting'), []],
  partToSend: [reducing('sending'), []],
  queued: [closing('waiting'), ['unwatchLevels']],
  queuedBehindPending: [closing('pending'), ['unwatchLevels']],
  partClosed: [whole, []],
  filled: ['closed', ['unwatchLevels']],
  amended: [from, ['unwatchLevels', 'watchLevels']],
  untracked: ['untracked', ['unwatchLevels']],
});

const fromReducing = (from: StateValue): Steps => ({
  ...fromGuarded(from),
  sent: [reducing('sending'), []],
  acknowledged: [reducing('pending'), []],
  unknown: [reducing('unknown'), []],
  rejected: [reducing('rejected'), []],
  failed: [whole, []],
  failedBefore: [whole, []],
});

/** Closing: no level of it triggers anything, and from each phase every other is one step away. */
const fromClosing: Steps = {
  intended: [closing('waiting'), []],
  intendedToSend: [closing('sending'), []],
  part: [closing('waiting'), []],
  partToSend: [closing('sending'), []],
  sent: [closing('sending'), []],
  acknowledged: [closing('pending'), []],
  unknown: [closing('unknown'), []],
  rejected: [closing('rejected'), []],
  filled: ['closed', []],
  failed: [whole, ['watchLevels']],
  untracked: ['untracked', []],
};

/** Every event in every state; what is not named changes nothing. */
test.each<[StateValue, Steps]>([
  [whole, fromGuarded(whole)],
  ...phases.map((phase): [StateValue, Steps] => [reducing(phase), fromReducing(reducing(phase))]),
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

test.each(phases)('a close that is queued while a part is %s closes in that phase', (phase) => {
  const event = { type: 'close.queued', phase } as const;
  const { value } = stepOf(positionMachine, reducing(phase), event, input);
  expect(value).toEqual(closing(phase));
});

test('the key of an event tells it from every other that does something else', () => {
  const keys = Object.values(events).map(positionEventKey);
  expect(new Set(keys).size).toBe(keys.length);
});
