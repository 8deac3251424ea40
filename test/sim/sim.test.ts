// Simulated worlds, hundreds of them, in processes of their own; a seed that fails says how to repeat it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchors, ruleActions } from '#src/domain/rules';
import type { Tally } from './book.ts';
import { World } from './world.ts';

const main = join(import.meta.dirname, 'main.ts');
const seedsOfOne = 50;
const minutes = 60;
/** Some minutes on two quiet cores. */
const testMsMax = 900_000;

const run = promisify(execFile);

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function simulate(args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(process.execPath, [main, ...args]);
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

test.concurrent.each([1, 1 + seedsOfOne])(
  `${seedsOfOne} worlds from seed %i on hold together`,
  async (first) => {
    const seeds = ['--seeds', String(seedsOfOne), '--first-seed', String(first)];
    const { status, stdout, stderr } = await simulate([...seeds, '--minutes', String(minutes)]);
    expect(stderr).toBe('');
    expect(stdout).toContain(`seeds ${seedsOfOne}, failed 0, simulated hours ${seedsOfOne}`);
    expect(status).toBe(0);
  },
  testMsMax,
);

describe('some hours', () => {
  const tallies: Tally[] = [];
  const kinds: Record<string, number> = {};

  beforeAll(async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 16]) {
      const world = new World(seed);
      await world.run(minutes);
      tallies.push(world.tally);
      for (const counts of [world.tally.guards, world.tally.closes]) {
        for (const [kind, count] of Object.entries(counts))
          kinds[kind] = (kinds[kind] ?? 0) + count;
      }
    }
  }, testMsMax);

  const sumOf = (count: (tally: Tally) => number): number =>
    tallies.reduce((sum, tally) => sum + count(tally), 0);
  const missing = (wanted: readonly string[]): string[] =>
    wanted.filter((kind) => (kinds[kind] ?? 0) === 0);

  test('each have quotes, commands, due closes and faults enough', () => {
    for (const { quotes, commands, dueCloses, faults } of tallies) {
      const count = Object.values(faults).reduce((sum, one) => sum + one, 0);
      expect({ quotes, commands, dueCloses, count }).toSatisfy(
        (hour: typeof hour0) =>
          hour.quotes >= 1000 && hour.commands >= 50 && hour.dueCloses >= 20 && hour.count >= 5,
      );
    }
  });

  test('every kind of exit has closed something', () => {
    const wanted = [
      ...['stop_loss', 'stop_loss (money)', 'stop_loss (provider)', 'break_even'],
      ...['take_profit', 'take_profit (money)', 'take_profit (rung)', 'trailing_stop'],
      ...['expired', 'a part', 'manual'],
    ];
    expect(missing(wanted)).toEqual([]);
    expect(sumOf(({ amendedSame }) => amendedSame)).toBeGreaterThan(10);
    expect(sumOf(({ refusedParts }) => refusedParts)).toBeGreaterThan(5);
  });

  test('guards of accounts have done all that they can', () => {
    const wanted = [
      ...anchors.map((anchor) => new RegExp(`^(breach|warning): ${anchor}`)),
      ...ruleActions.map((action) => new RegExp(`^breach: .* ${action}$`)),
      ...[/^breach of several rules$/, /^grace$/, /^grace ended/, /^day begun/, /^day .* made up/],
      ...[/^rule.recovered$/, /^rule.restored$/, /^rules.replaced$/, /^account.settled$/],
      ...[/^resume$/, /^resume refused$/],
    ];
    const seen = Object.keys(kinds);
    expect(wanted.filter((kind) => !seen.some((one) => kind.test(one)))).toEqual([]);
    expect(sumOf(({ peaksChecked }) => peaksChecked)).toBeGreaterThan(50);
  });

  test('guards of markets have done all that they can', () => {
    const gauges = ['gap', 'spread', 'liquidity long', 'liquidity short', 'volatility', 'stale'];
    const turns = ['warning', 'critical', 'clear'];
    const wanted = [
      ...gauges.flatMap((of) => turns.map((to) => `market: ${of} ${to}`)),
      ...['gap', 'spread', 'liquidity', 'volatility', 'stale'].map((of) => `market_${of}`),
      ...['feed: fallback (silent)', 'feed: primary (back)', 'session: open', 'session: closed'],
      'close not sent: cleared',
      ...['guard put', 'guard put, a condition acts on', 'guard removed'],
    ];
    expect(missing(wanted)).toEqual([]);
  });
});

const hour0 = { quotes: 0, commands: 0, dueCloses: 0, count: 0 };

test('the same seed is the same world, to the last hash', async () => {
  const last = async (): Promise<unknown> => {
    const world = new World(42);
    await world.run(minutes);
    const rows = await world.database.content.list({ limit: 1000 });
    return [world.tally, rows.items.map(({ hash }) => hash)];
  };
  expect(await last()).toEqual(await last());
});

test.each([
  [['--seeds', '0'], 'whole numbers above 0'],
  [['--minutes', 'x'], 'whole numbers above 0'],
])('%j is refused', async (args, why) => {
  const { status, stderr } = await simulate(args);
  expect(status).toBe(2);
  expect(stderr).toContain(why);
});
