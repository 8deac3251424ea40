// The example provider as a process of its own, called as the runtime calls it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { natsBroker } from '#src/brokers/nats-broker';
import { executionReportOf, orderReplyOf } from '#src/contracts/provider';
import type { CloseOrder } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import { startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { connected, World } from './world.ts';

const root = join(import.meta.dirname, '../..');
const startMsMax = 30_000;

const books = {
  contractSizes: { EURUSD: 100_000 },
  accounts: [
    {
      ...{ accountId: 'acc1', currency: 'USD', balance: '10000' },
      positions: [
        position(7001, 'long', '0.5', '1.1000'),
        position('t-2', 'short', '0.3', '1.0900'),
        { ...position(7003, 'long', '1', '1.0000'), positionId: 'p3' },
      ],
      orders: [{ orderId: 'sl-1', symbol: 'EURUSD' }, { orderId: 'tp-1' }, { orderId: 'tp-2' }],
    },
  ],
};

function position(ticket: number | string, side: string, quantity: string, entryPrice: string) {
  return { ticket, symbol: 'EURUSD', side, quantity, entryPrice };
}

function order(clientOrderId: string, more: Partial<CloseOrder> = {}): CloseOrder {
  return {
    ...{ clientOrderId, accountId: 'acc1', positionId: 'p1', ticket: 7001, symbol: 'EURUSD' },
    ...{ side: 'long', quantity: '0.5', reason: 'stop_loss', ts: 1, ...more },
  };
}

interface Running {
  readonly broker: Required<
    Pick<Broker, 'close' | 'query' | 'positions' | 'orders' | 'account' | 'cancelCounterpart'>
  >;
  readonly world: World;
  readonly link: ReturnType<World['bus']>['link'];
  /** Ends it orderly; its exit status, or the signal that ended it. */
  readonly stop: () => Promise<number | string | null>;
}

/** A provider that listens, and a bus beside it. */
async function running(natsUrl: string, busUrl: string, args: string[] = []): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'closeout-provider-'));
  const file = join(folder, 'positions.json');
  writeFileSync(file, JSON.stringify(books));
  const script = join(root, 'examples/provider.ts');
  const own = ['--route', 'demo', '--nats', natsUrl, '--positions', file, ...args];
  const child = spawn(process.execPath, [script, ...own], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const isDecided = (): boolean => child.exitCode !== null || printed.includes('listening');
  await until(isDecided, startMsMax, 'the provider listening or gone');
  expect(printed).toBe('provider of the route demo: listening\n');

  const world = new World();
  const bus = world.bus({ url: busUrl });
  await bus.connect(world.reportHost);
  const broker = natsBroker({ link: bus.link, route: 'demo' }) as Running['broker'];
  const stop = async (): Promise<number | string | null> => {
    child.kill('SIGTERM');
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return status ?? signal;
  };
  return { broker, world, link: bus.link, stop };
}

async function openServer(): Promise<string> {
  const server = await startNats();
  onTestFinished(() => server.stop());
  return server.url;
}

test('with the user provider1 of nats.conf and a fixed price it closes what it is asked to', async () => {
  const users = ['runtime', 'feed', 'gateway1', 'provider1', 'operator'];
  for (const user of users) process.env[`CLOSEOUT_${user.toUpperCase()}_PASSWORD`] = `pw-${user}`;
  const server = await startNats({ config: readFileSync(join(root, 'nats.conf'), 'utf8') });
  onTestFinished(() => server.stop());
  const as = (user: string): string => `nats://${user}:pw-${user}@127.0.0.1:${server.port}`;
  const { broker, world, stop } = await running(as('provider1'), as('runtime'), [
    '--price=EURUSD=1.0949/1.0951',
  ]);

  expect(await broker.query({ clientOrderId: 'c1' })).toEqual({ status: 'notFound' });
  const part = await broker.close(order('c1', { quantity: '0.2' }));
  const filled = { status: 'filled', filledQuantity: '0.2', price: '1.0949', execId: 'exec-1' };
  expect(part).toEqual(filled);
  // The same id again, in whatever words, is the same close.
  expect(await broker.close(order('c1', { quantity: '0.3' }))).toEqual(filled);
  expect(await broker.query({ clientOrderId: 'c1' })).toEqual(filled);

  // More than there is closes what there is, and never turns the position.
  expect(await broker.close(order('c2', { quantity: '9' }))).toMatchObject({
    ...{ status: 'partiallyFilled', filledQuantity: '0.3' },
  });
  expect(await broker.close(order('c3'))).toEqual({ status: 'gone' });
  const short = { ticket: 't-2', side: 'short', quantity: '0.3' } as const;
  expect(await broker.close(order('c4', { ...short, side: 'long' }))).toEqual({
    ...{ status: 'rejected', code: 'OTHER_POSITION' },
  });
  expect(await broker.close(order('c5', short))).toMatchObject({ price: '1.0951' });
  const { ticket: _, ...unticketed } = order('c6', { positionId: 'p3', quantity: '0.4' });
  expect(await broker.close(unticketed)).toMatchObject({ filledQuantity: '0.4' });

  expect(await broker.positions({ accountId: 'acc1' })).toEqual({
    complete: true,
    positions: [{ ...position(7003, 'long', '0.6', '1.0000'), positionId: 'p3' }],
  });
  // −255 for the long 7001, −153 for the short, +3796 for the part of 7003.
  expect(await broker.account({ accountId: 'acc1' })).toEqual({
    currency: 'USD',
    balance: '13388',
  });
  expect(world.reports).toEqual([]);
  expect(world.counter('nats_errors')).toBe(0);
  expect(await stop()).toBe(0);
  await expect(broker.close(order('c7'))).rejects.toMatchObject({ code: 'broker_unreachable' });
}, 60_000);

test('a close without a price is pending until one comes, and is then reported', async () => {
  const url = await openServer();
  const { broker, world, stop } = await running(url, url);
  expect(await broker.close(order('c1'))).toEqual({ status: 'pending' });
  expect(await broker.close(order('c1'))).toEqual({ status: 'pending' });
  expect(await broker.close(order('c2'))).toEqual({ status: 'pending' });
  const feed = await connected({ servers: url });
  feed.publish('prices.GBPUSD', '{"bid":1,"ask":2}');
  feed.publish('prices.EURUSD', 'no price');
  feed.publish('prices.lmax.EURUSD', '{"bid":1.2,"ask":"1.2001"}');
  await until(() => world.reports.length === 2);
  const executed = { order_id: 'c1', ord_status: 'EXECUTED', avgpx: '1.2', cumqty: '0.5' };
  const ts = expect.any(Number) as number;
  expect(world.reports.map(({ body }) => body)).toEqual([
    { ...executed, exec_id: 'exec-1', ts },
    { order_id: 'c2', ord_status: 'REJECTED', exec_id: 'exec-2', ts },
  ]);
  for (const { body } of world.reports) expect(executionReportOf(body)).toBeDefined();
  const reply = { status: 'filled', filledQuantity: '0.5', price: '1.2', execId: 'exec-1' };
  expect(await broker.query({ clientOrderId: 'c1' })).toEqual(reply);
  expect(await broker.close(order('c1'))).toEqual(reply);
  expect(await broker.query({ clientOrderId: 'c2' })).toEqual({ status: 'gone' });
  expect(await stop()).toBe(0);
}, 60_000);

test('it opens positions, cancels resting orders, and refuses what it cannot read', async () => {
  const url = await openServer();
  const { broker, world, link } = await running(url, url, ['--price=A/B=2/3', '--price=C=5']);
  const buy = { accountId: 'acc1', side: 'buy', type: 'market', quantity: '1.50' };
  const place = (more: object): Promise<unknown> =>
    link.request('demo', 'place', { ...buy, ...more }, 5000);
  const bought = { status: 'filled', filledQuantity: '1.5', price: '3', execId: 'exec-1' };
  for (const time of ['first', 'again']) {
    const reply = await place({ clientOrderId: 'o1', symbol: 'A/B' });
    expect(reply, time).toEqual({ ...bought, orderId: 'exec-1' });
    expect(orderReplyOf(reply)).toEqual(bought);
  }
  expect(await place({ clientOrderId: 'o2', symbol: 'C', side: 'sell' })).toMatchObject({
    ...{ status: 'filled', price: '5', orderId: 'exec-2' },
  });
  for (const [more, code] of [
    [{ symbol: 'C', type: 'limit' }, 'MARKET_ORDERS_ONLY'],
    [{ symbol: 'C', quantity: '-1' }, 'BAD_QUANTITY'],
    [{ symbol: 'D' }, 'NO_PRICE'],
    [{ symbol: 'C', accountId: 'acc2' }, 'UNKNOWN_ACCOUNT'],
  ] as const) {
    const reply = await place({ clientOrderId: code, ...more });
    expect(reply).toEqual({ status: 'rejected', code });
  }
  const { positions } = (await broker.positions({ accountId: 'acc1' })) as { positions: object[] };
  expect(positions.slice(3)).toEqual([
    { ticket: 'exec-1', symbol: 'A/B', side: 'long', quantity: '1.5', entryPrice: '3' },
    { ticket: 'exec-2', symbol: 'C', side: 'short', quantity: '1.5', entryPrice: '5' },
  ]);

  await broker.cancelCounterpart({
    ...{ order_id: 'p1', symbol: 'EURUSD', order_type: 'BUY', type: 'order' },
    ...{ status: 'STOPLOSS-CANCEL', stoploss_id: 'sl-1' },
  });
  await until(() => world.reports.length === 1);
  const cancel = (body: object): Promise<unknown> => link.request('demo', 'cancel', body, 5000);
  expect(await cancel({ orderIds: ['tp-1', 'sl-1'] })).toEqual({ status: 'pending' });
  expect(await cancel({ orderId: 'tp-1' })).toEqual({ status: 'gone' });
  expect(world.reports.map(({ body }) => body)).toMatchObject([
    { order_id: 'sl-1', ord_status: 'CANCELED' },
    { order_id: 'tp-1', ord_status: 'CANCELED' },
  ]);
  expect(await broker.orders({ accountId: 'acc1' })).toEqual({
    ...{ complete: true, orders: [{ orderId: 'tp-2' }] },
  });

  for (const [action, body, code] of [
    ['positions', { accountId: 'acc2' }, 'broker_failed'],
    ['close', { ...order('c9'), quantity: 'much' }, 'broker_failed'],
    ['amend', { orderId: 'tp-2' }, 'broker_unreachable'],
  ] as const) {
    await expect(link.request('demo', action, body, 5000)).rejects.toMatchObject({ code });
  }
  expect(await broker.query({ clientOrderId: 'c9' })).toEqual({ status: 'notFound' });
}, 60_000);
