// A ledger holds the records of one data directory.
import { CloseoutError } from '#src/domain/errors';

/** Throws `CloseoutError` `ledger_foreign` where the ledger belongs to another data directory. */
export function refuseForeign(owner: string, directoryId: string, where: string): void {
  if (owner === directoryId) return;
  throw new CloseoutError(
    'ledger_foreign',
    `${where} holds the records of data directory ${owner}, this one is ${directoryId}: ` +
      'use a database of its own, or the data directory that the records belong to',
  );
}
