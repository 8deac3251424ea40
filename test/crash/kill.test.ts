// kill -9 of the real process at random moments under load, beside a provider that answers late, not
// at all, or what is no answer: nothing acknowledged is lost, nothing due is, nothing is done twice.
import { setTimeout as pause } from 'node:timers/promises';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { kill, launchRuntime, startRuntime } from '../e2e/world.ts';
import { Random } from '../support/random.ts';
import { figuresOf, type Figures } from './figures.ts';
import { Load } from './load.ts';
import { crashWorld, type CrashWorld } from './world.ts';

/** 20 here; `npm run crash -- --kills 100 --seed N` for as many as you like. */
const kills = Number(process.env['CRASH_KILLS'] ?? 20);
const firstSeed = Number(process.env['CRASH_SEED'] ?? 1);
const killsPerWorld = 10;
const faultRate = 0.35;
/** A round is killed so long after it began, at the most. */
const roundMsMax = 2500;
/** Or at an answer, or at a close that comes to the provider, of the first so many. */
const answersMax = 150;
const closesMax = 30;
/** How often the start after a kill is killed as well, and how long after it began at the most. */
const startKilled = 0.25;
const startMsMax = 1200;
/** Load on the last runtime, which is not killed. */
const lastRoundMs = 1500;
const worldMsMax = 240_000;
const findingsShownMax = 20;

const worlds = Array.from({ length: Math.ceil(kills / killsPerWorld) }, (_, i) => ({
  seed: firstSeed + i,
  count: Math.min(killsPerWorld, kills - i * killsPerWorld),
}));
const all: Figures[] = [];

test.each(worlds)(
  'seed $seed: $count kills, and all of it as if nothing had happened',
  async ({ seed, count }) => {
    const random = new Random(seed);
    const world = await crashWorld({ seed, faultRate });
    const load = new Load(world, random);
    let killed = 0;
    while (killed < count) {
      const { running } = world;
      await load.run(moment(world, load, random).then(() => kill(running)));
      killed++;
      while (killed < count && random.chance(startKilled)) {
        const starting = launchRuntime(world.environment);
        await pause(random.int(0, startMsMax));
        await kill(starting);
        killed++;
      }
      world.running = await startRuntime(world.environment);
    }
    await load.run(pause(lastRoundMs));
    const figures = await figuresOf(world, load, killed);
    all.push(figures);
    const { amounts, faults, findings } = figures;
    const zeros = Object.fromEntries(Object.keys(faults).map((name) => [name, 0]));
    if (findings.length > 0) console.log(`seed ${seed}\n${findings.join('\n')}`);
    expect(faults, findings.slice(0, findingsShownMax).join('\n')).toEqual(zeros);
    // Something has happened in it.
    for (const [name, amount] of Object.entries(amounts)) {
      expect(amount, name).toBeGreaterThan(0);
    }
  },
  worldMsMax,
);

/** Some time, or just after an answer, or while a close is on its way. */
async function moment({ stub }: CrashWorld, load: Load, random: Random): Promise<void> {
  const late = pause(roundMsMax);
  switch (random.pick(['time', 'answer', 'close'] as const)) {
    case 'time':
      await pause(random.int(0, roundMsMax));
      return;
    case 'answer':
      await Promise.race([load.answered(random.int(1, answersMax)), late]);
      return;
    case 'close':
      await Promise.race([stub.closes(random.int(1, closesMax)), late]);
  }
}

afterAll(() => {
  const sums = new Map<string, number>();
  for (const { amounts, faults, byFault } of all) {
    for (const [name, value] of Object.entries({ ...amounts, ...faults, ...prefixed(byFault) })) {
      sums.set(name, (sums.get(name) ?? 0) + value);
    }
  }
  const lines = [...sums].map(([name, value]) => `${name.padEnd(32)}${value}`);
  console.log([`seeds ${firstSeed} to ${firstSeed + worlds.length - 1}`, ...lines].join('\n'));
});

function prefixed(byFault: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(byFault).map(([name, value]) => [`provider fault ${name}`, value]),
  );
}
