// Which quote decided a close: of a breach the one that breached, but for what that could not close.
import type { LedgerRow } from '#src/domain/ledger-rows';
import { objectsAt, textAt, timeAt } from './values.ts';
import { bookAt, type Book } from './words.ts';

export interface Deciding {
  /** Time of the quote from which it is counted; absent where none decided. */
  readonly quoteTs?: number;
  /** Why the breach itself did not close it, in words. */
  readonly late?: string;
}

export interface OfClose {
  readonly positionId: string | undefined;
  /** ISO-8601. */
  readonly openedAt?: string | undefined;
  /** The book of its own symbol that the close saw. */
  readonly quote: Book | undefined;
}

/** Of a close that a breach asked for. */
export function decidingOf(breach: LedgerRow, close: OfClose): Deciding {
  const { metaData: meta } = breach;
  const breachTs = bookAt(meta)?.ts;
  const ownTs = close.quote?.ts;
  const isBehind = ownTs !== undefined && (breachTs === undefined || ownTs > breachTs);
  const late = lateWords(breach, close);
  if (late === undefined) {
    // A margin is reduced quote by quote.
    const isLaterStep = textAt(meta, 'action') === 'reduce' && isBehind;
    return countedFrom(isLaterStep ? ownTs : breachTs);
  }
  const graceUntil = timeAt(meta, 'graceUntil');
  const isByGrace = graceUntil !== undefined && ownTs !== undefined && ownTs < graceUntil;
  return { ...countedFrom(isByGrace ? undefined : ownTs), late };
}

function countedFrom(quoteTs: number | undefined): Deciding {
  return quoteTs === undefined ? {} : { quoteTs };
}

function lateWords(breach: LedgerRow, { positionId, openedAt }: OfClose): string | undefined {
  const { metaData: meta, createdAt } = breach;
  const told = objectsAt(meta, 'positions');
  const standing = told.find((one) => textAt(one, 'positionId') === positionId);
  if (standing !== undefined) {
    return textAt(standing, 'price') === undefined
      ? 'its symbol had no quote at the breach'
      : undefined;
  }
  const total = Number(textAt(meta, 'positionsTotal') ?? Number.NaN);
  const isOpenedLater = openedAt !== undefined && Date.parse(openedAt) > Date.parse(createdAt);
  // Where not every position is told, it may have been one of the others.
  if (total !== told.length && !isOpenedLater) return undefined;
  const isHalted = (textAt(meta, 'action') ?? 'close') === 'close';
  return isHalted
    ? 'it was opened after the breach, in the halted account'
    : 'it was opened after the breach';
}
