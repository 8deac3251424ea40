// A way to a server that can be cut, frozen, or cut at a moment of the test's choice.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Proxy {
  /** The server's URL, by way of this. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Connections stay and are made, but nothing passes any more, on these never again. */
  freeze(): void;
  /** Loses all that the server says from the moment on at which the client says `text`. */
  deafenAt(text: string): void;
  /** New connections are as at first. */
  restore(): Promise<void>;
}

export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let deafenText: string | undefined;

  const accept = (client: Socket): void => {
    const server = connect(Number(port), hostname);
    let isDeaf = false;
    let isStuck = isFrozen;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (!isStuck) other.destroy();
      });
    }
    client.on('data', (data) => {
      isStuck ||= isFrozen;
      if (isStuck) return;
      isDeaf ||= deafenText !== undefined && data.includes(deafenText);
      server.write(data);
    });
    server.on('data', (data) => {
      if (!isStuck && !isDeaf) client.write(data);
    });
  };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  let listener = await listen(0, accept);
  const own = (listener.address() as AddressInfo).port;
  const url = new URL(target);
  url.port = String(own);
  const cut = async (): Promise<void> => {
    endAll();
    if (!listener.listening) return;
    listener.close();
    await once(listener, 'close');
  };
  return {
    url: url.href,
    cut,
    freeze: () => void (isFrozen = true),
    deafenAt: (text) => void (deafenText = text),
    async restore() {
      isFrozen = false;
      deafenText = undefined;
      if (!listener.listening) listener = await listen(own, accept);
    },
  };
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
