// Routes as they come in.
import { expect, test } from 'vitest';
import { RouteBody } from '#src/contracts/route';
import { routeDefaults, routeOf, type RouteSpec } from '#src/domain/route';
import { accepted, faultsOf } from './faults.ts';

test.each<[object]>([
  [{ route: 'prime-1' }],
  [{ route: 'r', timeoutMs: 1, ratePerSecond: 1, burst: 1, maxInFlight: 1 }],
  [
    {
      route: 'r',
      timeoutMs: 60_000,
      ratePerSecond: 100_000,
      burst: 100_000,
      maxInFlight: 10_000,
      idempotentByClientId: false,
      closeByTicket: false,
      queryByClientId: false,
      reduceOnly: true,
      batchCancel: true,
      protectiveCancels: false,
      driftPolicy: 'close',
    },
  ],
  [{ route: 'r', driftPolicy: 'adopt' }],
])('the route %j is taken as it came', (given) => {
  expect(accepted(RouteBody, given)).toEqual(given);
});

test('every field that a stored route has may be given, and nothing else', () => {
  const stored = routeOf({ route: 'r' });
  expect(accepted(RouteBody, stored)).toEqual({ ...routeDefaults, route: 'r' });
  expect(routeOf(accepted(RouteBody, { route: 'r', burst: 5 }) as RouteSpec)).toEqual({
    ...stored,
    burst: 5,
  });
});

const whole = (max: number): string => `expected a whole number from 1 to ${max}`;

test.each<[object, string]>([
  [{ route: undefined }, 'route: expected text, was missing'],
  [{ route: 'a.b' }, 'route: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"'],
  [{ route: '*' }, 'route: expected 1 to 64 of A-Z a-z 0-9 _ -, was "*"'],
  [{ timeoutMs: 0 }, `timeoutMs: ${whole(60_000)}, was 0`],
  [{ timeoutMs: 60_001 }, `timeoutMs: ${whole(60_000)}, was 60001`],
  [{ timeoutMs: '2000' }, `timeoutMs: ${whole(60_000)}, was "2000"`],
  [{ ratePerSecond: 0.5 }, `ratePerSecond: ${whole(100_000)}, was 0.5`],
  [{ ratePerSecond: 100_001 }, `ratePerSecond: ${whole(100_000)}, was 100001`],
  [{ burst: 0 }, `burst: ${whole(100_000)}, was 0`],
  [{ burst: null }, `burst: ${whole(100_000)}, was null`],
  [{ maxInFlight: 10_001 }, `maxInFlight: ${whole(10_000)}, was 10001`],
  [{ maxInFlight: NaN }, `maxInFlight: ${whole(10_000)}, was NaN`],
  [{ reduceOnly: 'true' }, 'reduceOnly: expected true or false, was "true"'],
  [{ protectiveCancels: 1 }, 'protectiveCancels: expected true or false, was 1'],
  [{ driftPolicy: 'ignore' }, 'driftPolicy: expected one of alarm, adopt, close, was "ignore"'],
  [{ url: 'nats://h' }, 'url: is not a known key'],
])('a route with %j is refused', (change, fault) => {
  expect(faultsOf(RouteBody, { route: 'r', ...change })).toEqual([fault]);
});
