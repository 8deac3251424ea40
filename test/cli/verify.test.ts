// `closeout verify`: what was edited, removed or put elsewhere is named, the first of it.
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chainRow, type LedgerRow } from '#src/domain/ledger-rows';
import { openDataDirectory } from '#src/journal/data-directory';
import { finished } from '../e2e/world.ts';
import { closedPositions } from '../ledger/entries.ts';
import { inLedger, verified, whole, written, type Row } from './audited.ts';

const update = 'update reconciliation_log set';

test.each(['postgres', 'pglite'] as const)('all holds: exit status 0, %s', async (kind) => {
  const { environment } = await written(kind);
  expect(await verified(environment)).toEqual({ status: 0, ...whole });
  // Nothing is left behind that would keep out the next one.
  expect(await verified(environment)).toEqual({ status: 0, ...whole });
});

test('records that the ledger does not have yet are counted, and no fault', async () => {
  const { environment } = await written('postgres', { ledgerN: 20 });
  expect(await verified(environment)).toEqual({
    status: 0,
    journal: whole.journal,
    ledger: 'ok 5 rows of 3 partitions hold',
    against: 'ok 5 rows are what their records make; 7 records are not in the ledger yet',
  });
});

test('page after page: a row far behind is found as well', async () => {
  const at = await written('postgres', { drafts: closedPositions(3, 400) });
  expect(await verified(at.environment)).toEqual({
    status: 0,
    journal: expect.stringMatching(/^ok 2403 records of 3 partitions hold/),
    ledger: 'ok 1200 rows of 3 partitions hold',
    against: 'ok 1200 rows are what their records make',
  });
  await inLedger(at, (query) => query(`${update} status = 1 where id = 'rlog_41_399'`));
  const row = 'row rlog_41_399 (n 2398, partition 41, seq 399)';
  expect(await verified(at.environment)).toMatchObject({
    ledger: `FAIL ${row} was edited: it does not have its hash`,
    against: `FAIL ${row} is not what record 2398 makes: another status`,
  });
});

/** Partition 41: rows of records 16, 19, 22, 25; partition 22 and 3: one and two behind these. */
const second = 'row rlog_41_2 (n 19, partition 41, seq 2)';
const third = 'row rlog_41_3 (n 22, partition 41, seq 3)';

type Change = (query: (sql: string, values?: unknown[]) => Promise<Row[]>) => Promise<unknown>;

const change =
  (...sqls: string[]): Change =>
  async (query) => {
    for (const sql of sqls) await query(sql);
  };

interface Damage {
  readonly what: string;
  readonly act: Change;
  /** How what it says of either begins; absent where it holds. */
  readonly ledger?: string;
  readonly against?: string;
  /** Rows that hold by themselves, where that is not all of them. */
  readonly rows?: number;
}

/** Rewrites a row and the whole of its chain behind it, as one who knows how it is made. */
async function rewriteChain(query: Parameters<Change>[0]): Promise<string> {
  const sql = `select id, close_id, user_id, event_type, description, meta_data, status,
    to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
    seq, prev_hash from reconciliation_log where partition = 41 order by seq`;
  let prevHash: string | undefined;
  for (const row of await query(sql)) {
    const metaData = row['meta_data'] as Row;
    if (Number(row['seq']) === 2) metaData['pnl'] = '1000';
    const draft = {
      closeId: row['close_id'],
      userId: row['user_id'],
      eventType: row['event_type'],
      description: row['description'],
      metaData,
      status: row['status'],
      createdAt: row['created_at'],
      partition: 41,
    } as LedgerRow;
    const made = chainRow(draft, Number(row['seq']), prevHash ?? String(row['prev_hash']));
    prevHash = made.hash;
    await query(`${update} meta_data = ?, prev_hash = ?, hash = ? where id = ?`, [
      ...[JSON.stringify(metaData), made.prevHash, made.hash, made.id],
    ]);
  }
  return String(prevHash);
}

const inserted = (id: string, seq: number, n: number): string =>
  `insert into reconciliation_log select '${id}', ${n}, close_id, user_id, event_type, description,
    meta_data, status, created_at, partition, ${seq}, prev_hash, hash, position_id, bulk_id
    from reconciliation_log where id = 'rlog_41_4'`;

const failing = (what: string): unknown => expect.stringContaining(`FAIL ${what}`);

describe('a ledger in Postgres', () => {
  test.each<Damage>([
    {
      what: 'a row was edited',
      act: change(`${update} description = 'nothing' where id = 'rlog_41_2'`),
      ledger: `${second} was edited: it does not have its hash`,
      against: `${second} is not what record 19 makes: another description`,
    },
    {
      what: 'a pnl was edited',
      act: change(`${update} meta_data = meta_data || '{"pnl": "9"}' where id = 'rlog_41_2'`),
      ledger: `${second} was edited: it does not have its hash`,
      against: `${second} is not what record 19 makes: another metaData`,
    },
    {
      what: 'a time has no end any more',
      act: change(`${update} created_at = 'infinity' where id = 'rlog_41_2'`),
      ledger: `${second} was edited: a column holds what no row ever has`,
      against: `${second} was edited: a column holds what no row ever has`,
    },
    {
      what: 'a row was removed',
      act: change(`delete from reconciliation_log where id = 'rlog_41_2'`),
      ledger: `row rlog_41_2 is missing: the next of its partition is ${third}`,
      against: 'row rlog_41_2 (n 19, partition 41, seq 2) of record 19 is missing',
    },
    {
      what: 'the last row was removed',
      act: change(`delete from reconciliation_log where n = 27`),
      ledger:
        'row rlog_3_4 (partition 3, at or before n 27) is missing: 4 were written and 3 are there',
      against: 'row rlog_3_4 (n 27, partition 3, seq 4) of record 27 is missing',
    },
    {
      what: 'all rows were removed',
      act: change('truncate reconciliation_log'),
      ledger:
        'row rlog_3_1 (partition 3, at or before n 27) is missing: 4 were written and 0 are there',
      against: 'row rlog_41_1 (n 16, partition 41, seq 1) of record 16 is missing',
    },
    {
      what: 'the last row was removed, and the count of them changed to match',
      act: change(
        `delete from reconciliation_log where n = 27`,
        `update ledger_cursor set heads = jsonb_set(heads, '{3}', (select jsonb_build_object(
          'seq', seq, 'hash', hash) from reconciliation_log where id = 'rlog_3_3'))`,
      ),
      rows: 11,
      against: 'row rlog_3_4 (n 27, partition 3, seq 4) of record 27 is missing',
    },
    {
      what: 'two rows changed places',
      act: change(
        `${update} n = 1 where n = 19`,
        `${update} n = 19 where n = 22`,
        `${update} n = 22 where n = 1`,
      ),
      ledger:
        'row rlog_41_2 is missing: the next of its partition is ' +
        'row rlog_41_3 (n 19, partition 41, seq 3)',
      against: 'row rlog_41_3 (n 19, partition 41, seq 3) is not what record 19 makes: another ',
    },
    {
      what: 'a row was put where no record makes one',
      act: change(inserted('rlog_41_5', 5, 10)),
      ledger:
        'row rlog_41_1 is missing: the next of its partition is ' +
        'row rlog_41_5 (n 10, partition 41, seq 5)',
      against: 'row rlog_41_5 (n 10, partition 41, seq 5) is not of the journal: ',
    },
    {
      what: 'a row was put behind the last',
      act: change(inserted('rlog_41_5', 5, 28)),
      ledger: 'row rlog_41_5 (n 28, partition 41, seq 5) was not written by the ledger: ',
    },
    {
      what: 'a row was given another prevHash',
      act: change(`${update} prev_hash = hash where id = 'rlog_41_2'`),
      ledger: `${second} does not follow row rlog_41_1: it, or what came before it, was rewritten`,
      against: `${second} is not what record 19 makes: another prevHash`,
    },
    {
      what: 'a chain was rewritten as a whole',
      act: rewriteChain,
      ledger:
        'row rlog_41_4 (partition 41, at or before n 27) was rewritten: ' +
        'another one was written last',
      against: `${second} is not what record 19 makes: another metaData, hash`,
    },
    {
      what: 'a chain was rewritten as a whole, and the head that was written last',
      act: async (query) => {
        const hash = await rewriteChain(query);
        const sql = 'update ledger_cursor set heads = jsonb_set(heads, ?, to_jsonb(?::text))';
        await query(sql, ['{41,hash}', hash]);
      },
      against: `${second} is not what record 19 makes: another metaData, hash`,
    },
    {
      what: 'a row cannot be found by its position any more',
      act: change(`${update} position_id = 'p' where id = 'rlog_41_2'`),
      against: `${second} is not what record 19 makes: another positionId`,
    },
    {
      what: 'it is that of another data directory',
      act: change(`update ledger_cursor set directory_id = 'dir-2'`),
      against: 'the ledger is that of data directory dir-2, the journal that of ',
    },
    {
      what: 'it was emptied',
      act: change('truncate reconciliation_log, ledger_cursor'),
      ledger: 'not checked: ',
      against: 'not checked: there is no ledger to hold against it',
    },
  ])('$what: exit status 1', async ({ act, ledger, against, rows = 12 }) => {
    const at = await written('postgres');
    await inLedger(at, act);
    const said = await verified(at.environment);
    expect(said).toEqual({
      status: 1,
      journal: whole.journal,
      ledger: ledger === undefined ? `ok ${rows} rows of 3 partitions hold` : failing(ledger),
      against: against === undefined ? whole.against : failing(against),
    });
  });
});

describe('what cannot be looked at is not verified', () => {
  test('PGlite in a data directory that is in use: its owner is named', async () => {
    const { directory, environment } = await written('pglite');
    const now = Date.UTC(2026, 0, 5);
    const held = openDataDirectory(directory, { pid: process.pid, host: hostname(), now });
    onTestFinished(() => held.release());
    const owner = `pid ${process.pid} on ${hostname()} since 2026-01-05T00:00:00.000Z`;
    expect(await verified(environment)).toEqual({
      status: 1,
      journal: whole.journal,
      ledger:
        `FAIL not checked: the data directory ${directory} is in use by ${owner}, ` +
        'and PGlite takes one process at a time: stop that one first',
      against: 'FAIL not checked: there is no ledger to hold against it',
    });
  });

  test('a ledger that is not where the settings say', async () => {
    const { directory } = await written('postgres');
    const { status, ledger } = await verified({ CLOSEOUT_DATA_DIR: directory });
    expect(status).toBe(1);
    expect(ledger).toContain(`no ledger in ${join(directory, 'pglite')}: where it is in Postgres`);
  });

  test('a database that does not answer, whose password is not told', async () => {
    const { directory } = await written('postgres');
    const { status, journal, ledger } = await verified({
      CLOSEOUT_DATA_DIR: directory,
      CLOSEOUT_DATABASE_URL: 'postgres://closeout:sesame@127.0.0.1:1/ledger',
    });
    expect({ status, journal }).toEqual({ status: 1, journal: whole.journal });
    expect(ledger).toMatch(
      /^FAIL not checked: the database ledger at 127\.0\.0\.1:1 .*ECONNREFUSED/,
    );
    expect(ledger).not.toContain('sesame');
  });
});

test.each<[string, string[], Readonly<Record<string, string>>, string]>([
  ['settings that are not valid', [], { CLOSEOUT_DATABASE_URL: 'mysql://x' }, 'expected a URL'],
  ['an argument', ['all'], {}, 'takes no arguments, was given all'],
])('%s: exit status 2', async (_what, args, environment, said) => {
  const { status, stdout, stderr } = await finished(['verify', ...args], environment);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(said);
});
