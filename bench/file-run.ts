// One run of the gold recording from its file, with so many positions; prints quotes a second.
import { eachGoldQuote } from './gold.ts';
import { farPositions, quietReplay } from './worlds.ts';

const replay = quietReplay(farPositions(Number(process.argv[2])));
globalThis.gc?.();
let count = 0;
const started = performance.now();
await eachGoldQuote((quote) => {
  count++;
  replay.quote(quote);
});
console.log((count * 1000) / (performance.now() - started));
