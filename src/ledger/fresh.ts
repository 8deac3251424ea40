// Which entries of a batch a ledger does not have yet.
import { CloseoutError } from '#src/domain/errors';
import type { JournalEntry } from '#src/ports/journal';

/**
 * The entries above the cursor. Throws `CloseoutError` `ledger_gap` where records are missing in
 * between: a ledger with a hole would never be noticed later.
 */
export function freshEntries(
  entries: readonly JournalEntry[],
  cursor: number,
): readonly JournalEntry[] {
  const fresh = entries.filter(({ record }) => record.n > cursor);
  let expected = cursor + 1;
  for (const { record } of fresh) {
    if (record.n !== expected) {
      throw new CloseoutError(
        'ledger_gap',
        `the ledger has the records up to ${expected - 1}, and the next one given is ` +
          `${record.n}: the records between are in neither, restore the database from a backup`,
      );
    }
    expected++;
  }
  return fresh;
}
