// Two feeds of a symbol over NATS: those of one count, the other takes over when it is silent, and
// both are never in one book.
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { RuntimeEvent } from '#src/domain/events';
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

const symbol = 'XAUUSD';
const feeds = { primary: 'lp1', fallback: 'lp2', fallbackAfterMs: 1000, backAfterMs: 600 };
/** Between two quotes of a feed that is not silent. */
const everyMs = 50;
const followMsMax = 10_000;
const testMsMax = 60_000;

let environment: Environment;
let operator: Operator;
let heard: Heard;
let running: Running;
let lastTs = 0;
beforeEach(async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  environment = {
    CLOSEOUT_NATS_URL: server.url,
    CLOSEOUT_DATABASE_URL: await freshDatabase(),
    CLOSEOUT_DATA_DIR: temporaryDirectory(),
  };
  running = await startRuntime(environment);
  operator = await Operator.at(server.url);
  heard = await Heard.by(operator);
  await operator.do('_.instrument.put', { symbol, quoteCurrency: 'USD' });
  await operator.do('_.guard.put', { symbol, feeds, gap: false });
  await operator.do('a1.account.create', { currency: 'USD', balance: 100_000 });
});

async function track(positionId: string, stopLoss: number): Promise<void> {
  const terms = { symbol, side: 'long', quantity: 1, entryPrice: 1300 };
  await operator.do('a1.position.track', { ...terms, positionId, exits: { stopLoss } });
}

/** Of a feed, or of none where it is empty; each at a time of its own. */
function quote(feed: string, price: number, seq?: number): void {
  lastTs = Math.max(Date.now(), lastTs + 1);
  const subject = feed === '' ? `prices.${symbol}` : `prices.${feed}.${symbol}`;
  const body = { bid: price, ask: price, ts: lastTs, seq };
  operator.nats.publish(subject, JSON.stringify(body));
}

async function status(): Promise<Reply> {
  const { guards } = await operator.do('_.guard.status', { symbol });
  return (guards as Reply[])[0] as Reply;
}

async function counter(name: string): Promise<number> {
  return (await operator.status()).counters[name] ?? 0;
}

async function stateOf(positionId: string): Promise<unknown> {
  return (await operator.do('a1.position.get', { positionId }))['state'];
}

/** Lets feeds quote, a price each, until it is so. */
async function quoting(
  prices: Readonly<Record<string, number>>,
  isSo: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  let nextMs = 0;
  const look = async (): Promise<boolean> => {
    if (performance.now() >= nextMs) {
      nextMs = performance.now() + everyMs;
      for (const [feed, price] of Object.entries(prices)) quote(feed, price);
    }
    return await isSo();
  };
  await until(look, followMsMax, what);
}

function switches(): RuntimeEvent[] {
  return heard.once('feed.switched');
}

async function failOver(): Promise<void> {
  const count = switches().length + 1;
  await quoting({ lp2: 1310 }, () => switches().length === count, 'the fallback counts');
}

test(
  'quotes of one feed count; those of the other, of a third and of none have no effect',
  async () => {
    await track('p1', 1290);
    for (const seq of [1, 2, 5, 5, 6, 9]) quote('lp1', 1300, seq);
    quote('lp2', 1000, 70);
    quote('lp3', 1000, 1);
    quote('', 1000);
    quote('lp2', 1000, 72);
    quote('lp1', 1301, 10);
    await until(async () => (await counter('quotes_accepted')) === 7, followMsMax, '7 quotes');
    expect(await stateOf('p1')).toBe('guarded');
    const { counters } = await operator.status();
    expect(counters).toMatchObject({ quotes_standby: 2, quotes_of_no_feed: 2 });
    expect(await status()).toMatchObject({
      feeds: { ...feeds, active: 'primary' },
      quotes: {
        lastTs,
        sequences: [
          { feed: 'lp1', last: 10, holes: 2, missed: 4, repeats: 1 },
          { feed: 'lp2', last: 72, holes: 1, missed: 1, repeats: 0 },
          { feed: 'lp3', last: 1, holes: 0, missed: 0, repeats: 0 },
        ],
      },
    });
    quote('lp1', 1289, 11);
    await until(async () => (await stateOf('p1')) === 'closed', followMsMax, 'its stop');
  },
  testMsMax,
);

test(
  'the fallback takes over after silence, and the primary is back when it has quoted for a while',
  async () => {
    await track('p1', 1250);
    await track('p2', 1200);
    // Both quote: nothing changes for longer than a feed may be silent.
    const startMs = performance.now();
    const isLong = (): boolean => performance.now() - startMs > 2 * feeds.fallbackAfterMs;
    await quoting({ lp1: 1300, lp2: 1100 }, isLong, 'a while');
    expect(switches()).toEqual([]);

    const silentTs = Date.now();
    await failOver();
    expect(switches()).toMatchObject([
      { accountId: '_', symbol, to: 'fallback', feed: 'lp2', reason: 'silent' },
    ]);
    expect((switches()[0]?.ts ?? 0) - silentTs).toBeGreaterThanOrEqual(
      feeds.fallbackAfterMs - 2 * everyMs,
    );
    expect((await status())['feeds']).toMatchObject({ active: 'fallback' });
    expect(heard.once('position.closed')).toEqual([]);
    quote('lp2', 1249);
    await until(() => heard.once('position.closed').length === 1, followMsMax, 'a stop');

    // The primary is there again, at a price that closes: not before it counts.
    const backTs = Date.now();
    const isBack = (): boolean => switches().length === 2;
    await quoting({ lp1: 1199, lp2: 1310 }, isBack, 'the primary counts again');
    expect(switches()[1]).toMatchObject({ to: 'primary', feed: 'lp1', reason: 'back' });
    expect((switches()[1]?.ts ?? 0) - backTs).toBeGreaterThanOrEqual(feeds.backAfterMs);
    await until(() => heard.once('position.closed').length === 2, followMsMax, 'the other stop');
    const told = heard.events
      .filter(({ event }) => event === 'feed.switched' || event === 'position.closed')
      .map(({ event, to, positionId, closedPrice }) => [event, to ?? positionId, closedPrice]);
    expect(told).toEqual([
      ['feed.switched', 'fallback', undefined],
      ['position.closed', 'p1', '1249'],
      ['feed.switched', 'primary', undefined],
      ['position.closed', 'p2', '1199'],
    ]);
  },
  testMsMax,
);

test(
  'a fallback that is heard when the primary has long been silent takes over at once',
  async () => {
    quote('lp1', 1300);
    await until(async () => (await counter('quotes_accepted')) === 1, followMsMax, 'a quote');
    const startMs = performance.now();
    await quoting({}, () => performance.now() - startMs > feeds.fallbackAfterMs, 'a while');
    const firstTs = Date.now();
    await failOver();
    expect((switches()[0]?.ts ?? Infinity) - firstTs).toBeLessThan(feeds.fallbackAfterMs);
  },
  testMsMax,
);

test(
  'the feed that counts does so after a kill, too',
  async () => {
    await track('p1', 1250);
    await quoting(
      { lp1: 1300, lp2: 1310 },
      async () => (await counter('quotes_accepted')) > 0,
      'a quote',
    );
    await failOver();
    await kill(running);
    running = await startRuntime(environment);
    expect((await status())['feeds']).toMatchObject({ active: 'fallback' });
    quote('lp1', 1100);
    quote('lp2', 1310);
    await until(async () => (await counter('quotes_accepted')) === 1, followMsMax, 'a quote');
    expect(await stateOf('p1')).toBe('guarded');
    expect(await counter('quotes_standby')).toBe(1);
    // The fallback is silent, and so the primary need not wait to be back.
    await quoting({ lp1: 1100 }, () => switches().length === 2, 'the primary counts');
    await quoting({ lp1: 1100 }, () => heard.once('position.closed').length === 1, 'the stop');
    expect(await stateOf('p1')).toBe('closed');
  },
  testMsMax,
);

test(
  'a guard without feeds takes every quote of the symbol',
  async () => {
    await operator.do('_.guard.put', { symbol, gap: false });
    for (const feed of ['lp1', '', 'lp9']) quote(feed, 1300);
    await until(async () => (await counter('quotes_accepted')) === 3, followMsMax, '3 quotes');
    expect((await status())['feeds']).toBeUndefined();
  },
  testMsMax,
);
