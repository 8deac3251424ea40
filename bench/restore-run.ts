// How long it takes from the opening of a journal until all its positions are guarded again. Writes
// milliseconds.
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { EngineWorld } from './engine-world.ts';

const [directory = '', count = '0'] = process.argv.slice(2);
const startedMs = performance.now();
const world = await EngineWorld.open(undefined, { journal: sqliteJournal({ directory }) });
const restoredMs = performance.now() - startedMs;
const guarded = [...world.core.state.positions.values()].filter((it) => it.state === 'guarded');
if (guarded.length !== Number(count)) throw new Error(`${guarded.length} positions are guarded`);
console.log(restoredMs);
process.exit(0);
