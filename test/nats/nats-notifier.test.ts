// Notifications on a real nats-server.
import type { Msg } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { notifySubjectDefault } from '#src/contracts/subjects';
import { CloseoutError } from '#src/domain/errors';
import { proxyTo } from '../support/proxy.ts';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { connected, event, World } from './world.ts';

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

async function heardOn(subject: string): Promise<Msg[]> {
  const nats = await connected({ servers: server.url });
  const heard: Msg[] = [];
  nats.subscribe(subject, { callback: (_, message) => void heard.push(message) });
  await nats.flush();
  return heard;
}

async function failure(told: Promise<void>): Promise<CloseoutError> {
  const error: unknown = await told.catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(CloseoutError);
  return error as CloseoutError;
}

test.each([
  [notifySubjectDefault, 'closeout.v1.notify.acc1.position.closed'],
  ['desk.{account}', 'desk.acc1'],
])('told on %s, an event arrives on %s, with its id', async (subject, expected) => {
  const heard = await heardOn('>');
  const world = new World();
  const bus = world.bus({ url: server.url });
  await bus.connect(world.reportHost);
  await bus.notifier(subject).notify(event(1, { pnl: '-5' }));
  await until(() => heard.length === 1);
  expect(heard[0]?.subject).toBe(expected);
  expect(heard[0]?.headers?.get('Nats-Msg-Id')).toBe('evt_1_1_0');
  expect(heard[0]?.json()).toEqual(event(1, { pnl: '-5' }));
});

test('before the bus is connected, and while it is away, it may be tried again', async () => {
  const heard = await heardOn('desk');
  const proxy = await proxyTo(server.url);
  onTestFinished(() => proxy.cut());
  const world = new World();
  const bus = world.bus({ url: proxy.url });
  const notifier = bus.notifier('desk');
  const away = { code: 'nats_unavailable', retryable: true };
  expect(await failure(notifier.notify(event(1)))).toMatchObject(away);
  await bus.connect(world.reportHost);
  await notifier.notify(event(2));
  await proxy.cut();
  await until(() => !bus.status().isConnected);
  expect(await failure(notifier.notify(event(3)))).toMatchObject(away);
  await proxy.restore();
  await until(() => bus.status().isConnected);
  await notifier.notify(event(4));
  await until(() => heard.length === 2);
  expect(heard.map((message) => message.json<{ seq: number }>().seq)).toEqual([2, 4]);
});

test('whether the server has it is not known where the way is lost meanwhile', async () => {
  const heard = await heardOn('desk');
  const proxy = await proxyTo(server.url);
  onTestFinished(() => proxy.cut());
  const world = new World();
  const bus = world.bus({ url: proxy.url });
  await bus.connect(world.reportHost);
  proxy.deafenAt('HPUB desk');
  const failing = failure(bus.notifier('desk').notify(event(1)));
  await until(() => heard.length === 1);
  proxy.reset();
  expect(await failing).toMatchObject({ code: 'nats_unavailable', retryable: true });
});

test('what the server would not take is left', async () => {
  const world = new World();
  const bus = world.bus({ url: server.url });
  await bus.connect(world.reportHost);
  const large = event(1, { text: 'x'.repeat(9 * 1024 * 1024) });
  expect(await failure(bus.notifier('desk').notify(large))).toMatchObject({
    code: 'notification_failed',
    retryable: false,
    message: expect.stringMatching(/^desk: /),
  });
});
