// The database is away for long while LIVE accounts are guarded: closes go out as ever, history waits
// in the journal, and comes in once and in order when the database is back.
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { ledgerRowOf } from '#src/domain/ledger-rows';
import { text } from '#src/domain/money';
import { memoryJournal } from '#src/journal/memory-journal';
import { mikroLedger } from '#src/ledger/mikro-ledger';
import { placeRows } from '#src/ledger/placed-rows';
import type { Journal, JournalEntry } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import { silentLogger, type Logger } from '#src/ports/logger';
import { CoreHarness, startTs } from '../support/core-harness.ts';
import { FakeProvider, type Behaviour } from '../support/fake-provider.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { proxyTo } from '../support/proxy.ts';
import { freshDatabase } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { allRows } from './conformance.ts';
import { expectTablesToSay } from './tables.ts';

const quickly = { connectTimeoutMs: 1_000, statementTimeoutMs: 2_000 };
const positions = 40;
const closesBefore = 4;
const closesBeforeRestart = 22;
const betweenQuotesMs = 120_000;
const stepMs = 500;
const testMsMax = 90_000;

/** What the provider does with one close after the other. */
const behaviours: Behaviour[] = [
  { kind: 'answer' },
  { kind: 'silent' },
  { kind: 'partial', share: 0.25 },
  { kind: 'reject', code: 'busy' },
  { kind: 'lost' },
  { kind: 'pending', ms: 700, parts: 3 },
  { kind: 'late', ms: 3_000, executes: 'last' },
  { kind: 'answer' },
];

/** A restart opens it as if it had been there: what it asks of it then fails. */
function openedOnce(ledger: Ledger): Ledger {
  let opening: Promise<void> | undefined;
  return { ...ledger, open: (id) => (opening ??= ledger.open(id)) };
}

interface Told {
  readonly message: string;
  readonly lag?: number;
  readonly durableN?: number;
}

function listening(told: Told[]): Logger {
  return { ...silentLogger, error: (fields, message) => void told.push({ ...fields, message }) };
}

async function allOf(journal: Journal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let page = await journal.read(0, 500); page.length > 0;) {
    entries.push(...page);
    page = await journal.read(entries.length, 500);
  }
  return entries;
}

test(
  'LIVE closes of more than an hour without the database are all in it afterwards, once, in order',
  async () => {
    const url = await freshDatabase();
    const proxy = await proxyTo(url);
    onTestFinished(() => proxy.cut());
    const clock = new ManualClock(startTs);
    const journal = memoryJournal();
    const ledger = openedOnce(mikroLedger({ url: proxy.url }, quickly));
    onTestFinished(() => ledger.close());
    let price = 1_000;
    let closes = 0;
    const provider = new FakeProvider({
      clock,
      priceOf: () => String(price),
      behaviour: (call) => {
        if (call !== 'close') return { kind: 'answer' };
        return behaviours[closes++ % behaviours.length] as Behaviour;
      },
    });
    const told: Told[] = [];
    let harness = await CoreHarness.start({
      world: { clock, journal, ledger },
      brokers: { demo: provider },
      settings: {
        instruments: [{ symbol: 'X', quoteCurrency: 'USD' }],
        accounts: [
          { accountId: 'a', currency: 'USD', balance: 100_000, mode: 'LIVE', route: 'demo' },
        ],
        routes: [{ route: 'demo' }],
      },
      reconcileEveryS: 1_000_000,
      logger: listening(told),
    });
    provider.reports$.subscribe((report) => harness.engine.live.reports.take('demo', report));

    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(stepMs, left));
        await new Promise(setImmediate);
        clock.turn();
      }
    };
    const settled = async <T>(answer: Promise<T>): Promise<T> => {
      let isThere = false;
      void answer.finally(() => (isThere = true)).catch(() => {});
      while (!isThere) await pass(stepMs);
      return await answer;
    };
    const fall = async (to: number): Promise<void> => {
      while (price > 1_000 - to) {
        price--;
        harness.quote('X', price, price);
        await pass(betweenQuotesMs);
      }
    };
    const closed = (): number => {
      const { state } = harness.core;
      return [...state.positions.values()].filter((one) => one.state === 'closed').length;
    };
    const noticed = async (): Promise<void> => {
      await until(() => harness.engine.projector.downSince !== undefined);
    };
    /** Once at first, then every minute with how much waits, which is ever more. */
    const expectTold = (errors: readonly Told[]): void => {
      const since = harness.engine.projector.downSince ?? Infinity;
      const ofLedger = errors.filter(({ message }) => message.startsWith('the ledger'));
      const lags = ofLedger.slice(1).map(({ lag, durableN = 0 }) => lag ?? durableN);
      expect(ofLedger[0]?.message).toMatch(/takes no records/);
      expect(lags).toHaveLength(Math.floor((clock.now() - since) / 60_000));
      expect(lags).toEqual(lags.toSorted((a, b) => a - b));
      expect(lags.at(-1)).toBeGreaterThan((lags[0] as number) + closesBefore);
    };
    for (let i = 1; i <= positions; i++) {
      const positionId = `p${i}`;
      const position = { positionId, symbol: 'X', side: 'long' as const, quantity: '2' };
      const terms = { ...position, ticket: i, entryPrice: '1000' };
      provider.open('a', terms);
      const exits = { stopLoss: String(1_000 - i) };
      const reply = await settled(harness.ask('gw.a.position.track', { ...terms, exits }));
      expect(reply['state']).toBe('guarded');
    }
    await fall(closesBefore);
    expect(closed()).toBe(closesBefore);
    expect(await harness.engine.projector.caughtUp(Infinity)).toBe(true);
    expect(told.filter(({ message }) => message.includes('the ledger'))).toEqual([]);

    await proxy.cut();
    await fall(closesBefore + 1);
    await noticed();
    await fall(closesBeforeRestart);
    expect(closed()).toBe(closesBeforeRestart);
    expectTold(told);

    const before = told.length;
    await harness.kill();
    harness = await settled(harness.restart());
    await noticed();
    await fall(positions);
    expect(closed()).toBe(positions);
    expectTold(told.slice(before));

    await proxy.restore();
    const entries = await allOf(journal);
    await until(async () => {
      await pass(10_000);
      return harness.engine.projector.lag === 0;
    }, 30_000);
    expect(harness.engine.projector.downSince).toBeUndefined();
    const toldInAll = told.length;
    await pass(180_000);
    expect(told.length).toBe(toldInAll);

    // Nothing was closed twice, and everything that was tracked is closed at the provider.
    expect(provider.overCloses).toBe(0);
    expect([...provider.closedOf.values()].map(text)).toEqual(Array(positions).fill('2'));
    expect(provider.held.size).toBe(0);

    const { rows } = await allRows(ledger);
    expect(rows).toEqual(placeRows(entries, {}).placed.map(({ row }) => row));
    const ofCloses = rows.filter(({ eventType }) => eventType === 'position_closed');
    expect(ofCloses.map(({ metaData }) => metaData['positionId'])).toEqual(
      Array.from({ length: positions }, (_, i) => `p${i + 1}`),
    );
    // An intent that is sent has no row: the outcomes alone tell of it.
    const intents = entries.filter(({ record }) => record.type === 'close.intended');
    expect(intents.length).toBeGreaterThanOrEqual(positions);
    expect(intents.filter(({ record }) => ledgerRowOf(record) !== undefined)).toEqual([]);

    const client = new Client(url);
    await client.connect();
    const query = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows;
    await expectTablesToSay({ query }, harness.core.state);
    await client.end();
    await harness.kill();
  },
  testMsMax,
);
