// Quotes a second in process: with few and with many positions, from memory and from the file, and
// beside the naive design that sends every quote to every actor.
import { execFileSync } from 'node:child_process';
import { createActor, setup, type Actor } from 'xstate';
import type { Replay } from '#src/cli/replay/replay';
import type { Quote } from '#src/domain/quote';
import { median, type Row } from './report.ts';
import { eachGoldQuote, farPositions, quietReplay } from './worlds.ts';

const runs = 5;
const fewPositions = 1_000;
const manyPositions = 100_000;
/** The naive design is so slow that fewer positions and quotes have to do. */
const naiveQuotes = 200;
const dayMs = 86_400_000;

export async function benchQuotes(): Promise<Row[]> {
  const fewQuotes = await goldQuotes();
  const manyQuotes = await goldQuotes();
  const few = quietReplay(farPositions(fewPositions));
  const many = quietReplay(farPositions(manyPositions));
  const fewRates: number[] = [];
  const manyRates: number[] = [];
  const fileRates: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const rates = [
      inMemory(few, fewQuotes, run),
      inMemory(many, manyQuotes, run),
      fromFile(),
    ] as const;
    // The first run warms up.
    if (run === 0) continue;
    fewRates.push(rates[0]);
    manyRates.push(rates[1]);
    fileRates.push(rates[2]);
  }
  const fewRate = median(fewRates);
  const manyRate = median(manyRates);
  const naive = naiveRate(fewQuotes, fewPositions);
  return [
    { measure: `in process, ${fewPositions} positions`, unit: 'quotes/s', value: fewRate },
    {
      measure: `in process, ${manyPositions} positions`,
      unit: 'quotes/s',
      value: manyRate,
      versus: `${fewPositions} positions`,
      ratio: manyRate / fewRate,
    },
    {
      measure: `from the recording's file, parsing included, ${manyPositions} positions`,
      unit: 'quotes/s',
      value: median(fileRates),
    },
    {
      measure: `each quote sent to each actor, ${fewPositions} positions`,
      unit: 'quotes/s',
      value: naive,
      versus: `the level index with ${fewPositions} positions`,
      ratio: naive / fewRate,
    },
  ];
}

async function goldQuotes(): Promise<Quote[]> {
  const quotes: Quote[] = [];
  await eachGoldQuote((quote) => quotes.push(quote));
  return quotes;
}

/** Each run is a day later, so that no quote is older than its predecessor. */
function inMemory(replay: Replay, quotes: readonly { ts: number }[], run: number): number {
  const shiftMs = run === 0 ? 0 : dayMs;
  for (const quote of quotes) quote.ts += shiftMs;
  globalThis.gc?.();
  const started = performance.now();
  for (const quote of quotes) replay.quote(quote as Quote);
  return perSecond(quotes.length, started);
}

/** The whole of it, in a process of its own as `closeout replay` is: read, gunzip, parse, take. */
function fromFile(): number {
  const args = [...process.execArgv, 'bench/file-run.ts', String(manyPositions)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** What we do not do: one machine a position, which looks at every quote itself. */
function naiveRate(quotes: readonly Quote[], positions: number): number {
  const logic = setup({
    types: {
      context: {} as { stop: number; target: number },
      events: {} as { type: 'quote'; bid: number },
    },
    guards: {
      isCrossed: ({ context, event }) => event.bid <= context.stop || event.bid >= context.target,
    },
  }).createMachine({
    context: { stop: 1100, target: 1500 },
    initial: 'guarded',
    states: { guarded: { on: { quote: { guard: 'isCrossed', target: 'closing' } } }, closing: {} },
  });
  const actors: Actor<typeof logic>[] = [];
  for (let i = 0; i < positions; i++) actors.push(createActor(logic).start());
  const some = quotes.slice(0, naiveQuotes);
  const started = performance.now();
  for (const { bid } of some) for (const actor of actors) actor.send({ type: 'quote', bid });
  return perSecond(some.length, started);
}

function perSecond(count: number, startedMs: number): number {
  return (count * 1000) / (performance.now() - startedMs);
}
