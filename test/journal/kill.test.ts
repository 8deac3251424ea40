import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDataDirectory } from '#src/journal/data-directory';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { allEntries } from './conformance.ts';
import { recordsOf } from './records.ts';
import { temporaryDirectory } from './temporary.ts';
import type { TemporaryDirectory } from './temporary.ts';

const appender = fileURLToPath(new URL('./appender.ts', import.meta.url));

let directory: TemporaryDirectory;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  child?.kill('SIGKILL');
  directory.remove();
});

/** The numbers that the appender has told. A file, since a full pipe would refuse them. */
function toldIn(file: string): number[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1).map(Number);
}

/** Runs the appender until it has told `lines` numbers, then kills it; what it told last. */
async function killed(size: number, lines: number): Promise<number> {
  const file = join(directory.path, 'told');
  const out = openSync(file, 'w');
  const started = spawn(process.execPath, [appender, directory.path, String(size)], {
    stdio: ['ignore', out, 'pipe'],
  });
  closeSync(out);
  child = started;
  let errors = '';
  started.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(started, 'close');
  await vi.waitUntil(() => errors !== '' || toldIn(file).length >= lines, {
    timeout: 60_000,
    interval: 5,
  });
  started.kill('SIGKILL');
  await ended;
  expect({ signal: started.signalCode, errors }).toEqual({ signal: 'SIGKILL', errors: '' });
  return toldIn(file).at(-1) ?? 0;
}

test('what was durable before a kill -9 is there, whole and chained, start after start', async () => {
  let lastTold = 0;
  for (const [round, lines] of [2, 37, 1_500, 4_000].entries()) {
    const told = await killed(1, lines);
    expect(told).toBeGreaterThan(lastTold);

    // The lock went with the process.
    const owned = openDataDirectory(directory.path, { pid: 1, host: 'test', now: 0 });
    const journal = sqliteJournal({ directory: owned.path });
    const opened = await journal.open();
    const entries = await allEntries(journal);
    await journal.close();
    owned.release();

    expect(opened.epoch).toBe(2 * round + 2);
    expect(opened.lastN).toBeGreaterThanOrEqual(told);
    expect(entries).toHaveLength(opened.lastN);
    // Every record is the one that was appended: all but its epoch follows from its number.
    const records = entries.map(({ record }) => ({ ...record, epoch: 1 }));
    expect(records).toEqual(recordsOf(1, opened.lastN));
    lastTold = opened.lastN;
  }
}, 120_000);

test.each([7, 3_000])(
  'a kill -9 leaves no part of an append of %i records',
  async (size) => {
    for (const lines of [2, 5, 9]) {
      const told = await killed(size, lines);
      const journal = sqliteJournal({ directory: directory.path });
      const { lastN } = await journal.open();
      await journal.close();
      expect(lastN).toBeGreaterThanOrEqual(told);
      expect(lastN % size).toBe(0);
    }
  },
  60_000,
);
