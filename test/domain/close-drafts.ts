// The steps of a close to a provider, as the drafts that record them.
import {
  failedResult,
  filledResult,
  goneResult,
  pendingResult,
  unknownResult,
  type CloseIntent,
  type FillMark,
} from '#src/domain/closing';
import type { Draft } from '#src/domain/records';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

/** An account `a` that closes through the route `r`, with one position `p`, long ten lots at 2000. */
export function liveStory(): Story {
  return new Story().tell(
    instrumentPut(gold),
    accountCreated({ mode: 'LIVE', route: 'r' }),
    positionTracked({ quantity: '10' }),
  );
}

/** The intent, as it is where it goes to a provider. */
export const routed = (intent: CloseIntent): CloseIntent => ({ ...intent, route: 'r' });

type Body<T extends Draft['type']> = Extract<Draft, { type: T }>['body'];
const draft = <T extends Draft['type']>(type: T, accountId: string, body: Body<T>): Draft =>
  ({ type, accountId, body }) as Draft;

export const intended = (intent: CloseIntent): Draft =>
  draft('close.intended', intent.accountId, { intent });

/** It waits behind the close of a part that is under way. */
export const queued = (intent: CloseIntent): Draft =>
  draft('close.queued', intent.accountId, { intent });

export const sent = (intent: CloseIntent, attempts = 1): Draft => {
  const { accountId, positionId, clientOrderId } = intent;
  return draft('close.sent', accountId, { positionId, clientOrderId, attempts });
};

export const acknowledged = (intent: CloseIntent): Draft =>
  draft('close.acknowledged', intent.accountId, {
    intent,
    result: pendingResult(intent),
    reasons: [intent.reason],
  });

export const unknown = (intent: CloseIntent, failures = 1, error = 'no reply'): Draft =>
  draft('close.unknown', intent.accountId, {
    intent,
    result: unknownResult(intent, error, 5),
    reasons: [intent.reason],
    failures,
  });

export const rejected = (intent: CloseIntent, failures = 1, error = 'no'): Draft =>
  draft('close.rejected', intent.accountId, {
    intent,
    result: failedResult(intent, error, 5),
    reasons: [intent.reason],
    failures,
  });

const fillAt2000 = (pnl: string, commission: string) => ({ price: '2000', pnl, commission });

/** A part of the close was executed: this much, with this P&L. */
export const partlyFilled = (
  intent: CloseIntent,
  quantity: string,
  fill: FillMark,
  [pnl, commission]: readonly [string, string] = ['1', '0'],
): Draft =>
  draft('close.partially-filled', intent.accountId, {
    intent,
    result: { ...filledResult(intent, fillAt2000(pnl, commission), 5), quantity },
    reasons: [intent.reason],
    fill,
  });

/** All that was left was executed. */
export const filledBy = (
  intent: CloseIntent,
  fill: FillMark,
  [pnl, commission]: readonly [string, string] = ['1', '0'],
): Draft =>
  draft('close.filled', intent.accountId, {
    intent,
    result: filledResult(intent, fillAt2000(pnl, commission), 5),
    reasons: [intent.reason],
    fill,
  });

/** Nothing of it is open at the provider any more, at a price that nobody has told. */
export const gone = (intent: CloseIntent): Draft =>
  draft('close.filled', intent.accountId, {
    intent,
    result: goneResult(intent, 5),
    reasons: [intent.reason],
  });

/** What was gone, priced. */
export const amended = (intent: CloseIntent, pnl: string, fill?: FillMark): Draft =>
  draft('close.amended', intent.accountId, {
    positionId: intent.positionId,
    result: filledResult(intent, fillAt2000(pnl, '0'), 5),
    reasons: [intent.reason],
    ...(fill === undefined ? {} : { fill }),
  });

export const letterAdded = (closeId: string, positionId = 'p'): Draft =>
  draft('deadletter.added', 'a', {
    closeId,
    positionId,
    reason: 'stop_loss',
    attempts: 3,
    lastError: 'no reply',
  });

export const letterCleared = (closeId: string, positionId = 'p'): Draft =>
  draft('deadletter.cleared', 'a', { closeId, positionId, how: 'closed' });
