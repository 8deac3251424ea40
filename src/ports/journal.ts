// The durable truth of one process: records in order, hash-chained per partition.
import type { JournalRecord } from '#src/domain/records';
import type { CloseoutError } from '#src/domain/errors';

/** A record as the journal holds it: `hash` is over the record and `prevHash`, per partition. */
export interface JournalEntry {
  readonly record: JournalRecord;
  readonly prevHash: string;
  readonly hash: string;
}

export interface JournalOpened {
  /** Counts the starts of this data directory, from 1. */
  readonly epoch: number;
  /** Names the data directory; made at its first start. */
  readonly directoryId: string;
  /** Last `n` that is durable; 0 in a new journal. */
  readonly lastN: number;
}

/** Most records of one read and of one durable batch; a larger append is a batch of its own. */
export const journalBatchMax = 500;

export interface Journal {
  /**
   * Opens or creates it. Throws `CloseoutError` `journal_corrupt` where a chain does not hold or a
   * record is of a newer version, `journal_unavailable` where it cannot be opened.
   */
  open(): Promise<JournalOpened>;
  /**
   * Appends records whose `n` follow the last (asserted), all or none of them: a crash never leaves
   * a part of one call. `whenDurable` is called once, in order of the calls: without argument when
   * they are on disk, with an error when they never will be (`journal_failed`, or `journal_closed`
   * before `open` and after `close`); after an error every later append fails too. An in-memory
   * journal calls it before `append` returns.
   */
  append(records: readonly JournalRecord[], whenDurable: (error?: CloseoutError) => void): void;
  /** Up to `limit` entries with `n` above `after`, in order; only what is durable. */
  read(after: number, limit: number): Promise<JournalEntry[]>;
  /**
   * Notes a text under a name, in place of what was noted there: what may lag a little behind the
   * records, such as how far something has come. It becomes durable with or soon after what was
   * appended before it, never earlier.
   */
  note(name: string, value: string): void;
  /** What is noted durably under names that begin so. */
  notes(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Waits for what was appended and noted, then releases everything. */
  close(): Promise<void>;
}
