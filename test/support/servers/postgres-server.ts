// A private Postgres on a free port, without durability: it is thrown away.
import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { until } from '../until.ts';
import { startGuarded, type Guarded, type User } from './guarded-process.ts';
import { folderOf } from './programs.ts';

export interface PostgresServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** Ends it as a crash would. */
  readonly kill: () => void;
  /** Freezes it, as SIGSTOP does, until `resume` or `stop`. */
  readonly pause: () => void;
  readonly resume: () => void;
}

const startMs = 30_000;
/** Another process may take the free port before Postgres does. */
const attemptsMax = 3;

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '100',
};

/** Starts a server and waits until it takes connections. */
export async function startPostgresServer(): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = await startOn(port);
    if (await isReady(server)) {
      const url = `postgresql://closeout@127.0.0.1:${port}/postgres`;
      const { stop, kill, pause, resume } = server;
      return { url, stop, kill, pause, resume };
    }
    const log = server.log();
    await server.stop();
    const isWorthAnother = attempt < attemptsMax && log.includes('could not bind');
    if (!isWorthAnother) throw new Error(`postgres did not start: ${log}`);
  }
}

async function startOn(port: number): Promise<Guarded> {
  const programs = folderOf('postgres');
  const folder = mkdtempSync(join(tmpdir(), 'closeout-postgres-'));
  const user = userForPostgres();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = '--username=closeout --auth=trust --no-sync --encoding=UTF8 --locale=C';
  const initArgs = [...options.split(' '), '--pgdata', data];
  await promisify(execFile)(join(programs, 'initdb'), initArgs, { cwd: folder, ...user });
  const all = Object.entries({ ...settings, port: String(port) });
  const args = ['-D', data, ...all.map(([name, value]) => `--${name}=${value}`)];
  const command = join(programs, 'postgres');
  return startGuarded({ command, args, folder, stopSignal: 'QUIT', user });
}

/** Waits for a server to be ready or to have ended; its log says which. */
async function isReady(server: Guarded): Promise<boolean> {
  const what = 'postgres accepting connections or gone';
  const isDecided = () => !server.isAlive() || server.log().includes('ready to accept connections');
  await until(isDecided, startMs, what).catch(() => undefined);
  return server.isAlive();
}

/** Postgres refuses to run as root; then it runs as its own user, else as nobody. */
function userForPostgres(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('Postgres does not run as root, and there is no user postgres or nobody');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
