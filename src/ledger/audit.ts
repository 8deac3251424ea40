// The ledger, read by whoever verifies it: nothing is migrated, claimed or written.
import { raw } from '@mikro-orm/core';
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { Connection } from './connection.ts';
import { cursorId, LogEntity } from './entities.ts';
import { placedRowOf, type FoundLogRow } from './log-rows.ts';
import { openToRead, type ReadCursor } from './open-to-read.ts';
import type { ChainHeads } from './placed-rows.ts';
import type { LedgerTarget } from './unavailable.ts';

/** Rows of one read. */
const rowsPerReadMax = 500;

/** A row as the table has it; `row` is absent where it cannot even be read as one. */
export interface FoundRow {
  readonly n: number;
  readonly columns: FoundLogRow;
  readonly row: LedgerRow | undefined;
}

export class LedgerAudit {
  /** The data directory whose records these are. */
  readonly directoryId: string;
  /** Last record that was in it when it was opened; rows of later ones are not looked at. */
  readonly lastN: number;
  /** What it says of the last row of each partition. */
  readonly heads: ChainHeads;
  readonly #connection: Connection;

  private constructor(connection: Connection, cursor: ReadCursor) {
    this.#connection = connection;
    this.directoryId = cursor.directoryId;
    this.lastN = cursor.lastN;
    this.heads = cursor.heads;
  }

  /** Throws as `openToRead` does. */
  static async open(target: LedgerTarget): Promise<LedgerAudit> {
    const { connection, cursor } = await openToRead(target);
    return new LedgerAudit(connection, cursor);
  }

  /** Every row up to `lastN`, in the order of the journal, read page by page. */
  async *rows(): AsyncGenerator<FoundRow> {
    let after = Number.MIN_SAFE_INTEGER;
    let page: FoundLogRow[];
    do {
      page = await this.#page({ $gt: after, $lte: this.lastN });
      for (const columns of page) {
        after = Number(columns.n);
        yield { n: after, columns, row: readable(columns) };
      }
    } while (page.length === rowsPerReadMax);
  }

  /** A row of a record that the ledger does not have yet: nobody wrote it there. */
  async stray(): Promise<FoundLogRow | undefined> {
    return await this.#connection.use(async (em) => {
      // In one statement, since rows and cursor move together while a runtime writes.
      const last = raw('(select last_n from ledger_cursor where id = ?)', [cursorId]);
      const rows = em.createQueryBuilder(LogEntity).where({ n: { $gt: last } });
      return (await rows.orderBy({ n: 'asc' }).limit(1).execute('all'))[0];
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #page(n: { $gt: number; $lte: number }): Promise<FoundLogRow[]> {
    return await this.#connection.use(async (em) => {
      const rows = em.createQueryBuilder(LogEntity).where({ n }).orderBy({ n: 'asc' });
      return await rows.limit(rowsPerReadMax).execute('all');
    });
  }
}

/** Undefined where a column holds what no row ever has, such as a time without end. */
function readable(columns: FoundLogRow): LedgerRow | undefined {
  try {
    return placedRowOf(columns).row;
  } catch {
    return undefined;
  }
}

/** A row by its id and place, for whoever looks for it. */
export function named({ id, n, partition, seq }: FoundLogRow): string {
  return `row ${id} (n ${n}, partition ${partition}, seq ${seq})`;
}
