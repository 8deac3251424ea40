// The data directory and its lock: one runtime owns it, and the others are told who.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CloseoutError, messageOf } from '#src/domain/errors';

export interface DirectoryOwner {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** Gives the directory up; a second call does nothing. */
  release(): void;
}

const lockFileName = 'lock.sqlite';
const ownerFileName = 'owner.json';

/** Kept here too: an owner that forgets its directory must not lose the lock to the collector. */
const held = new Set<DatabaseSync>();

/** SQLite's primary result code SQLITE_BUSY: somebody else holds the lock. */
const busyCode = 5;

/**
 * Creates the directory where there is none and takes it for this process. Throws `CloseoutError`
 * `data_directory_in_use`, naming the owner's pid, host and since when, where another runtime has
 * it (in this process or another), `data_directory_unavailable` where it cannot be used.
 */
export function openDataDirectory(
  path: string,
  owner: { pid: number; host: string; now: number },
): DataDirectory {
  const directory = resolve(path);
  const lock = taken(directory);
  const { pid, host, now } = owner;
  try {
    writeOwner(directory, { pid, host, since: new Date(now).toISOString() });
  } catch (error) {
    lock.close();
    throw unavailable(directory, error);
  }
  held.add(lock);
  return {
    path: directory,
    release: () => {
      if (!lock.isOpen) return;
      // Before the lock: afterwards it may be the next owner's.
      rmSync(join(directory, ownerFileName), { force: true });
      lock.close();
      held.delete(lock);
    },
  };
}

/**
 * The lock is an open transaction on a SQLite file: the system drops it with the process, however
 * that ends, and SQLite sees a second one in this process too. Nothing else may open that file
 * here, since closing any handle on it would drop the lock (POSIX).
 */
function taken(directory: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    createDirectory(directory);
    lock = new DatabaseSync(join(directory, lockFileName));
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    throw isBusy(error) ? inUse(directory, error) : unavailable(directory, error);
  }
}

/** Creates it and those above it that are missing, each durably named in the one above. */
function createDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first === undefined || process.platform === 'win32') return;
  let made = directory;
  while (made.length >= first.length) {
    made = dirname(made);
    const handle = openSync(made, 'r');
    fsyncSync(handle);
    closeSync(handle);
  }
}

/** Whole or not at all: a runtime that is refused may read it at any time. */
function writeOwner(directory: string, owner: DirectoryOwner): void {
  const file = join(directory, ownerFileName);
  writeFileSync(`${file}.new`, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function inUse(directory: string, cause: unknown): CloseoutError {
  const message = `the data directory ${directory} is in use by ${ownerName(directory)}`;
  return new CloseoutError('data_directory_in_use', message, { cause });
}

function ownerName(directory: string): string {
  try {
    const text = readFileSync(join(directory, ownerFileName), 'utf8');
    const { pid, host, since } = JSON.parse(text) as DirectoryOwner;
    return `pid ${pid} on ${host} since ${since}`;
  } catch {
    // The owner took the lock this very moment and has not written its name yet.
    return 'a runtime that is just starting or stopping';
  }
}

function unavailable(directory: string, cause: unknown): CloseoutError {
  const message = `the data directory ${directory} cannot be used: ${messageOf(cause)}`;
  return new CloseoutError('data_directory_unavailable', message, { cause });
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busyCode
  );
}
