// The history that everybody else reads: ReconciliationLog rows and what they are about.
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { JournalEntry } from './journal.ts';

export interface LedgerFilter {
  /** Rows of this account; of all where absent. */
  readonly accountId?: string | undefined;
  readonly closeId?: string | undefined;
  readonly positionId?: string | undefined;
  readonly bulkId?: string | undefined;
  /** Rows of this breach of a rule, and of the closes that it asked for. */
  readonly breachId?: string | undefined;
  readonly eventType?: string | undefined;
  /** Rows that name this symbol: those of its market, under `_`. */
  readonly symbol?: string | undefined;
  /** Of these, changes of this condition of a market guard. */
  readonly condition?: string | undefined;
  /** Rows before, or behind, the row of this id; none where there is no such row. */
  readonly beforeId?: string | undefined;
  readonly behindId?: string | undefined;
  /** From the last row back to the first one. */
  readonly isNewestFirst?: boolean | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before, which was asked for in the same order. */
  readonly cursor?: string | undefined;
}

export interface LedgerPage {
  /** In the order of the journal, or from its end where that was asked for. */
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
