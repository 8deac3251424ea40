// The history that everybody else reads: ReconciliationLog rows and what they are about.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { JournalEntry } from './journal.ts';

export interface LedgerFilter {
  /** Rows of this account; of all where absent. */
  readonly accountId?: string | undefined;
  readonly closeId?: string | undefined;
  readonly positionId?: string | undefined;
  readonly bulkId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface LedgerPage {
  /** In the order of the journal. */
  readonly items: LedgerRow[];
  readonly nextCursor?: string;
}

export interface Ledger {
  /**
   * Connects and brings the schema up to date. Throws `CloseoutError` `ledger_unavailable`
   * (retryable) where it does not answer, `ledger_foreign` where it holds the records of another
   * data directory, naming it.
   */
  open(directoryId: string): Promise<void>;
  /** `n` of the last record that is in it. */
  cursor(): Promise<number>;
  /** All or nothing; entries at or below the cursor are passed over. */
  write(entries: readonly JournalEntry[]): Promise<void>;
  list(filter: LedgerFilter): Promise<LedgerPage>;
  close(): Promise<void>;
}
