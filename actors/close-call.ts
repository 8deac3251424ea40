// One close on the wire: its order, in which lane it goes, and what must be on record before.
import { accountOf } from '#src/domain/apply';
import { orderOf } from '#src/domain/close-execution';
import { mustRecordSending } from '#src/domain/close-steps';
import { attemptOf, type CloseIntent } from '#src/domain/closing';
import { driftKey, type Drift } from '#src/domain/drift';
import { CloseoutError } from '#src/domain/errors';
import { Decimal, decimal, text } from '#src/domain/money';
import { isOpen, type Position } from '#src/domain/state';
import type { BrokerSessions } from './broker-sessions.ts';
import { recordSent } from './close-records.ts';
import type { CoreContext } from './core-context.ts';

export interface CloseCall {
  readonly position: Position;
  readonly intent: CloseIntent;
  /** No more than this is asked for. */
  readonly most: string | undefined;
  readonly isWanted: () => boolean;
}

/** Where nothing makes a second call safe, it is on record before it is made. */
export async function callClose(
  core: CoreContext,
  sessions: BrokerSessions,
  { position, intent, most, isWanted }: CloseCall,
): Promise<unknown> {
  const broker = sessions.broker(intent.route ?? '');
  if (mustBeOnRecord(sessions, intent) && !position.wasSent) {
    await new Promise<void>((resolve) => {
      core.turn(() => {
        recordSent(core, position, intent, attemptOf(intent));
        core.afterDurable({ isSafeUnrecorded: false, act: resolve });
      });
    });
    // A slow disk takes its time, and meanwhile it may have been given up or sent anew.
    if (!isWanted()) throw new CloseoutError('broker_unreachable', 'it was not sent any more');
  }
  core.metrics.count('closes_sent');
  const order = orderOf(position, intent, core.clock.now());
  const quantity = text(Decimal.min(order.quantity, decimal(most ?? order.quantity)));
  return await broker.close({ ...order, quantity });
}

export function mustBeOnRecord(sessions: BrokerSessions, { route = '' }: CloseIntent): boolean {
  return mustRecordSending(sessions.capabilities(route));
}

/** Whether a reconciliation found that the provider has it the other way round. */
export function isOnOtherSide(core: CoreContext, position: Position): boolean {
  return foundDrift(core, position, 'side') !== undefined;
}

/**
 * Whether a reconciliation found less of it at the provider, or nothing. That list may have lagged,
 * and time has passed since: it is a reason to look again, and none to close less.
 */
export function isLessThere(core: CoreContext, position: Position): boolean {
  if (foundDrift(core, position, 'unknown_there') !== undefined) return true;
  const theirs = foundDrift(core, position, 'quantity')?.theirs;
  return theirs !== undefined && position.remainingQuantity.gt(theirs);
}

/** What the last reconciliations found of a position that still stands. */
export function foundDrift(
  { state }: CoreContext,
  { accountId, positionId }: Position,
  kind: Drift['kind'],
): Drift | undefined {
  return accountOf(state, accountId).drifts.get(driftKey({ kind, positionId }))?.drift;
}

/** A bulk close of an operator is long, and must not hold up those that a guard decides. */
export function laneOf({ isUrgent, behind }: Position): 'risk' | 'manual' {
  return isUrgent || behind?.isUrgent === true ? 'risk' : 'manual';
}

/** Whether the position, or a part of it, is being closed, and by this order. */
export function isUnderWay(position: Position, clientOrderId: string): boolean {
  return isOpen(position) && position.intent?.clientOrderId === clientOrderId;
}

/** The provider has certainly not taken it. */
export function isNotTaken(error: unknown): boolean {
  return (
    error instanceof CloseoutError && (isThrottled(error) || error.code === 'broker_unreachable')
  );
}

export function isThrottled(error: unknown): boolean {
  return error instanceof CloseoutError && error.code === 'broker_throttled';
}
