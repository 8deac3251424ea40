// Quotes a second in process: worlds of several sizes, each in a process of its own and all of them
// taking turns, beside a bare loop, the recording's file and the naive design.
import { execFileSync } from 'node:child_process';
import { availableMemory } from 'node:process';
import { BenchProcess } from './child.ts';
import { goldQuotes } from './gold.ts';
import { naiveRate } from './peers/naive.ts';
import { median, type Row } from './report.ts';

const runs = 7;
/** The file's world is built anew for each run. */
const fileRuns = 3;
const fewPositions = 1_000;
const manyPositions = 100_000;
const mostPositions = 1_000_000;
const trailingPositions = 30_000;
/** While it is built; after that about 5 kB. */
const bytesPerPosition = 9_000;
/** From the start, so that the heap is not marked again and again while it grows. */
const mostFlags = ['--max-old-space-size=16000', '--initial-heap-size=8000'];

interface Measured {
  readonly rate: number;
  /** Of the whole process, when it was built. */
  readonly bytes: number;
}

export async function benchRates(): Promise<Row[]> {
  const most = Math.min(mostPositions, Math.floor(availableMemory() / bytesPerPosition));
  const [few, many, million, trend, bare] = await ratesOf([
    { args: ['gold', String(fewPositions)] },
    { args: ['gold', String(manyPositions)] },
    { args: ['gold', String(most)], flags: mostFlags },
    { args: ['trend', String(trailingPositions)] },
    { args: ['bare'] },
  ]);
  if (!few || !many || !million || !trend || !bare) throw new Error('every world has its rate');
  const naive = naiveRate(await goldQuotes(), fewPositions);
  const manyName = `${count(manyPositions)} positions`;
  const unit = 'quotes/s';
  return [
    { measure: 'a bare loop that compares two prices', unit, value: bare.rate },
    { measure: `in process, 100 symbols, ${count(fewPositions)} positions`, unit, value: few.rate },
    {
      ...{ measure: `… ${manyName} (at least 10,000,000)`, unit, value: many.rate },
      ...{ versus: `${count(fewPositions)} positions`, ratio: many.rate / few.rate },
    },
    {
      ...{ measure: `… ${count(most)} positions, each with its actor`, unit, value: million.rate },
      ...{ versus: `${manyName} (at least 0.7)`, ratio: million.rate / many.rate },
    },
    { measure: '… memory of that process', unit: 'MB', value: million.bytes / 1_000_000 },
    {
      measure: `a trend: a new high a quote, ${count(trailingPositions)} trail it (at least 2,000,000)`,
      ...{ unit, value: trend.rate },
    },
    {
      measure: `from the recording's file, parsing included, ${manyName}`,
      ...{ unit, value: median(Array.from({ length: fileRuns }, fromFile)) },
    },
    {
      measure: `naive: each quote sent to each actor, ${count(fewPositions)} positions`,
      ...{ unit, value: naive, versus: 'the level index', ratio: naive / few.rate },
    },
  ];
}

interface World {
  readonly args: readonly string[];
  readonly flags?: readonly string[];
}

/** The first run of each warms up. */
async function ratesOf(worlds: readonly World[]): Promise<Measured[]> {
  const processes = worlds.map(({ args, flags }) => new BenchProcess('quotes-run.ts', args, flags));
  const built = await Promise.all(processes.map((it) => it.line()));
  const rates: number[][] = processes.map(() => []);
  for (let run = 0; run <= runs; run++) {
    for (const [i, it] of processes.entries()) {
      const rate = Number(await it.again());
      if (run > 0) rates[i]?.push(rate);
    }
  }
  for (const it of processes) it.end();
  return rates.map((of, i) => ({ rate: median(of), bytes: Number(built[i]) }));
}

/** The whole of it, in a process of its own as `closeout replay` is: read, gunzip, parse, take. */
function fromFile(): number {
  const args = [...process.execArgv, 'bench/file-run.ts', String(manyPositions)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
