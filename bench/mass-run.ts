// A crash: one quote that crosses the levels of 100,000 positions, while 99 other symbols are quoted
// on. A line in, a crash, a line out: `Crash`.
import { createInterface } from 'node:readline';
import type { Scenario } from '#src/contracts/scenario';
import type { Quote } from '#src/domain/quote';
import { EngineWorld } from './engine-world.ts';
import { goldSymbols } from './gold.ts';
import { paced } from './paced.ts';
import { farPositionsIn } from './worlds.ts';

export interface Crash {
  /** Until the crash quote's own turn was over, in which all are marked. */
  readonly markedMs: number;
  /** Until the last close was requested. */
  readonly requestedMs: number;
  /** Longest that a quote of another symbol waited, from when it was due until it was through. */
  readonly othersWaitedMs: number;
}

/** A quote that knows when it was due. */
interface DueQuote extends Quote {
  readonly dueMs: number;
}

const positions = 100_000;
/** Below every level of a long, and every target of a short. */
const crashed = 100;
const [crashing = '', ...others] = goldSymbols;
const scenario = farPositionsIn(positions, [crashing]);
const all = farPositionsIn(0);

let requested = 0;
let requestedMs = 0;
let othersWaitedMs = 0;
const { accounts } = scenario;
const world = await EngineWorld.open(
  { instruments: all.instruments, accounts },
  {
    onCloseRequested: () => {
      requested++;
      requestedMs = performance.now();
    },
  },
);
world.onTaken((quote) => {
  if (!('dueMs' in quote)) return;
  othersWaitedMs = Math.max(othersWaitedMs, performance.now() - (quote as DueQuote).dueMs);
});

let crashes = 0;
console.log('ready');
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
while (!(await lines.next()).done) {
  console.log(JSON.stringify(await crash(`r${++crashes}_`)));
}
process.exit(0);

async function crash(prefix: string): Promise<Crash> {
  world.quote({ symbol: crashing, bid: 1290, ask: 1290.3, ts: Date.now() });
  world.track(renamed(prefix));
  await world.settled();
  globalThis.gc?.();
  requested = 0;
  othersWaitedMs = 0;
  const quotedMs = performance.now();
  world.quote({ symbol: crashing, bid: crashed, ask: crashed + 1, ts: Date.now() });
  const markedMs = performance.now() - quotedMs;
  await quoteOthersSince(quotedMs);
  return { markedMs, requestedMs: requestedMs - quotedMs, othersWaitedMs };
}

/** Quotes of the others come all the while, each millisecond one. */
async function quoteOthersSince(startedMs: number): Promise<void> {
  let taken = 0;
  await paced({
    burstEveryMs: 1,
    sleeps: false,
    startedMs,
    isOver: () => requested === positions && taken > others.length,
    burst: (i, dueMs) => {
      const symbol = others[i % others.length] ?? '';
      const quote: DueQuote = { symbol, bid: 1290, ask: 1290.3, ts: Date.now(), dueMs };
      world.quote(quote);
      taken++;
    },
  });
}

/** A closed position's id is never used again. */
function renamed(prefix: string): Scenario['positions'] {
  return scenario.positions.map((given) => ({ ...given, positionId: prefix + given.positionId }));
}
