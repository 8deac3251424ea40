// Whether the HTTP interface could listen: what `closeout doctor` asks.
import { createServer } from 'node:net';

/**
 * Listens on the port of 127.0.0.1, and closes it again. Resolves with the code of the fault, such
 * as `EADDRINUSE`, where that cannot be; undefined where the port is free.
 */
export async function probePort(port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(undefined)));
  });
}
