// npm run sim -- --seeds 1000 [--first-seed K] [--seed N] [--minutes 60]: simulated worlds, one a
// seed, and what was checked in them. A seed that fails is named with the command that repeats it.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { addTally, emptyTally, reportOf } from './tally.ts';
import { World } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'first-seed': { type: 'string', default: '1' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '60' },
  },
});
const minutes = Number(values.minutes);
const first = Number(values.seed ?? values['first-seed']);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (![minutes, first, count].every((n) => Number.isInteger(n) && n > 0)) {
  process.stderr.write(
    'sim: --seeds, --first-seed, --seed and --minutes are whole numbers above 0\n',
  );
  process.exit(2);
}

const total = emptyTally();
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  const world = new World(seed);
  try {
    await world.run(minutes);
    addTally(total, world.tally);
  } catch (error) {
    failed++;
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.stderr.write(`again: npm run sim -- --seed ${seed} --minutes ${minutes}\n`);
  }
}
process.stdout.write(reportOf(total, { seeds: count, failed, hours: (count * minutes) / 60 }));
process.exitCode = failed === 0 ? 0 : 1;
