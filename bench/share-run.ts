// What share of one core an engine takes with 10,000 positions and 1,000 quotes a second, the making
// of the quotes included. Writes `Share`.
import { EngineWorld } from './engine-world.ts';
import { goldQuotes } from './gold.ts';
import { farPositionsIn } from './worlds.ts';

export interface Share {
  /** 1 is a whole core. */
  readonly share: number;
  readonly quotesPerSecond: number;
}

const positions = 10_000;
const quotesPerMs = 1;
const warmUpMs = 3_000;
const measuredMs = 10_000;
const usPerMs = 1_000;

const scenario = farPositionsIn(positions);
const world = await EngineWorld.open(scenario);
world.track(scenario.positions);
const quotes = await goldQuotes();
globalThis.gc?.();

let sent = 0;
const startedMs = performance.now();
const feeding = setInterval(() => {
  const due = (performance.now() - startedMs) * quotesPerMs;
  for (const ts = Date.now(); sent < due; sent++) {
    const quote = quotes[sent % quotes.length];
    if (quote === undefined) throw new Error('there are quotes');
    quote.ts = ts;
    world.quote(quote);
  }
}, 1);
setTimeout(() => {
  const cpuBefore = process.cpuUsage();
  const beforeMs = performance.now();
  const sentBefore = sent;
  setTimeout(() => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const elapsedMs = performance.now() - beforeMs;
    clearInterval(feeding);
    const share: Share = {
      share: (user + system) / usPerMs / elapsedMs,
      quotesPerSecond: ((sent - sentBefore) * 1000) / elapsedMs,
    };
    console.log(JSON.stringify(share));
    process.exit(0);
  }, measuredMs);
}, warmUpMs);
