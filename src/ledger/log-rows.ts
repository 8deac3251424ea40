// Ledger rows ↔ rows of `reconciliation_log`. What comes back is what was hashed, to the byte.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { LogEntityRow } from './entities.ts';
import type { PlacedRow } from './placed-rows.ts';

export function logColumnsOf({ n, row }: PlacedRow): LogEntityRow {
  const { positionId, bulkId } = row.metaData;
  const columns = {
    ...row,
    n,
    closeId: row.closeId ?? null,
    createdAt: new Date(row.createdAt),
    positionId: typeof positionId === 'string' ? positionId : null,
    bulkId: typeof bulkId === 'string' ? bulkId : null,
  };
  return columns;
}

/** A row as a query gives it: bigints are text there. */
export type FoundLogRow = Omit<LogEntityRow, 'n' | 'seq'> & {
  readonly n: number | string;
  readonly seq: number | string;
};

export function placedRowOf(found: FoundLogRow): PlacedRow {
  const row: LedgerRow = {
    id: found.id,
    ...(found.closeId === null ? {} : { closeId: found.closeId }),
    userId: found.userId,
    eventType: found.eventType,
    description: found.description,
    metaData: found.metaData,
    status: found.status,
    createdAt: found.createdAt.toISOString(),
    partition: found.partition,
    seq: Number(found.seq),
    prevHash: found.prevHash,
    hash: found.hash,
  };
  return { n: Number(found.n), row };
}
