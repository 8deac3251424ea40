// `closeout start` where it cannot start: what is wrong is named, with what to do, and nothing of
// the data directory stays locked.
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataDirectory } from '#src/journal/data-directory';
import { finished, temporaryDirectory, type Environment } from '../e2e/world.ts';
import { freshDatabase, natsUrl } from '../support/servers.ts';

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isFree(directory: string): boolean {
  openDataDirectory(directory, { pid: 1, host: 'test', now: 0 }).release();
  return true;
}

test('a NATS that is not there is named, with what to do, and without the password', async () => {
  const directory = temporaryDirectory();
  const port = await deadPort();
  const { status, stdout, stderr } = await finished(['start'], {
    CLOSEOUT_NATS_URL: `nats://runtime:sesame@127.0.0.1:${port}`,
    CLOSEOUT_DATABASE_URL: await freshDatabase(),
    CLOSEOUT_DATA_DIR: directory,
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`NATS does not answer at nats://127.0.0.1:${port}`);
  expect(stderr).toContain('start a server there');
  expect(stdout + stderr).not.toContain('sesame');
  expect(stderr).not.toContain('    at ');
  expect(isFree(directory)).toBe(true);
});

test('a database that is not there at a first start is named, with what to do', async () => {
  const directory = temporaryDirectory();
  const port = await deadPort();
  const { status, stdout, stderr } = await finished(['start'], {
    CLOSEOUT_NATS_URL: natsUrl(),
    CLOSEOUT_DATABASE_URL: `postgres://closeout:sesame@127.0.0.1:${port}/ledger`,
    CLOSEOUT_DATA_DIR: directory,
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`the database ledger at 127.0.0.1:${port} does not take the ledger`);
  expect(stderr).toContain('check that the server runs');
  expect(stdout + stderr).not.toContain('sesame');
  expect(stderr).not.toContain('    at ');
  expect(isFree(directory)).toBe(true);
});

test('a settings file with three faults: all three are named', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'settings.json');
  const settings = {
    CLOSEOUT_HTTP_PORT: 99_999,
    CLOSEOUT_LOG_LEVEL: 'loud',
    accounts: [{ accountId: 'a1', currency: 'USD', balance: -5 }],
  };
  writeFileSync(file, JSON.stringify(settings));
  const { status, stderr } = await finished(['start'], {
    CLOSEOUT_CONFIG: file,
    CLOSEOUT_DATA_DIR: directory,
  });
  expect(status).toBe(2);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'closeout: the settings are not valid:',
    '  CLOSEOUT_HTTP_PORT: expected a port, 0 to 65535, was 99999',
    expect.stringMatching(/^ {2}CLOSEOUT_LOG_LEVEL: expected one of trace, .*, was "loud"$/),
    '  accounts[0].balance: expected a number above 0, was -5',
  ]);
});

test.each<[string, string[], Environment, RegExp]>([
  ['an argument', ['start', 'now'], {}, /takes no arguments, was given now/],
  ['an unknown command', ['begin'], {}, /there is no command begin/],
  ['a later setting', ['start'], { CLOSEOUT_OBSERVE_ONLY: '1' }, /OBSERVE_ONLY: is not supported/],
  [
    'no settings file',
    ['start'],
    { CLOSEOUT_CONFIG: '/no/such' },
    /\/no\/such is not readable JSON/,
  ],
  [
    'no CA file',
    ['start'],
    {
      CLOSEOUT_NATS_URL: 'tls://127.0.0.1:4222',
      CLOSEOUT_NATS_CA: '/no/ca.pem',
    },
    /CLOSEOUT_NATS_CA: expected a readable file/,
  ],
])('%s: exit status 2, and what is wrong', async (_, args, environment, expected) => {
  const { status, stdout, stderr } = await finished(args, environment);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(expected);
  expect(stderr).not.toContain('    at ');
});
