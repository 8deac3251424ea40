// Market guards of every kind against an evaluation of every condition on every quote.
import { expect, test } from 'vitest';
import { positionFaults, Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import { bruteForce } from '../../support/brute-force.ts';
import type { GuardedScenario } from '../../support/brute-force/market-terms.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';

const worlds = 200;

/** What a replay does, and each change of a condition on the way. */
function replayed(scenario: GuardedScenario, quotes: readonly Quote[]) {
  const valid = Scenario.parse(scenario);
  expect([...scenarioFaults(valid), ...positionFaults(valid)]).toEqual([]);
  const closes: CloseLine[] = [];
  const changes: unknown[] = [];
  const replay = new Replay(valid, {
    logger: silentLogger,
    onClose: (line) => closes.push(line),
    onRecords: (records) => {
      for (const record of records) {
        if (record.type !== 'market.changed') continue;
        const { symbol, condition, side, level } = record.body;
        changes.push({ ts: record.ts, symbol, condition, ...(side && { side }), level });
      }
    },
  });
  for (const quote of quotes) replay.quote(quote);
  const { closes: count, ...summary } = replay.summary(0);
  expect(count).toBe(closes.length);
  return { ...summary, closes, changes };
}

test(`${worlds} tiny worlds with market guards of every kind: same closes, same changes`, () => {
  const told: Record<string, number> = {};
  for (let seed = 1; seed <= worlds; seed++) {
    const { scenario, quotes } = tinyWorld(seed, { guards: 'every' });
    const changes: unknown[] = [];
    const expected = bruteForce(scenario, quotes, undefined, (change) => changes.push(change));
    const actual = replayed(scenario, quotes);
    expect(actual, `seed ${seed}`).toEqual({ ...expected, changes });
    for (const { reason } of expected.closes) told[reason] = (told[reason] ?? 0) + 1;
  }
  const reasons = ['gap', 'spread', 'liquidity', 'stale', 'volatility'];
  for (const one of reasons) expect(told[`market_${one}`], one).toBeGreaterThan(10);
}, 300_000);
