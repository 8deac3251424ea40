// From a quote's arrival to the request of the close that it makes due: 100,000 positions, 100,000
// quotes a second in bursts as a socket hands them over, one close a burst. Writes `Latencies`.
import { EngineWorld } from './engine-world.ts';
import { goldQuotes, goldSymbols } from './gold.ts';
import { latencyHistogram } from './latency.ts';
import { paced } from './paced.ts';
import { farExits, farPositionsIn, instrumentsOf } from './worlds.ts';

const positions = 100_000;
const quotesPerBurst = 100;
const burstEveryMs = 1;
const warmUpBursts = 2_000;
const bursts = 12_000;
/** Whose price falls a tick a burst, through the level of one position. */
const fallingSymbol = 'FALLING';
const firstTicks = 2_000_000;
const ticksPerUnit = 1_000;
/** Place of the crossing quote in its burst goes round by this, which shares no factor with it. */
const placeStep = 37;

const histogram = latencyHistogram();
let dueMs = 0;
let requested = 0;
let isWarm = false;
const world = await openWorld();
const quotes = await goldQuotes();
globalThis.gc?.();

let next = 0;
let sent = 0;
await paced({
  burstEveryMs,
  sleeps: true,
  isOver: () => sent === warmUpBursts + bursts,
  burst: (i, burstDueMs) => {
    dueMs = burstDueMs;
    isWarm = i >= warmUpBursts;
    const crossingPlace = (i * placeStep) % quotesPerBurst;
    const ts = Date.now();
    for (let place = 0; place < quotesPerBurst; place++) {
      if (place === crossingPlace) {
        const bid = (firstTicks - i - 1) / ticksPerUnit;
        world.quote({ symbol: fallingSymbol, bid, ask: bid, ts });
      } else {
        const quote = quotes[next++ % quotes.length];
        if (quote === undefined) throw new Error('there are quotes');
        quote.ts = ts;
        world.quote(quote);
      }
    }
    sent++;
  },
});
if (requested !== sent) throw new Error(`${requested} closes were requested by ${sent} quotes`);
console.log(JSON.stringify(histogram.result()));
process.exit(0);

async function openWorld(): Promise<EngineWorld> {
  const crossed = warmUpBursts + bursts;
  const far = farPositionsIn(positions - crossed);
  const instruments = [...far.instruments, ...instrumentsOf([fallingSymbol])];
  const opened = await EngineWorld.open(
    { instruments, accounts: far.accounts },
    {
      onCloseRequested: () => {
        requested++;
        if (isWarm) histogram.record(performance.now() - dueMs);
      },
    },
  );
  opened.track(far.positions);
  opened.track(
    Array.from({ length: crossed }, (_, i) => ({
      positionId: `c${i}`,
      accountId: `a${i % far.accounts.length}`,
      symbol: fallingSymbol,
      side: 'long' as const,
      quantity: 1,
      entryPrice: 2000,
      exits: {
        ...farExits(i, 'long'),
        stopLoss: String((firstTicks - i - 1) / ticksPerUnit),
        takeProfit: 3000,
      },
    })),
  );
  for (const symbol of goldSymbols) {
    opened.quote({ symbol, bid: 1290, ask: 1290.3, ts: Date.now() });
  }
  return opened;
}
