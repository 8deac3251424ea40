// What operators do: dead letters, reconciliation and the runtime itself (contract section 8).
import { z } from 'zod';
import { Id, Reason } from './primitives.ts';

export const DeadLetterRetry = z.strictObject({ closeId: Id, reason: Reason });
export const DeadLetterDiscard = z.strictObject({ closeId: Id, reason: Reason });

export const ReconciliationStatus = z.strictObject({});
export const ReconciliationRun = z.strictObject({});

export const RuntimePause = z.strictObject({ reason: Reason.optional() });
export const RuntimeResume = z.strictObject({ reason: Reason.optional() });
export const RuntimeDrain = z.strictObject({ reason: Reason.optional() });

/** The word is typed out, so that nobody flattens everything by mistake. */
export const RuntimeEmergencyStop = z.strictObject({
  confirm: z.literal('FLATTEN', { error: 'expected FLATTEN' }).describe('typed out'),
  reason: Reason,
});
