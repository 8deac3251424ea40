// What a position with its actor takes of memory, and the data directory that bench/restore-run.ts
// starts from. Writes bytes a position.
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { EngineWorld } from './engine-world.ts';
import { farPositionsIn } from './worlds.ts';

const [directory = '', count = '0'] = process.argv.slice(2);
const { instruments, accounts } = farPositionsIn(Number(count));
const world = await EngineWorld.open(
  { instruments, accounts },
  { journal: sqliteJournal({ directory }) },
);
const before = usedBytes();
world.track(farPositionsIn(Number(count)).positions);
await world.settled();
const after = usedBytes();
console.log((after - before) / Number(count));
await world.close();
process.exit(0);

function usedBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
