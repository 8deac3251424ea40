// A server on a free port with a runtime behind it that is made up, and clients on plain sockets.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { serveHttp, type HttpOptions, type HttpServer } from '#src/http/http-server';
import type { Health, PartHealth, Readiness } from '#src/ports/health';
import { silentLogger } from '#src/ports/logger';

export const epochTs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const epochText = '2026-01-02T03:04:05.000Z';

export function healthWith(components: Record<string, PartHealth> = {}): Health {
  return {
    status: 'ok',
    workers: { isHealthy: true, status: 'healthy', uptime: 7, components },
  };
}

const ready: Readiness = { ready: true, since: epochTs, waitingFor: [] };

export interface Served extends HttpServer {
  readonly url: string;
  /** What was logged as an error. */
  readonly errors: object[];
}

export async function served(options: Partial<HttpOptions> = {}): Promise<Served> {
  const errors: object[] = [];
  const server = await serveHttp({
    port: 0,
    health: () => healthWith(),
    readiness: () => ready,
    version: '1.2.3',
    logger: { ...silentLogger, error: (fields) => void errors.push(fields) },
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}`, errors };
}

export interface Client {
  readonly socket: Socket;
  /** All that the server has said so far. */
  heard(): string;
  /** Resolves with it when the connection has ended, by whom and however that may be. */
  readonly ended: Promise<string>;
}

export async function client(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (data) => void (heard += data.toString()));
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => void socket.on('close', () => resolve(heard)));
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return { socket, heard: () => heard, ended };
}

/** What the server answers to this text, until it ends the connection. */
export async function said(port: number, text: string): Promise<string> {
  const { socket, ended } = await client(port);
  socket.write(text);
  return await ended;
}

/** Status and JSON body of a whole answer. */
export function parsed(answer: string): { status: number; body: unknown } {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
  return { status, body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) };
}
