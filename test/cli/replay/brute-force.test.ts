// The core against an evaluation of every position and account on every quote.
import { expect, test } from 'vitest';
import { bruteForce } from '../../support/brute-force.ts';
import { mergeRecordings, readRecording, recordings } from '../../support/recordings.ts';
import { dayScenario } from '../../support/scenarios.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';
import { replayed } from './replayed.ts';

/** Six days: from the gold recording to the same hours of the euro recording. */
const shiftMs = 6 * 24 * 60 * 60 * 1000;
const tinyWorlds = 300;

test(`${tinyWorlds} tiny worlds on coarse ticks: same closes, same accounts`, () => {
  let closes = 0;
  for (let seed = 1; seed <= tinyWorlds; seed++) {
    const { scenario, quotes } = tinyWorld(seed);
    const expected = bruteForce(scenario, quotes);
    closes += expected.closes.length;
    expect(replayed(scenario, quotes).result, `seed ${seed}`).toEqual(expected);
  }
  expect(closes).toBeGreaterThan(tinyWorlds);
}, 120_000);

test.each([
  ['on their own days, six apart', 100, 0],
  ['as one day', 200, shiftMs],
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
    expect(expected.closes.length).toBeGreaterThan(50);
    expect(replayed(scenario, quotes).result).toEqual(expected);
  },
  300_000,
);
