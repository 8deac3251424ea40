// Rows of `dead_letters`: what records of dead letters, and failures behind them, make of one.
import type { CloseResult } from '#src/domain/closing';
import type { RecordBodies } from '#src/domain/records';
import type { DeadLetterEntityRow } from './entities.ts';
import { storable } from './storable.ts';

export function letterRow(
  accountId: string,
  body: RecordBodies['deadletter.added'],
  ts: number,
): DeadLetterEntityRow {
  const { closeId, positionId, reason, attempts, lastError } = body;
  return {
    ...storable({ closeId, positionId, accountId, reason, attempts, lastError }),
    since: new Date(ts),
    endedAt: null,
    how: null,
    endedBy: null,
    endedReason: null,
  };
}

/** One that has ended stays as it ended. */
export function endedLetter(
  { endedAt }: DeadLetterEntityRow,
  { how, by, reason }: RecordBodies['deadletter.cleared'],
  ts: number,
): Partial<DeadLetterEntityRow> {
  if (endedAt !== null) return {};
  const ended = { how, endedBy: by ?? null, endedReason: reason ?? null };
  return { ...storable(ended), endedAt: new Date(ts) };
}

export function failedAgain(
  letter: DeadLetterEntityRow,
  { errorMessage }: CloseResult,
): DeadLetterEntityRow {
  const lastError = storable(errorMessage ?? letter.lastError);
  return { ...letter, attempts: letter.attempts + 1, lastError };
}

/** A position has one open letter at the most: the one before is cleared first. */
export function openLetterOf(
  rows: Iterable<DeadLetterEntityRow>,
  positionId: string,
): DeadLetterEntityRow | undefined {
  for (const row of rows) {
    if (row.positionId === positionId && row.endedAt === null) return row;
  }
  return undefined;
}
