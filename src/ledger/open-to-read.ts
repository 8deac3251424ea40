// A ledger that is only read: nothing is migrated, claimed or written.
import { CloseoutError } from '#src/domain/errors';
import { Connection, migrationsTable } from './connection.ts';
import { CursorEntity, cursorId } from './entities.ts';
import { refuseNewer } from './migrate.ts';
import type { ChainHeads } from './placed-rows.ts';
import { whereOf, type LedgerTarget } from './unavailable.ts';

/** Whose records these are and how far they went when it was opened. */
export interface ReadCursor {
  readonly directoryId: string;
  readonly lastN: number;
  readonly heads: ChainHeads;
}

/**
 * Throws `CloseoutError` `ledger_unavailable` where the database does not answer, `ledger_absent`
 * where it holds no ledger, `ledger_newer` where a newer version has migrated it.
 */
export async function openToRead(
  target: LedgerTarget,
): Promise<{ readonly connection: Connection; readonly cursor: ReadCursor }> {
  const where = whereOf(target);
  const connection = new Connection(target, {});
  try {
    const cursor = await connection.use(async (em) => {
      const tables = `select to_regclass(?) is not null and to_regclass(?) is not null as found`;
      const names = [migrationsTable, 'ledger_cursor'];
      const [answer] = await em.execute<{ found: boolean }[]>(tables, names);
      if (answer?.found !== true) throw absent(where);
      await refuseNewer(em, where);
      const row = await em.findOne(CursorEntity, cursorId);
      if (row === null) throw absent(where);
      return row;
    });
    return { connection, cursor };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function absent(where: string): CloseoutError {
  const message = `${where} holds no ledger: no runtime has written to it, or it was emptied`;
  return new CloseoutError('ledger_absent', message);
}
