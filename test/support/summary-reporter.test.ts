// The last lines of a run: for people, and for what reads the number of tests.
import { expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { countOf, summaryOf } from './summary-reporter.ts';

type State = 'passed' | 'failed' | 'skipped' | 'pending';

function moduleOf(states: readonly State[], errors: readonly Error[] = []): TestModule {
  const tests = states.map((state) => ({ result: () => ({ state }) }));
  return { errors: () => errors, children: { allTests: () => tests } } as unknown as TestModule;
}

test.each([
  [[moduleOf(['passed', 'passed', 'failed', 'skipped', 'pending'])], 0, 2, 1, 1],
  [[moduleOf(['passed']), moduleOf([], [new Error('does not parse')])], 0, 1, 1, 0],
  [[moduleOf(['passed'])], 2, 1, 2, 0],
  [[], 0, 0, 0, 0],
])('run %# is counted whole', (modules, errorsOutside, passed, failed, skipped) => {
  expect(countOf(modules, errorsOutside)).toEqual({ passed, failed, skipped });
});

test.each([
  [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
  [{ passed: 12, failed: 3, skipped: 1 }, '12 passed, 3 failed, 1 skipped'],
])('%o ends in "%s"', (counts, expected) => {
  expect(summaryOf(counts, []).trim()).toBe(expected);
});

test('a run on synthetic quotes says so before its last line', () => {
  const summary = summaryOf({ passed: 1, failed: 0, skipped: 0 }, ['XAUUSD']);
  expect(summary.trim().split('\n')).toEqual([
    'Without the recordings of XAUUSD: the tests ran on synthetic quotes.',
    '1 passed, 0 failed',
  ]);
});
