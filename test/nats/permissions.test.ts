// nats.conf on a real server: everybody can do their work, and nothing else.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { NatsConnection } from '@nats-io/transport-node';
import { Svcm } from '@nats-io/services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { connected, event, World } from './world.ts';

const config = readFileSync(new URL('../../nats.conf', import.meta.url), 'utf8');
const users = ['runtime', 'feed', 'gateway1', 'provider1', 'operator'] as const;
type User = (typeof users)[number];

const variable = (user: User): string => `CLOSEOUT_${user.toUpperCase()}_PASSWORD`;
const password = (user: User): string => `pw-of-${user}`;

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  for (const user of users) process.env[variable(user)] = password(user);
  server = await startNats({ config });
});
afterAll(() => server.stop());

/** A client of a user, with what the server refused it. */
async function as(user: User): Promise<{ nats: NatsConnection; refused: string[] }> {
  const nats = await connected({
    servers: server.url,
    user,
    pass: password(user),
    inboxPrefix: `_INBOX_${user}`,
  });
  const refused: string[] = [];
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === 'error') refused.push(status.error.message);
    }
  })();
  return { nats, refused };
}

async function runtime(): Promise<{ world: World; bus: Awaited<ReturnType<World['started']>> }> {
  const world = new World();
  const { host } = new URL(server.url);
  const bus = await world.started(`nats://runtime:${password('runtime')}@${host}`);
  return { world, bus };
}

/** What a provider is asked. */
const actions = ['close', 'query', 'positions', 'orders', 'account', 'place', 'amend', 'cancel'];

const quote = '{"bid":1,"ask":2}';

test('without its passwords the server does not start', async () => {
  const missing = variable('feed');
  delete process.env[missing];
  try {
    await expect(startNats({ config })).rejects.toThrow(missing);
  } finally {
    process.env[missing] = password('feed');
  }
});

test('nobody gets in without a password', async () => {
  await expect(connected({ servers: server.url })).rejects.toThrow('Authorization');
  const wrong = connected({ servers: server.url, user: 'feed', pass: password('operator') });
  await expect(wrong).rejects.toThrow('Authorization');
});

test('feed, gateway, operator and runtime do their work', async () => {
  const { world, bus } = await runtime();
  const [feed, gateway, operator] = await Promise.all([as('feed'), as('gateway1'), as('operator')]);
  feed.nats.publish('prices.S', quote);
  feed.nats.publish('prices.lmax.S', quote);
  await until(() => world.quotes.length === 2);

  const tracked = await gateway.nats.request('closeout.v1.cmd.gateway1.acc1.position.track', '{}');
  expect(tracked.json()).toMatchObject({ client: 'gateway1', accountId: 'acc1' });
  const operators = [
    ...['acc1.account.resume', 'acc1.account.rules', 'acc1.account.adjust'],
    ...['acc2.position.close', '_.runtime.status'],
  ];
  for (const subject of operators) {
    const reply = await operator.nats.request(`closeout.v1.cmd.operator.${subject}`, '{}');
    expect(reply.json()).toMatchObject({ client: 'operator' });
  }
  const [stats] = await Array.fromAsync(await new Svcm(operator.nats).client().stats('closeout'));
  expect(stats?.endpoints).toMatchObject([{ num_requests: 1 + operators.length }]);

  const heard = new Map<string, number[]>();
  for (const [who, { nats }, subject] of [
    ['gateway1', gateway, 'closeout.v1.evt.acc1.>'],
    ['gateway1 of symbols', gateway, 'closeout.v1.evt._.entries.*'],
    ['operator', operator, 'closeout.v1.evt.>'],
  ] as const) {
    const seqs: number[] = [];
    heard.set(who, seqs);
    nats.subscribe(subject, {
      callback: (_, message) => void seqs.push(message.json<{ seq: number }>().seq),
    });
    await nats.flush();
  }
  bus.publish(event(1));
  bus.publish(event(2, { accountId: 'acc2' }));
  bus.publish(event(3, { accountId: '_', event: 'market.warning' }));
  bus.publish(event(4));
  bus.publish(event(5, { accountId: '_', event: 'entries.halted' }));
  const hears = (who: string, count: number): boolean => heard.get(who)?.length === count;
  await until(
    () => hears('operator', 5) && hears('gateway1', 2) && hears('gateway1 of symbols', 1),
  );
  expect(Object.fromEntries(heard)).toEqual({
    operator: [1, 2, 3, 4, 5],
    gateway1: [1, 4],
    'gateway1 of symbols': [5],
  });
  expect(world.counter('nats_errors')).toBe(0);
  expect([...feed.refused, ...gateway.refused, ...operator.refused]).toEqual([]);
});

test('the runtime notifies, and the operator hears it', async () => {
  const { world, bus } = await runtime();
  const { nats, refused } = await as('operator');
  const heard: string[] = [];
  nats.subscribe('closeout.v1.notify.>', {
    callback: (_, { subject }) => void heard.push(subject),
  });
  await nats.flush();
  await bus.notifier('closeout.v1.notify.{account}.{event}').notify(event(1));
  await bus.notifier('closeout.v1.notify.pager').notify(event(2));
  await until(() => heard.length === 2);
  expect(heard).toEqual(['closeout.v1.notify.acc1.position.closed', 'closeout.v1.notify.pager']);
  expect(world.counter('nats_errors')).toBe(0);
  expect(refused).toEqual([]);
});

test('the runtime may notify on no other subject, and says so', async () => {
  const { world, bus } = await runtime();
  await bus.notifier('alerts.{event}').notify(event(1));
  await until(() => world.counter('nats_errors') === 1);
  expect(world.lines).toContainEqual({
    level: 'error',
    message: 'NATS: the server refused something',
    fields: { error: expect.stringContaining('Publish to "alerts.position.closed"') },
  });
});

test('runtime and provider call, answer and report', async () => {
  const { world, bus } = await runtime();
  const { nats, refused } = await as('provider1');
  const fired: object[] = [];
  nats.subscribe('broker.demo.>', {
    callback: (_, message) => {
      if (message.reply === '') fired.push(message.json());
      else message.respond(JSON.stringify({ asked: message.subject }));
    },
  });
  await nats.flush();
  for (const action of actions) {
    const reply = await bus.link.request('demo', action, {}, 5000);
    expect(reply).toEqual({ asked: `broker.demo.${action}` });
  }
  bus.link.publish('demo', 'cancel', { order_id: 'p1' });
  await until(() => fired.length === 1);
  nats.publish('broker.demo.report', '{"order_id":"p1"}');
  await until(() => world.reports.length === 1);
  expect(fired).toEqual([{ order_id: 'p1' }]);
  expect(world.reports).toEqual([{ route: 'demo', body: { order_id: 'p1' } }]);
  expect(world.counter('nats_errors')).toBe(0);
  expect(refused).toEqual([]);
});

test('a provider that hears all of its route hears no reports', async () => {
  const { world } = await runtime();
  const { nats } = await as('provider1');
  const heard: string[] = [];
  nats.subscribe('broker.demo.>', { callback: (_, { subject }) => void heard.push(subject) });
  await nats.flush();
  nats.publish('broker.demo.report', '{}');
  await until(() => world.reports.length === 1);
  await nats.flush();
  expect(heard).toEqual([]);
});

/** Who, where, and what that would be. */
const forbidden: [User, string, string][] = [
  ['gateway1', 'closeout.v1.cmd.gateway1.acc2.position.close', 'command the account of another'],
  ['gateway1', 'closeout.v1.cmd.gateway1._.runtime.status', 'command what is of no account'],
  ['gateway1', 'closeout.v1.cmd.gateway2.acc1.position.close', 'be another client'],
  ['gateway1', 'closeout.v1.cmd.operator.acc1.position.close', 'be an operator'],
  ['gateway1', 'closeout.v1.cmd.gateway1.acc1.account.resume', 'end a halt'],
  ['gateway1', 'closeout.v1.cmd.gateway1.acc1.account.rules', 'replace its rules'],
  ['gateway1', 'closeout.v1.cmd.gateway1.acc1.account.adjust', 'move its floors'],
  ['gateway1', 'closeout.v1.cmd.gateway1.*.position.close', 'match several accounts'],
  ['gateway1', 'prices.S', 'publish a price'],
  ['gateway1', 'prices.lmax.S', 'publish a price of a feed'],
  ['gateway1', 'closeout.v1.evt.acc1.position.closed', 'publish an event'],
  ['gateway1', 'closeout.v1.notify.acc1.guard.breached', 'notify'],
  ['gateway1', '_INBOX_operator.x', 'forge a reply'],
  ['feed', 'closeout.v1.cmd.feed.acc1.position.close', 'command'],
  ['feed', 'closeout.v1.evt.acc1.position.closed', 'publish an event'],
  ['feed', 'closeout.v1.notify.acc1.guard.breached', 'notify'],
  ['operator', 'prices.S', 'publish a price'],
  ['operator', 'closeout.v1.evt._.market.warning', 'publish an event'],
  ['operator', 'closeout.v1.notify.acc1.guard.breached', 'notify'],
  ['operator', 'closeout.v1.cmd.gateway1.acc1.position.close', 'be a gateway'],
  ['runtime', 'prices.S', 'publish a price'],
  ['runtime', 'closeout.v1.cmd.operator.acc1.position.close', 'command'],
  ['runtime', '_INBOX_gateway1.x', 'reply where nothing was asked'],
  ['runtime', 'broker.demo.report', 'report to itself'],
  ['runtime', 'broker.demo.anything', 'ask a provider for what is not in the contract'],
  ['provider1', 'broker.other.report', 'report for another route'],
  ['provider1', 'broker.demo.close', 'call itself'],
  ['provider1', 'broker.other.close', 'call another provider'],
  ['provider1', 'closeout.v1.cmd.provider1.acc1.position.close', 'command'],
  ['provider1', 'closeout.v1.evt.acc1.position.closed', 'publish an event'],
  ['provider1', 'closeout.v1.notify.acc1.guard.breached', 'notify'],
  ['provider1', 'prices.S', 'publish a price'],
  ['provider1', '_INBOX_closeout.x', 'reply where nothing was asked'],
  ['gateway1', 'broker.demo.close', 'call a provider'],
  ['gateway1', 'broker.demo.report', 'report an execution'],
  ['gateway1', '_INBOX_closeout.x', 'forge the reply of a provider'],
  ['feed', 'broker.demo.close', 'call a provider'],
  ['feed', 'broker.demo.report', 'report an execution'],
  ['operator', 'broker.demo.close', 'call a provider'],
  ['operator', 'broker.demo.report', 'report an execution'],
  ['operator', '_INBOX_closeout.x', 'forge the reply of a provider'],
];

test.each(forbidden)('%s may not publish %s: it cannot %s', async (user, subject) => {
  const { world } = await runtime();
  const spy = await as('operator');
  let events = 0;
  spy.nats.subscribe('closeout.v1.evt.>', { callback: () => void events++ });
  await spy.nats.flush();
  const { nats, refused } = await as(user);
  nats.publish(subject, quote);
  await nats.flush();
  await until(() => refused.length > 0);
  expect(refused).toEqual([expect.stringContaining(`Publish to "${subject}"`)]);

  // What came before these would have come before their answers too.
  await spy.nats.request('closeout.v1.cmd.operator._.runtime.status', '{}');
  await spy.nats.flush();
  expect(world.quotes).toEqual([]);
  expect(world.reports).toEqual([]);
  expect(world.commands.map(({ client: by }) => by)).toEqual(['operator']);
  expect(events).toBe(0);
});

test.each([
  ['gateway1', 'closeout.v1.evt.acc2.>'],
  ['gateway1', 'closeout.v1.evt.>'],
  ['gateway1', 'closeout.v1.cmd.>'],
  ['gateway1', 'prices.>'],
  ['gateway1', '_INBOX.>'],
  ['gateway1', '_INBOX_operator.>'],
  ['gateway1', '>'],
  ['feed', 'closeout.v1.evt.>'],
  ['gateway1', 'closeout.v1.notify.acc1.>'],
  ['feed', 'closeout.v1.notify.>'],
  ['runtime', 'closeout.v1.notify.>'],
  ['provider1', 'closeout.v1.notify.>'],
  ['feed', '_INBOX_feed.>'],
  ['operator', 'prices.>'],
  ['operator', '_INBOX_gateway1.>'],
  ['runtime', '_INBOX_operator.>'],
  ['runtime', 'closeout.v1.evt.>'],
  ['runtime', 'broker.*.close'],
  ['runtime', 'broker.>'],
  ['provider1', 'broker.demo.report'],
  ['provider1', 'broker.other.>'],
  ['provider1', 'broker.*.close'],
  ['provider1', 'prices.>'],
  ['provider1', 'closeout.v1.evt.>'],
  ['provider1', 'closeout.v1.cmd.>'],
  ['provider1', '_INBOX_closeout.>'],
  ['provider1', '_INBOX_provider1.>'],
  ['gateway1', 'broker.demo.>'],
  ['gateway1', '_INBOX_closeout.>'],
  ['feed', 'broker.demo.>'],
  ['operator', 'broker.demo.>'],
  ['operator', '_INBOX_closeout.>'],
] as const)('%s may not listen to %s', async (user, subject) => {
  const { nats, refused } = await as(user);
  const subscription = nats.subscribe(subject, { callback: () => {} });
  await nats.flush();
  await until(() => refused.length > 0);
  expect(refused).toEqual([expect.stringContaining(`Subscription to "${subject}"`)]);
  expect(subscription.isClosed()).toBe(true);
});
