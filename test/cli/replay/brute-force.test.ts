// The core against an evaluation of every position and account on every quote.
import { expect, test } from 'vitest';
import { Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import { positionFaults } from '#src/cli/replay/replay';
import { bruteForce } from '../../support/brute-force.ts';
import { mergeRecordings, readRecording, recordings } from '../../support/recordings.ts';
import type { Scenario as TestScenario } from '../../support/scenario.ts';
import { dayScenario } from '../../support/scenarios.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';

/** Six days: from the gold recording to the same hours of the euro recording. */
const shiftMs = 6 * 24 * 60 * 60 * 1000;
const tinyWorlds = 300;

function replayed(scenario: TestScenario, quotes: readonly Quote[]) {
  const valid = Scenario.parse(scenario);
  expect(scenarioFaults(valid)).toEqual([]);
  expect(positionFaults(valid)).toEqual([]);
  const closes: CloseLine[] = [];
  const replay = new Replay(valid, {
    logger: silentLogger,
    onClose: (line) => closes.push(line),
  });
  for (const quote of quotes) replay.quote(quote);
  const { closes: count, ...summary } = replay.summary(0);
  expect(count).toBe(closes.length);
  return { ...summary, closes };
}

test(`${tinyWorlds} tiny worlds on coarse ticks: same closes, same accounts`, () => {
  let closes = 0;
  for (let seed = 1; seed <= tinyWorlds; seed++) {
    const { scenario, quotes } = tinyWorld(seed);
    const expected = bruteForce(scenario, quotes);
    closes += expected.closes.length;
    expect(replayed(scenario, quotes), `seed ${seed}`).toEqual(expected);
  }
  expect(closes).toBeGreaterThan(tinyWorlds);
}, 120_000);

test.each([
  ['on their own days, six apart', 300, 0],
  ['as one day', 500, shiftMs],
])(
  'both recordings, %s, %i positions of mixed exits in 12 accounts: same closes, same order',
  (_, positions, shift) => {
    const quotes = mergeRecordings(
      readRecording('XAUUSD', recordings.XAUUSD, shift),
      readRecording('EURUSD', recordings.EURUSD),
    );
    const days = ['XAUUSD', 'EURUSD'].map((symbol) => ({
      symbol,
      quotes: quotes.filter((quote) => quote.symbol === symbol),
    }));
    const scenario = dayScenario(1, days, {
      ...{ isGuarded: true, exits: 'every', rules: 'every', positions },
    });
    const expected = bruteForce(scenario, quotes);
    expect(expected.closes.length).toBeGreaterThan(100);
    expect(replayed(scenario, quotes)).toEqual(expected);
  },
  300_000,
);
