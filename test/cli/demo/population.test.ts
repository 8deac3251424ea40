// Whatever the seed, the first seconds of the demo close by stop loss, take profit and drawdown:
// its market and its positions, run through the core as a replay.
import { expect, test } from 'vitest';
import { Positions, traders } from '#src/cli/demo/population';
import { Random } from '#src/cli/demo/random';
import {
  guards,
  instruments,
  roundsPerSecond,
  syntheticMarket,
} from '#src/cli/demo/synthetic-market';
import { positionFaults, Replay } from '#src/cli/replay/replay';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import { quoteOf } from '#src/contracts/quote';
import { silentLogger } from '#src/ports/logger';

/** The shortest demo that promises all three. */
const secondsMin = 2;

function scenarioOf(seed: number): Scenario {
  const positions = new Positions(new Random(seed, 'positions'));
  return Scenario.parse({
    instruments: instruments.map(({ spec }) => spec),
    marketGuards: Object.fromEntries(
      guards.map(({ symbol, ...conditions }) => [symbol, conditions]),
    ),
    accounts: traders.map(({ accountId, currency, balance, guard }) => ({
      accountId,
      currency,
      balance,
      ...guard,
    })),
    positions: traders.flatMap((trader) =>
      positions.held(trader).map((position) => ({ ...position, accountId: trader.accountId })),
    ),
  });
}

function reasonsOf(seed: number, rounds: number): Map<string, number> {
  const reasons = new Map<string, number>();
  const replay = new Replay(scenarioOf(seed), {
    logger: silentLogger,
    onClose: ({ reason }) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1),
  });
  const market = syntheticMarket(seed);
  for (let played = 0; played < rounds; played++) {
    const { index, quotes } = market.next().value;
    for (const quote of quotes) {
      const taken = quoteOf({ ...quote, ts: (index * 1000) / roundsPerSecond }, 0);
      if (taken !== undefined) replay.quote(taken);
    }
  }
  return reasons;
}

test('a dozen accounts hold a few hundred positions, and all of it is a valid scenario', () => {
  const scenario = scenarioOf(1);
  expect(scenarioFaults(scenario)).toEqual([]);
  expect(positionFaults(scenario)).toEqual([]);
  expect(scenario.accounts).toHaveLength(12);
  expect(scenario.positions.length).toBeGreaterThanOrEqual(250);
  expect(new Set(scenario.accounts.map(({ currency }) => currency))).toEqual(
    new Set(['USD', 'EUR']),
  );
});

test('the first seconds close by stop loss, take profit and drawdown, whatever the seed', () => {
  const seeds = [...Array(12).keys(), 4_294_967_295];
  for (const seed of seeds) {
    const reasons = reasonsOf(seed, secondsMin * roundsPerSecond);
    const missing = ['stop_loss', 'take_profit', 'drawdown_critical'].filter(
      (r) => !reasons.has(r),
    );
    expect(missing, `seed ${seed}`).toEqual([]);
  }
});

test('a whole cycle closes by the market guards too', () => {
  const reasons = reasonsOf(1, 10 * roundsPerSecond);
  expect([...reasons.keys()]).toEqual(expect.arrayContaining(['market_gap', 'market_spread']));
});
