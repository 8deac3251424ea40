// Both recordings through the real thing, over NATS and Postgres: the same closes as in a replay.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import type { RuntimeEvent } from '#src/domain/events';
import type { LedgerRow } from '#src/domain/ledger-rows';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import { mergeRecordings, readRecording, recordings } from '../support/recordings.ts';
import type { Scenario as TestScenario, ScenarioPosition } from '../support/scenario.ts';
import { dayScenario } from '../support/scenarios.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { Publisher } from './publisher.ts';
import { Heard, Operator, startRuntime, temporaryDirectory } from './world.ts';

/** Six days: from the gold recording to the same hours of the euro recording. */
const shiftMs = 6 * 24 * 60 * 60 * 1000;
const seed = 1;
const testMsMax = 90_000;

let server: Awaited<ReturnType<typeof startNats>>;
beforeAll(async () => {
  server = await startNats();
});
afterAll(() => server.stop());

test(
  'both recordings over NATS, 300 positions in 12 accounts: the closes of a replay',
  async () => {
    const quotes = mergeRecordings(
      readRecording('XAUUSD', recordings.XAUUSD, shiftMs),
      readRecording('EURUSD', recordings.EURUSD),
    );
    const days = ['XAUUSD', 'EURUSD'].map((symbol) => ({
      symbol,
      quotes: quotes.filter((quote) => quote.symbol === symbol),
    }));
    const scenario = dayScenario(seed, days, { isGuarded: true });
    const expected = replayed(scenario, quotes);
    expect(expected.length).toBeGreaterThan(100);

    await startRuntime({
      CLOSEOUT_NATS_URL: server.url,
      CLOSEOUT_DATABASE_URL: await freshDatabase(),
      CLOSEOUT_DATA_DIR: temporaryDirectory(),
    });
    const operator = await Operator.at(server.url);
    const heard = await Heard.by(operator);
    await operator.setUp(scenario);
    const publisher = new Publisher(operator);
    let at = 0;
    for (const { row, position } of schedule(scenario, quotes)) {
      await publisher.send(quotes.slice(at, row));
      await publisher.follow();
      at = row;
      await operator.track(position);
    }
    await publisher.send(quotes.slice(at));
    await publisher.follow();

    const { counters } = await operator.status();
    expect(counters).toMatchObject({ quotes_received: quotes.length, quotes_conflated: 0 });
    await until(() => heard.once('position.closed').length >= expected.length);
    expect(heard.once('position.closed').map(lineOfEvent)).toEqual(expected.map(withoutPlace));
    const rows = await operator.list<LedgerRow>('_.ledger.list', { eventType: 'position_closed' });
    expect(rows.map(lineOfRow)).toEqual(expected.map(withoutPlace));
  },
  testMsMax,
);

function replayed(scenario: TestScenario, quotes: readonly Quote[]): CloseLine[] {
  const closes: CloseLine[] = [];
  const replay = new Replay(Scenario.parse(scenario), {
    logger: silentLogger,
    onClose: (line) => closes.push(line),
  });
  for (const quote of quotes) replay.quote(quote);
  return closes;
}

interface Opening {
  /** Index of the quote before which the position is tracked. */
  readonly row: number;
  readonly position: ScenarioPosition;
}

/** In the order of `openAt`, then of the list. */
function schedule({ positions }: TestScenario, quotes: readonly Quote[]): Opening[] {
  const timeOf = ({ openAt }: ScenarioPosition): number =>
    openAt === undefined ? -Infinity : new Date(openAt).getTime();
  return positions
    .map((position) => ({ openAt: timeOf(position), position }))
    .sort((a, b) => (a.openAt === b.openAt ? 0 : a.openAt - b.openAt))
    .map(({ openAt, position }) => {
      const row = quotes.findIndex(({ ts }) => ts >= openAt);
      return { row: row < 0 ? quotes.length : row, position };
    });
}

/** What a close line says of a close, but for its time: live that is the clock's. */
function withoutPlace(line: CloseLine): object {
  const { positionId, accountId, quantity, reason, triggerPrice, price, pnl } = line;
  return { positionId, accountId, quantity, reason, triggerPrice, price, pnl };
}

function lineOfEvent(event: RuntimeEvent): object {
  const { positionId, accountId, quantity, closeReason, triggerPrice, closedPrice, pnl } = event;
  return {
    ...{ positionId, accountId, quantity, reason: closeReason },
    ...{ triggerPrice, price: closedPrice, pnl },
  };
}

function lineOfRow({ userId, metaData }: LedgerRow): object {
  const { positionId, quantity, closeReason, triggerPrice, closedPrice, pnl } = metaData;
  return {
    ...{ positionId, accountId: userId, quantity, reason: closeReason },
    ...{ triggerPrice, price: closedPrice, pnl },
  };
}
