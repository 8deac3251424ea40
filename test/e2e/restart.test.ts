// kill -9 in the middle of a day of quotes, as often as the seed says, and all holds as if nothing
// had happened: nothing due is lost, nothing is done twice, nothing acknowledged is undone.
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import { verifyChain, type LedgerRow } from '#src/domain/ledger-rows';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import { Random } from '../support/random.ts';
import { mergeRecordings, readRecording, recordings } from '../support/recordings.ts';
import type { Scenario as TestScenario } from '../support/scenario.ts';
import { dayScenario } from '../support/scenarios.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { Publisher } from './publisher.ts';
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

/** Six days: from the gold recording to the same hours of the euro recording. */
const shiftMs = 6 * 24 * 60 * 60 * 1000;
/** Books and peaks are noted once a second; so much later they are on disk. */
const notedMsMax = 5000;
/** Quotes under way when the runtime is killed. */
const underFireCount = 3000;
const depositCount = 200;
const depositsAtOnce = 10;
const answersMsMax = 10_000;
const testMsMax = 90_000;

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

let environment: Environment;
let directory: string;
let operator: Operator;
let publisher: Publisher;
let running: Running;
beforeEach(async () => {
  directory = temporaryDirectory();
  environment = {
    CLOSEOUT_NATS_URL: server.url,
    CLOSEOUT_DATABASE_URL: await freshDatabase(),
    CLOSEOUT_DATA_DIR: directory,
  };
  operator = await Operator.at(server.url);
  publisher = new Publisher(operator);
  running = await startRuntime(environment);
});

async function startAgain(): Promise<void> {
  await kill(running);
  running = await startRuntime(environment);
  publisher.begin();
}

/** What is noted beside the records; the runtime may be there or not. */
function noted(name: string): unknown {
  const db = new DatabaseSync(join(directory, 'journal.sqlite'), { readOnly: true });
  try {
    const row = db.prepare('SELECT value FROM notes WHERE name = ?').get(name);
    return row === undefined ? undefined : JSON.parse(String(row['value']));
  } finally {
    db.close();
  }
}

/** Waits until a kill loses nothing of what these quotes have changed. */
async function untilNoted(quotes: readonly Quote[]): Promise<void> {
  const last = new Map<string, number>();
  for (const { symbol, bid, ask, ts } of quotes) {
    // What hygiene refuses moves no book.
    if (bid > 0 && ask >= bid) last.set(symbol, Math.max(ts, last.get(symbol) ?? 0));
  }
  const isNoted = (): boolean =>
    [...last].every(([symbol, ts]) => (noted(`book:${symbol}`) as Quote | undefined)?.ts === ts);
  await until(isNoted, notedMsMax, 'the last quotes noted in the journal');
}

/** As if the runtime had never been killed. */
function uninterrupted(scenario: TestScenario, quotes: readonly Quote[]): CloseLine[] {
  const closes: CloseLine[] = [];
  const replay = new Replay(Scenario.parse(scenario), {
    logger: silentLogger,
    onClose: (line) => closes.push(line),
  });
  for (const quote of quotes) replay.quote(quote);
  return closes;
}

function byPosition(closes: readonly { positionId: unknown; reason: unknown }[]): string[] {
  return closes.map(({ positionId, reason }) => `${String(positionId)} ${String(reason)}`).sort();
}

/** A day in which every position is there from the first quote on; a third of the quotes. */
function day(seed: number): { scenario: TestScenario; quotes: Quote[] } {
  const quotes = mergeRecordings(
    readRecording('XAUUSD', recordings.XAUUSD, shiftMs),
    readRecording('EURUSD', recordings.EURUSD),
  ).slice(0, 150_000);
  const days = ['XAUUSD', 'EURUSD'].map((symbol) => ({
    symbol,
    quotes: quotes.filter((quote) => quote.symbol === symbol),
  }));
  const scenario = dayScenario(seed, days, { isGuarded: false });
  for (const position of scenario.positions) delete position.openAt;
  return { scenario, quotes };
}

/**
 * Deposits among the quotes; the runtime is killed at one of their answers, while others and the
 * quotes are on their way, and all are sent again, as a caller does that has had no answer.
 */
async function killUnderFire(
  round: number,
  quotes: readonly Quote[],
  random: Random,
): Promise<void> {
  const ids = Array.from({ length: depositCount }, (_, i) => `deposit-${round}-${i}`);
  const deposit = (id: string): Promise<Reply> =>
    operator.ask('treasury.account.adjust', { amount: '0.01', reason: 'under fire' }, id);
  const answered = new Map<string, Reply>();
  const answersMax = random.int(1, depositCount);
  const share = Math.ceil(quotes.length / depositCount);
  // Where nobody answers any more, the caller cannot know whether it was done.
  const attempt = async (id: string): Promise<void> => {
    const reply = await deposit(id).catch(() => undefined);
    if (reply === undefined) return;
    answered.set(id, reply);
    if (answered.size === answersMax) running.child.kill('SIGKILL');
  };
  const gone = once(running.child, 'exit');
  let before: Promise<unknown> = Promise.resolve();
  for (let at = 0; at < depositCount && !running.child.killed; at += depositsAtOnce) {
    publisher.sendAtOnce(quotes.slice(at * share, (at + depositsAtOnce) * share));
    const asked = ids.slice(at, at + depositsAtOnce).map(attempt);
    await before;
    before = Promise.race([...asked, gone]);
  }
  await until(() => running.child.killed, answersMsMax, `${answersMax} answers`);
  await startAgain();
  const repeated = await Promise.all(ids.map(async (id) => [id, await deposit(id)] as const));
  for (const [id, reply] of repeated) {
    expect(reply.error).toBeUndefined();
    expect(reply).toEqual(answered.get(id) ?? reply);
  }
}

describe('a day of quotes with kills', () => {
  test.each([1, 2])(
    'seed %i: the closes of an uninterrupted run, each once',
    async (seed) => {
      const { scenario, quotes } = day(seed);
      const random = new Random(seed);
      const heard = await Heard.by(operator);
      const replies = await operator.setUp(scenario);
      for (const position of scenario.positions) {
        replies.set(`track-${position.positionId}`, await operator.track(position));
      }
      await operator.do('treasury.account.create', { currency: 'USD', balance: 1000 }, 'treasury');

      const kills = 3;
      let at = 0;
      for (let i = 1; i <= kills; i++) {
        const to = random.int(at, Math.floor((quotes.length * i) / (kills + 1)));
        await publisher.send(quotes.slice(at, to));
        await publisher.follow();
        await untilNoted(quotes.slice(0, to));
        await killUnderFire(i, quotes.slice(to, to + underFireCount), random);
        at = to;
      }
      await publisher.send(quotes.slice(at));
      await publisher.follow();

      const expected = uninterrupted(scenario, quotes);
      expect(expected.length).toBeGreaterThan(40);
      const rows = await operator.list<LedgerRow>('_.ledger.list');
      const closed = rows.filter(({ eventType }) => eventType === 'position_closed');
      expect(
        byPosition(
          closed.map(({ metaData: { positionId, closeReason } }) => ({
            ...{ positionId, reason: closeReason },
          })),
        ),
      ).toEqual(byPosition(expected));
      expect(closed.every(({ status }) => status === 0)).toBe(true);
      expect(verifyChain(rows)).toBeUndefined();
      expect(await closedTwice(environment['CLOSEOUT_DATABASE_URL'] as string)).toEqual([]);

      // Every position is closed, or guarded still.
      const closedIds = new Set(expected.map(({ positionId }) => positionId));
      for (const { positionId, accountId } of scenario.positions) {
        const { state } = await operator.do(`${accountId}.position.get`, { positionId });
        expect(state, positionId).toBe(closedIds.has(positionId) ? 'closed' : 'guarded');
      }

      // What was acknowledged before the first kill is answered alike after the last.
      await expectStored(scenario, replies);
      const treasury = await operator.do('treasury.account.get');
      expect(treasury['balance']).toBe(String(1000 + (kills * depositCount) / 100));

      // Every close was told, and what was told again was told alike.
      await until(() => heard.once('position.closed').length >= expected.length);
      expect(
        byPosition(
          heard.once('position.closed').map(({ positionId, closeReason }) => ({
            ...{ positionId, reason: closeReason },
          })),
        ),
      ).toEqual(byPosition(expected));
      const byId = new Map(heard.events.map((event) => [event.id, event]));
      for (const event of heard.events) expect(event).toEqual(byId.get(event.id));
    },
    testMsMax,
  );
});

/** Positions with more than one row of a close. */
async function closedTwice(url: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query(
    `select position_id, count(*) from reconciliation_log where event_type = 'position_closed'
     group by position_id having count(*) > 1`,
  );
  return rows as unknown[];
}

/** The same message ids again: the stored replies, and nothing done again. */
async function expectStored(scenario: TestScenario, replies: Map<string, Reply>): Promise<void> {
  const again = await operator.setUp(scenario);
  for (const position of scenario.positions) {
    again.set(`track-${position.positionId}`, await operator.track(position));
  }
  expect(again).toEqual(replies);
}

describe('what a kill may not undo', () => {
  const gold = { symbol: 'XAUUSD', quoteCurrency: 'USD', contractSize: 100 };
  const long = { symbol: 'XAUUSD', side: 'long', quantity: 1, entryPrice: 1300 };
  const quote = (bid: number, ts: number): Quote => ({ symbol: 'XAUUSD', bid, ask: bid, ts });

  beforeEach(async () => {
    await operator.do('_.instrument.put', gold);
  });

  test('a close that waits for a first quote is filled at it', async () => {
    await operator.do('a1.account.create', { currency: 'USD', balance: 10_000 });
    await operator.do('a1.position.track', { positionId: 'p1', ...long });
    const pending = await operator.do('a1.position.close', { positionId: 'p1' }, 'close-p1');
    expect(pending).toMatchObject({ success: false, outcome: 'pending', closeReason: 'manual' });
    await startAgain();
    const { closeId } = pending;
    const still = await operator.do('a1.position.get', { positionId: 'p1' });
    expect(still).toMatchObject({ state: 'closing', closeId });
    publisher.sendAtOnce([quote(1310, 1000), quote(1320, 2000)]);
    await publisher.follow();
    const closed = await operator.do('a1.position.close', { positionId: 'p1' }, 'close-p1');
    expect(closed).toMatchObject({ closeId, success: true, closedPrice: '1310', pnl: '1000' });
    expect(await operator.do('a1.account.get')).toMatchObject({ balance: '11000' });
    const rows = await operator.list<LedgerRow>('a1.ledger.list', { positionId: 'p1' });
    expect(rows.map(({ eventType, status }) => [eventType, status])).toEqual([
      ['position_close_pending', 1],
      ['position_closed', 0],
    ]);
  });

  test('peaks, but for the last second of them, and the floor that hangs on them', async () => {
    const rules = [{ id: 'trail', anchor: 'peakEquity', limitAmount: 1000 }];
    await operator.do('a1.account.create', { currency: 'USD', balance: 10_000, rules });
    await operator.do('a1.position.track', { positionId: 'p1', ...long });
    publisher.sendAtOnce([quote(1300, 1000), quote(1320, 2000)]);
    await publisher.follow();
    const sentMs = performance.now();
    expect(await operator.do('a1.account.get')).toMatchObject({ peakEquity: '12000' });
    const isNoted = (): boolean => (noted('peak:a1') as { peak?: string })?.peak === '12000';
    await until(isNoted, notedMsMax, 'the peak noted in the journal');
    // A second, and what a busy machine adds to it.
    expect(performance.now() - sentMs).toBeLessThan(2000);
    await startAgain();
    expect(await operator.do('a1.account.get')).toMatchObject({ peakEquity: '12000' });
    publisher.sendAtOnce([quote(1310, 3000)]);
    await publisher.follow();
    expect(await operator.do('a1.account.get')).toMatchObject({
      state: 'halted',
      balance: '11000',
    });
  });

  test('halts, amendments, guards and what is not guarded any more', async () => {
    await operator.do('a1.account.create', { currency: 'USD', balance: 10_000 });
    await operator.do('a2.account.create', { currency: 'USD', balance: 10_000 });
    await operator.do('_.guard.put', { symbol: 'XAUUSD', gap: { limit: 5 } });
    for (const positionId of ['p1', 'p2']) {
      await operator.do('a1.position.track', { positionId, ...long });
    }
    await operator.do('a2.position.track', { positionId: 'q1', ticket: 7, ...long });
    await operator.do('a1.position.amend', { positionId: 'p1', exits: { stopLoss: 1290 } });
    await operator.do('a1.position.untrack', { positionId: 'p2', reason: 'moved away' });
    await operator.do('a1.account.halt', { reason: 'lunch' });
    await operator.do('a2.account.adjust', { amount: '-500.25', reason: 'withdrawal' });
    await startAgain();
    expect(await operator.do('a1.account.get')).toMatchObject({
      state: 'halted',
      entries: { allowed: false },
      openPositions: 1,
    });
    expect(await operator.do('a2.account.get')).toMatchObject({ balance: '9499.75' });
    const taken = await operator.ask('a2.position.track', { positionId: 'q2', ticket: 7, ...long });
    expect(taken.error?.code).toBe(409);
    const used = await operator.ask('a1.position.track', { positionId: 'p2', ...long });
    expect(used.error?.code).toBe(409);
    publisher.sendAtOnce([quote(1300, 1000), quote(1290, 2000), quote(1200, 3000)]);
    await publisher.follow();
    const rows = await operator.list<LedgerRow>('_.ledger.list', { eventType: 'position_closed' });
    expect(
      rows.map(({ metaData: { positionId, closeReason, closedPrice } }) => [
        ...[positionId, closeReason, closedPrice],
      ]),
    ).toEqual([
      ['p1', 'stop_loss', '1290'],
      ['q1', 'market_gap', '1200'],
    ]);
  });
});
