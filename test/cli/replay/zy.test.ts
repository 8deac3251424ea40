import { test } from 'vitest';
import { Replay } from '#src/cli/replay/replay';
import { Scenario } from '#src/contracts/scenario';
import { silentLogger } from '#src/ports/logger';
import { bruteForce } from '../../support/brute-force.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';
test('diff', () => {
  for (const seed of (process.env['SEEDS'] ?? '').split(',').map(Number)) {
    const { scenario, quotes } = tinyWorld(seed);
    const at = (n: number) => {
      const some = quotes.slice(0, n);
      const expected = bruteForce(scenario, some);
      const closes: unknown[] = [];
      const recs: unknown[] = [];
      const replay = new Replay(Scenario.parse(scenario), { logger: { ...silentLogger, error: (o: object, m: string) => console.log(seed, o, m) }, onClose: (l) => closes.push(l), onRecords: (r) => recs.push(...r) });
      for (const q of some) replay.quote(q);
      const s = replay.summary(0);
      return { a: { closes, accounts: s.accounts, open: s.openPositions }, b: { closes: expected.closes, accounts: expected.accounts, open: expected.openPositions }, recs, replay };
    };
    for (let n = 1; n <= quotes.length; n++) {
      const { a, b, recs, replay } = at(n);
      if (JSON.stringify(a) === JSON.stringify(b)) continue;
      console.log('SEED', seed, 'after quote', n, quotes[n - 1]);
      for (const [i, c] of a.closes.entries()) if (JSON.stringify(c) !== JSON.stringify(b.closes[i])) { console.log(i, c, b.closes[i], b.closes.length, JSON.stringify(scenario.accounts.find((x) => x.accountId === (c as {accountId: string}).accountId)), JSON.stringify(scenario.positions.filter((x) => x.positionId === (c as {positionId: string}).positionId))); break; }
      const ca = a.closes.slice(-3), cb = b.closes.slice(-3);
      if (process.env['CL'] && JSON.stringify(a.closes) !== JSON.stringify(b.closes)) console.log('ours', ca, 'theirs', cb);
      a.accounts.forEach((x, i) => { if (JSON.stringify(x) !== JSON.stringify(b.accounts[i])) { console.log(x, b.accounts[i], JSON.stringify(scenario.accounts[i], null, 0)); const acc = replay.state.accounts.get(x.accountId)!; console.log([...acc.warned], [...acc.breaches], [...acc.anchors].map(([k, v]) => [k, v.value.toString(), v.moved.what, v.moved.ts]), acc.peak.toString(), acc.halt);
        console.log((recs as { accountId: string; type: string; ts: number; body: object }[]).filter((r) => r.accountId === x.accountId && /rule|grace|day|account/.test(r.type)).slice(-6).map((r) => JSON.stringify([r.type, r.ts, { ...r.body, positions: undefined }])).join('\n')); } });
      break;
    }
  }
}, 600000);
