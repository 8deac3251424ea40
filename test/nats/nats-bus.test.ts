// The bus on a real nats-server: quotes and commands in, answers and events out.
import { headers, RequestError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Svcm } from '@nats-io/services';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { replyBytesMax, requestBytesMax } from '#src/contracts/json';
import { priceSubject } from '#src/contracts/subjects';
import { InvariantError } from '#src/domain/errors';
import { refuse } from '#src/domain/refusals';
import type { NatsBus } from '#src/nats/nats-bus';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { arrivalTs, connected, event, World } from './world.ts';

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

let world: World;
let bus: NatsBus;
let nats: NatsConnection;
beforeEach(async () => {
  world = new World();
  bus = await world.started(server.url);
  nats = await connected({ servers: server.url });
});

async function ask(subject: string, body: Uint8Array | string = '{}', more = {}): Promise<Msg> {
  return await nats.request(`closeout.v1.cmd.${subject}`, body, { timeout: 5000, ...more });
}

/** Headers and body of a reply that is a refusal. */
function refusalIn(message: Msg): object {
  return {
    name: message.headers?.get('Nats-Service-Error'),
    header: message.headers?.get('Nats-Service-Error-Code'),
    ...message.json<object>(),
  };
}

describe('quotes', () => {
  test('come in with or without a feed, in numbers or text, with or without ts', async () => {
    nats.publish('prices.XAUUSD', '{"bid":1290.1,"ask":1290.2,"ts":5}');
    nats.publish('prices.lmax.XAUUSD', '{"bid":"1290.10","ask":"1290.20000000000000000001"}');
    nats.publish(priceSubject('BRK.B/x', 'lmax'), '{"bid":1,"ask":2,"bidSize":3,"seq":9}');
    await until(() => world.quotes.length === 3);
    expect(world.quotes).toEqual([
      { symbol: 'XAUUSD', bid: 1290.1, ask: 1290.2, ts: 5 },
      {
        ...{ symbol: 'XAUUSD', bid: 1290.1, ask: 1290.2, ts: arrivalTs },
        ...{ askExact: '1290.20000000000000000001', feed: 'lmax' },
      },
      { symbol: 'BRK.B/x', bid: 1, ask: 2, ts: arrivalTs, bidSize: 3, seq: 9, feed: 'lmax' },
    ]);
    expect(world.counter('quotes_received')).toBe(3);
  });

  test('that are none are told as malformed, and the next ones still come', async () => {
    const large = JSON.stringify({ bid: 1, ask: 2, more: 'x'.repeat(5000) });
    const none = ['', 'hello', '{"bid":1', '[1,2]', '{"bid":1}', '{"bid":true,"ask":2}', large];
    for (const body of none) nats.publish('prices.S', body);
    nats.publish('prices.S', new Uint8Array([0xff, 0xfe, 0x00]));
    nats.publish('prices.A%zz', '{"bid":1,"ask":2}');
    nats.publish('prices.S', '{"bid":1,"ask":2}');
    await until(() => world.quotes.length === 1);
    expect(world.malformed).toEqual([...none.map(() => 'S'), 'S', 'A%zz']);
  });

  test('of a feed whose name is no id are malformed', async () => {
    const body = '{"bid":1,"ask":2}';
    const none = ['lp%2E1', 'ü', '#$"', '{}', 'f'.repeat(65), 'f'.repeat(3000)];
    for (const feed of none) nats.publish(`prices.${feed}.S`, body);
    for (const feed of ['__proto__', 'f'.repeat(64)]) nats.publish(`prices.${feed}.S`, body);
    await until(() => world.quotes.length === 2);
    expect(world.malformed).toEqual(none.map(() => 'S'));
    expect(world.quotes.map(({ feed }) => feed)).toEqual(['__proto__', 'f'.repeat(64)]);
  });

  test('of other subjects are not ours', async () => {
    nats.publish('prices', '{"bid":1,"ask":2}');
    nats.publish('prices.a.b.S', '{"bid":1,"ask":2}');
    nats.publish('prices.S', '{"bid":1,"ask":2}');
    await until(() => world.quotes.length === 1);
    expect(world.counter('quotes_received')).toBe(1);
  });

  test('of more symbols than are remembered all have their own', async () => {
    const count = 10_500;
    for (let i = 0; i < count; i++) nats.publish(`prices.S%2F${i}`, '{"bid":1,"ask":2}');
    nats.publish('prices.S%2F0', '{"bid":1,"ask":2}');
    await until(() => world.quotes.length === count + 1);
    const symbols = Array.from({ length: count }, (_, i) => `S/${i}`);
    expect(world.quotes.map(({ symbol }) => symbol)).toEqual([...symbols, 'S/0']);
  });

  test('that make the host fail end neither the subscription nor the connection', async () => {
    world.onQuote = ({ bid }) => {
      if (bid === 1) throw new InvariantError('a planted fault');
    };
    nats.publish('prices.S', '{"bid":1,"ask":2}');
    nats.publish('prices.S', '{"bid":3,"ask":4}');
    await until(() => world.quotes.length === 2);
    expect(world.counter('quotes_failed')).toBe(1);
    expect((await ask('gw.acc1.account.get')).json()).toMatchObject({ accountId: 'acc1' });
  });
});

describe('commands', () => {
  test('carry who asks, for which account, what, with which id and deadline', async () => {
    const set = headers();
    set.set('Nats-Msg-Id', 'id-1');
    set.set('Closeout-Deadline', '123');
    const reply = await ask('gw.acc1.position.close', '{"positionId":"p1"}', { headers: set });
    expect(reply.headers).toBeUndefined();
    expect(reply.json()).toEqual({
      ...{ client: 'gw', accountId: 'acc1', resource: 'position', action: 'close' },
      body: { positionId: 'p1' },
    });
    await ask('gw._.runtime.status', '');
    const [first, second] = world.commands;
    expect(first).toMatchObject({ messageId: 'id-1', deadline: '123' });
    expect(second).toMatchObject({ accountId: '_', messageId: undefined, deadline: undefined });
  });

  test('are refused with name and code as headers, and the rest as the body', async () => {
    world.answer = () =>
      refuse('deadline_passed', 'too late', {
        limit: 5,
        actual: '6',
        issues: [{ path: 'a', message: 'expected b' }],
      });
    const reply = await ask('gw.acc1.position.close');
    const issues = [{ path: 'a', message: 'expected b' }];
    expect(refusalIn(reply)).toEqual({
      ...{ name: 'deadline_passed', header: '408' },
      error: { code: 408, message: 'too late', issues, limit: 5, actual: '6' },
    });
  });

  test('of 300 KiB are refused with both numbers', async () => {
    const actual = 300 * 1024;
    const reply = await ask('gw.acc1.position.track', 'x'.repeat(actual));
    expect(refusalIn(reply)).toMatchObject({
      ...{ name: 'request_too_large', header: '413' },
      error: { code: 413, limit: requestBytesMax, actual },
    });
  });

  test.each(['gw.acc1.position', 'gw', 'gw.acc1.position.close.now', 'gw.acc.1.position.close'])(
    'on the subject %s are answered: no such subject',
    async (subject) => {
      const reply = await ask(subject);
      expect(refusalIn(reply)).toMatchObject({
        ...{ name: 'unknown_subject', header: '404' },
        error: { code: 404, message: expect.stringContaining('<account>') as string },
      });
      expect(world.commands).toEqual([]);
    },
  );

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  test.each([
    ['rejects', () => Promise.reject(new Error('planted'))],
    [
      'throws',
      () => {
        throw new Error('planted');
      },
    ],
    ['answers with what is no JSON', () => circular],
  ])('whose host %s are answered all the same', async (_, answer) => {
    world.answer = answer;
    const reply = await ask('gw.acc1.position.close');
    expect(refusalIn(reply)).toEqual({
      ...{ name: 'internal_error', header: '500' },
      error: { code: 500, message: 'the command failed inside; see the log' },
    });
    expect(world.counter('nats_commands_failed')).toBe(1);
    expect(world.lines.at(-1)).toMatchObject({
      level: 'error',
      fields: { subject: 'closeout.v1.cmd.gw.acc1.position.close' },
    });
    world.answer = () => ({ ok: true });
    expect((await ask('gw.acc1.position.close')).json()).toEqual({ ok: true });
  });

  test('may have replies up to the limit, and no larger ones', async () => {
    const frame = JSON.stringify({ text: '' }).length;
    world.answer = (_, { length }: { length?: number }, max) => ({
      text: 'x'.repeat(max - frame + (length ?? 0)),
    });
    expect((await ask('gw.acc1.position.list', '{"length":0}')).data).toHaveLength(replyBytesMax);
    expect(refusalIn(await ask('gw.acc1.position.list', '{"length":1}'))).toMatchObject({
      ...{ name: 'reply_too_large', header: '413' },
      error: { limit: replyBytesMax, actual: replyBytesMax + 1 },
    });
  });

  test('are answered when they are ready, not in the order in which they came', async () => {
    const release = new Map<string, () => void>();
    world.answer = ({ accountId }) =>
      new Promise((resolve) => release.set(accountId, () => resolve({ accountId })));
    const slow = ask('gw.slow.account.get');
    const quick = ask('gw.quick.account.get');
    await until(() => release.size === 2);
    release.get('quick')?.();
    expect((await quick).json()).toEqual({ accountId: 'quick' });
    release.get('slow')?.();
    expect((await slow).json()).toEqual({ accountId: 'slow' });
  });

  test('without a reply subject are carried out', async () => {
    nats.publish('closeout.v1.cmd.gw.acc1.account.halt', '{}');
    await until(() => world.commands.length === 1);
    expect((await ask('gw.acc1.account.get')).json()).toMatchObject({ accountId: 'acc1' });
  });
});

describe('the services API', () => {
  test('answers PING, INFO and STATS, with errors counted', async () => {
    await ask('gw.acc1.account.get');
    await ask('gw.acc1.account');
    world.answer = () => refuse('unknown_account', 'no account acc1 is known');
    await ask('gw.acc1.account.get');
    const services = new Svcm(nats).client();
    const [ping] = await Array.fromAsync(await services.ping('closeout'));
    expect(ping).toMatchObject({ name: 'closeout', version: '1.2.3' });
    const [info] = await Array.fromAsync(await services.info('closeout'));
    expect(info?.endpoints).toMatchObject([{ name: 'commands', subject: 'closeout.v1.cmd.>' }]);
    const [stats] = await Array.fromAsync(await services.stats('closeout'));
    const [endpoint] = stats?.endpoints ?? [];
    expect(endpoint).toMatchObject({
      ...{ num_requests: 3, num_errors: 2 },
      last_error: '404 unknown_account: no account acc1 is known',
    });
    expect(endpoint?.processing_time).toBeGreaterThan(0);
  });
});

describe('events', () => {
  test('go out as JSON on the subject of their account and name, in order', async () => {
    const heard: [string, unknown][] = [];
    nats.subscribe('closeout.v1.evt.>', {
      callback: (_, message) => void heard.push([message.subject, message.json()]),
    });
    await nats.flush();
    const market = event(1, { event: 'market.warning', accountId: '_', symbol: 'S' });
    bus.publish(event(1, { closeId: 'close_1' }));
    bus.publish(market);
    bus.publish(event(2));
    await bus.flush();
    await until(() => heard.length === 3);
    expect(heard).toEqual([
      ['closeout.v1.evt.acc1.position.closed', event(1, { closeId: 'close_1' })],
      ['closeout.v1.evt._.market.warning', market],
      ['closeout.v1.evt.acc1.position.closed', event(2)],
    ]);
    expect(world.counter('events_published')).toBe(3);
  });

  test('that the server would not take are dropped and counted, and the next ones go out', async () => {
    const heard: unknown[] = [];
    nats.subscribe('closeout.v1.evt.>', {
      callback: (_, message) => void heard.push(message.json()),
    });
    await nats.flush();
    bus.publish(event(1, { text: 'x'.repeat(2_000_000) }));
    bus.publish(event(2));
    await bus.flush();
    await until(() => heard.length === 1);
    expect(heard).toEqual([event(2)]);
    expect(world.counter('events_dropped')).toBe(1);
  });
});

describe('a stop', () => {
  test('ends quotes and commands, answers what came before, and still lets events out', async () => {
    const release: (() => void)[] = [];
    world.answer = () => new Promise((resolve) => release.push(() => resolve({ late: true })));
    const heard: unknown[] = [];
    nats.subscribe('closeout.v1.evt.>', {
      callback: (_, message) => void heard.push(message.json()),
    });
    const pending = ask('gw.acc1.position.close');
    await until(() => release.length === 1);

    await bus.stopReceiving();
    const refused = await ask('gw.acc1.account.get').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RequestError);
    expect((refused as RequestError).isNoResponders()).toBe(true);
    nats.publish('prices.S', '{"bid":1,"ask":2}');
    bus.publish(event(1));
    await bus.flush();
    await until(() => heard.length === 1);

    const closed = bus.close();
    release[0]?.();
    expect((await pending).json()).toEqual({ late: true });
    await closed;
    expect(world.quotes).toEqual([]);
    expect(bus.status().isConnected).toBe(false);
    expect(world.lines.map(({ level }) => level)).toEqual(['info']);
    bus.publish(event(2));
    await bus.flush();
    expect(world.counter('events_dropped')).toBe(1);
  });
});
