// Links of the journal's chains: a record and what it follows, as one text, and the hash of that.
import { canonical, chainStart, sha256 } from '#src/domain/chain';
import { CloseoutError, invariant } from '#src/domain/errors';
import { recordVersion } from '#src/domain/records';
import type { JournalRecord } from '#src/domain/records';
import { journalBatchMax } from '#src/ports/journal';
import type { JournalEntry } from '#src/ports/journal';

/** A link as it is kept. Its text is hashed as it is, so checking it needs no second form. */
export interface Link {
  /** RFC 8785 text of the record with `prevHash` added. */
  readonly text: string;
  readonly hash: string;
}

type LinkedRecord = JournalRecord & { prevHash: string };

/** The entry that a link is. */
export function entryOf(link: Link): JournalEntry {
  const { prevHash, ...record } = JSON.parse(link.text) as LinkedRecord;
  return { record, prevHash, hash: link.hash };
}

/** How many entries a read of `limit` may have. */
export function readMax(limit: number): number {
  return Math.max(0, Math.min(limit, journalBatchMax));
}

/** Asserts that the records follow `n` without a hole. */
export function assertFollows(records: readonly JournalRecord[], n: number): void {
  for (const record of records) {
    n++;
    invariant(record.n === n, `record ${n} comes next in the journal, not ${record.n}`);
  }
}

/** The heads of the chains of all partitions, moved by linking new records or checking old ones. */
export class Chains {
  readonly #heads = new Map<number, string>();
  #n = 0;

  /** Of the last record. */
  get n(): number {
    return this.#n;
  }

  /** Chains a record behind the last of its partition. */
  link(record: JournalRecord): Link {
    const prevHash = this.#head(record.partition);
    const text = canonical({ ...record, prevHash });
    const hash = sha256(text);
    this.#moveTo(record, hash);
    return { text, hash };
  }

  /** Throws `CloseoutError` `journal_corrupt` unless the link, found at place `n`, comes next. */
  check(n: number, link: Link): void {
    const fault = this.fault(n, link);
    if (fault !== undefined) throw corrupt(fault);
  }

  /** Why the link, found at place `n`, is not the one that comes next; moves on where it is. */
  fault(n: number, link: Link): string | undefined {
    if (n !== this.#n + 1) return `record ${this.#n + 1} is missing: after ${this.#n} comes ${n}`;
    const record = parsed(link.text);
    if (record === undefined) return `record ${n} of an unknown partition cannot be read`;
    const name = `record ${n} of partition ${record.partition}`;
    if (sha256(link.text) !== link.hash) return `${name} does not have its hash`;
    if (record.n !== n) return `${name} calls itself ${record.n}`;
    if (record.v > recordVersion) {
      return `${name} is of version ${record.v}, newer than ${recordVersion}`;
    }
    if (record.prevHash !== this.#head(record.partition)) {
      return `${name} does not follow the record before it in its partition`;
    }
    this.#moveTo(record, link.hash);
    return undefined;
  }

  #head(partition: number): string {
    return this.#heads.get(partition) ?? chainStart;
  }

  #moveTo(record: JournalRecord, hash: string): void {
    this.#heads.set(record.partition, hash);
    this.#n = record.n;
  }
}

export function corrupt(message: string, cause?: unknown): CloseoutError {
  return new CloseoutError('journal_corrupt', `the journal is damaged: ${message}`, { cause });
}

function parsed(text: string): LinkedRecord | undefined {
  try {
    return JSON.parse(text) as LinkedRecord;
  } catch {
    return undefined;
  }
}
