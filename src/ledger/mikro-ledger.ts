// The ledger in Postgres, or in PGlite where no server is set.
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { CloseoutError, invariant } from '#src/domain/errors';
import type { Ledger } from '#src/ports/ledger';
import { refuseForeign } from './claim.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { CursorEntity, cursorId } from './entities.ts';
import { freshEntries } from './fresh.ts';
import { listRows } from './list-rows.ts';
import { openLedger } from './migrate.ts';
import { whereOf, type LedgerTarget } from './unavailable.ts';
import { writeEntries } from './write.ts';

/**
 * A ledger in the database of a `postgres://` URL, or in PGlite in a directory of its own. PGlite
 * locks nothing: the owner of the data directory sees to it that no second process opens it.
 *
 * Connecting and every statement have a timeout. After a failure the same call can be made again on
 * the same object, for as long as the database takes to come back.
 */
export function mikroLedger(target: LedgerTarget, options: ConnectionOptions = {}): Ledger {
  const where = whereOf(target);
  const connection = new Connection(target, options);
  let directoryId: string | undefined;

  function owner(): string {
    invariant(directoryId !== undefined, 'the ledger is open');
    return directoryId;
  }

  async function cursorRow(em: SqlEntityManager, id: string, lockMode: LockMode) {
    const row = await em.findOne(CursorEntity, cursorId, { lockMode });
    if (row === null) throw emptied(where);
    refuseForeign(row.directoryId, id, where);
    return row;
  }

  return {
    async open(id) {
      try {
        await openLedger(connection, id, where);
      } catch (error) {
        await connection.close();
        throw error;
      }
      directoryId = id;
    },
    async cursor() {
      const id = owner();
      return await connection.use(async (em) => (await cursorRow(em, id, LockMode.NONE)).lastN);
    },
    async write(entries) {
      const id = owner();
      if (entries.length === 0) return;
      await connection.transact(async (tx) => {
        const cursor = await cursorRow(tx, id, LockMode.PESSIMISTIC_WRITE);
        const fresh = freshEntries(entries, cursor.lastN);
        if (fresh.length === 0) return;
        cursor.heads = await writeEntries(tx, fresh, cursor.heads);
        cursor.lastN += fresh.length;
      });
    },
    async list(filter) {
      owner();
      return await connection.use((em) => listRows(em, filter));
    },
    async close() {
      directoryId = undefined;
      await connection.close();
    },
  };
}

/** Somebody emptied or replaced the database while it was in use. */
function emptied(where: string): CloseoutError {
  return new CloseoutError(
    'ledger_unavailable',
    `${where} has lost its records: restore it from a backup, or restart on an empty one`,
    { retryable: true },
  );
}
