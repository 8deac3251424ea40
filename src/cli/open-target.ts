// Where the ledger of the settings is, for commands that read it.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Settings } from '#src/contracts/settings';
import { CloseoutError } from '#src/domain/errors';
import { openDataDirectory } from '#src/journal/data-directory';
import type { LedgerTarget } from '#src/ledger/unavailable';

export interface TakenTarget {
  readonly target: LedgerTarget;
  readonly release: () => void;
}

/**
 * PGlite locks nothing by itself: who opens it must own the data directory, until `release`. Throws
 * `CloseoutError` `data_directory_in_use`, naming the owner, or `ledger_absent`.
 */
export function takeTarget(settings: Settings): TakenTarget {
  const { CLOSEOUT_DATABASE_URL: url, CLOSEOUT_DATA_DIR } = settings;
  if (url !== undefined) return { target: { url }, release: () => {} };
  const directory = resolve(CLOSEOUT_DATA_DIR);
  const pgliteDirectory = join(directory, 'pglite');
  return { target: { pgliteDirectory }, release: takePglite(directory, pgliteDirectory) };
}

function takePglite(directory: string, pgliteDirectory: string): () => void {
  if (!existsSync(join(pgliteDirectory, 'PG_VERSION'))) {
    throw new CloseoutError(
      'ledger_absent',
      `there is no ledger in ${pgliteDirectory}: where it is in Postgres, set CLOSEOUT_DATABASE_URL`,
    );
  }
  const owner = { pid: process.pid, host: hostname(), now: Date.now() };
  try {
    const taken = openDataDirectory(directory, owner);
    return () => taken.release();
  } catch (error) {
    if (!(error instanceof CloseoutError) || error.code !== 'data_directory_in_use') throw error;
    const message = `${error.message}, and PGlite takes one process at a time: stop that one first`;
    throw new CloseoutError(error.code, message, { cause: error });
  }
}
