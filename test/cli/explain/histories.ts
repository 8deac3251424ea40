// The history of drafts, for what is told of them.
import type { Draft } from '#src/domain/records';
import type { History } from '#src/ledger/history';
import { memoryLedger } from '#src/ledger/memory-ledger';
import { Entries } from '../../ledger/entries.ts';

/** A ledger without tables: of these the tests of the command tell. */
export async function historyOf(drafts: readonly Draft[]): Promise<History> {
  const ledger = memoryLedger();
  await ledger.open('dir-1');
  await ledger.write(new Entries().of(drafts));
  return {
    list: (filter) => ledger.list(filter),
    position: async () => undefined,
    positionOfClose: async () => undefined,
    unanswered: async () => [],
    account: async () => undefined,
    openPositions: async () => 0,
  };
}
