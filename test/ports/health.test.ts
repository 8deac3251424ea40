// The health of the whole follows from that of its parts.
import { expect, test } from 'vitest';
import { healthOf, type Part } from '#src/ports/health';

const well: Part = { isHealthy: true, since: 1 };
const ill: Part = { isHealthy: false, since: 2, detail: 'away' };
const vital = { isVital: true };

test.each<[string, Record<string, Part>, string, string]>([
  ['no part', {}, 'ok', 'healthy'],
  ['every part healthy', { a: { ...well, ...vital }, b: well }, 'ok', 'healthy'],
  ['one ill', { a: { ...well, ...vital }, b: ill }, 'degraded', 'degraded'],
  [
    'one ill that is said not to be vital',
    { a: { ...ill, isVital: false } },
    'degraded',
    'degraded',
  ],
  ['a vital one ill', { a: { ...ill, ...vital }, b: well }, 'down', 'down'],
  ['a vital one and another ill', { a: ill, b: { ...ill, ...vital } }, 'down', 'down'],
])('%s', (_what, parts, status, workers) => {
  expect(healthOf(parts, 0)).toMatchObject({
    status,
    workers: { status: workers, isHealthy: status === 'ok' },
  });
});

test('it tells the parts as they are, and the time since the start in whole seconds', () => {
  const { components, uptime } = healthOf({ a: { ...ill, ...vital }, b: well }, 61_999).workers;
  expect(components).toEqual({
    a: { isHealthy: false, since: 2, detail: 'away' },
    b: { isHealthy: true, since: 1 },
  });
  expect(uptime).toBe(61);
});
