// What to do next about a close whose outcome is not known: ask, wait, send again, or alarm.
import { decimal, text } from './money.ts';
import type { BrokerPosition } from './provider.ts';
import type { RouteRecord } from './route.ts';
import type { Position } from './state.ts';

/** What a provider can do about orders that may have been sent before. */
export type Capabilities = Pick<
  RouteRecord,
  'idempotentByClientId' | 'queryByClientId' | 'closeByTicket' | 'reduceOnly'
>;

/** First wait of a retry; doubled each time, up to the most. */
export const retryMsMin = 200;
export const retryMsMax = 30_000;

/** Failures from which on a close is a dead letter (contract section 6). */
export const failuresMax = 3;

/** Full jitter: anything between nothing and the wait of this failure, by `chance` in [0, 1). */
export function backoffMs(failures: number, chance: number): number {
  const most = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 16));
  return Math.floor(chance * most);
}

/** What a provider's list says of a position. */
export type Listed =
  | { readonly kind: 'gone' }
  | { readonly kind: 'unclear'; readonly error: string }
  /** Less than is left here is there. */
  | { readonly kind: 'less'; readonly quantity: string }
  /** `isExact`: a close of what is left here leaves nothing there, and it is surely this one. */
  | { readonly kind: 'there'; readonly isExact: boolean };

export const otherSide = 'the provider has the position on the other side';

export function listedAs(
  position: Pick<Position, 'positionId' | 'side' | 'ticket' | 'remainingQuantity'>,
  theirs: BrokerPosition | undefined,
  isClear: boolean,
): Listed {
  if (theirs === undefined) {
    if (isClear) return { kind: 'gone' };
    return { kind: 'unclear', error: 'the provider does not say for sure what is open' };
  }
  if (theirs.side !== position.side) return { kind: 'unclear', error: otherSide };
  const left = decimal(theirs.quantity);
  if (left.lt(position.remainingQuantity)) return { kind: 'less', quantity: text(left) };
  // What only looks like it may be another's, and a close that cannot flip would close that.
  const isNamed = position.ticket !== undefined || theirs.positionId === position.positionId;
  return { kind: 'there', isExact: isNamed && left.eq(position.remainingQuantity) };
}

/** What is known of a close whose outcome is unknown, after the provider was asked. */
export interface Asked {
  /** The provider said that it never had the order. */
  readonly wasNeverThere: boolean;
  /** The provider lists the position, with all that is to be closed of it. */
  readonly isWhole: boolean;
  /** The position has a ticket, and the close is of all that is left of it. */
  readonly isByTicket: boolean;
}

/**
 * Whether sending the same order again can close nothing twice: the provider executes an id once,
 * or never had it, or the position is there as a whole and cannot be closed further than flat.
 */
export function isResendSafe(can: Capabilities, asked: Asked): boolean {
  if (can.idempotentByClientId || asked.wasNeverThere) return true;
  return asked.isWhole && ((can.closeByTicket && asked.isByTicket) || can.reduceOnly);
}

/**
 * Whether a restart needs it on record that the order was sent: elsewhere the provider can be asked,
 * or sending it once more does no harm.
 */
export function mustRecordSending(can: Capabilities): boolean {
  return !can.idempotentByClientId && !can.queryByClientId;
}
