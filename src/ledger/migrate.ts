// Brings the schema up to date and claims the database for a data directory, in one transaction:
// a database that belongs to another is left as it is.
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { CloseoutError } from '#src/domain/errors';
import { refuseForeign } from './claim.ts';
import { migrationsTable, type Connection } from './connection.ts';
import { CursorEntity, cursorId } from './entities.ts';
import { migrations } from './migrations/index.ts';

/** Key of the advisory lock under which this happens, so that two first starts take turns. */
const migrationLock = 0x636c6f73;

export async function openLedger(
  connection: Connection,
  directoryId: string,
  where: string,
): Promise<void> {
  // What is wrong with a database, its answer to the simplest question says best.
  await connection.use((em) => em.execute('select 1'));
  // Makes the migrator's own table, which it does on a connection of its own.
  await connection.use((_em, orm) => orm.migrator.getPending());
  await connection.transact(async (tx, orm) => {
    await tx.execute('select pg_advisory_xact_lock(?)', [migrationLock]);
    const transaction = tx.getTransactionContext();
    await orm.migrator.up({ transaction });
    await refuseNewer(tx, where);
    const row = await tx.findOne(CursorEntity, cursorId);
    if (row === null) {
      await tx.insert(CursorEntity, { id: cursorId, directoryId, lastN: 0, heads: {} });
    } else {
      refuseForeign(row.directoryId, directoryId, where);
    }
  });
}

/** Throws `CloseoutError` `ledger_older` where a migration of this version is missing. */
export async function refuseOlder(em: SqlEntityManager, where: string): Promise<void> {
  const applied = await em.execute<{ name: string }[]>(`select name from ${migrationsTable}`);
  const names = new Set(applied.map(({ name }) => name));
  const missing = migrations.find(({ name }) => !names.has(name));
  if (missing === undefined) return;
  throw new CloseoutError(
    'ledger_older',
    `${where} has the schema of an older version (${missing.name} is missing): start this version on it once`,
  );
}

/** Throws `CloseoutError` `ledger_newer` where a newer version has migrated the database. */
export async function refuseNewer(em: SqlEntityManager, where: string): Promise<void> {
  const known = new Set(migrations.map(({ name }) => name));
  const applied = await em.execute<{ name: string }[]>(`select name from ${migrationsTable}`);
  const newer = applied.find(({ name }) => !known.has(name));
  if (newer === undefined) return;
  throw new CloseoutError(
    'ledger_newer',
    `${where} has the schema of a newer version (${newer.name}): start that version`,
  );
}
