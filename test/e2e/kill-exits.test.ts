// kill -9 while every peak moves: no stop is looser after a restart than the journal says, none is
// tighter than the market was, what has expired meanwhile closes first, and each exit closes once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { decimal, text } from '#src/domain/money';
import { Random } from '../support/random.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import type { Close, ExitBook } from './exit-book.ts';
import { byPosition, ExitStory, type Held } from './exit-story.ts';
import { crossedPosition, endingPosition, mixedPositions } from './mixed-exits.ts';
import { swinging } from './swinging-market.ts';
import { Operator } from './world.ts';

const rounds = 3;
/** Each round is killed so long after its first quote. */
const killMsMin = 400;
const killMsMax = 2600;
/** What ends while nobody looks ends so long after the kill. */
const downMs = 300;
/** What ends while it is looked at, so long after it was tracked. */
const endMs = [1200, 2500, 4500];
const expiryMsMax = 5000;
const testMsMax = 60_000;

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

test.each([1])(
  'seed %i: exits survive kills, and each closes once',
  async (seed) => {
    const random = new Random(seed);
    const operator = await Operator.at(server.url);
    const servers = { nats: server.url, database: await freshDatabase() };
    const story = new ExitStory(operator, random, servers);
    await story.setUp();
    const begunTs = Date.now();
    const ending = endMs.map((ms, i) =>
      endingPosition(`ending-${i}`, swinging[i % 2] ?? 'XAUUSD', begunTs + ms),
    );
    await story.track([...mixedPositions(), ...ending]);
    for (let round = 0; round < rounds; round++) {
      expect(await story.firstQuotes()).toEqual([]);
      const killTs = Date.now() + random.int(killMsMin, killMsMax);
      const late = killTs + downMs;
      await story.track([
        endingPosition(`late-${round}`, random.pick(swinging), late),
        crossedPosition(`crossed-${round}-0`, 'XAGUSD', late),
        crossedPosition(`crossed-${round}-1`, 'XAGUSD', late - 1),
      ]);
      await story.market.swingUntil(killTs);
      expectHeld(await story.killed());
      await until(() => Date.now() > late, expiryMsMax, 'the time of what ends meanwhile');
      await story.start();
      expect(await story.differences()).toEqual([]);
    }
    expect(await story.firstQuotes()).toEqual([]);
    story.market.end();
    expectHeld(await story.followed());
    expect(story.ids('guarded')).toEqual([]);
    expect(story.book.held.size).toBe(60);
    for (const [name, count] of Object.entries(story.book.seen)) {
      expect(count, name).toBeGreaterThan(0);
    }
    expectLedger(await story.rows(), story.book);
  },
  testMsMax,
);

/** The journal has closed what was due, no more and no less, and in the right order. */
function expectHeld({ closed, due, disorder }: Held): void {
  expect(closed).toEqual(due);
  expect(disorder).toEqual([]);
}

/** One close of each position, of all that its parts have left, and exactly what was due. */
function expectLedger(rows: readonly LedgerRow[], book: ExitBook): void {
  const of = (type: string): Close[] =>
    rows.filter(({ eventType }) => eventType === type).map(closeOf);
  const closed = of('position_closed');
  const parts = of('position_partially_closed');
  expect(closed.map(({ positionId }) => positionId).sort()).toEqual([...book.held.keys()].sort());
  const rungs = parts.map(({ positionId, triggerPrice }) => `${positionId} ${triggerPrice}`);
  expect(new Set(rungs).size).toBe(rungs.length);
  for (const { positionId, quantity } of book.held.values()) {
    const own = [...parts, ...closed].filter((close) => close.positionId === positionId);
    const sum = own.reduce((all, close) => all.plus(close.quantity), decimal(0));
    expect(text(sum), positionId).toBe(text(quantity));
  }
  expect(byPosition([...parts, ...closed])).toEqual(byPosition(book.closes));
}

function closeOf({ metaData }: LedgerRow): Close {
  const { positionId, closeReason, triggerPrice, quantity, closedPrice } = metaData;
  return {
    positionId: String(positionId),
    reason: String(closeReason),
    triggerPrice: triggerPrice as string | undefined,
    quantity: String(quantity),
    price: closedPrice as string | undefined,
  };
}
