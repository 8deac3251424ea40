import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

/** Runs the appender until it has told `lines` numbers, then kills it; what it told last. */
async function killed(size: number, lines: number): Promise<number> {
  const started = spawn(process.execPath, [appender, directory.path, String(size)]);
  child = started;
  let told = 0;
  let count = 0;
  let errors = '';
  started.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  createInterface({ input: started.stdout }).on('line', (line) => {
    told = Number(line);
    if (++count === lines) started.kill('SIGKILL');
  });
  await once(started, 'close');
  expect({ signal: started.signalCode, errors }).toEqual({ signal: 'SIGKILL', errors: '' });
  return told;
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
}, 60_000);

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
