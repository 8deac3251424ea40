// A private nats-server on a free port.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until.ts';
import { startGuarded } from './guarded-process.ts';
import { folderOf } from './programs.ts';

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Ends it orderly; does nothing the second time. */
  readonly stop: () => Promise<void>;
  /** Ends it as a crash would. */
  readonly kill: () => void;
  /** Freezes it, as SIGSTOP does, until `resume` or `stop`. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface NatsOptions {
  /** Text of a configuration file; address and port are set beside it. */
  readonly config?: string | undefined;
  /** The port of a server that was stopped, to start it again; a free one where absent. */
  readonly port?: number | undefined;
}

const startMs = 15_000;

/** Starts a server and waits until it takes connections. */
export async function startNatsServer({
  config = '',
  port,
}: NatsOptions = {}): Promise<NatsServer> {
  const command = join(folderOf('nats'), 'nats-server');
  const folder = mkdtempSync(join(tmpdir(), 'closeout-nats-'));
  const configFile = join(folder, 'nats.conf');
  writeFileSync(configFile, config);
  const server = await startGuarded({
    command,
    args: [
      ...['--config', configFile, '--addr', '127.0.0.1', '--port', String(port ?? -1)],
      ...['--ports_file_dir', folder, '--store_dir', join(folder, 'jetstream')],
    ],
    folder,
    stopSignal: 'TERM',
  });
  // The server writes the file once it listens, with the port that it chose.
  const portsFile = join(folder, `nats-server_${server.pid}.ports`);
  const isDecided = () => !server.isAlive() || portOf(portsFile) !== undefined;
  await until(isDecided, startMs, 'nats-server listening or gone').catch(() => undefined);
  const chosen = portOf(portsFile);
  if (server.isAlive() && chosen !== undefined) {
    const url = `nats://127.0.0.1:${chosen}`;
    const { stop, kill, pause, resume } = server;
    return { url, port: chosen, stop, kill, pause, resume };
  }
  const log = server.log();
  await server.stop();
  throw new Error(`nats-server did not start: ${log}`);
}

/** The port in a file that may not be there yet, or not whole. */
function portOf(file: string): number | undefined {
  try {
    const { nats } = JSON.parse(readFileSync(file, 'utf8')) as { nats: [string] };
    return Number(new URL(nats[0]).port);
  } catch {
    return undefined;
  }
}
