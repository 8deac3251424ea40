// One close on the wire: its order, in which lane it goes, and what must be on record before.
import { accountOf } from '#src/domain/apply';
import { orderOf } from '#src/domain/close-execution';
import { mustRecordSending } from '#src/domain/close-steps';
import { attemptOf, type CloseIntent } from '#src/domain/closing';
import { driftKey } from '#src/domain/drift';
import { CloseoutError } from '#src/domain/errors';
import { Decimal, decimal, text } from '#src/domain/money';
import { isRiskClose, type Position } from '#src/domain/state';
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
export function isOnOtherSide({ state }: CoreContext, position: Position): boolean {
  const { accountId, positionId, ticket } = position;
  const key = driftKey({ kind: 'side', positionId, ...(ticket === undefined ? {} : { ticket }) });
  return accountOf(state, accountId).drifts.has(key);
}

/** A bulk close of an operator is long, and must not hold up those that a guard decides. */
export function laneOf(position: Position): 'risk' | 'manual' {
  const { intent, reasons } = position;
  const isBulk = intent?.bulkId !== undefined && reasons.length === 1;
  return isRiskClose(position) && !isBulk ? 'risk' : 'manual';
}

/** Whether the position is being closed, and by this order. */
export function isUnderWay({ state, intent }: Position, clientOrderId: string): boolean {
  return state === 'closing' && intent?.clientOrderId === clientOrderId;
}
