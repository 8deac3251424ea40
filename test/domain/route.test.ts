// A route, and what it has that nothing names (contract section 8).
import { expect, test } from 'vitest';
import { routeOf } from '#src/domain/route';

const defaults = {
  timeoutMs: 2000,
  ratePerSecond: 100,
  burst: 200,
  maxInFlight: 32,
  idempotentByClientId: true,
  closeByTicket: true,
  queryByClientId: true,
  reduceOnly: false,
  batchCancel: false,
  protectiveCancels: true,
  driftPolicy: 'alarm',
};

test('a route of which nothing is said has the defaults of the contract', () => {
  expect(routeOf({ route: 'prime' })).toEqual({ route: 'prime', ...defaults });
});

test.each([
  [{ timeoutMs: 1 }],
  [{ ratePerSecond: 5, burst: 1, maxInFlight: 1 }],
  [{ idempotentByClientId: false, queryByClientId: false, closeByTicket: false }],
  [{ reduceOnly: true, batchCancel: true, protectiveCancels: false }],
  [{ driftPolicy: 'close' }],
] as const)('%j is in the place of the default, and nothing else is', (given) => {
  expect(routeOf({ route: 'r', ...given })).toEqual({ route: 'r', ...defaults, ...given });
});

test('what is given as nothing has its default', () => {
  const given = { route: 'r', timeoutMs: undefined, driftPolicy: undefined, burst: 7 };
  expect(routeOf(given)).toEqual({ route: 'r', ...defaults, burst: 7 });
});
