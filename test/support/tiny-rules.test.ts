// What tiny worlds have to show of the rules: in some hundred of them everything happens often.
import { expect, test } from 'vitest';
import { bruteForce } from './brute-force.ts';
import { tinyWorld } from './tiny-worlds.ts';

const worlds = 300;
const dayMs = 24 * 60 * 60 * 1000;

test(`in ${worlds} tiny worlds every rule acts often, in every state, over milliseconds and days`, () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let seed = 1; seed <= worlds; seed++) {
    const { scenario, quotes } = tinyWorld(seed);
    const result = bruteForce(scenario, quotes, count);
    for (const { state } of result.accounts) count(`ends ${state}`);
    for (const { accountId, ruleId } of result.closes) {
      const { rules } = scenario.accounts.find((one) => one.accountId === accountId) ?? {};
      const rule = rules?.find(({ id }) => id === ruleId);
      if (rule !== undefined) count(`closed by ${rule.anchor}`);
    }
    const lastsMs = (quotes.at(-1)?.ts ?? 0) - (quotes[0]?.ts ?? 0);
    count(lastsMs > dayMs ? 'lasts days' : lastsMs > 1000 ? 'lasts minutes' : 'lasts moments');
  }
  const often = [
    ...['warned', 'restored', 'locked', 'rolled', 'reduced', 'closed late'],
    ...['grace begun', 'grace ended'],
    ...['close', 'reduce', 'haltEntries', 'warn'].map((action) => `breached ${action}`),
    ...['peakEquity', 'initialBalance', 'fixed', 'marginLevel'].map((one) => `closed by ${one}`),
    ...['dayStartBalance', 'dayStartEquity', 'dayStartHigher'].map((one) => `closed by ${one}`),
    'closed by highestDayEndBalance',
    ...['days', 'minutes', 'moments'].map((span) => `lasts ${span}`),
    ...['normal', 'warning', 'halted'].map((state) => `ends ${state}`),
  ];
  for (const what of often) expect(counts.get(what) ?? 0, what).toBeGreaterThan(9);
  // Those that are over soon.
  for (const what of ['ends grace', 'ends closing']) {
    expect(counts.get(what) ?? 0, what).toBeGreaterThan(1);
  }
});
