import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canonical, sha256 } from '#src/domain/chain';
import { recordVersion } from '#src/domain/records';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import type { Journal } from '#src/ports/journal';
import { appended } from './conformance.ts';
import { recordOf, recordsOf } from './records.ts';
import { temporaryDirectory } from './temporary.ts';
import type { TemporaryDirectory } from './temporary.ts';

let directory: TemporaryDirectory;
let journal: Journal;
beforeEach(() => {
  directory = temporaryDirectory();
  journal = sqliteJournal({ directory: directory.path });
});
afterEach(async () => {
  await journal.close();
  directory.remove();
});

/** Does something to the file behind the journal's back. */
function tamper(act: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(directory.path, 'journal.sqlite'));
  act(db);
  db.close();
}

describe('damage of a sqlite journal', () => {
  const head = 'SELECT text, hash FROM links WHERE n = ?';

  function replaceText(n: number, change: (text: string) => string, rehash: boolean): void {
    tamper((db) => {
      const row = db.prepare(head).get(n);
      const text = change(String(row?.['text']));
      const hash = rehash ? sha256(text) : String(row?.['hash']);
      db.prepare('UPDATE links SET text = ?, hash = ? WHERE n = ?').run(text, hash, n);
    });
  }

  const partition = recordOf(20).partition;
  const name = `record 20 of partition ${partition}`;
  test.each([
    {
      what: 'an amount was changed',
      act: () => replaceText(20, (text) => text.replace('-20.25', '-20.26'), false),
      says: `${name} does not have its hash`,
    },
    {
      what: 'an amount was changed and the hash made to fit',
      act: () => replaceText(20, (text) => text.replace('-20.25', '-20.26'), true),
      says: `record 32 of partition ${partition} does not follow the record before it`,
    },
    {
      what: 'a record was put at another place',
      act: () => replaceText(20, (text) => text.replace('"n":20', '"n":21'), true),
      says: `${name} calls itself 21`,
    },
    {
      what: 'a record is no JSON',
      act: () => replaceText(20, (text) => text.slice(1), true),
      says: 'record 20 of an unknown partition cannot be read',
    },
    {
      what: 'a record was removed',
      act: () => tamper((db) => db.exec('DELETE FROM links WHERE n = 20')),
      says: 'record 20 is missing: after 19 comes 21',
    },
    {
      what: 'the first records were removed',
      act: () => tamper((db) => db.exec('DELETE FROM links WHERE n < 20')),
      says: 'record 1 is missing: after 0 comes 20',
    },
    {
      what: 'the last records were removed',
      act: () => tamper((db) => db.exec('DELETE FROM links WHERE n > 20')),
      says: 'record 40 was written, but the last one there is 20',
    },
    {
      what: 'a record is of a newer version',
      act: () => {
        const [old, newer] = [`"v":${recordVersion}`, `"v":${recordVersion + 1}`];
        replaceText(20, (text) => text.replace(old, newer), true);
      },
      says: `${name} is of version ${recordVersion + 1}, newer than ${recordVersion}`,
    },
    {
      what: 'the tables are of a newer version',
      act: () => tamper((db) => db.exec('PRAGMA user_version = 9')),
      says: 'the file is of version 9, newer than 1',
    },
    {
      what: 'the directory has lost its name',
      act: () => tamper((db) => db.exec(`DELETE FROM meta WHERE name = 'directoryId'`)),
      says: 'its directoryId is missing',
    },
    {
      what: 'the file is no database',
      act: () => writeFileSync(join(directory.path, 'journal.sqlite'), 'x'.repeat(10_000)),
      says: 'file is not a database',
    },
  ])('is told when $what', async ({ act, says }) => {
    await journal.open();
    await appended(journal, recordsOf(1, 40));
    await journal.close();
    act();
    journal = sqliteJournal({ directory: directory.path });
    await expect(journal.open()).rejects.toMatchObject({
      name: 'CloseoutError',
      code: 'journal_corrupt',
      message: expect.stringContaining(says),
    });
    // Refused before anything was counted or taken.
    const refused = appended(journal, [recordOf(41)]);
    await expect(refused).rejects.toMatchObject({ code: 'journal_corrupt' });
    await expect(journal.read(0, 1)).rejects.toMatchObject({ code: 'journal_corrupt' });
  });

  test('a start that was refused is not counted', async () => {
    await journal.open();
    await appended(journal, recordsOf(1, 40));
    await journal.close();
    replaceText(20, (text) => text.replace('-20.25', '-20.26'), false);
    journal = sqliteJournal({ directory: directory.path });
    await expect(journal.open()).rejects.toMatchObject({ code: 'journal_corrupt' });
    await journal.close();
    replaceText(20, (text) => text.replace('-20.26', '-20.25'), false);
    journal = sqliteJournal({ directory: directory.path });
    expect(await journal.open()).toMatchObject({ epoch: 2, lastN: 40 });
  });

  test('what is kept is the canonical text of the record with the hash before it', async () => {
    await journal.open();
    await appended(journal, recordsOf(1, 14));
    const [entry] = await journal.read(13, 1);
    await journal.close();
    tamper((db) => {
      const text = canonical({ ...recordOf(14), prevHash: entry?.prevHash });
      expect({ ...db.prepare(head).get(14) }).toEqual({ text, hash: entry?.hash });
    });
  });
});
