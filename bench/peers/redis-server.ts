// A Redis of its own for the peers that need one: in memory, on a Unix socket in its own folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from '../../test/support/servers/guarded-process.ts';
import { until } from '../../test/support/until.ts';

export interface RedisServer {
  /** Path of its socket. */
  readonly path: string;
  readonly stop: () => Promise<void>;
}

const command = 'redis-server';
const startMs = 10_000;

/** Undefined where the machine has no redis-server. */
export async function startRedisServer(): Promise<RedisServer | undefined> {
  if (spawnSync(command, ['--version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'closeout-redis-'));
  const path = join(folder, 'redis.sock');
  // It keeps nothing on disk, which favours it.
  const memoryOnly = ['--save', '', '--appendonly', 'no'];
  const server = await startGuarded({
    command,
    args: ['--port', '0', '--unixsocket', path, ...memoryOnly],
    folder,
    stopSignal: 'TERM',
  });
  await until(() => existsSync(path), startMs, 'redis-server listening');
  return { path, stop: server.stop };
}
