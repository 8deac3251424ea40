// `runtime.drain`: the process finishes the closes in flight, loses nothing, and exits with 0.
import type { Msg } from '@nats-io/transport-node';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import {
  Heard,
  Operator,
  startRuntime,
  temporaryDirectory,
  type Environment,
  type Running,
} from './world.ts';

const testMsMax = 90_000;
const price = '1290';

/** A provider that answers closes when the test says so. */
class Provider {
  /** Closes that came in, by position. */
  readonly received = new Map<string, { readonly message: Msg; readonly clientOrderId: string }>();
  /** Positions of them, in order: one that is sent twice is there twice. */
  readonly orders: string[] = [];
  private readonly operator: Operator;
  private readonly closed = new Set<string>();

  constructor(operator: Operator) {
    this.operator = operator;
    const { nats } = operator;
    const calls = {
      close: (message: Msg) => this.onClose(message),
      query: (message: Msg) => this.onQuery(message),
      positions: (message: Msg) => this.onPositions(message),
    };
    for (const [call, act] of Object.entries(calls)) {
      const subject = `broker.demo.${call}`;
      const subscription = nats.subscribe(subject, { callback: (_error, message) => act(message) });
      onTestFinished(() => subscription.unsubscribe());
    }
  }

  /** Answers the close of a position. */
  reply(positionId: string, reply: object): void {
    this.received.get(positionId)?.message.respond(JSON.stringify(reply));
  }

  fill(positionId: string): void {
    this.closed.add(positionId);
    this.reply(positionId, { status: 'filled', filledQuantity: '1', price });
  }

  report(positionId: string): void {
    this.closed.add(positionId);
    const order_id = this.received.get(positionId)?.clientOrderId;
    const report = { order_id, ord_status: 'EXECUTED', avgpx: price, cumqty: '1', exec_id: 'E1' };
    this.operator.nats.publish('broker.demo.report', JSON.stringify(report));
  }

  private onClose(message: Msg): void {
    const order = message.json<{ positionId: string; clientOrderId: string }>();
    this.orders.push(order.positionId);
    this.received.set(order.positionId, { message, clientOrderId: order.clientOrderId });
  }

  private onQuery(message: Msg): void {
    message.respond(JSON.stringify({ status: 'pending' }));
  }

  private onPositions(message: Msg): void {
    const positions = ['p1', 'p2', 'p3']
      .filter((positionId) => !this.closed.has(positionId))
      .map((positionId) => ({ ...terms, positionId, ticket: positionId }));
    message.respond(JSON.stringify({ complete: true, positions }));
  }
}

const terms = { symbol: 'XAUUSD', side: 'long', quantity: '1', entryPrice: '1300' };

let environment: Environment;
let operator: Operator;
let provider: Provider;
let running: Running;
beforeEach(async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  environment = {
    CLOSEOUT_NATS_URL: server.url,
    CLOSEOUT_DATABASE_URL: await freshDatabase(),
    CLOSEOUT_DATA_DIR: temporaryDirectory(),
    CLOSEOUT_HTTP_PORT: '0',
  };
  operator = await Operator.at(server.url);
  provider = new Provider(operator);
  running = await startRuntime(environment);
  await operator.do('_.instrument.put', { symbol: 'XAUUSD', quoteCurrency: 'USD' });
  await operator.do('_.route.put', { route: 'demo', timeoutMs: 30_000 });
  const live = { currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' };
  await operator.do('a1.account.create', live);
  for (const positionId of ['p1', 'p2', 'p3']) {
    await operator.do('a1.position.track', { positionId, ticket: positionId, ...terms });
  }
});

/** Asks for a close and leaves it in flight. */
async function close(positionId: string): Promise<void> {
  const subject = 'closeout.v1.cmd.test.a1.position.close';
  operator.nats.publish(subject, JSON.stringify({ positionId }));
  await until(() => provider.received.has(positionId), 10_000, `the close of ${positionId}`);
}

test(
  'with nothing in flight it ends at once with 0',
  async () => {
    const reply = await operator.do('_.runtime.drain', { reason: 'upgrade' });
    expect(reply).toEqual({ state: 'draining', closesInFlight: 0 });
    expect(await running.ended).toBe(0);
  },
  testMsMax,
);

test(
  'closes in flight are finished first, be they told by reply or by report',
  async () => {
    const heard = await Heard.by(operator);
    await close('p1');
    await close('p2');
    provider.reply('p2', { status: 'pending' });
    await until(async () => {
      const rows = await operator.list<LedgerRow>('_.ledger.list');
      return rows.some((row) => row.eventType === 'position_close_pending');
    });

    const drained = await operator.do('_.runtime.drain');
    expect(drained).toEqual({ state: 'draining', closesInFlight: 2 });
    // Commands are over, whether nobody takes them or they are refused.
    const refused = async (): Promise<boolean> => {
      try {
        return (await operator.ask('a1.position.get', { positionId: 'p3' })).error?.code === 503;
      } catch {
        return true;
      }
    };
    await until(refused, 10_000, 'no more commands');
    expect(running.child.exitCode).toBeNull();

    provider.fill('p1');
    await until(() => heard.once('position.closed').length === 1);
    expect(running.child.exitCode).toBeNull();
    provider.report('p2');
    expect(await running.ended).toBe(0);
    const told = heard.once('position.closed').map(({ positionId, closedPrice, pnl }) => ({
      ...{ positionId, closedPrice, pnl },
    }));
    const closed = { closedPrice: price, pnl: '-10' };
    expect(told).toEqual([
      { positionId: 'p1', ...closed },
      { positionId: 'p2', ...closed },
    ]);

    running = await startRuntime(environment);
    const states = await operator.list<{ positionId: string; state: string }>('a1.position.list', {
      state: 'all',
    });
    expect(states.map(({ positionId, state }) => `${positionId} ${state}`)).toEqual([
      'p1 closed',
      'p2 closed',
      'p3 guarded',
    ]);
    const rows = await operator.list<LedgerRow>('_.ledger.list');
    const positions = rows
      .filter((row) => row.eventType === 'position_closed')
      .map((row) => row.metaData['positionId']);
    expect(positions).toEqual(['p1', 'p2']);
    expect(await operator.do('a1.account.get')).toMatchObject({ balance: '980', openPositions: 1 });
    expect(provider.orders).toEqual(['p1', 'p2']);
  },
  testMsMax,
);
