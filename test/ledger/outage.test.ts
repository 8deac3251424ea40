import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CloseoutError } from '#src/domain/errors';
import { verifyChain } from '#src/domain/ledger-rows';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import type { JournalEntry } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { until } from '../support/until.ts';
import { databaseUrl, freshDatabase } from '../support/servers.ts';
import { allRows, errorOf } from './conformance.ts';
import { closedPositions, Entries } from './entries.ts';
import { proxyTo, type Proxy } from '../support/proxy.ts';

const quickly = { connectTimeoutMs: 1_000, statementTimeoutMs: 1_000 };

describe('while the database is away', () => {
  let url: string;
  let proxy: Proxy;
  let ledger: Ledger;
  let all: JournalEntry[];
  beforeEach(async () => {
    url = await freshDatabase();
    proxy = await proxyTo(url);
    ledger = mikroLedger({ url: proxy.url }, quickly);
    await ledger.open('dir-1');
    all = new Entries().of(closedPositions(4, 50));
    await ledger.write(all.slice(0, 100));
  });
  afterEach(async () => {
    await ledger.close();
    await proxy.cut();
  });

  /** The ledger has everything once, in whole chains. */
  async function expectAll(): Promise<void> {
    expect(await ledger.cursor()).toBe(all.length);
    const { rows } = await allRows(ledger);
    expect(rows).toHaveLength(200);
    expect(verifyChain(rows)).toBeUndefined();
  }

  test('nothing is taken, and everything once it is back', async () => {
    await proxy.cut();
    for (const call of [
      () => ledger.write(all),
      () => ledger.write(all),
      () => ledger.list({ limit: 1 }),
      () => ledger.cursor(),
    ]) {
      const error = await errorOf(call());
      expect(error).toMatchObject({ code: 'ledger_unavailable', retryable: true });
    }
    await proxy.restore();
    await ledger.write(all);
    await expectAll();
  });

  test('calls that hang fail in bounded time, and pass on new connections', async () => {
    const hung = { code: 'ledger_unavailable', retryable: true };
    proxy.blackhole();
    expect(await errorOf(ledger.cursor())).toMatchObject(hung);
    await proxy.restore();
    expect(await ledger.cursor()).toBe(100);

    proxy.blackhole();
    expect(await errorOf(ledger.write(all))).toMatchObject(hung);
    await proxy.restore();
    // The server still believes in the hung transaction for a while, and holds its locks.
    await until(() => ledger.write(all).then(() => true));
    await expectAll();
  });

  test.each([
    ['insert into "positions"', 100],
    ['insert into "reconciliation_log"', 100],
    ['update "ledger_cursor"', 100],
    ['commit', 404],
  ])('an answer that is lost at %j leaves %i records, and all can be sent again', async (at, n) => {
    proxy.deafenAt(at);
    const error = await errorOf(ledger.write(all));
    expect(error).toMatchObject({ code: 'ledger_unavailable', retryable: true });
    await proxy.restore();
    expect(await ledger.cursor()).toBe(n);
    await ledger.write(all);
    await expectAll();
  });

  test('connections that the server ends do no harm', async () => {
    const client = new Client(url);
    await client.connect();
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await client.end();
    await ledger.write(all).catch(() => ledger.write(all));
    await expectAll();
  });

  test('a database that was emptied is told from an unreachable one', async () => {
    const client = new Client(url);
    await client.connect();
    await client.query('alter table reconciliation_log disable trigger user');
    await client.query('truncate ledger_cursor, reconciliation_log');
    await client.end();
    const error = await errorOf(ledger.write(all));
    expect(error).toMatchObject({ code: 'ledger_unavailable', retryable: true });
    expect(error.message).toMatch(/lost its records/);
  });
});

describe('at the start', () => {
  test('a database that does not answer is named, with what to do, without the password', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const server = new URL(databaseUrl());
    const cases: [string, RegExp][] = [
      ['postgres://u:hush@127.0.0.1:1/closeout', /closeout at 127\.0\.0\.1:1 .*ECONNREFUSED.*runs/],
      ['postgres://u:hush@localhost:1/closeout', /closeout at localhost:1 .*ECONNREFUSED.*runs/],
      [`postgres://u:hush@127.0.0.1:${port}/x`, new RegExp(`x at 127.0.0.1:${port} .*timeout`)],
      ['postgres://u:hush@no.such.host.invalid/x', /at no\.such\.host\.invalid:5432 .*URL/],
      [`postgres://nobody:hush@${server.host}/postgres`, /role "nobody" does not exist.*check/],
      [`postgres://closeout:hush@${server.host}/nowhere`, /"nowhere" does not exist.*create/],
      ['mysql://u:hush@127.0.0.1/x', /form postgres:/],
      ['hush', /form postgres:/],
    ];
    for (const [url, message] of cases) {
      const open = async (): Promise<void> => {
        const ledger = mikroLedger({ url }, quickly);
        await ledger.open('dir-1');
      };
      const error = await errorOf(open());
      const isUrl = !message.source.includes('form');
      expect(error).toMatchObject({ code: 'ledger_unavailable', retryable: isUrl });
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('hush');
    }
    silent.close();
  });

  test('a start that failed can be tried again on the same ledger', async () => {
    const proxy = await proxyTo(await freshDatabase());
    await proxy.cut();
    const ledger = mikroLedger({ url: proxy.url }, quickly);
    expect(await errorOf(ledger.open('dir-1'))).toMatchObject({ retryable: true });
    await proxy.restore();
    await ledger.open('dir-1');
    expect(await ledger.cursor()).toBe(0);
    await ledger.close();
    await proxy.cut();
  });

  test('of several that start at once on an empty database, one has it', async () => {
    const url = await freshDatabase();
    const ids = ['dir-1', 'dir-2', 'dir-3'];
    const ledgers = ids.map(() => mikroLedger({ url }));
    const start = (at: number): Promise<string> =>
      (ledgers[at] as Ledger).open(ids[at] as string).then(
        () => 'open',
        (error: unknown) => (error as CloseoutError).code,
      );
    const first = await Promise.all(ids.map((_, at) => start(at)));
    // One that came in the way of another is told to try again.
    const starts: string[] = [];
    for (const [at, code] of first.entries()) {
      starts.push(code === 'ledger_unavailable' ? await start(at) : code);
    }
    expect(starts.toSorted()).toEqual(['ledger_foreign', 'ledger_foreign', 'open']);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  test('a schema of a newer version is left alone', async () => {
    const url = await freshDatabase();
    const ledger = mikroLedger({ url });
    await ledger.open('dir-1');
    await ledger.close();
    const client = new Client(url);
    await client.connect();
    await client.query(`insert into ledger_migrations (name) values ('9999-later')`);
    await client.end();
    const error = await errorOf(ledger.open('dir-1'));
    expect(error).toMatchObject({ code: 'ledger_newer', retryable: false });
    expect(error.message).toContain('9999-later');
  });

  test('nothing stays connected after the end', async () => {
    const url = await freshDatabase();
    const ledger = mikroLedger({ url });
    await ledger.open('dir-1');
    await Promise.all([ledger.cursor(), ledger.cursor(), ledger.list({ limit: 1 })]);
    await ledger.close();
    const client = new Client(url);
    await client.connect();
    const connected = `select pid from pg_stat_activity where datname = current_database()
      and pid <> pg_backend_pid() and backend_type = 'client backend'`;
    const isLeft = async () => (await client.query(connected)).rowCount === 0;
    expect(await until(isLeft)).toBe(true);
    await client.end();
  });
});
