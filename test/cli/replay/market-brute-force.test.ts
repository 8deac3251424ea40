// Market guards of every kind against an evaluation of every condition on every quote.
import { expect, test } from 'vitest';
import { bruteForce } from '../../support/brute-force.ts';
import { tinyWorld } from '../../support/tiny-worlds.ts';
import { replayed } from './replayed.ts';

const worlds = 200;

test(`${worlds} tiny worlds with market guards of every kind: same closes, same changes`, () => {
  const told: Record<string, number> = {};
  for (let seed = 1; seed <= worlds; seed++) {
    const { scenario, quotes } = tinyWorld(seed, { guards: 'every' });
    const changes: unknown[] = [];
    const result = bruteForce(scenario, quotes, undefined, (change) => changes.push(change));
    expect(replayed(scenario, quotes), `seed ${seed}`).toEqual({ result, changes });
    for (const { reason } of result.closes) told[reason] = (told[reason] ?? 0) + 1;
  }
  const reasons = ['gap', 'spread', 'liquidity', 'stale', 'volatility'];
  for (const one of reasons) expect(told[`market_${one}`], one).toBeGreaterThan(10);
}, 300_000);
