import { test } from 'vitest';
import { Replay } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import { silentLogger } from '#src/ports/logger';
import { tinyWorld } from '../../support/tiny-worlds.ts';
test('x', () => {
  const seed = Number(process.env['SEED']);
  const acc = process.env['ACC']!;
  const { scenario, quotes } = tinyWorld(seed);
  let i = 0;
  const replay = new Replay(Scenario.parse(scenario), { logger: silentLogger, onClose: () => {}, onRecords: (r) => { for (const x of r as any[]) if (x.accountId === acc && i > 0) console.log(i, x.type, x.body.positionId ?? x.body.intent?.positionId ?? x.body.position?.positionId ?? '', JSON.stringify({ ruleId: x.body.ruleId, also: x.body.also, ruleIds: x.body.ruleIds, observed: x.body.observed, reason: x.body.intent?.reason, positions: x.body.positions })); } });
  for (const q of quotes) { i++; if (i >= Number(process.env['FROM'])) console.log(i, q.symbol, q.bid, q.ask, q.ts); if (i > Number(process.env['TO'])) break; replay.quote(q); }
}, 600000);
