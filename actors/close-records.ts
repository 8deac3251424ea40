// The records that the way of a close to a provider leaves, one function each.
import {
  failedResult,
  goneResult,
  nextIntent,
  pendingResult,
  unknownResult,
  type CloseIntent,
} from '#src/domain/closing';
import { decimal, text, zero, type Decimal } from '#src/domain/money';
import type { Position } from '#src/domain/state';
import { unrealisedPnl } from '#src/prices/exposure';
import type { CoreContext } from './core-context.ts';

/** What is left of a close, under the next generation. */
export function recordNext(
  core: CoreContext,
  position: Position,
  intent: CloseIntent,
): CloseIntent {
  const next = nextIntent(intent, position);
  core.commit({ type: 'close.intended', accountId: position.accountId, body: { intent: next } });
  return next;
}

/** Sent, and nobody knows what became of it; `more` failures than before. */
export function recordUnknown(
  core: CoreContext,
  position: Position,
  intent: CloseIntent,
  error: string,
  more: number,
): void {
  const result = unknownResult(intent, error, core.clock.now());
  const failures = position.failures + more;
  const body = { intent, result, reasons: [...position.reasons], failures };
  core.commit({ type: 'close.unknown', accountId: position.accountId, body });
}

/** Definitely not executed, or not any more. */
export function recordRejected(
  core: CoreContext,
  position: Position,
  intent: CloseIntent,
  error: string,
): void {
  core.metrics.count('closes_rejected');
  const result = failedResult(intent, error, core.clock.now());
  const failures = position.failures + 1;
  const body = { intent, result, reasons: [...position.reasons], failures };
  core.commit({ type: 'close.rejected', accountId: position.accountId, body });
}

/** The provider has it and will report. */
export function recordPending(core: CoreContext, position: Position, intent: CloseIntent): void {
  const { reasons, accountId } = position;
  const body = { intent, result: pendingResult(intent), reasons: [...reasons] };
  core.commit({ type: 'close.acknowledged', accountId, body });
}

/** Given up: the position is guarded again; `isInDoubt` where it may have been executed. */
export function recordFailed(
  core: CoreContext,
  position: Position,
  intent: CloseIntent,
  why: string,
  isInDoubt: boolean,
): void {
  core.metrics.count('closes_failed');
  const result = failedResult(intent, why, core.clock.now());
  const reasons = [...position.reasons];
  const body = { intent, result, reasons, ...(isInDoubt ? { isInDoubt } : {}) };
  core.commit({ type: 'close.failed', accountId: position.accountId, body });
}

/** What a fill whose price was not told is worth at the book; absent where that has no quote yet. */
export function estimateOf(
  { markets }: CoreContext,
  position: Position,
  quantity: Decimal,
): { estimate?: string } {
  const pnl = unrealisedPnl(position, markets.bookOf, quantity);
  return pnl === undefined ? {} : { estimate: text(pnl) };
}

/** Not at the provider any more: closed, and nobody has told at which price. */
export function recordGone(core: CoreContext, position: Position, intent: CloseIntent): void {
  core.metrics.count('closes_gone');
  const quantity = text(position.remainingQuantity);
  const result = { ...goneResult(intent, core.clock.now()), quantity };
  const reasons = position.intent === undefined ? [intent.reason] : [...position.reasons];
  const estimate = estimateOf(core, position, position.remainingQuantity);
  const body = { intent, result, reasons, ...estimate };
  core.commit({ type: 'close.filled', accountId: position.accountId, body });
}

/** The provider lists so much less as a part under way would close: at which price nobody has told. */
export function recordPartGone(
  core: CoreContext,
  position: Position,
  intent: CloseIntent,
  executed: Decimal,
): void {
  core.metrics.count('closes_partially_gone');
  const { fills, reasons, accountId, remainingQuantity } = position;
  const { clientOrderId: orderKey } = intent;
  const filled = executed.plus(fills.get(orderKey)?.filled ?? zero);
  const result = { ...goneResult(intent, core.clock.now()), quantity: text(executed) };
  const fill = { orderKey, filled: text(filled) };
  const estimate = estimateOf(core, position, executed);
  const body = { intent, result, reasons: [...reasons], fill, ...estimate };
  const isAll = executed.eq(remainingQuantity);
  core.commit({ type: isAll ? 'close.filled' : 'close.partially-filled', accountId, body });
}

/** Before an order is sent that must not be sent twice, or is sent again. */
export function recordSent(
  core: CoreContext,
  { accountId }: Position,
  { positionId, clientOrderId }: CloseIntent,
  attempts: number,
): void {
  const body = { positionId, clientOrderId, attempts };
  core.commit({ type: 'close.sent', accountId, body });
}

/** Less is there than is known here: no more than that is closed. */
export function recordClamped(core: CoreContext, position: Position, quantity: string): void {
  core.metrics.count('closes_clamped');
  const { positionId, accountId } = position;
  const body = { positionId, remainingQuantity: text(decimal(quantity)) };
  core.commit({ type: 'position.corrected', accountId, body });
}
