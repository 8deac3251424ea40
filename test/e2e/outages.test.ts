// What the runtime stands on goes away and comes back: guarding goes on, and history catches up.
import { hostname } from 'node:os';
import { Client } from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { verifyChain } from '#src/domain/ledger-rows';
import type { Quote } from '#src/domain/quote';
import { proxyTo, type Proxy } from '../support/proxy.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { Publisher } from './publisher.ts';
import {
  finished,
  Heard,
  kill,
  Operator,
  startRuntime,
  temporaryDirectory,
  type Environment,
  type Running,
} from './world.ts';

const gold = { symbol: 'XAUUSD', quoteCurrency: 'USD', contractSize: 100 };
const long = { symbol: 'XAUUSD', side: 'long', quantity: 1, entryPrice: 1300 };
const quote = (bid: number, ts: number): Quote => ({ symbol: 'XAUUSD', bid, ask: bid, ts });
/** Longer than the longest pause between two attempts that these outages lead to. */
const backMsMax = 20_000;
const testMsMax = 60_000;

let server: Awaited<ReturnType<typeof startNats>>;
let database: string;
let proxy: Proxy;
let environment: Environment;
let operator: Operator;
let publisher: Publisher;
let running: Running;
beforeEach(async () => {
  server = await startNats();
  onTestFinished(() => server.stop());
  database = await freshDatabase();
  proxy = await proxyTo(database);
  onTestFinished(() => proxy.cut());
  environment = {
    CLOSEOUT_NATS_URL: server.url,
    CLOSEOUT_DATABASE_URL: proxy.url,
    CLOSEOUT_DATA_DIR: temporaryDirectory(),
  };
  operator = await Operator.at(server.url);
  publisher = new Publisher(operator);
  running = await startRuntime(environment);
  await operator.do('_.instrument.put', gold);
  await operator.do('a1.account.create', { currency: 'USD', balance: 100_000 });
});

async function track(positionId: string, stopLoss: number): Promise<void> {
  await operator.do('a1.position.track', { positionId, ...long, exits: { stopLoss } });
}

async function stateOf(positionId: string): Promise<unknown> {
  return (await operator.do('a1.position.get', { positionId }))['state'];
}

/** Positions of `position_closed` rows, as everybody else reads them. */
async function closedInDatabase(): Promise<string[]> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    const text = `select position_id from reconciliation_log where event_type = 'position_closed' order by n`;
    const { rows } = await client.query<{ position_id: string }>(text);
    return rows.map(({ position_id: positionId }) => positionId);
  } finally {
    await client.end();
  }
}

async function isLedgerHealthy(): Promise<boolean> {
  return (await operator.status()).components['ledger']?.isHealthy ?? false;
}

test(
  'a second runtime on a data directory is told whose it is, and the first goes on',
  async () => {
    const second = await finished(['start'], environment);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(
        `in use by pid ${running.child.pid} on ${hostname()} since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z`,
      ),
    );
    await track('p1', 1290);
    publisher.sendAtOnce([quote(1289, 1000)]);
    await publisher.follow();
    expect(await stateOf('p1')).toBe('closed');
  },
  testMsMax,
);

test(
  'a database that goes away delays history, never a close',
  async () => {
    await track('p1', 1290);
    await track('p2', 1280);
    publisher.sendAtOnce([quote(1289, 1000)]);
    await publisher.follow();
    await until(async () => (await closedInDatabase()).length === 1);
    await proxy.cut();
    publisher.sendAtOnce([quote(1279, 2000)]);
    await publisher.follow();
    expect(await stateOf('p2')).toBe('closed');
    await until(async () => !(await isLedgerHealthy()), backMsMax, 'the outage shown');
    const refused = await operator.ask('a1.ledger.list');
    expect(refused.error?.code).toBe(503);
    await track('p3', 1270);
    await proxy.restore();
    publisher.sendAtOnce([quote(1269, 3000)]);
    await publisher.follow();
    await until(async () => (await closedInDatabase()).length === 3, backMsMax, 'history');
    expect(await closedInDatabase()).toEqual(['p1', 'p2', 'p3']);
    await until(isLedgerHealthy, backMsMax, 'the ledger healthy again');
    expect(verifyChain(await operator.list<LedgerRow>('_.ledger.list'))).toBeUndefined();
  },
  testMsMax,
);

test(
  'a database that is away at a later start keeps nobody unguarded',
  async () => {
    await track('p1', 1290);
    await kill(running);
    await proxy.cut();
    running = await startRuntime(environment);
    publisher.begin();
    expect(await isLedgerHealthy()).toBe(false);
    publisher.sendAtOnce([quote(1289, 1000)]);
    await publisher.follow();
    expect(await stateOf('p1')).toBe('closed');
    await proxy.restore();
    await until(async () => (await closedInDatabase()).length === 1, backMsMax, 'history');
    await until(isLedgerHealthy, backMsMax, 'the ledger healthy again');
  },
  testMsMax,
);

test(
  'NATS that goes away and comes back: quotes, commands and events as before',
  async () => {
    const heard = await Heard.by(operator);
    await track('p1', 1290);
    await track('p2', 1280);
    publisher.sendAtOnce([quote(1289, 1000)]);
    await publisher.follow();
    await until(() => heard.once('position.closed').length === 1);
    const { port } = server;
    await server.stop();
    server = await startNats({ port });
    // What is asked while the runtime is not back yet reaches nobody, and neither does a quote.
    const isBack = async (): Promise<boolean> => {
      await operator.nats.request('closeout.v1.cmd.test._.runtime.status', '{}', { timeout: 200 });
      return true;
    };
    await until(isBack, backMsMax, 'commands answered again');
    publisher.sendAtOnce([quote(1279, 2000)]);
    await publisher.follow();
    expect(await stateOf('p2')).toBe('closed');
    await until(() => heard.once('position.closed').length === 2);
    const { counters, components } = await operator.status();
    expect(counters).toMatchObject({ nats_disconnects: 1, nats_reconnects: 1 });
    expect(components['nats']?.isHealthy).toBe(true);
  },
  testMsMax,
);

test(
  'SIGTERM drains: history is complete, and the next start finds all as it was',
  async () => {
    await track('p1', 1290);
    await track('p2', 1280);
    publisher.sendAtOnce([quote(1289, 1000)]);
    await publisher.follow();
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(await closedInDatabase()).toEqual(['p1']);
    running = await startRuntime(environment);
    publisher.begin();
    expect([await stateOf('p1'), await stateOf('p2')]).toEqual(['closed', 'guarded']);
    publisher.sendAtOnce([quote(1279, 2000)]);
    await publisher.follow();
    expect(await stateOf('p2')).toBe('closed');
  },
  testMsMax,
);
