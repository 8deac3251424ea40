// What is done next about a close that failed, or whose outcome is not known.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backoffMs,
  failuresMax,
  isResendSafe,
  mustRecordSending,
  retryMsMax,
  retryMsMin,
  type Asked,
  type Capabilities,
} from '#src/domain/close-steps';
import { routeOf } from '#src/domain/route';

const capabilities = [
  'idempotentByClientId',
  'queryByClientId',
  'closeByTicket',
  'reduceOnly',
] as const;
const answers = ['wasNeverThere', 'isWhole', 'isByTicket'] as const;

/** Every combination of these being true or false. */
function combinations<K extends string>(keys: readonly K[]): Record<K, boolean>[] {
  return Array.from(
    { length: 2 ** keys.length },
    (_, bits) =>
      Object.fromEntries(keys.map((key, i) => [key, (bits & (1 << i)) !== 0])) as Record<
        K,
        boolean
      >,
  );
}

const can = (...names: readonly string[]): Capabilities =>
  Object.fromEntries(capabilities.map((name) => [name, names.includes(name)])) as Record<
    (typeof capabilities)[number],
    boolean
  >;
const asked = (...names: readonly string[]): Asked =>
  Object.fromEntries(answers.map((name) => [name, names.includes(name)])) as Record<
    (typeof answers)[number],
    boolean
  >;

/** What the provider can do, what it said → whether the same order may be sent again. */
test.each<[string[], string[], boolean]>([
  [[], [], false],
  [[], ['isWhole'], false],
  [[], ['isByTicket'], false],
  [[], ['isWhole', 'isByTicket'], false],
  [[], ['wasNeverThere'], true],
  [['idempotentByClientId'], [], true],
  [['closeByTicket'], [], false],
  [['closeByTicket'], ['isByTicket'], false],
  [['closeByTicket'], ['isWhole'], false],
  [['closeByTicket'], ['isWhole', 'isByTicket'], true],
  [['reduceOnly'], [], false],
  [['reduceOnly'], ['isByTicket'], false],
  [['reduceOnly'], ['isWhole'], true],
  [['closeByTicket', 'reduceOnly'], [], false],
  [['closeByTicket', 'reduceOnly'], ['isWhole'], true],
  // That it can be asked is of no use before it has said something.
  [['queryByClientId'], ['isWhole', 'isByTicket'], false],
])('with a provider that can %j and said %j, a second send is safe: %j', (caps, said, isSafe) => {
  expect(isResendSafe(can(...caps), asked(...said))).toBe(isSafe);
});

test('of all 128 cases those are safe in which nothing can be closed twice', () => {
  let safe = 0;
  for (const caps of combinations(capabilities)) {
    for (const said of combinations(answers)) {
      // Unsafe is: it may have been executed, and executing it again would close something.
      const mayHaveRun = !said.wasNeverThere;
      const runsTwice = !caps.idempotentByClientId;
      const stopsAtFlat = (caps.closeByTicket && said.isByTicket) || caps.reduceOnly;
      const isUnsafe = mayHaveRun && runsTwice && !(said.isWhole && stopsAtFlat);
      expect(isResendSafe(caps, said)).toBe(!isUnsafe);
      if (!isUnsafe) safe++;
    }
  }
  expect(safe).toBe(106);
});

test('nothing that the provider can do more makes a safe second send unsafe', () => {
  for (const caps of combinations(capabilities)) {
    for (const said of combinations(answers)) {
      if (!isResendSafe(caps, said)) continue;
      for (const name of capabilities) {
        expect(isResendSafe({ ...caps, [name]: true }, said)).toBe(true);
      }
      for (const name of answers) {
        expect(isResendSafe(caps, { ...said, [name]: true })).toBe(true);
      }
    }
  }
});

test.each<[string[], boolean]>([
  [[], true],
  [['closeByTicket', 'reduceOnly'], true],
  [['queryByClientId'], false],
  [['idempotentByClientId'], false],
  [['idempotentByClientId', 'queryByClientId'], false],
])('with a provider that can %j the send is on record before it is made: %j', (caps, must) => {
  expect(mustRecordSending(can(...caps))).toBe(must);
});

test('with the defaults of a route a second send is safe, and needs no record', () => {
  const route = routeOf({ route: 'r' });
  expect([isResendSafe(route, asked()), mustRecordSending(route)]).toEqual([true, false]);
});

test('the third failure is a dead letter', () => {
  expect(failuresMax).toBe(3);
});

/** The wait at a chance of a half: half of the most. */
test.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
  [7, 6400],
  [8, 12_800],
  [9, 15_000],
  [10, 15_000],
  [1000, 15_000],
  [1e9, 15_000],
])('failure %i waits %i ms at half a chance', (failures, ms) => {
  expect(backoffMs(failures, 0.5)).toBe(ms);
});

test('a wait is a whole number of ms, from nothing to 200 ms doubled a failure, 30 s at most', () => {
  expect([retryMsMin, retryMsMax]).toEqual([200, 30_000]);
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), chance, (failures, drawn) => {
      const most = Math.min(30_000, 200 * 2 ** Math.min(failures - 1, 20));
      const ms = backoffMs(failures, drawn);
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(most);
      // Full jitter: the whole range is used.
      expect(backoffMs(failures, 0)).toBe(0);
      expect(backoffMs(failures, 1 - 2 ** -53)).toBe(most - 1);
    }),
  );
});
