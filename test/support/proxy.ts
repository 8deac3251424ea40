// A way to a server on which everything can go wrong that does on a network: connections end, are
// reset, or pass nothing any more; answers are lost; all of it comes late.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Proxy {
  /** The server's URL, by way of this. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Ends all connections with a reset; new ones are made as before. */
  reset(): void;
  /** Connections stay and are made, but nothing passes any more, on these never again. */
  blackhole(): void;
  /** Whatever is said from now on arrives so much later, in order. */
  delay(ms: number): void;
  /** Loses all that the server says from the moment on at which the client says `text`. */
  deafenAt(text: string): void;
  /** New connections are as at first, and nothing comes late any more. */
  restore(): Promise<void>;
}

/** What is wrong with the way now. */
interface Trouble {
  isBlackhole: boolean;
  delayMs: number;
  deafenText: string | undefined;
}

export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const trouble: Trouble = { isBlackhole: false, delayMs: 0, deafenText: undefined };

  const accept = (client: Socket): void => {
    const server = connect(Number(port), hostname);
    let isDeaf = false;
    let isStuck = trouble.isBlackhole;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      const pass = passingTo(other, trouble);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (!isStuck) other.destroy();
      });
      socket.on('data', (data) => {
        isStuck ||= trouble.isBlackhole;
        if (isStuck) return;
        if (socket === server && isDeaf) return;
        pass(data);
        if (socket === client) {
          isDeaf ||= trouble.deafenText !== undefined && data.includes(trouble.deafenText);
        }
      });
    }
  };

  let listener = await listen(0, accept);
  const own = (listener.address() as AddressInfo).port;
  const url = new URL(target);
  url.port = String(own);
  return {
    url: url.href,
    async cut() {
      for (const socket of sockets) socket.destroy();
      if (!listener.listening) return;
      listener.close();
      await once(listener, 'close');
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    blackhole: () => void (trouble.isBlackhole = true),
    delay: (ms) => void (trouble.delayMs = ms),
    deafenAt: (text) => void (trouble.deafenText = text),
    async restore() {
      trouble.isBlackhole = false;
      trouble.delayMs = 0;
      trouble.deafenText = undefined;
      if (!listener.listening) listener = await listen(own, accept);
    },
  };
}

/** Passes on what is said, late where that is asked for, and never in another order. */
function passingTo(other: Socket, trouble: Trouble): (data: Buffer) => void {
  const late: { readonly data: Buffer; readonly dueMs: number }[] = [];
  const flush = (): void => {
    for (let first = late[0]; first !== undefined; first = late[0]) {
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        setTimeout(flush, waitMs);
        return;
      }
      late.shift();
      if (!other.destroyed) other.write(first.data);
    }
  };
  return (data) => {
    if (trouble.delayMs === 0 && late.length === 0) {
      other.write(data);
      return;
    }
    late.push({ data, dueMs: performance.now() + trouble.delayMs });
    if (late.length === 1) setTimeout(flush, trouble.delayMs);
  };
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
