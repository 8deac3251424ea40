// The journal, read by whoever does not own it: beside a running runtime, or of one that was killed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { JournalEntry } from '#src/ports/journal';
import { Chains, corrupt, entryOf, type Link } from './links.ts';
import { asCloseoutError, journalFileName, linkOf, Meta, schemaVersion } from './store.ts';

/** Records of one read: between two of them the writer may tidy up its log. */
const linksPerReadMax = 1_000;

/** How long a writer may hold a lock that reading needs. */
const busyTimeoutMs = 5_000;

export interface JournalVerdict {
  /** Records that hold: those with `n` 1 to this. */
  readonly records: number;
  /** Partitions that these are of. */
  readonly partitions: number;
  /** The first record that is not what was written, or not where it was. */
  readonly fault?: string;
}

export interface JournalReader {
  readonly file: string;
  readonly directoryId: string;
  /** Last record when it was opened; what is written later is not looked at. */
  readonly lastN: number;
  /** Checks hashes, chains, places and counts of every record, one at a time. */
  verify(): JournalVerdict;
  /** Records up to `lastN`, in order, as they stand there. */
  entries(lastN: number): Generator<JournalEntry>;
  close(): void;
}

/**
 * Opens the journal of a data directory without writing to it. Throws `CloseoutError`
 * `journal_absent` where there is none, `journal_corrupt` where the file is not one of ours, or is
 * of a newer version, `journal_unavailable` where it cannot be read.
 */
export function readJournal(directory: string): JournalReader {
  const file = join(directory, journalFileName);
  if (!existsSync(file)) {
    const message = `there is no journal in ${directory}: no runtime has started there`;
    throw new CloseoutError('journal_absent', message);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
    return new SqliteJournalReader(db, file);
  } catch (error) {
    db?.close();
    throw asCloseoutError(error);
  }
}

class SqliteJournalReader implements JournalReader {
  readonly file: string;
  readonly directoryId: string;
  readonly lastN: number;
  readonly #epoch: number;
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.file = file;
    const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {};
    if (version !== schemaVersion) {
      throw corrupt(`the file is of version ${String(version)}, not ${schemaVersion}`);
    }
    const meta = new Meta(db);
    this.directoryId = meta.get('directoryId');
    this.#epoch = Number(meta.get('epoch'));
    this.lastN = Number(meta.get('lastN'));
  }

  verify(): JournalVerdict {
    const chains = new Chains();
    const places = new Places(this.#epoch);
    let records = 0;
    const said = () => ({ records, partitions: places.partitions });
    try {
      for (const { n, link } of this.#links(this.lastN)) {
        const fault = chains.fault(n, link) ?? places.fault(entryOf(link));
        if (fault !== undefined) return { ...said(), fault: fault + named(link) };
        records = n;
      }
      const fault = this.#tailFault(records);
      return fault === undefined ? said() : { ...said(), fault };
    } catch (error) {
      const fault = `behind record ${records} it cannot be read: ${messageOf(error)}`;
      return { ...said(), fault };
    }
  }

  *entries(lastN: number): Generator<JournalEntry> {
    for (const { link } of this.#links(lastN)) yield entryOf(link);
  }

  close(): void {
    this.#db.close();
  }

  *#links(lastN: number): Generator<{ n: number; link: Link }> {
    const page = this.#db.prepare(
      'SELECT n, text, hash FROM links WHERE n > ? AND n <= ? ORDER BY n LIMIT ?',
    );
    let after = Number.MIN_SAFE_INTEGER;
    let count: number;
    do {
      count = 0;
      for (const row of page.iterate(after, lastN, linksPerReadMax)) {
        after = Number(row['n']);
        count++;
        yield { n: after, link: linkOf(row) };
      }
    } while (count === linksPerReadMax);
  }

  /** A record that is missing at the end, or was put behind it. */
  #tailFault(n: number): string | undefined {
    if (n < this.lastN) {
      return `record ${n + 1} is missing: ${this.lastN} were written, ${n} is the last there is`;
    }
    const last = `(SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'lastN')`;
    const stray = this.#db
      .prepare(`SELECT n, ${last} AS last FROM links WHERE n > ${last} ORDER BY n LIMIT 1`)
      .get();
    if (stray === undefined) return undefined;
    const { n: place, last: written } = stray;
    return `record ${String(place)} was not written by the journal: its last is ${String(written)}`;
  }
}

/** What the chains do not check: the counts of each partition, and of the starts. */
class Places {
  readonly #lastEpoch: number;
  readonly #seqs = new Map<number, number>();
  #epoch = 1;

  constructor(lastEpoch: number) {
    this.#lastEpoch = lastEpoch;
  }

  get partitions(): number {
    return this.#seqs.size;
  }

  fault({ record }: JournalEntry): string | undefined {
    const { n, partition, seq, epoch } = record;
    const expected = (this.#seqs.get(partition) ?? 0) + 1;
    if (seq !== expected) {
      return `record ${n} of partition ${partition} is out of order: expected seq ${expected}`;
    }
    if (epoch < this.#epoch || epoch > this.#lastEpoch) {
      return `record ${n} of partition ${partition} is of start ${epoch}, which was not then`;
    }
    this.#seqs.set(partition, seq);
    this.#epoch = epoch;
    return undefined;
  }
}

/** What the record says of itself, for whoever looks for it. */
function named(link: Link): string {
  try {
    const { n, partition, seq, accountId, type } = entryOf(link).record;
    return ` (n ${n}, partition ${partition}, seq ${seq}, ${type} of ${accountId})`;
  } catch {
    return '';
  }
}
