import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyChain } from '#src/domain/ledger-rows';
import { Connection } from '#src/ledger/connection';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { allRows, describeLedger, errorOf } from './conformance.ts';
import { describeTables } from './tables.ts';

/** An empty cluster, made once: to copy it is faster. */
let template: string;
beforeAll(async () => {
  template = await temporary();
  await query(template, 'select 1');
});
afterAll(() => rm(template, { recursive: true }));

async function temporary(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'closeout-ledger-'));
}

async function query(directory: string, sql: string): Promise<Record<string, unknown>[]> {
  const connection = new Connection({ pgliteDirectory: directory }, {});
  try {
    return await connection.use((em) => em.execute<Record<string, unknown>[]>(sql));
  } finally {
    await connection.close();
  }
}

async function world() {
  const pgliteDirectory = await temporary();
  await cp(template, pgliteDirectory, { recursive: true });
  return {
    ledger: () => mikroLedger({ pgliteDirectory }),
    query: (sql: string) => query(pgliteDirectory, sql),
    remove: () => rm(pgliteDirectory, { recursive: true }),
  };
}

describeLedger('the ledger in PGlite', world);
describeTables('PGlite', { sizes: [17], runs: 3 }, world);

test('a directory that cannot be had is named', async () => {
  const parent = await temporary();
  const file = join(parent, 'file');
  await writeFile(file, '');
  const ledger = mikroLedger({ pgliteDirectory: join(file, 'ledger') });
  const error = await errorOf(ledger.open('dir-1'));
  expect(error).toMatchObject({ code: 'ledger_unavailable', retryable: true });
  expect(error.message).toContain(join(file, 'ledger'));
  await ledger.close();
  await rm(parent, { recursive: true });
});

test('what was written before a kill -9 is there, whole and chained', async () => {
  const directory = await temporary();
  await cp(template, directory, { recursive: true });
  const writer = fileURLToPath(new URL('./pglite-writer.ts', import.meta.url));
  let told = 0;
  for (const enough of [20, 40]) {
    const child = spawn(process.execPath, [writer, directory]);
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.split('\n').length > enough) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    told = Math.max(told, Number(out.slice(0, out.lastIndexOf('\n')).split('\n').at(-1)));
    expect(told).toBeGreaterThan(enough);

    const ledger = mikroLedger({ pgliteDirectory: directory });
    await ledger.open('dir-1');
    const cursor = await ledger.cursor();
    const { rows } = await allRows(ledger);
    await ledger.close();
    expect(cursor).toBeGreaterThanOrEqual(told);
    expect(rows).toHaveLength(cursor - 1);
    expect(verifyChain(rows)).toBeUndefined();
  }
  await rm(directory, { recursive: true });
});
