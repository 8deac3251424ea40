// The database itself refuses to change rows of the ReconciliationLog.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '#src/domain/ledger-rows';
import { Connection } from '#src/ledger/connection';
import {
  AccountEntity,
  CursorEntity,
  cursorId,
  LogEntity,
  PositionEntity,
} from '#src/ledger/entities';
import { logColumnsOf } from '#src/ledger/log-rows';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { placeRows } from '#src/ledger/placed-rows';
import { project, type Projection } from '#src/ledger/projection';
import type { LedgerTarget } from '#src/ledger/unavailable';
import { View } from '#src/ledger/view';
import { freshDatabase } from '../support/servers.ts';
import { allRows, errorOf } from './conformance.ts';
import { closedPositions, Entries } from './entries.ts';

interface Place {
  readonly target: LedgerTarget;
  remove(): Promise<void>;
}

async function pglite(): Promise<Place> {
  const pgliteDirectory = await mkdtemp(join(tmpdir(), 'closeout-ledger-'));
  return {
    target: { pgliteDirectory },
    remove: () => rm(pgliteDirectory, { recursive: true, force: true }),
  };
}

async function postgres(): Promise<Place> {
  return { target: { url: await freshDatabase() }, remove: async () => {} };
}

/** Each with the operation that the refusal names. */
const changes: [string, string][] = [
  [`update reconciliation_log set description = 'x' where id = (select min(id) from l)`, 'UPDATE'],
  ['update reconciliation_log set status = 0 where false', 'UPDATE'],
  ['delete from reconciliation_log where n = (select max(n) from l)', 'DELETE'],
  ['delete from reconciliation_log where false', 'DELETE'],
  ['truncate reconciliation_log', 'TRUNCATE'],
  ['truncate ledger_cursor, reconciliation_log cascade', 'TRUNCATE'],
  [
    `insert into reconciliation_log select * from l
      on conflict (id) do update set description = 'x'`,
    'UPDATE',
  ],
  [
    `merge into reconciliation_log as log using l on l.id = log.id
      when matched then delete`,
    'DELETE',
  ],
];

describe.each([
  ['Postgres', postgres],
  ['PGlite', pglite],
])('rows in %s', (_name, makePlace) => {
  const entries = new Entries().of(closedPositions(2, 3));
  const half = entries.length - 3;
  let place: Place;
  let connection: Connection;
  beforeEach(async () => {
    place = await makePlace();
    connection = new Connection(place.target, {});
  });
  afterEach(async () => {
    await connection.close();
    await place.remove();
  });

  /** PGlite takes one at a time, and so does this. */
  async function withLedger<T>(
    act: (ledger: ReturnType<typeof mikroLedger>) => Promise<T>,
  ): Promise<T> {
    await connection.close();
    const ledger = mikroLedger(place.target);
    try {
      await ledger.open('dir-1');
      return await act(ledger);
    } finally {
      await ledger.close();
    }
  }

  const query = (sql: string): Promise<unknown> => connection.use((em) => em.execute(sql));

  async function expectRefusals(): Promise<void> {
    await query('create view l as select * from reconciliation_log');
    for (const [sql, operation] of changes) {
      const { message } = await errorOf(query(sql));
      expect(message).toContain(
        `rows of reconciliation_log are written once: ${operation} is refused`,
      );
    }
    await query('drop view l');
  }

  test('are neither updated nor deleted nor truncated, and more can be written', async () => {
    const before = await withLedger(async (ledger) => {
      await ledger.write(entries.slice(0, half));
      return (await allRows(ledger)).rows;
    });
    expect(before).toHaveLength(3);
    await expectRefusals();
    const after = await withLedger(async (ledger) => {
      const { rows } = await allRows(ledger);
      await ledger.write(entries.slice(half));
      return [rows, (await allRows(ledger)).rows] as const;
    });
    expect(after[0]).toEqual(before);
    expect(after[1].slice(0, 3)).toEqual(before);
    expect(after[1]).toHaveLength(6);
  });

  test('are as safe from a session in the role of a replica', async () => {
    await withLedger((ledger) => ledger.write(entries));
    const { message } = await errorOf(
      connection.transact(async (tx) => {
        await tx.execute('set local session_replication_role = replica');
        await tx.execute('delete from reconciliation_log');
      }),
    );
    expect(message).toContain('DELETE is refused');
  });

  test('can be changed by who disables the trigger on purpose', async () => {
    await withLedger((ledger) => ledger.write(entries));
    await query('alter table reconciliation_log disable trigger reconciliation_log_append_only');
    await query(`update reconciliation_log set description = 'x' where seq = 2`);
    const { rows } = await withLedger((ledger) => allRows(ledger));
    expect(verifyChain(rows)).toMatchObject({ field: 'hash' });
  });

  test('of a database of the first version stay, and are refused changes from then on', async () => {
    await connection.use((_em, orm) => orm.migrator.up({ to: '0001-ledger' }));
    await connection.transact(async (tx) => {
      const { placed, heads } = placeRows(entries.slice(0, half), {});
      await tx.insertMany(LogEntity, placed.map(logColumnsOf));
      const views = { positions: new View(), accounts: new View() };
      const tables = { ...views, letters: new View(), replies: new View() } as Projection;
      for (const { record } of entries.slice(0, half)) project(record, tables);
      const accounts = tables.accounts.changed().map(({ route: _route, ...then }) => then);
      await tx.insertMany(AccountEntity, accounts);
      const positions = tables.positions.changed().map(({ clientOrderId: _order, ...rest }) => {
        const { closeRequestedAt: _asked, closeBreachId: _breach, ...then } = rest;
        return then;
      });
      await tx.insertMany(PositionEntity, positions);
      const row = { id: cursorId, directoryId: 'dir-1', lastN: half, heads };
      await tx.insert(CursorEntity, row);
    });
    await query('delete from reconciliation_log where false');
    const rows = await withLedger(async (ledger) => {
      await ledger.write(entries);
      return (await allRows(ledger)).rows;
    });
    expect(rows).toHaveLength(6);
    expect(verifyChain(rows)).toBeUndefined();
    // What was closed by then was no provider's order; what is closed now says which it was.
    const told = `select state, count(client_order_id)::int as orders, count(*)::int as all
      from positions group by state`;
    expect(await query(told)).toEqual([{ state: 'closed', orders: 3, all: 6 }]);
    await expectRefusals();
  });
});
