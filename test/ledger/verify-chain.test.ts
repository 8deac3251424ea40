import { expect, test } from 'vitest';
import { chainCheck, verifyChain, type LedgerRow } from '#src/domain/ledger-rows';
import { placeRows } from '#src/ledger/placed-rows';
import { closedPositions, Entries } from './entries.ts';

const { placed } = placeRows(new Entries().of(closedPositions(3, 4)), {});
const rows = placed.map(({ row }) => row);

/** Account 1's second row. */
const at = 4;
const target = rows[at] as LedgerRow;
const before = rows[at - 3] as LedgerRow;
const after = rows[at + 3] as LedgerRow;

test('whole chains have no fault, at once and row by row', () => {
  expect(rows.map((row) => row.partition)).toContain(target.partition);
  expect(new Set(rows.map((row) => row.partition)).size).toBe(3);
  expect([before, after].map((row) => row.userId)).toEqual([target.userId, target.userId]);
  expect(verifyChain(rows)).toBeUndefined();
  expect(rows.map(chainCheck())).toEqual(rows.map(() => undefined));
  expect(verifyChain([])).toBeUndefined();
});

test.each<[string, (all: LedgerRow[]) => LedgerRow[], string, 'hash' | 'prevHash' | 'seq']>([
  ['another text', (all) => all.with(at, { ...target, description: 'x' }), target.id, 'hash'],
  ['another pnl', (all) => all.with(at, changedPnl(target)), target.id, 'hash'],
  ['another status', (all) => all.with(at, { ...target, status: 1 }), target.id, 'hash'],
  ['a field too many', (all) => all.with(at, withMore(target)), target.id, 'hash'],
  ['another hash', (all) => all.with(at, { ...target, hash: before.hash }), target.id, 'hash'],
  ['another row before', (all) => all.with(at - 3, rehashed(before)), before.id, 'hash'],
  ['another prevHash', (all) => all.with(at, { ...target, prevHash: '0' }), target.id, 'prevHash'],
  ['a row removed', (all) => all.toSpliced(at, 1), after.id, 'seq'],
  ['the first row removed', (all) => all.toSpliced(at - 3, 1), target.id, 'seq'],
  ['a row twice', (all) => all.toSpliced(at, 0, target), target.id, 'seq'],
  ['another id', (all) => all.with(at, { ...target, id: before.id }), before.id, 'seq'],
])('%s is found', (_what, change, id, field) => {
  expect(verifyChain(change(rows))).toEqual({ id, field });
});

function changedPnl(row: LedgerRow): LedgerRow {
  return { ...row, metaData: { ...row.metaData, pnl: '1' } };
}

function withMore(row: LedgerRow): LedgerRow {
  return { ...row, note: 1 } as LedgerRow;
}

function rehashed(row: LedgerRow): LedgerRow {
  return { ...row, hash: target.hash };
}
