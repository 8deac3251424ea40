// What operators may say about dead letters, reconciliation and the runtime.
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  DeadLetterDiscard,
  DeadLetterRetry,
  ReconciliationRun,
  ReconciliationStatus,
  RuntimeDrain,
  RuntimeEmergencyStop,
  RuntimePause,
  RuntimeResume,
} from '#src/contracts/operations';
import { accepted, faultsOf } from './faults.ts';

test.each<[z.ZodType, object]>([
  [DeadLetterRetry, { closeId: 'close_0123456789ab', reason: 'back up' }],
  [DeadLetterDiscard, { closeId: 'close_0123456789ab', reason: 'closed by hand' }],
  [ReconciliationStatus, {}],
  [ReconciliationRun, {}],
  [RuntimePause, {}],
  [RuntimePause, { reason: 'maintenance' }],
  [RuntimeResume, {}],
  [RuntimeResume, { reason: 'done' }],
  [RuntimeDrain, {}],
  [RuntimeDrain, { reason: 'upgrade' }],
  [RuntimeEmergencyStop, { confirm: 'FLATTEN', reason: 'flash crash' }],
])('the body %# is taken as it came', (schema, body) => {
  expect(accepted(schema, body)).toEqual(body);
});

const noReason = 'reason: expected 1 to 64 characters, was missing';
const noId = 'closeId: expected text, was missing';

test.each<[z.ZodType, object, string[]]>([
  [DeadLetterRetry, {}, [noId, noReason]],
  [DeadLetterDiscard, {}, [noId, noReason]],
  [
    DeadLetterRetry,
    { closeId: 'close.1', reason: 'x' },
    ['closeId: expected 1 to 64 of A-Z a-z 0-9 _ -, was "close.1"'],
  ],
  [ReconciliationStatus, { accountId: 'a' }, ['accountId: is not a known key']],
  [ReconciliationRun, { route: 'r' }, ['route: is not a known key']],
  [RuntimePause, { reason: '' }, ['reason: expected 1 to 64 characters, was ""']],
  [RuntimeResume, { confirm: 'FLATTEN' }, ['confirm: is not a known key']],
  [
    RuntimeDrain,
    { reason: 'x'.repeat(65) },
    [`reason: expected 1 to 64 characters, was "${'x'.repeat(59)}…`],
  ],
  [RuntimeEmergencyStop, {}, ['confirm: expected FLATTEN, was missing', noReason]],
  [
    RuntimeEmergencyStop,
    { confirm: 'flatten', reason: 'x' },
    ['confirm: expected FLATTEN, was "flatten"'],
  ],
  [RuntimeEmergencyStop, { confirm: true, reason: 'x' }, ['confirm: expected FLATTEN, was true']],
])('the body %# is refused', (schema, body, faults) => {
  expect(faultsOf(schema, body)).toEqual(faults);
});
