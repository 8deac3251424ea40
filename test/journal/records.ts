// Made-up journal records: a dozen accounts are created, then adjusted again and again.
import { partitionOf } from '#src/domain/ids';
import { recordVersion } from '#src/domain/records';
import type { JournalRecord } from '#src/domain/records';

const accountsMax = 12;
const firstTs = 1_700_000_000_000;

/** The record with number `n`; the same in every process. */
export function recordOf(n: number, epoch = 1): JournalRecord {
  const accountId = `account-${n % accountsMax}`;
  const place = {
    n,
    v: recordVersion,
    partition: partitionOf(accountId),
    epoch,
    seq: Math.ceil(n / accountsMax),
    ts: firstTs + n,
    accountId,
  };
  if (n <= accountsMax) {
    const account = { accountId, currency: 'USD', balance: '10000', rules: [] };
    return { ...place, type: 'account.created', body: { account: { ...account, mode: 'PAPER' } } };
  }
  const body = { amount: `-${n}.25`, reason: 'fee – größer', by: 'operator' };
  return { ...place, type: 'account.adjusted', body };
}

/** Records `first` to `last`. */
export function recordsOf(first: number, last: number, epoch = 1): JournalRecord[] {
  return Array.from({ length: last - first + 1 }, (_, i) => recordOf(first + i, epoch));
}
