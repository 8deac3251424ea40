// Quotes that stop for a while, for whatever reason: the first one after is held against the last one
// before, and what was crossed meanwhile closes on it, at its price.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import {
  Heard,
  kill,
  Operator,
  startRuntime,
  temporaryDirectory,
  type Environment,
  type Reply,
  type Running,
} from './world.ts';

const backMsMax = 20_000;
const followMsMax = 5000;
const testMsMax = 90_000;

let server: Awaited<ReturnType<typeof startNats>>;
let environment: Environment;
let directory: string;
let operator: Operator;
/** Who sends the quotes. */
let publisher: Operator;
let running: Running;
/** Quotes that this runtime process was sent. */
let sent: number;
beforeEach(async () => {
  server = await startNats();
  onTestFinished(() => server.stop());
  directory = temporaryDirectory();
  environment = {
    CLOSEOUT_NATS_URL: server.url,
    CLOSEOUT_DATABASE_URL: await freshDatabase(),
    CLOSEOUT_DATA_DIR: directory,
  };
  running = await startRuntime(environment);
  operator = await Operator.at(server.url);
  publisher = await Operator.at(server.url);
  sent = 0;
  for (const symbol of Object.keys(before)) {
    await operator.do('_.instrument.put', { symbol, quoteCurrency: 'USD' });
  }
  // Gold and silver are guarded, the euro is not.
  for (const symbol of ['XAUUSD', 'XAGUSD']) await operator.do('_.guard.put', { symbol });
  await operator.do('a1.account.create', { currency: 'USD', balance: 100_000 });
});

/** The last quotes before: gold then falls by more than 5 %, silver by less. */
const before = { XAUUSD: 1300, XAGUSD: 30, EURUSD: 1.1 };
const after = { XAUUSD: 1225, XAGUSD: 29, EURUSD: 1.04 };
const levels = { XAUUSD: 1290, XAGUSD: 29.5, EURUSD: 1.05 };

/** Sends a quote of each symbol; all have counted when it resolves. */
async function quote(prices: typeof before): Promise<void> {
  const ts = Date.now();
  for (const [symbol, price] of Object.entries(prices)) {
    publisher.nats.publish(`prices.${symbol}`, JSON.stringify({ bid: price, ask: price, ts }));
    sent++;
  }
  const areThere = async (): Promise<boolean> =>
    (await operator.status()).counters['quotes_accepted'] === sent;
  await until(areThere, followMsMax, `${sent} quotes`);
}

async function restartServer(): Promise<void> {
  const { port } = server;
  server.kill();
  await server.stop();
  server = await startNats({ port });
  // While the runtime is not back yet, what is asked reaches nobody, and neither does a quote.
  const isBack = async (): Promise<boolean> => {
    await operator.nats.request('closeout.v1.cmd.test._.runtime.status', '{}', { timeout: 200 });
    return true;
  };
  await until(isBack, backMsMax, 'commands answered again');
  await publisher.nats.flush();
}

async function restartPublisher(): Promise<void> {
  await publisher.nats.close();
  publisher = await Operator.at(server.url);
}

async function startAgain(): Promise<void> {
  running = await startRuntime(environment);
  sent = 0;
}

async function killRuntime(): Promise<void> {
  await until(areBooksNoted, followMsMax, 'the books noted');
  await kill(running);
  await startAgain();
}

async function drainRuntime(): Promise<void> {
  running.child.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  await startAgain();
}

/** Whether a kill loses no book. */
function areBooksNoted(): boolean {
  const db = new DatabaseSync(join(directory, 'journal.sqlite'), { readOnly: true });
  try {
    const notes = db.prepare('SELECT value FROM notes WHERE name = ?');
    return Object.keys(before).every((symbol) => notes.get(`book:${symbol}`) !== undefined);
  } finally {
    db.close();
  }
}

test.each<[string, ...(() => Promise<void>)[]]>([
  ['a restart of the NATS server', restartServer],
  ['a restart of the publisher', restartPublisher],
  ['a kill of the runtime', killRuntime],
  ['a drain of the runtime', drainRuntime],
  ['a restart of them all', killRuntime, restartPublisher, restartServer],
])(
  'after %s a gap closes, and so does a stop that was crossed meanwhile',
  async (_, ...outages) => {
    await quote(before);
    for (const [symbol, stopLoss] of Object.entries(levels)) {
      const terms = { symbol, side: 'long', quantity: 1, entryPrice: stopLoss };
      await operator.do('a1.position.track', { ...terms, positionId: symbol, exits: { stopLoss } });
      await operator.do('a1.position.track', { ...terms, positionId: `${symbol}-open` });
    }
    for (const outage of outages) await outage();
    const heard = await Heard.by(operator);
    await quote(after);
    const areClosed = (): boolean => heard.once('position.closed').length === 4;
    await until(areClosed, followMsMax, 'four closes');
    expect(
      heard
        .once('position.closed')
        .map(({ positionId, closeReason, closedPrice, triggerPrice }) => [
          ...[positionId, closeReason, closedPrice, triggerPrice],
        ]),
    ).toEqual([
      ['XAUUSD', 'market_gap', '1225', undefined],
      ['XAUUSD-open', 'market_gap', '1225', undefined],
      ['XAGUSD', 'stop_loss', '29', '29.5'],
      ['EURUSD', 'stop_loss', '1.04', '1.05'],
    ]);
    expect(heard.once('market.warning')).toMatchObject([
      { symbol: 'XAUUSD', condition: 'gap', before: '1300', measured: '5.7692307692' },
    ]);
    const left = await operator.list<Reply>('a1.position.list');
    expect(left.map(({ positionId }) => positionId)).toEqual(['XAGUSD-open', 'EURUSD-open']);
  },
  testMsMax,
);
