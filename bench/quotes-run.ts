// One world of bench/quotes.ts in a process of its own, so that its heap is nobody else's: a line in,
// a run, a line out with quotes a second. The first line out tells that it is there, and its memory.
import { createInterface } from 'node:readline';
import { goldQuotes, type ReusedQuote } from './gold.ts';
import { Trend, trendingPositions } from './trend.ts';
import { farPositionsIn, quietReplay } from './worlds.ts';

const dayMs = 86_400_000;
/** Times that the recording is gone through in a run; one is over before it says much. */
const goldPasses = 4;
/** So short a run is that of a bare loop, else, that it says nothing. */
const barePasses = 40;

const worlds: Record<string, (count: number) => Promise<() => number>> = {
  /** The recording spread over 100 symbols, a day later each time. */
  async gold(count) {
    const quotes = await goldQuotes();
    const replay = quietReplay(farPositionsIn(count));
    return () => {
      let takenMs = 0;
      for (let pass = 0; pass < goldPasses; pass++) {
        for (const quote of quotes) quote.ts += dayMs;
        takenMs += msOf(quotes, (quote) => replay.quote(quote));
      }
      return (quotes.length * goldPasses * 1000) / takenMs;
    };
  },
  trend(count) {
    const trend = new Trend();
    const replay = quietReplay(trendingPositions(count));
    return Promise.resolve(() => {
      const quotes = trend.next();
      return (quotes.length * 1000) / msOf(quotes, (quote) => replay.quote(quote));
    });
  },
  /** What the loop itself costs: two comparisons a quote. */
  async bare() {
    const quotes = await goldQuotes();
    let crossed = 0;
    const pass = (): void => {
      for (const { bid, ask } of quotes) if (bid <= 1100 || ask >= 1500) crossed++;
    };
    return () => {
      const startedMs = performance.now();
      for (let i = 0; i < barePasses; i++) pass();
      if (crossed > 0) throw new Error('a quote crossed a level');
      return (quotes.length * barePasses * 1000) / (performance.now() - startedMs);
    };
  },
};

function msOf(quotes: readonly ReusedQuote[], take: (quote: ReusedQuote) => void): number {
  const startedMs = performance.now();
  for (const quote of quotes) take(quote);
  return performance.now() - startedMs;
}

const [kind = '', count = '0'] = process.argv.slice(2);
const run = await worlds[kind]?.(Number(count));
if (run === undefined) throw new Error(`no such world: ${kind}`);
globalThis.gc?.();
const { heapUsed, external } = process.memoryUsage();
console.log(heapUsed + external);
createInterface(process.stdin).on('line', () => console.log(run()));
