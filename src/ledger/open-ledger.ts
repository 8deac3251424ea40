// How a ledger is opened at a start: what its absence means, and what it must not hold.
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Ledger } from '#src/ports/ledger';
import type { Logger } from '#src/ports/logger';

/** How long a start with something to guard waits for its database. */
const openMsMax = 3000;
const slowCode = 'ledger_slow';

export interface LedgerStart {
  readonly directoryId: string;
  /** Last record of the journal; 0 at the first start of a data directory. */
  readonly lastN: number;
  readonly logger: Logger;
}

/**
 * Opens the ledger. A database that is away keeps nobody unguarded: then what is returned opens it
 * later. At the first start nothing is guarded and it is a mistake in the settings: it throws, as
 * `Ledger.open` does, and `ledger_ahead` where the ledger knows more than the journal.
 */
export async function openLedger(
  ledger: Ledger,
  { directoryId, lastN, logger }: LedgerStart,
): Promise<(() => Promise<void>) | undefined> {
  const open = async (): Promise<void> => {
    await ledger.open(directoryId);
    await refuseAhead(ledger, lastN);
  };
  let opening: Promise<void> | undefined = open();
  try {
    await (lastN > 0 ? soon(opening) : opening);
    return undefined;
  } catch (error) {
    const mayWait = error instanceof CloseoutError && error.retryable && lastN > 0;
    if (!mayWait) throw error;
    logger.error({ error: messageOf(error) }, 'the ledger is away: guarding goes first');
    // The first attempt may still come to something; it is waited for before another one is made.
    opening.catch(() => {});
    return async () => {
      const first = error.code === slowCode ? opening : undefined;
      opening = undefined;
      await (first ?? open());
    };
  }
}

/** Rejects, retryably, where a database that is there takes too long to answer. */
async function soon(opening: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `the database has not answered within ${openMsMax} ms`;
    const error = new CloseoutError(slowCode, message, { retryable: true });
    timer = setTimeout(() => reject(error), openMsMax);
  });
  try {
    await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The data directory is an old copy: what it guards may be closed. */
async function refuseAhead(ledger: Ledger, lastN: number): Promise<void> {
  const cursor = await ledger.cursor();
  if (cursor <= lastN) return;
  throw new CloseoutError(
    'ledger_ahead',
    `the ledger has ${cursor} records of this data directory, the journal ${lastN}: ` +
      'the directory is an old copy, and what it guards may be closed; restore the newer one',
  );
}
