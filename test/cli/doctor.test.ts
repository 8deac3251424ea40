// `closeout doctor`: what each setting resolved to, and whether what it names answers.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { settingKeys } from '#src/contracts/settings';
import { openDataDirectory } from '#src/journal/data-directory';
import { finished, temporaryDirectory } from '../e2e/world.ts';
import { databaseUrl, startNats } from '../support/servers.ts';

/** What the doctor says of each setting, by its key, and of the file. */
function findingsIn(stdout: string): Record<string, string> {
  const lines = stdout.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [, verdict = '', key = '', rest = ''] =
        /^(\S+)\s+([A-Z_]+=|the file)(.*)$/.exec(line) ?? [];
      return [key.replace('=', ''), `${verdict} ${rest.trim()}`];
    }),
  );
}

/** A port on which something listens until the test is over, or `free` it. */
async function takenPort(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const free = async (): Promise<void> => {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(free);
  return { port: (server.address() as AddressInfo).port, free };
}

test('nothing set: what is used instead', async () => {
  const directory = join(temporaryDirectory(), 'data');
  const { port, free } = await takenPort();
  await free();
  const { status, stdout, stderr } = await finished(['doctor'], {
    CLOSEOUT_DATA_DIR: directory,
    CLOSEOUT_HTTP_PORT: String(port),
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(findingsIn(stdout)).toEqual({
    CLOSEOUT_NATS_URL: 'ok (not set): the bus is in process',
    CLOSEOUT_NATS_CA: 'ok (not set): none',
    CLOSEOUT_NATS_CREDS: 'ok (not set): none',
    CLOSEOUT_DATABASE_URL: 'ok (not set): PGlite in the data directory',
    CLOSEOUT_DATA_DIR: `ok ${directory}: writable, not in use`,
    CLOSEOUT_HTTP_PORT: `ok ${port}: free on 127.0.0.1: /health and /ready`,
    CLOSEOUT_HTTP_TOKENS_FILE: 'ok (not set): valid; not used yet by this version',
    CLOSEOUT_LOG_LEVEL: 'ok info: valid',
    'the file': 'ok declares 0 instruments, 0 accounts, 0 market guards, 0 routes',
  });
});

test('servers that answer, a directory in use, and no password printed', async () => {
  const server = await startNats({
    config: 'authorization { user: runtime, password: sesame }',
  });
  onTestFinished(() => server.stop());
  const directory = temporaryDirectory();
  const { port } = await takenPort();
  const now = Date.UTC(2026, 0, 5);
  const held = openDataDirectory(directory, { pid: process.pid, host: hostname(), now });
  onTestFinished(() => held.release());
  const file = join(directory, 'settings.json');
  const nats = new URL(server.url);
  nats.username = 'runtime';
  nats.password = 'sesame';
  const settings = {
    CLOSEOUT_NATS_URL: nats.href,
    CLOSEOUT_DATABASE_URL: databaseUrl(),
    CLOSEOUT_LOG_LEVEL: 'info',
    instruments: [{ symbol: 'XAUUSD', quoteCurrency: 'USD' }],
    accounts: [{ accountId: 'a1', currency: 'USD', balance: 1000, preset: 'default' }],
    marketGuards: { XAUUSD: { gap: { limit: 1 } } },
    routes: [{ route: 'demo' }, { route: 'other', timeoutMs: 500 }],
  };
  writeFileSync(file, JSON.stringify(settings));
  const { status, stdout, stderr } = await finished(['doctor'], {
    CLOSEOUT_CONFIG: file,
    CLOSEOUT_DATA_DIR: directory,
    CLOSEOUT_HTTP_PORT: String(port),
    // The environment wins over the file.
    CLOSEOUT_LOG_LEVEL: 'warn',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const findings = findingsIn(stdout);
  expect(findings).toMatchObject({
    CLOSEOUT_NATS_URL: `ok nats://runtime:***@127.0.0.1:${server.port}: answers`,
    CLOSEOUT_DATABASE_URL: expect.stringMatching(/: answers$/),
    CLOSEOUT_LOG_LEVEL: 'ok warn: valid',
    // A runtime that runs has its port, and that is as it should be.
    CLOSEOUT_HTTP_PORT: expect.stringMatching(
      /^ok \d+: taken, .*runtime that uses the data directory/,
    ),
    'the file': 'ok declares 1 instruments, 1 accounts, 1 market guards, 2 routes',
  });
  const owner = `in use by pid ${process.pid} on ${hostname()} since 2026-01-05T00:00:00.000Z`;
  expect(findings['CLOSEOUT_DATA_DIR']).toContain(owner);
  expect(stdout).not.toContain('sesame');
});

test('notifiers: what each is told, and no secret printed', async () => {
  const directory = temporaryDirectory();
  const secretFile = join(directory, 'secret');
  writeFileSync(secretFile, 'sesame');
  const file = join(directory, 'settings.json');
  const url = 'https://me:sesame@alerts.example:8443/T0/sesame?token=sesame';
  const notifiers = [
    {
      name: 'pager',
      type: 'webhook',
      url,
      secretFile,
      events: ['guard.*'],
      accounts: ['a1', 'a2'],
    },
    { name: 'chat', type: 'webhook', url, timeoutMs: 100, attempts: 1, events: ['*'] },
    { name: 'bus', type: 'nats', events: ['deadletter.alarm'] },
  ];
  const environment = {
    CLOSEOUT_CONFIG: file,
    CLOSEOUT_NATS_URL: 'nats://127.0.0.1:1',
    CLOSEOUT_DATA_DIR: directory,
    CLOSEOUT_HTTP_PORT: '0',
  };
  writeFileSync(file, JSON.stringify({ notifiers }));
  const { stdout } = await finished(['doctor'], environment);
  const lines = stdout.split('\n').filter((line) => line.includes('notifier '));
  const webhook = 'webhook at https://alerts.example:8443';
  expect(lines).toEqual([
    `ok   notifier pager: ${webhook}, signed with the secret in ${secretFile}, readable, ` +
      '5 attempts of 5000 ms; guard.*; a1, a2',
    `ok   notifier chat: ${webhook}, not signed, 1 attempts of 100 ms; *; all accounts`,
    'ok   notifier bus: nats on closeout.v1.notify.{account}.{event}; deadletter.alarm; all accounts',
  ]);
  expect(stdout).not.toContain('sesame');

  writeFileSync(secretFile, ' \n');
  const empty = await finished(['doctor'], environment);
  expect(empty).toMatchObject({ status: 2, stdout: '' });
  expect(empty.stderr).toContain(
    `  notifiers[0].secretFile: expected a readable file with a secret: ${secretFile} is empty`,
  );
});

test('servers that do not answer: exit status 1, each named with what to do', async () => {
  const { status, stdout, stderr } = await finished(['doctor'], {
    CLOSEOUT_NATS_URL: 'nats://runtime:sesame@127.0.0.1:1',
    CLOSEOUT_DATABASE_URL: 'postgres://closeout:sesame@127.0.0.1:1/ledger',
    CLOSEOUT_DATA_DIR: '/dev/null/data',
    CLOSEOUT_HTTP_PORT: '0',
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  const findings = findingsIn(stdout);
  expect(Object.keys(findings)).toEqual([...settingKeys, 'the file']);
  expect(findings['CLOSEOUT_NATS_URL']).toMatch(
    /^FAIL nats:\/\/runtime:\*\*\*@127\.0\.0\.1:1: NATS does not answer .*start a server there/,
  );
  expect(findings['CLOSEOUT_DATABASE_URL']).toMatch(
    /^FAIL postgres:\/\/closeout:\*\*\*@127\.0\.0\.1:1\/ledger: .*check that the server runs/,
  );
  expect(findings['CLOSEOUT_DATA_DIR']).toMatch(/^FAIL .* cannot be used: /);
  expect(findings['CLOSEOUT_LOG_LEVEL']).toMatch(/^ok /);
  expect(findings['CLOSEOUT_HTTP_PORT']).toBe('ok 0: free on 127.0.0.1: /health and /ready');
  expect(stdout).not.toContain('sesame');
});

test('an HTTP port that another program has: exit status 1, and what to do', async () => {
  const { port } = await takenPort();
  const { status, stdout } = await finished(['doctor'], {
    CLOSEOUT_DATA_DIR: temporaryDirectory(),
    CLOSEOUT_HTTP_PORT: String(port),
  });
  expect(status).toBe(1);
  expect(findingsIn(stdout)['CLOSEOUT_HTTP_PORT']).toMatch(
    new RegExp(`^FAIL ${port}: taken on 127\\.0\\.0\\.1.*: free it, or set another`),
  );
});

test('a NATS that lets nobody in is no NATS that answers', async () => {
  const server = await startNats({ config: 'authorization { token: sesame }' });
  onTestFinished(() => server.stop());
  const { status, stdout } = await finished(['doctor'], {
    CLOSEOUT_NATS_URL: server.url.replace('//', '//other@'),
    CLOSEOUT_DATA_DIR: temporaryDirectory(),
  });
  expect(status).toBe(1);
  expect(stdout).toMatch(/FAIL CLOSEOUT_NATS_URL=nats:\/\/\*\*\*@.*lets nobody in.*check the user/);
  expect(stdout).not.toContain('other');
});

test('settings that are not valid: exit status 2, all of them named', async () => {
  const { status, stdout, stderr } = await finished(['doctor'], {
    CLOSEOUT_NATS_URL: 'http://127.0.0.1',
    CLOSEOUT_HTTP_PORT: 'many',
    CLOSEOUT_LOG_LEVEL: 'loud',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  for (const key of ['CLOSEOUT_NATS_URL', 'CLOSEOUT_HTTP_PORT', 'CLOSEOUT_LOG_LEVEL']) {
    expect(stderr).toContain(`  ${key}: expected `);
  }
});

test('an argument is none of its own', async () => {
  const { status, stderr } = await finished(['doctor', 'who']);
  expect(status).toBe(2);
  expect(stderr).toContain('takes no arguments, was given who');
});
