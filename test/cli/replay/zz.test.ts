import { test, expect } from 'vitest';
import { Replay } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import { silentLogger } from '#src/ports/logger';
import { bruteForce } from '../../support/brute-force.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';
test('tiny', () => {
  const from = Number(process.env['FROM'] ?? 0);
  const to = Number(process.env['TO'] ?? 200);
  let bad = 0;
  for (let seed = from; seed < to; seed++) {
    const t0 = performance.now();
    const { scenario, quotes } = tinyWorld(seed);
    const t1 = performance.now();
    const expected = bruteForce(scenario, quotes);
    const t2 = performance.now();
    const closes: unknown[] = [];
    const replay = new Replay(Scenario.parse(scenario), { logger: { ...silentLogger, error: (o: object, m: string) => console.log(seed, o, m) }, onClose: (l) => closes.push(l) });
    for (const q of quotes) replay.quote(q);
    const s = replay.summary(0);
    const t3 = performance.now();
    if (t3 - t0 > 500) console.log(seed, t1 - t0, t2 - t1, t3 - t2);
    const a = JSON.stringify([closes, s.accounts, s.openPositions], null, 1);
    const b = JSON.stringify([expected.closes, expected.accounts, expected.openPositions], null, 1);
    if (a !== b) { bad++; if (bad <= 3) { console.log('SEED', seed); try { expect(JSON.parse(a)).toEqual(JSON.parse(b)); } catch (e) { console.log(String((e as Error).message)); } } }
  }
  console.log('bad', bad, 'of', to - from);
}, 600000);
