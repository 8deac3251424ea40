// The writes of one batch, inside its transaction: log rows, then what they make of the tables.
import { setImmediate as turn } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { JournalEntry } from '#src/ports/journal';
import { insertRows, updateRows } from './bulk-rows.ts';
import {
  AccountEntity,
  DeadLetterEntity,
  LogEntity,
  PositionEntity,
  ReplyEntity,
} from './entities.ts';
import { logColumnsOf } from './log-rows.ts';
import { placeRows, type ChainHeads } from './placed-rows.ts';
import { project, touchedBy, type Projection, type Touched } from './projection.ts';
import { View } from './view.ts';

/**
 * Entries that are hashed, and rows that are written, in one turn of the event loop. Both take this
 * thread's time (PGlite works in it altogether), and prices must not wait.
 */
const entriesPerTurnMax = 100;

/** Writes the entries and returns the heads of the chains after them. */
export async function writeEntries(
  em: SqlEntityManager,
  entries: readonly JournalEntry[],
  before: ChainHeads,
): Promise<ChainHeads> {
  const records = entries.map(({ record }) => record);
  const projection = await loaded(em, touchedBy(records));
  const writes = new Overlapped();
  let heads = before;
  for (const some of slices(entries)) {
    const after = placeRows(some, heads);
    const rows = after.placed.map(logColumnsOf);
    await writes.next(() => insertRows(em, LogEntity, rows));
    heads = after.heads;
    for (const { record } of some) project(record, projection);
  }
  await writeTables(em, projection, writes);
  await writes.end();
  if (projection.replies.changed().length > 0) {
    const now = records.reduce((latest, { ts }) => Math.max(latest, ts), 0);
    await em.nativeDelete(ReplyEntity, { expiresAt: { $lte: new Date(now) } });
  }
  return heads;
}

async function writeTables(
  em: SqlEntityManager,
  { positions, accounts, letters, replies }: Projection,
  writes: Overlapped,
): Promise<void> {
  for (const rows of slices(positions.changed())) {
    await writes.next(() => insertRows(em, PositionEntity, rows, ['positionId']));
  }
  const patches = [...positions.patches()].map(([positionId, set]) => ({ ...set, positionId }));
  for (const rows of slices(patches)) {
    await writes.next(() => updateRows(em, PositionEntity, 'positionId', rows));
  }
  for (const rows of slices(accounts.changed())) {
    await writes.next(() => insertRows(em, AccountEntity, rows, ['accountId']));
  }
  for (const rows of slices(letters.changed())) {
    await writes.next(() => insertRows(em, DeadLetterEntity, rows, ['closeId']));
  }
  for (const rows of slices(replies.changed())) {
    await writes.next(() => insertRows(em, ReplyEntity, rows, ['client', 'messageId']));
  }
}

/** Writes one after the other, each while this thread makes the next. */
class Overlapped {
  #last: Promise<void> = Promise.resolve();

  async next(write: () => Promise<void>): Promise<void> {
    await this.#last;
    this.#last = write();
    // Its failure is that of the next call or of `end`, unless something else has failed by then.
    this.#last.catch(() => {});
    await turn();
  }

  async end(): Promise<void> {
    await this.#last;
  }
}

async function loaded(
  em: SqlEntityManager,
  { positionIds, accountIds, closeIds, failedPositionIds }: Touched,
): Promise<Projection> {
  const projection: Projection = {
    positions: new View(),
    accounts: new View(),
    letters: new View(),
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
  for (const ids of slices([...closeIds])) {
    const found = em.createQueryBuilder(DeadLetterEntity).where({ closeId: { $in: ids } });
    for (const row of await found.execute('all')) projection.letters.load(row.closeId, row);
  }
  for (const ids of slices([...failedPositionIds])) {
    const open = { positionId: { $in: ids }, endedAt: null };
    const found = em.createQueryBuilder(DeadLetterEntity).where(open);
    for (const row of await found.execute('all')) projection.letters.load(row.closeId, row);
  }
  return projection;
}

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += entriesPerTurnMax) {
    yield items.slice(at, at + entriesPerTurnMax);
  }
}
