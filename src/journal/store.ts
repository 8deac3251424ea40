// The journal's file: records, notes and what names the directory, in one SQLite database.
// Its calls block, so the worker thread makes them.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { JournalRecord } from '#src/domain/records';
import type { JournalOpened } from '#src/ports/journal';
import { Chains, corrupt } from './links.ts';
import type { Link } from './links.ts';
import type { Notes, StoreOptions } from './protocol.ts';

export const journalFileName = 'journal.sqlite';

/** Version of the tables; a newer file is refused. */
export const schemaVersion = 1;

/** How long a foreign reader of the file (a backup, a shell) may hold a lock that we need. */
const busyTimeoutMs = 5_000;

/** SQLite's primary result codes of a damaged file: SQLITE_CORRUPT, SQLITE_NOTADB. */
const damagedCodes: readonly unknown[] = [11, 26];

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE links (n INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  PRAGMA user_version = ${schemaVersion};
`;

/** Opens or creates the file and checks all that is in it; counts the start once that holds. */
export function openStore(options: StoreOptions): { store: JournalStore; opened: JournalOpened } {
  let db: DatabaseSync | undefined;
  try {
    const file = join(options.directory, journalFileName);
    db = new DatabaseSync(file, { timeout: busyTimeoutMs });
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    if (options.pageCountMax !== undefined) {
      db.exec(`PRAGMA max_page_count = ${Math.trunc(options.pageCountMax)}`);
    }
    prepareSchema(db);
    const chains = checkedChains(db);
    const meta = new Meta(db);
    const epoch = Number(meta.get('epoch')) + 1;
    meta.set('epoch', String(epoch));
    const opened = { epoch, directoryId: meta.get('directoryId'), lastN: chains.n };
    return { store: new JournalStore(db, chains, meta), opened };
  } catch (error) {
    if (db?.isOpen === true) db.close();
    throw asCloseoutError(error);
  }
}

function prepareSchema(db: DatabaseSync): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {};
  if (Number(version) > schemaVersion) {
    throw corrupt(`the file is of version ${String(version)}, newer than ${schemaVersion}`);
  }
  if (version === schemaVersion) return;
  inTransaction(db, () => {
    db.exec(schema);
    const meta = new Meta(db);
    meta.set('directoryId', randomUUID());
    meta.set('epoch', '0');
    meta.set('lastN', '0');
  });
}

function inTransaction(db: DatabaseSync, act: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    act();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Checks every link, one at a time, and that none is missing at the end. */
function checkedChains(db: DatabaseSync): Chains {
  const chains = new Chains();
  for (const row of db.prepare('SELECT n, text, hash FROM links ORDER BY n').iterate()) {
    chains.check(Number(row['n']), linkOf(row));
  }
  const lastN = Number(new Meta(db).get('lastN'));
  if (chains.n !== lastN) {
    throw corrupt(`record ${lastN} was written, but the last one there is ${chains.n}`);
  }
  return chains;
}

export function linkOf(row: Record<string, unknown>): Link {
  return { text: String(row['text']), hash: String(row['hash']) };
}

/** What is known about the directory as a whole. */
export class Meta {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT value FROM meta WHERE name = ?');
    this.#set = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  }

  get(name: 'directoryId' | 'epoch' | 'lastN'): string {
    const row = this.#get.get(name);
    if (row === undefined) throw corrupt(`its ${name} is missing`);
    return String(row['value']);
  }

  set(name: 'directoryId' | 'epoch' | 'lastN', value: string): void {
    this.#set.run(name, value);
  }
}

export class JournalStore {
  readonly #db: DatabaseSync;
  readonly #chains: Chains;
  readonly #meta: Meta;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #setNote: StatementSync;
  readonly #getNotes: StatementSync;

  constructor(db: DatabaseSync, chains: Chains, meta: Meta) {
    this.#db = db;
    this.#chains = chains;
    this.#meta = meta;
    this.#insert = db.prepare('INSERT INTO links (n, text, hash) VALUES (?, ?, ?)');
    this.#select = db.prepare('SELECT text, hash FROM links WHERE n > ? ORDER BY n LIMIT ?');
    this.#setNote = db.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');
    this.#getNotes = db.prepare(
      'SELECT name, value FROM notes WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name',
    );
  }

  /** Writes records (JSON arrays); they are durable when a call that commits has returned. */
  append(texts: readonly string[], notes: Notes, commit: boolean): void {
    if (!this.#db.isTransaction) this.#db.exec('BEGIN IMMEDIATE');
    for (const text of texts) {
      for (const record of JSON.parse(text) as JournalRecord[]) {
        const link = this.#chains.link(record);
        this.#insert.run(record.n, link.text, link.hash);
      }
    }
    if (!commit) return;
    for (const [name, value] of notes) this.#setNote.run(name, value);
    this.#meta.set('lastN', String(this.#chains.n));
    this.#db.exec('COMMIT');
  }

  read(after: number, limit: number): Link[] {
    return this.#select.all(after, limit).map(linkOf);
  }

  notes(prefix: string): Map<string, string> {
    const rows = this.#getNotes.all(prefix);
    return new Map(rows.map(({ name, value }) => [String(name), String(value)]));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

export function asCloseoutError(error: unknown): CloseoutError {
  if (error instanceof CloseoutError) return error;
  if (isDamage(error)) return corrupt(messageOf(error), error);
  const message = `the journal cannot be opened: ${messageOf(error)}`;
  return new CloseoutError('journal_unavailable', message, { cause: error });
}

function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return damagedCodes.includes(Number(error.errcode) & 0xff);
}
