// Pages of a list: the cursor is the journal place of the last row, and nobody's business.
import { CloseoutError } from '#src/domain/errors';
import type { LedgerPage } from '#src/ports/ledger';
import type { PlacedRow } from './placed-rows.ts';

const cursorPattern = /^n(\d{1,15})$/;

function cursorOf(n: number): string {
  return Buffer.from(`n${n}`).toString('base64url');
}

/** The place of the last row of the page before. Throws `CloseoutError` `invalid_cursor`. */
export function placeOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const match = cursorPattern.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null || cursorOf(Number(match[1])) !== cursor) {
    throw new CloseoutError('invalid_cursor', 'the cursor is not a nextCursor of this list');
  }
  return Number(match[1]);
}

/** A page of the rows found, of which there may be one more than the limit. */
export function pageOf(found: readonly PlacedRow[], limit: number): LedgerPage {
  const items = found.slice(0, limit).map(({ row }) => row);
  const last = found[limit - 1];
  if (found.length <= limit || last === undefined) return { items };
  return { items, nextCursor: cursorOf(last.n) };
}
