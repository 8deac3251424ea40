// The servers that the tests stand on: fresh, private, and gone with whoever started them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import process from 'node:process';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createDatabase, dropDatabases } from './servers/databases.ts';
import { databaseUrl, freshDatabase, natsUrl, startNats, startPostgres } from './servers.ts';
import { until } from './until.ts';

async function rowsOf(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test('the NATS server of the run answers', async () => {
  const connection = await connect({ servers: natsUrl() });
  await connection.flush();
  await connection.close();
  expect(connection.isClosed()).toBe(true);
});

test('each fresh database is empty and of its own', async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  await rowsOf(one, 'create table mine (id int)');
  const tables = `select tablename from pg_tables where schemaname = 'public'`;
  expect(await rowsOf(one, tables)).toEqual([{ tablename: 'mine' }]);
  expect(await rowsOf(other, tables)).toEqual([]);
});

test('databases of a run are dropped while somebody is still connected', async () => {
  const prefix = `closeout_drop_${process.pid}`;
  const url = await createDatabase(databaseUrl(), `${prefix}_1`);
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await dropDatabases(databaseUrl(), prefix);
  const left = `select datname from pg_database where starts_with(datname, '${prefix}')`;
  expect(await rowsOf(databaseUrl(), left)).toEqual([]);
});

test('a private NATS server takes a configuration, and comes back on the port it had', async () => {
  const config = 'authorization { user: "feed", password: "secret" }';
  const first = await startNats({ config });
  await expect(connect({ servers: first.url, reconnect: false })).rejects.toThrow('Authorization');
  first.kill();
  await first.stop();
  const second = await startNats({ config, port: first.port });
  const connection = await connect({ servers: second.url, user: 'feed', pass: 'secret' });
  expect(second.url).toBe(first.url);
  await connection.close();
  await second.stop();
  await second.stop();
});

test('a NATS server that does not start says why', async () => {
  await expect(startNats({ config: 'port: "no port"' })).rejects.toThrow(
    /did not start: .+nats\.conf:1/,
  );
});

test('a private Postgres is ended by its stop', async () => {
  const server = await startPostgres();
  expect(await rowsOf(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await server.stop();
  await expect(rowsOf(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('a frozen server says nothing until it goes on, and can be stopped all the same', async () => {
  const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const connection = await connect({ servers: nats.url });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  nats.pause();
  postgres.pause();
  let said = 0;
  const answers = [
    connection.flush().then(() => said++),
    // On a connection that is there, served by a child, and on a new one.
    client.query('select 1').then(() => said++),
    rowsOf(postgres.url, 'select 1').then(() => said++),
  ];
  const frozenMs = performance.now();
  await until(() => performance.now() - frozenMs > 300);
  expect(said).toBe(0);
  nats.resume();
  postgres.resume();
  await Promise.all(answers);
  await Promise.all([connection.close(), client.end()]);
  nats.pause();
  postgres.pause();
  await Promise.all([nats.stop(), postgres.stop()]);
  await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow('refused');
});

/** Starts both servers in a process of their own, which ends with its input: with the test. */
const program = `
  const { startNatsServer } = await import('./servers/nats-server.ts');
  const { startPostgresServer } = await import('./servers/postgres-server.ts');
  const [nats, postgres] = await Promise.all([startNatsServer(), startPostgresServer()]);
  console.log(JSON.stringify([nats.url, postgres.url]));
  process.stdin.on('end', () => process.exit()).resume();
`;

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'servers end, and their folders go, with a process that ended by %s',
  async (signal) => {
    const tmp = join(process.env['TMPDIR'] ?? '/tmp');
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const gone = once(owner, 'exit').then(() => ['it ended']);
    const [line] = (await Promise.race([once(createInterface(owner.stdout), 'line'), gone])) as [
      string,
    ];
    const [nats, postgres] = JSON.parse(line) as [string, string];
    const foldersOf = () =>
      globSync(join(tmp, 'closeout-{nats,postgres}-*/log')).filter((log) =>
        isOf(log, nats, postgres),
      );
    expect(foldersOf()).toHaveLength(2);
    owner.kill(signal);
    await until(() => foldersOf().length === 0, 10_000, 'the folders gone');
    await expect(connect({ servers: nats, reconnect: false })).rejects.toThrow('refused');
    await expect(rowsOf(postgres, 'select 1')).rejects.toThrow('ECONNREFUSED');
  },
);

function isOf(log: string, ...urls: string[]): boolean {
  if (!existsSync(log)) return false;
  const text = readFileSync(log, 'utf8');
  // Where it listens; ports of clients, and of other servers' clients, are in logs too.
  return urls.some((url) => {
    return new RegExp(`(?:on [\\d.]+:|port )${new URL(url).port}\\b`).test(text);
  });
}
