// A replay in memory, held to its schema: what it closes, what it comes to, and each change of a
// condition of a market on the way.
import { expect } from 'vitest';
import { positionFaults, Replay, type CloseLine } from '#src/cli/replay/replay';
import { Scenario, scenarioFaults } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { silentLogger } from '#src/ports/logger';
import type { LevelChange } from '../../support/brute-force/market.ts';
import type { GuardedScenario } from '../../support/brute-force/market-terms.ts';

export function replayed(scenario: GuardedScenario, quotes: readonly Quote[]) {
  const valid = Scenario.parse(scenario);
  expect([...scenarioFaults(valid), ...positionFaults(valid)]).toEqual([]);
  const closes: CloseLine[] = [];
  const changes: LevelChange[] = [];
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
  return { result: { ...summary, closes }, changes };
}
