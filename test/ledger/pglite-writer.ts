// Writes to a PGlite ledger until it is killed, telling each cursor: the child of a test.
import process from 'node:process';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { adjusted, created, Entries } from './entries.ts';

const entriesPerWrite = 20;

const ledger = mikroLedger({ pgliteDirectory: process.argv[2] as string });
await ledger.open('dir-1');
const entries = new Entries();
let written = entries.of([created('a')]);
for (;;) {
  await ledger.write(written);
  process.stdout.write(`${await ledger.cursor()}\n`);
  const drafts = Array.from({ length: entriesPerWrite }, (_, i) => adjusted('a', String(i + 1)));
  written = entries.of(drafts);
}
