// The ledger in memory: for the simulator, replays without a database, and tests.
import { invariant } from '#src/domain/errors';
import type { Ledger, LedgerFilter } from '#src/ports/ledger';
import { refuseForeign } from './claim.ts';
import { freshEntries } from './fresh.ts';
import { pageOf, placeOf } from './page.ts';
import { placeRows, type ChainHeads, type PlacedRow } from './placed-rows.ts';

/** Keeps its rows over `close` and `open`, as a database does. */
export function memoryLedger(): Ledger {
  const rows: PlacedRow[] = [];
  let owner: string | undefined;
  let heads: ChainHeads = {};
  let lastN = 0;
  let isOpen = false;
  const check = (): void => invariant(isOpen, 'the ledger is open');
  return {
    async open(directoryId) {
      owner ??= directoryId;
      refuseForeign(owner, directoryId, 'the ledger in memory');
      isOpen = true;
    },
    async cursor() {
      check();
      return lastN;
    },
    async write(entries) {
      check();
      const fresh = freshEntries(entries, lastN);
      const after = placeRows(fresh, heads);
      for (const row of after.placed) rows.push(row);
      heads = after.heads;
      lastN += fresh.length;
    },
    async list(filter) {
      check();
      const isWithin = boundsOf(rows, filter);
      const found: PlacedRow[] = [];
      for (const placed of filter.isNewestFirst === true ? rows.toReversed() : rows) {
        if (!isWithin(placed) || !isWanted(placed, filter)) continue;
        found.push(placed);
        if (found.length > filter.limit) break;
      }
      return pageOf(found, filter.limit);
    },
    async close() {
      isOpen = false;
    },
  };
}

/** Which places are between the rows and behind the cursor that a filter names. */
function boundsOf(
  rows: readonly PlacedRow[],
  { cursor, beforeId, behindId, isNewestFirst = false }: LedgerFilter,
): (placed: PlacedRow) => boolean {
  const last = placeOf(cursor);
  const isBehindLast = (n: number): boolean =>
    last === undefined || (isNewestFirst ? n < last : n > last);
  // No row is before or behind one that is not there: comparing with NaN holds for none.
  const placeOfRow = (id: string): number => rows.find(({ row }) => row.id === id)?.n ?? Number.NaN;
  const before = beforeId === undefined ? Number.POSITIVE_INFINITY : placeOfRow(beforeId);
  const behind = behindId === undefined ? 0 : placeOfRow(behindId);
  return ({ n }) => isBehindLast(n) && n < before && n > behind;
}

function isWanted({ row }: PlacedRow, filter: LedgerFilter): boolean {
  const holds = (wanted: string | undefined, is: unknown): boolean =>
    wanted === undefined || wanted === is;
  return (
    holds(filter.accountId, row.userId) &&
    holds(filter.closeId, row.closeId) &&
    holds(filter.eventType, row.eventType) &&
    holds(filter.positionId, row.metaData['positionId']) &&
    holds(filter.bulkId, row.metaData['bulkId']) &&
    holds(filter.breachId, row.metaData['breachId']) &&
    holds(filter.symbol, row.metaData['symbol']) &&
    holds(filter.condition, row.metaData['condition'])
  );
}
