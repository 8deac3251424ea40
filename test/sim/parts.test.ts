// The simulator's own journal and database are like every journal and ledger.
import { expect, test } from 'vitest';
import { systemClock } from '#src/system/clock';
import type { JournalEntry } from '#src/ports/journal';
import { describeJournal } from '../journal/conformance.ts';
import { recordOf, recordsOf } from '../journal/records.ts';
import { describeLedger } from '../ledger/conformance.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimDatabase } from './sim-ledger.ts';

const lives = (): boolean => false;

describeJournal('simulated journal', () => {
  const disk = new SimDisk({ writeMs: () => 0, isFull: () => false });
  return { journal: () => disk.journal(systemClock(), lives), remove: () => {} };
});

describeLedger('simulated ledger', () => {
  const database = new SimDatabase({ isAway: () => false, isSilent: () => false });
  return Promise.resolve({
    ledger: () => database.ledger(lives),
    remove: () => Promise.resolve(),
  });
});

test('what was not written when the power went is gone, append by append', async () => {
  for (const [share, kept] of [
    [0, 1],
    [0.5, 3],
    [0.999, 4],
  ] as const) {
    const clock = new SimClock(0);
    const disk = new SimDisk({ writeMs: () => 5, isFull: () => false });
    const journal = disk.journal(clock, lives);
    await journal.open();
    journal.append([recordOf(1)], () => {});
    while (clock.step(10));
    journal.append(recordsOf(2, 3), () => {});
    journal.append([recordOf(4)], () => {});
    journal.crash(share);
    while (clock.step(100));
    const found: JournalEntry[] = await disk.content.read(0, 10);
    expect([share, found.length]).toEqual([share, kept]);
  }
});

test('a full disk fails what waits, and everything after', async () => {
  const clock = new SimClock(0);
  const disk = new SimDisk({ writeMs: () => 5, isFull: () => true });
  const journal = disk.journal(clock, lives);
  await journal.open();
  const errors: unknown[] = [];
  journal.append([recordOf(1)], (error) => void errors.push(error?.code));
  while (clock.step(10));
  journal.append([recordOf(2)], (error) => void errors.push(error?.code));
  await Promise.resolve();
  expect(errors).toEqual(['journal_failed', 'journal_failed']);
});

test('what is due happens in order of its time, ties as they were set', () => {
  const clock = new SimClock(100);
  const seen: string[] = [];
  const mark = (name: string) => () => void seen.push(`${name} ${clock.now()}`);
  clock.at(130, mark('c'));
  clock.at(110, mark('a'));
  clock.at(110, mark('b'));
  const cancel = clock.at(120, mark('never'));
  clock.at(50, mark('late'));
  clock.soon(mark('soon'));
  cancel();
  while (clock.step(140));
  expect(seen).toEqual(['soon 100', 'late 100', 'a 110', 'b 110', 'c 130']);
  expect(clock.now()).toBe(140);
});
