// Who cancels the other protective order: fire and forget, whatever becomes of a cancel.
import { expect, test } from 'vitest';
import { createActor, initialTransition } from 'xstate';
import {
  counterpartCancelerMachine,
  type CounterpartCancelerEvent,
} from '#machines/counterpart-canceler.machine';
import { stepOf } from './step.ts';

const left: CounterpartCancelerEvent = {
  type: 'counterpart.left',
  route: 'r',
  cancel: {
    order_id: 'p',
    symbol: 'XAUUSD',
    order_type: 'BUY',
    status: 'STOPLOSS-CANCEL',
    stoploss_id: 'sl',
    type: 'order',
  },
};
const failed: CounterpartCancelerEvent = { type: 'cancel.failed', route: 'r', error: 'no' };

test('it starts ready', () => {
  const [snapshot, actions] = initialTransition(counterpartCancelerMachine);
  expect([snapshot.value, actions]).toEqual(['ready', []]);
});

test.each<[CounterpartCancelerEvent, string]>([
  [left, 'sendCancel'],
  [failed, 'noteFailure'],
])('on %j it stays ready, and asks for %s', (event, action) => {
  expect(stepOf(counterpartCancelerMachine, 'ready', event)).toEqual({
    value: 'ready',
    actions: [action],
    isDone: false,
  });
});

test('as an actor it sends each cancel once, also after one has failed', () => {
  const sent: string[] = [];
  const machine = counterpartCancelerMachine.provide({
    actions: {
      sendCancel: ({ event }) => void (event.type === 'counterpart.left' && sent.push(event.route)),
    },
  });
  const actor = createActor(machine).start();
  for (const event of [left, failed, left]) actor.send(event);
  expect(sent).toEqual(['r', 'r']);
});
