import process from 'node:process';
import { Client } from 'pg';
import { afterEach, expect, test } from 'vitest';
import { verifyChain } from '#src/domain/ledger-rows';
import { Connection } from '#src/ledger/connection';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { freshDatabase } from '../support/servers.ts';
import { allRows, describeLedger } from './conformance.ts';
import { closedPositions, Entries } from './entries.ts';
import { describeTables } from './tables.ts';

describeLedger('the ledger in Postgres', async () => {
  const url = await freshDatabase();
  return { ledger: () => mikroLedger({ url }), remove: async () => {} };
});

describeTables('Postgres', { sizes: [1, 7, 100], runs: 20 }, async () => {
  const url = await freshDatabase();
  const client = new Client(url);
  await client.connect();
  return {
    ledger: () => mikroLedger({ url }),
    query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    remove: () => client.end(),
  };
});

test('the migrations make what the entities are', async () => {
  const url = await freshDatabase();
  const ledger = mikroLedger({ url });
  await ledger.open('dir-1');
  await ledger.close();
  const connection = new Connection({ url }, {});
  const difference = await connection.use((_em, orm) => orm.schema.getUpdateSchemaSQL());
  await connection.close();
  expect(difference).toBe('');
});

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test('the time zones of server and process do not show in the rows', async () => {
  const url = await freshDatabase();
  const client = new Client(url);
  await client.connect();
  const database = client.escapeIdentifier(new URL(url).pathname.slice(1));
  await client.query(`alter database ${database} set timezone to 'Asia/Kathmandu'`);
  await client.end();
  // Until 1972 its offset was no whole minute.
  process.env['TZ'] = 'Africa/Monrovia';
  expect(new Date(0).getHours()).toBe(23);

  const entries = new Entries().of(closedPositions(2, 3), 12_345);
  const ledger = mikroLedger({ url });
  await ledger.open('dir-1');
  await ledger.write(entries);
  const { rows } = await allRows(ledger);
  await ledger.close();
  const times = entries.slice(-6).map(({ record }) => new Date(record.ts).toISOString());
  expect(rows.map((row) => row.createdAt)).toEqual(times);
  expect(verifyChain(rows)).toBeUndefined();
});
