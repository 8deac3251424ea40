// What tiny worlds have to show of market guards: everything that a guard can say matters often.
import { expect, test } from 'vitest';
import { bruteForce } from './brute-force.ts';
import type { LevelChange } from './brute-force/market.ts';
import type { GuardedScenario, MarketGuardSpec } from './brute-force/market-terms.ts';
import { tinyWorld } from './tiny-worlds.ts';

const conditions = ['gap', 'spread', 'liquidity', 'stale', 'volatility'] as const;
const every = { guards: 'every' } as const;

test('in tiny worlds every condition comes and goes at both levels, and closes at its deadline too', () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let seed = 1; seed <= 300; seed++) {
    const { scenario, quotes } = tinyWorld(seed, every);
    const { closes } = bruteForce(scenario, quotes, undefined, ({ condition, side = '', level }) =>
      count(`${condition}${side} ${level}`),
    );
    for (const { reason, symbol, ts } of closes) {
      const isOnOwn = quotes.some((quote) => quote.symbol === symbol && quote.ts === ts);
      count(reason.startsWith('market_') && !isOnOwn ? `${reason} between quotes` : reason);
    }
  }
  const names = ['gap', 'spread', 'liquiditylong', 'liquidityshort', 'stale', 'volatility'];
  const often = [
    ...names.flatMap((name) => ['clear', 'warning', 'critical'].map((level) => `${name} ${level}`)),
    ...conditions.map((condition) => `market_${condition}`),
    ...['spread', 'liquidity', 'stale'].map((one) => `market_${one} between quotes`),
  ];
  for (const what of often) expect(counts.get(what) ?? 0, what).toBeGreaterThan(9);
}, 60_000);

/** The worlds with one thing less of them. */
const without: Record<string, (scenario: GuardedScenario) => GuardedScenario> = {
  reject: eachGuard(({ reject: _reject, ...rest }) => rest),
  confirmQuotes: eachCondition({ confirmQuotes: 1 }),
  confirmMs: eachCondition({ confirmMs: 0 }),
  clearAfterMs: eachCondition({ clearAfterMs: 5000 }),
  sessions: (scenario) => ({
    ...scenario,
    instruments: scenario.instruments.map(({ sessions: _sessions, ...rest }) => rest),
  }),
  holidays: (scenario) => ({
    ...scenario,
    instruments: scenario.instruments.map(({ sessions, ...rest }) => {
      if (sessions === undefined) return rest;
      return { ...rest, sessions: { ...sessions, holidays: [] } };
    }),
  }),
};

test.for(Object.entries(without))('in tiny worlds it matters: %s', ([, less]) => {
  let differing = 0;
  for (let seed = 1; seed <= 150 && differing < 5; seed++) {
    const { scenario, quotes } = tinyWorld(seed, every);
    const told = (of: GuardedScenario): unknown => {
      const changes: LevelChange[] = [];
      const { closes } = bruteForce(of, quotes, undefined, (change) => changes.push(change));
      return { closes, changes };
    };
    if (JSON.stringify(told(scenario)) !== JSON.stringify(told(less(scenario)))) differing++;
  }
  expect(differing).toBe(5);
});

test('the option leaves the other worlds alone, and is the same for the same seed', () => {
  for (let seed = 1; seed <= 20; seed++) {
    expect(tinyWorld(seed, { guards: 'plain' })).toEqual(tinyWorld(seed));
    expect(tinyWorld(seed, every)).toEqual(tinyWorld(seed, every));
    expect(tinyWorld(seed, every)).not.toEqual(tinyWorld(seed));
  }
});

function eachGuard(change: (guard: MarketGuardSpec) => MarketGuardSpec) {
  return (scenario: GuardedScenario): GuardedScenario => {
    const guards = Object.entries(scenario.marketGuards ?? {});
    return {
      ...scenario,
      marketGuards: Object.fromEntries(guards.map(([symbol, guard]) => [symbol, change(guard)])),
    };
  };
}

function eachCondition(given: {
  confirmQuotes?: number;
  confirmMs?: number;
  clearAfterMs?: number;
}) {
  return eachGuard((guard) => {
    const changed = { ...guard };
    for (const name of conditions) {
      const condition = changed[name];
      if (condition !== undefined && condition !== false) {
        Object.assign(changed, { [name]: { ...condition, ...given } });
      }
    }
    return changed;
  });
}
