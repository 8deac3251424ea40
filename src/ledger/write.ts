// The writes of one batch, inside its transaction: log rows, then what they make of the tables.
import { setImmediate as turn } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { JournalEntry } from '#src/ports/journal';
import { AccountEntity, LogEntity, PositionEntity, ReplyEntity } from './entities.ts';
import { logColumnsOf } from './log-rows.ts';
import { placeRows, type ChainHeads } from './placed-rows.ts';
import { project, touchedBy, type Projection } from './projection.ts';
import { View } from './view.ts';

/**
 * Entries that are written in one turn of the event loop, and rows of one statement. Making the
 * statements takes this thread's time (PGlite works in it altogether), and prices must not wait.
 */
const entriesPerTurnMax = 100;

/** Writes the entries and returns the heads of the chains after them. */
export async function writeEntries(
  em: SqlEntityManager,
  entries: readonly JournalEntry[],
  before: ChainHeads,
): Promise<ChainHeads> {
  let heads = before;
  for (const some of slices(entries)) {
    const after = placeRows(some, heads);
    if (after.placed.length > 0) await em.insertMany(LogEntity, after.placed.map(logColumnsOf));
    await turn();
    await projectEntries(em, some);
    await turn();
    heads = after.heads;
  }
  return heads;
}

async function projectEntries(
  em: SqlEntityManager,
  entries: readonly JournalEntry[],
): Promise<void> {
  const records = entries.map(({ record }) => record);
  const { positionIds, accountIds } = touchedBy(records);
  const projection: Projection = {
    positions: new View(),
    accounts: new View(),
    replies: new View(),
  };
  for (const ids of slices([...positionIds])) {
    const found = em.createQueryBuilder(PositionEntity).where({ positionId: { $in: ids } });
    for (const row of await found.execute('all')) projection.positions.load(row.positionId, row);
  }
  for (const ids of slices([...accountIds])) {
    const found = em.createQueryBuilder(AccountEntity).where({ accountId: { $in: ids } });
    for (const row of await found.execute('all')) projection.accounts.load(row.accountId, row);
  }
  for (const record of records) project(record, projection);

  for (const rows of slices(projection.positions.changed())) {
    const insert = em.createQueryBuilder(PositionEntity).insert(rows);
    await insert.onConflict('positionId').merge().execute('run');
  }
  for (const rows of slices(projection.accounts.changed())) {
    const insert = em.createQueryBuilder(AccountEntity).insert(rows);
    await insert.onConflict('accountId').merge().execute('run');
    await turn();
  }
  for (const rows of slices(projection.replies.changed())) {
    const insert = em.createQueryBuilder(ReplyEntity).insert(rows);
    await insert.onConflict(['client', 'messageId']).merge().execute('run');
    const now = records.reduce((latest, { ts }) => Math.max(latest, ts), 0);
    await em.nativeDelete(ReplyEntity, { expiresAt: { $lte: new Date(now) } });
  }
}

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += entriesPerTurnMax) {
    yield items.slice(at, at + entriesPerTurnMax);
  }
}
