// A process that owns a data directory and appends until it is killed, telling what is durable
// on its standard output, which must be a file.
// Arguments: the directory, and how many records each append has.
import { writeSync } from 'node:fs';
import { openDataDirectory } from '#src/journal/data-directory';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { silentLogger } from '#src/ports/logger';
import { recordsOf } from './records.ts';

/** Appends that are under way at a time. */
const aheadMax = 400;

const [path = '', size = '1'] = process.argv.slice(2);
const directory = openDataDirectory(path, {
  pid: process.pid,
  host: 'appender',
  now: Date.now(),
});
const journal = sqliteJournal({
  directory: directory.path,
  logger: { ...silentLogger, error: (fields) => fail(fields) },
});
const { epoch, lastN } = await journal.open();
let n = lastN;

function fail(error: object): void {
  console.error(error);
  process.exit(1);
}

function appendNext(): void {
  const last = n + Number(size);
  journal.append(recordsOf(n + 1, last, epoch), (error) => {
    if (error !== undefined) throw error;
    // Written at once, not by a stream: nothing that was durable before the kill goes untold.
    writeSync(1, `${last}\n`);
    appendNext();
  });
  n = last;
}

writeSync(1, `${lastN}\n`);
for (let ahead = 0; ahead < Math.max(1, aheadMax / Number(size)); ahead++) appendNext();
