// A web server that remembers what was posted to it, and answers as the test says.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RuntimeEvent } from '#src/domain/events';

export interface Posted {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers the n-th request, counted from 1. */
export type Answer = (response: ServerResponse, n: number) => void;

export interface Receiver {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly posted: Posted[];
  /** The events that were posted. */
  events(): RuntimeEvent[];
  /** Connections that are open. */
  open(): number;
}

/** Listens on a free port until the test is over. */
export async function startReceiver(
  answer: Answer = (response) => response.end(),
): Promise<Receiver> {
  const posted: Posted[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      posted.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      answer(response, posted.length);
    });
  });
  server.on('connection', (socket) => {
    open++;
    socket.on('close', () => void open--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    posted,
    events: () => posted.map(({ body }) => JSON.parse(body) as RuntimeEvent),
    open: () => open,
  };
}
