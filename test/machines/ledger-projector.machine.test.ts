// The ledger projector: one batch at a time, and again after an outage.
import { expect, test } from 'vitest';
import { createActor, initialTransition } from 'xstate';
import {
  ledgerProjectorMachine,
  type LedgerProjectorEvent,
} from '#machines/ledger-projector.machine';
import { stepOf } from './step.ts';

const written: LedgerProjectorEvent = { type: 'records.written' };
const batch = (hasMore: boolean): LedgerProjectorEvent => ({ type: 'batch.written', hasMore });
const failed: LedgerProjectorEvent = { type: 'batch.failed', error: new Error('down') };
const retry: LedgerProjectorEvent = { type: 'retry.due' };

test('it starts idle', () => {
  const [snapshot, actions] = initialTransition(ledgerProjectorMachine);
  expect([snapshot.value, actions]).toEqual(['idle', []]);
});

test('it starts as an actor, and goes through an outage and back', () => {
  const actor = createActor(ledgerProjectorMachine).start();
  const values = [written, failed, retry, batch(true), batch(false)].map((event) => {
    actor.send(event);
    return actor.getSnapshot().value;
  });
  expect(values).toEqual(['writing', 'outage', 'writing', 'writing', 'idle']);
});

test.each<[string, LedgerProjectorEvent, string, string[]]>([
  ['idle', written, 'writing', ['writeBatch']],
  ['idle', batch(true), 'idle', []],
  ['idle', failed, 'idle', []],
  ['idle', retry, 'idle', []],
  ['writing', written, 'writing', []],
  ['writing', batch(true), 'writing', ['writeBatch']],
  ['writing', batch(false), 'idle', []],
  ['writing', failed, 'outage', ['reportOutage', 'scheduleRetry']],
  ['writing', retry, 'writing', []],
  // In an outage nothing but the retry writes.
  ['outage', written, 'outage', []],
  ['outage', batch(false), 'outage', []],
  ['outage', failed, 'outage', []],
  ['outage', retry, 'writing', ['writeBatch']],
])('%s, on %j, is %s and asks for %j', (from, event, to, actions) => {
  expect(stepOf(ledgerProjectorMachine, from, event)).toEqual({
    value: to,
    actions,
    isDone: false,
  });
});
