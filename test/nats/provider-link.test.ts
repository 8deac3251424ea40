// Calls to providers and their reports, on a real nats-server.
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { replyBytesMax, requestBytesMax } from '#src/contracts/json';
import { CloseoutError, InvariantError } from '#src/domain/errors';
import type { NatsBus } from '#src/nats/nats-bus';
import { proxyTo } from '../support/proxy.ts';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { connected, World } from './world.ts';

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

let world: World;
let bus: NatsBus;
let provider: NatsConnection;
beforeEach(async () => {
  world = new World();
  bus = world.bus({ url: server.url });
  await bus.connect(world.reportHost);
  provider = await connected({ servers: server.url });
});

/** Answers each `close` of the route demo, and remembers them. */
async function serve(answer: (message: Msg) => void, on = provider): Promise<object[]> {
  const heard: object[] = [];
  on.subscribe('broker.demo.close', {
    callback: (_, message) => {
      heard.push(message.json());
      answer(message);
    },
  });
  await on.flush();
  return heard;
}

async function failure(asked: Promise<unknown>): Promise<CloseoutError> {
  const error: unknown = await asked.then(
    (reply) => ({ reply }),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(CloseoutError);
  return error as CloseoutError;
}

/** `text` inside so many lists and objects. */
const nested = (levels: number): string =>
  `{"a":${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}}`;

describe('a call', () => {
  test('is a request on the subject of its route, and resolves to the reply', async () => {
    const heard = await serve((message) => message.respond('{"status":"filled","price":"1.1"}'));
    const reply = await bus.link.request('demo', 'close', { clientOrderId: 'c1' }, 5000);
    expect(reply).toEqual({ status: 'filled', price: '1.1' });
    expect(heard).toEqual([{ clientOrderId: 'c1' }]);
  });

  test('works before the bus has started, and after it has stopped receiving', async () => {
    await serve((message) => message.respond('{}'));
    expect(await bus.link.request('demo', 'close', {}, 5000)).toEqual({});
    await bus.start(world.host);
    await bus.stopReceiving();
    expect(await bus.link.request('demo', 'close', {}, 5000)).toEqual({});
    provider.publish('broker.demo.report', '{"late":1}');
    await until(() => world.reports.length === 1);
  });

  test('that nobody answers rejects at once: nobody took it', async () => {
    const error = await failure(bus.link.request('demo', 'close', {}, 60_000));
    expect(error).toMatchObject({ code: 'broker_unreachable', retryable: true });
    expect(error.message).toBe('broker.demo.close: nobody took it: no responder');
  });

  test('that is not answered in time failed, and was taken', async () => {
    const heard = await serve(() => {});
    const error = await failure(bus.link.request('demo', 'close', {}, 50));
    expect(error).toMatchObject({ code: 'broker_failed' });
    expect(heard).toHaveLength(1);
  });

  test.each([
    ['1', 1000],
    ['0.25', 250],
    ['0.0001', 1],
    [' 2 ', 2000],
    ['99999999', 300_000],
    ['9'.repeat(400), 300_000],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['Wed, 21 Oct 2015 07:28:00 GMT', undefined],
  ])('that is answered 429 with Retry-After %s was throttled', async (retryAfter, ms) => {
    const set = headers();
    set.set('Nats-Service-Error-Code', '429');
    set.set('Nats-Service-Error', 'slow down');
    if (retryAfter !== undefined) set.set('Retry-After', retryAfter);
    await serve((message) => message.respond('', { headers: set }));
    const error = await failure(bus.link.request('demo', 'close', {}, 5000));
    expect(error).toMatchObject({ code: 'broker_throttled', retryable: true });
    expect(error.retryAfterMs).toBe(ms);
    expect(error.message).toBe('broker.demo.close: the provider answered 429 slow down');
  });

  test.each([
    ['500', 'broken'],
    ['400', 'bad'],
    ['503', 'busy'],
    ['', 'no code'],
    ['4290', 'no throttle'],
  ])('that is answered %s %s failed, whatever else the reply says', async (code, words) => {
    const set = headers();
    if (code !== '') set.set('Nats-Service-Error-Code', code);
    set.set('Nats-Service-Error', words);
    await serve((message) => message.respond('{"status":"filled"}', { headers: set }));
    const error = await failure(bus.link.request('demo', 'close', {}, 5000));
    expect(error).toMatchObject({ code: 'broker_failed', retryAfterMs: undefined });
    expect(error.message).toContain(words);
  });

  test('hears header names in any case', async () => {
    const set = headers();
    set.set('nats-service-error-code', '429');
    set.set('RETRY-AFTER', '3');
    await serve((message) => message.respond('', { headers: set }));
    const error = await failure(bus.link.request('demo', 'close', {}, 5000));
    expect(error).toMatchObject({ code: 'broker_throttled', retryAfterMs: 3000 });
  });

  test.each([
    ['empty', ''],
    ['no JSON', '{"status"'],
    ['no object', '["filled"]'],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['too deep', nested(33)],
    ['far too deep', '['.repeat(300_000)],
    ['too large', `{"a":"${'x'.repeat(replyBytesMax)}"}`],
    ['with half a character', '{"a":"\\ud800"}'],
  ])('whose reply is %s failed', async (_, body) => {
    await serve((message) => message.respond(body));
    const error = await failure(bus.link.request('demo', 'close', {}, 5000));
    expect(error).toMatchObject({ code: 'broker_failed' });
    expect(error.message).toContain('is no JSON object of at most');
  });

  test('may have a reply at the limits', async () => {
    const frame = '{"a":""}'.length;
    const large = `{"a":"${'x'.repeat(replyBytesMax - frame)}"}`;
    const bodies = [large, nested(32)];
    await serve((message) => message.respond(bodies.shift() ?? ''));
    expect(await bus.link.request('demo', 'close', {}, 5000)).toEqual(JSON.parse(large));
    expect(await bus.link.request('demo', 'close', {}, 5000)).toEqual(JSON.parse(nested(32)));
  });

  test('too large for the server failed, and the next one goes through', async () => {
    const heard = await serve((message) => message.respond('{}'));
    const large = { text: 'x'.repeat(2_000_000) };
    const error = await failure(bus.link.request('demo', 'close', large, 5000));
    expect(error).toMatchObject({ code: 'broker_failed' });
    expect(() => bus.link.publish('demo', 'close', large)).toThrow('max_payload');
    await bus.link.request('demo', 'close', { n: 2 }, 5000);
    expect(heard).toEqual([{ n: 2 }]);
  });
});

describe('a message without reply', () => {
  test('is published', async () => {
    const heard = await serve(() => {});
    bus.link.publish('demo', 'close', { order_id: 'p1' });
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ order_id: 'p1' }]);
  });
});

describe('without a connection', () => {
  test('a bus that is not connected yet, or is closed, reaches nobody', async () => {
    const unused = new World().bus({ url: server.url });
    await serve((message) => message.respond('{}'));
    await bus.close();
    for (const { link } of [unused, bus]) {
      const error = await failure(link.request('demo', 'close', {}, 60_000));
      expect(error).toMatchObject({ code: 'broker_unreachable' });
      expect(() => link.publish('demo', 'cancel', {})).toThrow('there is no connection');
    }
  });

  test('calls reject at once, and are never delivered later', async () => {
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const cut = world.bus({ url: proxy.url });
    await cut.connect(world.reportHost);
    const heard = await serve((message) => message.respond('{}'));
    await cut.link.request('demo', 'close', { n: 0 }, 5000);

    await proxy.cut();
    await until(() => !cut.status().isConnected);
    // Again and again, so that some fall into attempts to come back, the one that succeeds included.
    let refused = 0;
    const codes = new Set<unknown>();
    const more = async (): Promise<boolean> => {
      const asked = cut.link.request('demo', 'close', { refused: true }, 5000);
      const code = await asked.then(
        () => 'taken',
        (cause: unknown) => (cause instanceof CloseoutError ? cause.code : cause),
      );
      codes.add(code);
      if (code === 'taken') return true;
      expect(() => cut.link.publish('demo', 'close', { published: true })).toThrow(
        'nobody took it',
      );
      refused++;
      return false;
    };
    await until(async () => (await more()) || refused >= 50);
    expect([...codes]).toEqual(['broker_unreachable']);
    await proxy.restore();
    await until(more, 15_000, 'a call that goes through');

    await cut.link.request('demo', 'close', { n: 1 }, 5000);
    expect([...codes]).toEqual(['broker_unreachable', 'taken']);
    // The one call that went through, and none of those that were refused.
    expect(heard).toEqual([{ n: 0 }, { refused: true }, { n: 1 }]);
  });

  test('a call whose server froze is unknown: it failed', async () => {
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const frozen = new World().bus({ url: proxy.url });
    await frozen.connect(world.reportHost);
    await serve((message) => message.respond('{}'));
    await frozen.link.request('demo', 'close', {}, 5000);
    proxy.blackhole();
    const error = await failure(frozen.link.request('demo', 'close', {}, 50));
    expect(error).toMatchObject({ code: 'broker_failed' });
    await proxy.cut();
  });

  test('a reply that comes after the return of the connection still resolves', async () => {
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const cut = world.bus({ url: proxy.url });
    await cut.connect(world.reportHost);
    const waiting: Msg[] = [];
    await serve((message) => void waiting.push(message));
    const reply = cut.link.request('demo', 'close', {}, 20_000);
    await until(() => waiting.length === 1);
    await proxy.cut();
    await until(() => !cut.status().isConnected);
    await proxy.restore();
    await until(() => cut.status().isConnected);
    await until(async () => {
      waiting[0]?.respond('{"late":true}');
      return await Promise.race([reply, provider.flush().then(() => undefined)]);
    });
    expect(await reply).toEqual({ late: true });
  });
});

describe('reports', () => {
  test('come in order with their route, as soon as the bus is connected', async () => {
    provider.publish('broker.demo.report', '{"order_id":"a","ord_status":"NEW"}');
    provider.publish('broker.demo.report', '{"order_id":"a","ord_status":"FILLED","extra":[1]}');
    provider.publish('broker.other-1.report', '{}');
    await until(() => world.reports.length === 3);
    expect(world.reports).toEqual([
      { route: 'demo', body: { order_id: 'a', ord_status: 'NEW' } },
      { route: 'demo', body: { order_id: 'a', ord_status: 'FILLED', extra: [1] } },
      { route: 'other-1', body: {} },
    ]);
    expect(world.counter('broker_reports_received')).toBe(3);
  });

  test('that are none are counted, dropped, and logged once', async () => {
    const large = `{"a":"${'x'.repeat(requestBytesMax)}"}`;
    const none = ['', 'hello', '[1]', '"a"', 'null', nested(33), large, '{"a":"\\udc00"}'];
    for (const body of none) provider.publish('broker.demo.report', body);
    provider.publish('broker.demo.report', new Uint8Array([0xff]));
    provider.publish('broker.no%route.report', '{}');
    provider.publish('broker.demo.report', '{"good":1}');
    await until(() => world.reports.length === 1);
    expect(world.reports).toEqual([{ route: 'demo', body: { good: 1 } }]);
    expect(world.counter('broker_reports_malformed')).toBe(none.length + 2);
    const told = world.lines.filter(({ message }) => message.includes('no JSON object'));
    expect(told).toMatchObject([{ level: 'warn', fields: { subject: 'broker.demo.report' } }]);
  });

  test('that make the host fail end nothing', async () => {
    world.onReport = (body) => {
      if ('bad' in body) throw new InvariantError('a planted fault');
    };
    provider.publish('broker.demo.report', '{"bad":1}');
    provider.publish('broker.demo.report', '{"good":1}');
    await until(() => world.reports.length === 2);
    expect(world.counter('broker_reports_failed')).toBe(1);
  });

  test('come again after the server was lost', async () => {
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const other = new World();
    const cut = other.bus({ url: proxy.url });
    await cut.connect(other.reportHost);
    await proxy.cut();
    await until(() => !cut.status().isConnected);
    await proxy.restore();
    await until(() => {
      provider.publish('broker.demo.report', '{}');
      return other.reports.length > 0;
    }, 15_000);
    expect(other.reports[0]).toEqual({ route: 'demo', body: {} });
  });
});
