// Journal entries → ledger rows, each in its place in its partition's chain.
import { chainStart } from '#src/domain/chain';
import { chainRow, ledgerRowOf, type LedgerRow } from '#src/domain/ledger-rows';
import type { JournalEntry } from '#src/ports/journal';
import { storable } from './storable.ts';

/** The last row of a chain. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** By partition; a partition that has no rows yet is absent. */
export type ChainHeads = Record<number, ChainHead>;

export interface PlacedRow {
  /** The record that the row tells of. */
  readonly n: number;
  readonly row: LedgerRow;
}

/** The rows of the entries, and the heads that they leave. */
export function placeRows(
  entries: readonly JournalEntry[],
  before: ChainHeads,
): { placed: PlacedRow[]; heads: ChainHeads } {
  const heads = { ...before };
  const placed: PlacedRow[] = [];
  for (const { record } of entries) {
    const draft = ledgerRowOf(record);
    if (draft === undefined) continue;
    const head = heads[draft.partition] ?? { seq: 0, hash: chainStart };
    const row = chainRow(storable(draft), head.seq + 1, head.hash);
    heads[draft.partition] = { seq: row.seq, hash: row.hash };
    placed.push({ n: record.n, row });
  }
  return { placed, heads };
}
