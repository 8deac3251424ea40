// What `closeout verify` says of a journal that was changed behind the runtime's back.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changeRecord, inJournal, verified, whole, written, type Written } from './audited.ts';

describe('a journal', () => {
  const counted = (rows: number, others: number): string =>
    `FAIL ${rows} rows are what their records make; the other ${others} were not checked, ` +
    'since the journal does not hold';

  test.each<[string, (at: Written) => void, string, string]>([
    [
      'a record was edited',
      (at) => changeRecord(at, 20, (text) => text.replace('-150.25', '-1'), { isRehashed: false }),
      'record 20 of partition 22 does not have its hash (n 20, partition 22, seq 7, close.filled',
      counted(4, 8),
    ],
    [
      'a record was edited, and its hash made to fit',
      (at) => changeRecord(at, 20, (text) => text.replace('-150.25', '-1'), { isRehashed: true }),
      'record 23 of partition 22 does not follow the record before it in its partition (n 23, ',
      'FAIL row rlog_22_2 (n 20, partition 22, seq 2) is not what record 20 makes: another meta',
    ],
    [
      'a record was removed',
      (at) => inJournal(at, (db) => db.exec('DELETE FROM links WHERE n = 20')),
      'record 20 is missing: after 19 comes 21 (n 21, partition 3, seq 7, close.filled of account-2',
      counted(4, 8),
    ],
    [
      'the last records were removed',
      (at) => inJournal(at, (db) => db.exec('DELETE FROM links WHERE n > 20')),
      'record 21 is missing: 27 were written, 20 is the last there is',
      counted(5, 7),
    ],
    [
      'a record was put behind the last',
      (at) =>
        inJournal(at, (db) =>
          db.exec('INSERT INTO links SELECT 28, text, hash FROM links WHERE n = 27'),
        ),
      'record 28 was not written by the journal: its last is 27',
      'ok 12 rows are what their records make',
    ],
    [
      'two records changed places',
      (at) =>
        inJournal(at, (db) => {
          db.exec('UPDATE links SET n = 99 WHERE n = 20');
          db.exec('UPDATE links SET n = 20 WHERE n = 21');
          db.exec('UPDATE links SET n = 21 WHERE n = 99');
        }),
      'record 20 of partition 3 calls itself 21 (n 21, partition 3, seq 7, ',
      counted(4, 8),
    ],
    [
      'the last record of a partition was counted otherwise, its hash made to fit',
      (at) =>
        changeRecord(at, 26, (text) => text.replace('"seq":9', '"seq":10'), { isRehashed: true }),
      'record 26 of partition 22 is out of order: expected seq 9 (n 26, ',
      counted(10, 2),
    ],
    [
      'a record is of a start that never was',
      (at) =>
        changeRecord(at, 27, (text) => text.replace('"epoch":1', '"epoch":2'), {
          isRehashed: true,
        }),
      'record 27 of partition 3 is of start 2, which was not then (n 27, ',
      counted(11, 1),
    ],
    [
      'a record is no JSON',
      (at) => inJournal(at, (db) => db.exec(`UPDATE links SET text = '{' WHERE n = 20`)),
      'record 20 of an unknown partition cannot be read',
      counted(4, 8),
    ],
    [
      'the file has lost its name',
      (at) => inJournal(at, (db) => db.exec(`DELETE FROM meta WHERE name = 'directoryId'`)),
      'not checked: the journal is damaged: its directoryId is missing',
      'FAIL not checked: there is no journal to hold it against',
    ],
    [
      'the file is gone',
      (at) => rmSync(join(at.directory, 'journal.sqlite')),
      'not checked: there is no journal in ',
      'FAIL not checked: there is no journal to hold it against',
    ],
  ])('%s: exit status 1', async (_what, act, journal, against) => {
    const at = await written('postgres');
    act(at);
    expect(await verified(at.environment)).toEqual({
      status: 1,
      journal: expect.stringContaining(`FAIL ${journal}`),
      ledger: whole.ledger,
      against: expect.stringContaining(against),
    });
  });

  test('its last record was rewritten, and nothing follows it: the ledger knows better', async () => {
    const at = await written('postgres');
    changeRecord(at, 27, (text) => text.replace('-150.25', '-1'), { isRehashed: true });
    expect(await verified(at.environment)).toEqual({
      status: 1,
      journal: whole.journal,
      ledger: whole.ledger,
      against:
        'FAIL row rlog_3_4 (n 27, partition 3, seq 4) is not what record 27 makes: ' +
        'another metaData, hash',
    });
  });

  test('an old copy of it: the rows of what it has lost are counted', async () => {
    const { environment } = await written('postgres', { journalN: 20 });
    expect(await verified(environment)).toEqual({
      status: 1,
      journal: expect.stringMatching(/^ok 20 records of 3 partitions hold/),
      ledger: whole.ledger,
      against:
        'FAIL the ledger has records up to 27, the journal ends at 20: 7 rows are of no record, ' +
        'the first of them row rlog_3_2 (n 21, partition 3, seq 2)',
    });
  });
});
