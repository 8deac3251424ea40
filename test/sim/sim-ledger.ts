// The database of a simulated world: away for a while, and once in a while it commits without saying
// so. What it holds is that of the ledger in memory.
import { CloseoutError } from '#src/domain/errors';
import { memoryLedger } from '#src/ledger/memory-ledger';
import type { Ledger } from '#src/ports/ledger';

export interface DatabaseFaults {
  readonly isAway: () => boolean;
  /** Whether the answer to the next commit is lost. */
  readonly isSilent: () => boolean;
}

export class SimDatabase {
  readonly content: Ledger = memoryLedger();
  private readonly faults: DatabaseFaults;

  constructor(faults: DatabaseFaults) {
    this.faults = faults;
  }

  /** The ledger of one start; `isDead` says when its runtime is gone. */
  ledger(isDead: () => boolean, crashPoint: () => void = () => {}): Ledger {
    const { content, faults } = this;
    const reach = (): void => {
      if (isDead() || faults.isAway()) throw away();
    };
    return {
      open: async (directoryId) => {
        reach();
        await content.open(directoryId);
      },
      cursor: async () => {
        reach();
        return await content.cursor();
      },
      write: async (entries) => {
        crashPoint();
        reach();
        await content.write(entries);
        crashPoint();
        reach();
        if (faults.isSilent()) throw away();
      },
      list: async (filter) => {
        reach();
        return await content.list(filter);
      },
      close: async () => {},
    };
  }
}

function away(): CloseoutError {
  return new CloseoutError('ledger_unavailable', 'the database is away', { retryable: true });
}
