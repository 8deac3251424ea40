// The demo's own data directory: made, or emptied where it is certain to be ours and nobody's now.
import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { CloseoutError, messageOf } from '#src/domain/errors';
import { openDataDirectory } from '#src/journal/data-directory';

/** Beneath the directory from which the demo is started. */
export const demoDirectoryName = '.closeout-demo';
export const logFileName = 'demo.log';
/** The file that says that the directory is the demo's. */
export const markerFileName = 'SYNTHETIC';

const markerText = 'Data of a closeout demo, emptied at each start. Nothing in it is real.\n';

/** What a demo leaves behind, and what the next one deletes. */
const ownNames = new Set([
  'journal.sqlite',
  'journal.sqlite-wal',
  'journal.sqlite-shm',
  'journal.sqlite-journal',
  'pglite',
  logFileName,
]);
/** What stays: the marker, and the files of the lock, which must not be touched by others. */
const keptNames = new Set([
  markerFileName,
  'lock.sqlite',
  'lock.sqlite-journal',
  'owner.json',
  'owner.json.new',
]);

/**
 * Makes the directory, or empties it; answers with its absolute path. Throws `CloseoutError`
 * `data_directory_foreign` where anything in it is not a demo's, and nothing is deleted then;
 * `data_directory_in_use` where another demo runs in it; `data_directory_unavailable` otherwise.
 */
export function emptyDemoDirectory(path: string, now: number): string {
  const directory = resolve(path);
  mark(directory);
  // Whoever holds the lock may empty it: a demo that runs holds it until its last file is closed.
  const lock = openDataDirectory(directory, { pid: process.pid, host: hostname(), now });
  try {
    for (const name of ownNames) rmSync(join(directory, name), { recursive: true, force: true });
  } catch (error) {
    throw unavailable(directory, error);
  } finally {
    lock.release();
  }
  return directory;
}

/** The marker comes first: whatever comes later is then known to be a demo's, cut short or not. */
function mark(directory: string): void {
  const names = namesIn(directory);
  if (names.length > 0) {
    const foreign = names.filter((name) => !ownNames.has(name) && !keptNames.has(name));
    if (!names.includes(markerFileName)) throw foreignDirectory(directory, 'it is no demo of ours');
    if (foreign.length > 0) throw foreignDirectory(directory, `it holds ${foreign.join(', ')}`);
    return;
  }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, markerFileName), markerText);
  } catch (error) {
    throw unavailable(directory, error);
  }
}

/** Empty where there is no such directory. A link is not followed: it may lead anywhere. */
function namesIn(directory: string): string[] {
  try {
    if (!lstatSync(directory).isDirectory())
      throw foreignDirectory(directory, 'it is no directory');
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof CloseoutError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unavailable(directory, error);
  }
}

function foreignDirectory(directory: string, why: string): CloseoutError {
  const message = `${directory} is not emptied, since ${why}: move it away, or start elsewhere`;
  return new CloseoutError('data_directory_foreign', message);
}

function unavailable(directory: string, cause: unknown): CloseoutError {
  const message = `the data directory ${directory} cannot be used: ${messageOf(cause)}`;
  return new CloseoutError('data_directory_unavailable', message, { cause });
}
