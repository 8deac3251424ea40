// A process that takes a data directory (its argument), says so, and holds it until it is killed.
import { openDataDirectory } from '#src/journal/data-directory';

const [path = ''] = process.argv.slice(2);
openDataDirectory(path, { pid: process.pid, host: 'child', now: Date.UTC(2025, 0, 2) });
// Nobody refers to the directory any more; it must be ours all the same.
globalThis.gc?.();
process.send?.('taken');
process.on('message', () => {});
