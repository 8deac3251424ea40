// npm run crash -- [--kills N] [--seed N]: as many kills as you like, and the figures of all of them.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^[1-9]\d{0,5}$/.test(value)) {
    console.error(`--${name} ${value}: expected a whole number from 1 to 999999`);
    process.exit(2);
  }
}
process.env['CRASH_KILLS'] = values.kills;
process.env['CRASH_SEED'] = values.seed;
await startVitest('test', ['test/crash/kill.test.ts'], {
  run: true,
  watch: false,
  disableConsoleIntercept: true,
});
