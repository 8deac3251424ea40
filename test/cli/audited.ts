// A data directory and its ledger, whole at first, and what may be done to them behind their backs.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { canonical, sha256 } from '#src/domain/chain';
import type { Draft } from '#src/domain/records';
import { Connection } from '#src/ledger/connection';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import type { LedgerTarget } from '#src/ledger/unavailable';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { finished, temporaryDirectory } from '../e2e/world.ts';
import { closedPositions, Entries } from '../ledger/entries.ts';
import { appended } from '../journal/conformance.ts';
import { freshDatabase } from '../support/servers.ts';

/** Three accounts, four positions each: records 16 to 27 are their closes, an account's in turn. */
const few: readonly Draft[] = closedPositions(3, 4);

export interface Written {
  readonly directory: string;
  readonly target: LedgerTarget;
  readonly environment: Readonly<Record<string, string>>;
}

interface WrittenOptions {
  readonly drafts?: readonly Draft[];
  /** Records that the ledger has, and the journal; all of them unless it is said. */
  readonly ledgerN?: number;
  readonly journalN?: number;
}

/** Writes the first `journalN` records to a journal, and the first `ledgerN` to its ledger. */
export async function written(
  kind: 'postgres' | 'pglite',
  { drafts = few, ledgerN, journalN }: WrittenOptions = {},
): Promise<Written> {
  const directory = temporaryDirectory();
  const url = kind === 'postgres' ? await freshDatabase() : undefined;
  const target = url === undefined ? { pgliteDirectory: join(directory, 'pglite') } : { url };
  const journal = sqliteJournal({ directory });
  const { directoryId } = await journal.open();
  const entries = new Entries().of(drafts);
  await appended(
    journal,
    entries.slice(0, journalN).map(({ record }) => record),
  );
  await journal.close();
  const ledger = mikroLedger(target);
  await ledger.open(directoryId);
  await ledger.write(entries.slice(0, ledgerN));
  await ledger.close();
  const database: Record<string, string> = url === undefined ? {} : { CLOSEOUT_DATABASE_URL: url };
  return { directory, target, environment: { CLOSEOUT_DATA_DIR: directory, ...database } };
}

/** Runs SQL in the ledger, with the trigger disabled that refuses changes of rows. */
export async function inLedger(
  { target }: Written,
  act: (query: (sql: string, values?: unknown[]) => Promise<Row[]>) => Promise<unknown>,
): Promise<void> {
  const connection = new Connection(target, {});
  const trigger = 'trigger reconciliation_log_append_only';
  try {
    await connection.use(async (em) => {
      await em.execute(`alter table reconciliation_log disable ${trigger}`);
      await act((sql, values) => em.execute<Row[]>(sql, values));
      await em.execute(`alter table reconciliation_log enable always ${trigger}`);
    });
  } finally {
    await connection.close();
  }
}

export type Row = Record<string, unknown>;

export function inJournal({ directory }: Written, act: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(directory, 'journal.sqlite'));
  try {
    act(db);
  } finally {
    db.close();
  }
}

/** Changes the text of a record, and makes its hash fit where that is wanted. */
export function changeRecord(
  at: Written,
  n: number,
  change: (text: string) => string,
  { isRehashed }: { isRehashed: boolean },
): void {
  inJournal(at, (db) => {
    const row = db.prepare('SELECT text, hash FROM links WHERE n = ?').get(n);
    const before = String(row?.['text']);
    const text = canonical(JSON.parse(change(before)));
    if (text === before) throw new Error(`nothing of record ${n} was changed`);
    const hash = isRehashed ? sha256(text) : String(row?.['hash']);
    db.prepare('UPDATE links SET text = ?, hash = ? WHERE n = ?').run(text, hash, n);
  });
}

/** What it says of each part, and its exit status. */
export async function verified(environment: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = await finished(['verify'], environment);
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  const parts = lines.map((line) => /^(\S+)\s+([a-z ]+): (.*)$/.exec(line) ?? []);
  const said = Object.fromEntries(
    parts.map(([, verdict, name, what]) => [name, `${verdict} ${what}`]),
  );
  const { journal, ledger, 'ledger against journal': against } = said;
  return { status, journal, ledger, against };
}

export const whole = {
  journal: expect.stringMatching(/^ok 27 records of 3 partitions hold in .*journal\.sqlite$/),
  ledger: 'ok 12 rows of 3 partitions hold',
  against: 'ok 12 rows are what their records make',
};
