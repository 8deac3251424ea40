// What becomes of the bus when the server is not there, goes away, comes back, or refuses.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import { EventsOut } from '#src/nats/events-out';
import type { NatsBusOptions } from '#src/nats/nats-bus';
import { probeNats } from '#src/nats/probe';
import { proxyTo, type Proxy } from '../support/proxy.ts';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { connected, event, World } from './world.ts';

type Server = Awaited<ReturnType<typeof startNats>>;

async function nats(config = '', port?: number): Promise<Server> {
  const server = await startNats({ config, port });
  onTestFinished(() => server.stop());
  return server;
}

/** Kills a server and starts it again on its port. */
async function restarted(server: Server, config = ''): Promise<Server> {
  server.kill();
  await server.stop();
  return await nats(config, server.port);
}

async function startError(options: Pick<NatsBusOptions, 'url'> & Partial<NatsBusOptions>) {
  const world = new World();
  const bus = world.bus(options);
  const error: unknown = await world.start(bus).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(CloseoutError);
  expect(bus.status().isConnected).toBe(false);
  return error as CloseoutError;
}

async function deafServer(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'closeout-nats-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

/** Made with openssl for these tests alone, valid 2020 to 2099 for 127.0.0.1; protects nothing. */
const tlsFile = (name: string): string => new URL(`tls/${name}`, import.meta.url).pathname;
const tlsConfig = `tls { cert_file: "${tlsFile('server.pem')}", key_file: "${tlsFile('server.key')}" }`;
const users = 'authorization { user: closeout, password: "p@ss/word" }';

/** A configuration with the one user u, whose password is p. */
function userWho(subscribes: string): string {
  const permissions = `permissions: { subscribe: { ${subscribes} } }`;
  return `authorization { users: [{ user: u, password: p, ${permissions} }] }`;
}

/** Asked until somebody answers: what restarts is not there at once. */
async function answered(connection: NatsConnection): Promise<object> {
  return await until(
    async () => (await connection.request('closeout.v1.cmd.gw.acc1.account.get', '{}')).json(),
    15_000,
    'an answer',
  );
}

test('without a server, the start fails with its address, without the password, and what to do', async () => {
  const server = await nats();
  await server.stop();
  const error = await startError({ url: `nats://someone:secret@127.0.0.1:${server.port}` });
  expect(error).toMatchObject({ code: 'nats_unavailable', retryable: true });
  expect(error.message).toContain(`NATS does not answer at nats://127.0.0.1:${server.port}:`);
  expect(error.message).toContain('connection refused');
  expect(error.message).toContain('CLOSEOUT_NATS_URL');
  expect(error.message).not.toContain('secret');
});

test('a server that takes connections and says nothing is none', async () => {
  const port = await deafServer();
  const error = await startError({ url: `nats://127.0.0.1:${port}` });
  expect(error).toMatchObject({ code: 'nats_unavailable', retryable: true });
});

test('user and password come from the URL, percent-encoded; wrong ones are told apart', async () => {
  const { port } = await nats(users);
  const world = new World();
  const bus = await world.started(`nats://closeout:p%40ss%2Fword@127.0.0.1:${port}`);
  expect(bus.status().isConnected).toBe(true);
  for (const login of ['', 'closeout:wrong@', 'token@']) {
    const error = await startError({ url: `nats://${login}127.0.0.1:${port}` });
    expect(error).toMatchObject({ code: 'nats_refused', retryable: false });
    expect(error.message).toContain('check the user and password in CLOSEOUT_NATS_URL');
    expect(error.message).not.toContain('wrong');
  }
});

test('a token may stand where the user does', async () => {
  const { port } = await nats('authorization { token: "t0ken" }');
  await probeNats({ url: `nats://t0ken@127.0.0.1:${port}` });
  await expect(probeNats({ url: `nats://other@127.0.0.1:${port}` })).rejects.toThrow(
    'lets nobody in',
  );
});

test('credentials that are not there, or are none, are named', async () => {
  const { url } = await nats(users);
  const missing = await startError({ url, credsFile: '/nowhere/closeout.creds' });
  expect(missing).toMatchObject({ code: 'nats_refused' });
  expect(missing.message).toContain('/nowhere/closeout.creds');
  const credsFile = fileWith('no credentials');
  const useless = await startError({ url, credsFile });
  expect(useless).toMatchObject({ code: 'nats_refused' });
  expect(useless.message).toContain(`check the credentials in ${credsFile}`);
});

test('tls:// needs a server whose certificate comes from the authority that was given', async () => {
  const { port } = await nats(tlsConfig);
  const url = `tls://127.0.0.1:${port}`;
  const world = new World();
  const bus = world.bus({ url, caFile: tlsFile('ca.pem') });
  await world.start(bus);
  expect(bus.status().isConnected).toBe(true);
  const unknown = await startError({ url });
  expect(unknown).toMatchObject({ code: 'nats_unavailable' });
  expect(unknown.message).toMatch(/certificate/);
});

test('tls:// never speaks to a server without TLS', async () => {
  const { port } = await nats();
  const error = await startError({ url: `tls://127.0.0.1:${port}` });
  expect(error.message).toContain("does not support 'tls'");
});

test('a user that may not subscribe cannot start, and the subjects are named', async () => {
  const denied = (subject: string): string => userWho(`deny: "${subject}"`);
  for (const [subject, named] of [
    ['prices.*', 'prices.*'],
    ['closeout.v1.cmd.>', 'closeout.v1.cmd.>'],
    ['broker.*.report', 'broker.*.report'],
    ['_INBOX_closeout.>', '_INBOX_closeout.>'],
  ] as const) {
    const { port } = await nats(denied(subject));
    const error = await startError({ url: `nats://u:p@127.0.0.1:${port}` });
    expect(error).toMatchObject({ code: 'nats_refused' });
    expect(error.message).toContain(`does not let this user subscribe to ${named}`);
  }
});

test('where the server allows less than the contract, replies are that much smaller', async () => {
  const { url } = await nats('max_payload: 64KB');
  const world = new World();
  await world.started(url);
  const asker = await connected({ servers: url });
  world.answer = (_, __, max) => ({ max });
  const reply = await asker.request('closeout.v1.cmd.gw.acc1.position.list', '{}');
  expect(reply.json()).toEqual({ max: 63 * 1024 });
  world.answer = (_, __, max) => ({ text: 'x'.repeat(max) });
  const refused = await asker.request('closeout.v1.cmd.gw.acc1.position.list', '{}');
  expect(refused.headers?.get('Nats-Service-Error')).toBe('reply_too_large');
});

test('a bus whose server was killed comes back with it: quotes, commands and events', async () => {
  const first = await nats();
  const world = new World();
  const bus = await world.started(first.url);
  const before = bus.status();
  first.kill();
  await until(() => !bus.status().isConnected);
  expect(world.counter('nats_disconnects')).toBe(1);
  expect(bus.status().since).toBeGreaterThanOrEqual(before.since);

  bus.publish(event(1));
  await bus.flush();
  expect(world.counter('events_dropped')).toBe(1);

  await restarted(first);
  await until(() => bus.status().isConnected);
  expect(world.counter('nats_reconnects')).toBe(1);
  const peer = await connected({ servers: first.url });
  const heard: unknown[] = [];
  peer.subscribe('closeout.v1.evt.>', {
    callback: (_, message) => void heard.push(message.json()),
  });
  await peer.flush();
  expect(await answered(peer)).toMatchObject({ accountId: 'acc1' });
  peer.publish('prices.S', '{"bid":1,"ask":2}');
  await until(() => world.quotes.length === 1);
  bus.publish(event(2));
  await bus.flush();
  await until(() => heard.length === 1);
  expect(heard).toEqual([event(2)]);
  expect(world.counter('nats_disconnects')).toBe(1);
});

test.each([
  ['never had', (proxy: Proxy) => proxy.blackhole(), 0, [1, 2, 3]],
  ['had, without our knowing', (proxy: Proxy) => proxy.deafenAt('evt_'), 2, [1, 2, 1, 2, 3]],
] as const)(
  'events that the server %s are sent again, in order',
  async (_, lose, heardBefore, seqs) => {
    const server = await nats();
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const world = new World();
    const bus = await world.started(proxy.url);
    const peer = await connected({ servers: server.url });
    const heard: unknown[] = [];
    peer.subscribe('closeout.v1.evt.>', {
      callback: (__, message) => void heard.push(message.json()),
    });
    await peer.flush();

    lose(proxy);
    bus.publish(event(1));
    bus.publish(event(2));
    const flushed = bus.flush();
    await until(() => heard.length === heardBefore);
    await proxy.cut();
    await expect(flushed).rejects.toMatchObject({ code: 'nats_unavailable', retryable: true });
    await until(() => !bus.status().isConnected);
    await expect(bus.flush()).rejects.toMatchObject({ code: 'nats_unavailable', retryable: true });

    await proxy.restore();
    await until(() => bus.status().isConnected);
    bus.publish(event(3));
    await bus.flush();
    await until(() => heard.length === seqs.length);
    expect(heard).toEqual(seqs.map((seq) => event(seq)));
    expect(world.counter('events_repeated')).toBe(2);
    expect(world.counter('events_dropped')).toBe(0);
  },
);

test('a bus that the server refuses on its return goes on trying, and says so once', async () => {
  const first = await nats();
  const world = new World();
  const bus = await world.started(first.url);
  const second = await restarted(first, users);
  await until(() => world.counter('nats_errors') >= 3);
  expect(bus.status().isConnected).toBe(false);
  const told = world.lines.filter(({ message }) => message.includes('refused'));
  expect(told).toMatchObject([{ level: 'error', fields: { error: 'Authorization Violation' } }]);
  await restarted(second);
  await until(() => bus.status().isConnected);
});

test('a subscription that the server ends is opened again once it may be', async () => {
  const allow = (subjects: string): string => userWho(`allow: [${subjects}]`);
  const all = '"prices.>", "closeout.>", "$SRV.>", "broker.>", "_INBOX.>", "_INBOX_closeout.>"';
  const first = await nats(allow(all));
  const url = `nats://u:p@127.0.0.1:${first.port}`;
  const world = new World();
  const bus = await world.started(url);

  const second = await restarted(first, allow('"_INBOX.>"'));
  await until(() => world.counter('nats_subscriptions_reopened') >= 5);
  const ended = world.lines.filter(({ message }) => message.includes('ended'));
  expect(new Set(ended.map(({ fields }) => 'what' in fields && fields.what))).toEqual(
    new Set([
      ...['prices.*', 'prices.*.*', 'closeout.v1.cmd.>'],
      ...['broker.*.report', '_INBOX_closeout.>'],
    ]),
  );

  await restarted(second, allow(all));
  await until(() => bus.status().isConnected);
  const peer = await connected({ servers: first.url, user: 'u', pass: 'p' });
  expect(await answered(peer)).toMatchObject({ accountId: 'acc1' });
  await until(() => {
    peer.publish('prices.S', '{"bid":1,"ask":2}');
    peer.publish('prices.lmax.T', '{"bid":1,"ask":2}');
    return new Set(world.quotes.map(({ symbol }) => symbol)).size === 2;
  });
});

test('a bus can be closed while its server is away, and before it was ever started', async () => {
  const server = await nats();
  const world = new World();
  const bus = await world.started(server.url);
  await server.stop();
  await until(() => !bus.status().isConnected);
  await bus.stopReceiving();
  await bus.close();
  await bus.close();
  expect(bus.status().isConnected).toBe(false);
  const unused = new World().bus({ url: server.url });
  unused.publish(event(1));
  await unused.flush();
  await unused.stopReceiving();
  await unused.close();
  expect(unused.status().isConnected).toBe(false);
});

test('a bus is closed in bounded time where the server has frozen', async () => {
  const server = await nats();
  const proxy = await proxyTo(server.url);
  onTestFinished(() => proxy.cut());
  const world = new World();
  const bus = await world.started(proxy.url);
  proxy.blackhole();
  bus.publish(event(1));
  await bus.close();
  expect(bus.status().isConnected).toBe(false);
  const waits = world.lines.filter(({ level }) => level === 'warn');
  expect(waits).toHaveLength(2);
});

test('events that a frozen server does not confirm are kept up to a limit, the rest dropped', async () => {
  const server = await nats();
  const proxy = await proxyTo(server.url);
  onTestFinished(() => proxy.cut());
  const world = new World();
  const events = new EventsOut(await connected({ servers: proxy.url }), world, 1000);
  events.publish(event(0));
  await events.flush();
  proxy.blackhole();
  const size = JSON.stringify(event(1)).length;
  for (let seq = 1; seq <= 20; seq++) events.publish(event(seq % 10));
  const kept = Math.floor(1000 / size);
  expect(world.counter('events_published')).toBe(kept + 1);
  expect(world.counter('events_dropped')).toBe(20 - kept);
  const told = world.lines.filter(({ level }) => level === 'error');
  expect(told).toMatchObject([{ message: 'events are dropped' }]);
});
