// How fast quotes are: how many a second, how soon a close follows, what a crash does, what a position
// costs; beside the naive design and a poller as many gateways have one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchProcess, measuredBy } from './child.ts';
import { histogramSvg } from './histogram.ts';
import type { Latencies } from './latency.ts';
import type { Crash } from './mass-run.ts';
import { benchPoller, polledOrders, pollEveryMs } from './peers/bullmq.ts';
import { benchRates } from './rates.ts';
import { median, type Row } from './report.ts';
import type { Share } from './share-run.ts';

const positions = 100_000;
const what = `${positions.toLocaleString('en-US')} positions`;
const runs = 3;
const usPerMs = 1_000;
const plot = fileURLToPath(import.meta.resolve('./latency.svg'));

export async function benchQuotes(): Promise<Row[]> {
  return [
    ...(await benchRates()),
    ...(await benchCrash()),
    ...(await benchLatency()),
    ...(await benchSize()),
  ];
}

async function benchCrash(): Promise<Row[]> {
  const child = new BenchProcess('mass-run.ts', []);
  await child.line();
  const crashes: Crash[] = [];
  // The first run warms up.
  for (let run = 0; run <= runs; run++) {
    const crash = JSON.parse(await child.again()) as Crash;
    if (run > 0) crashes.push(crash);
  }
  child.end();
  const row = (measure: string, pick: (crash: Crash) => number): Row => {
    return { measure, unit: 'ms', value: median(crashes.map(pick)) };
  };
  return [
    row(`a quote that crosses ${what}: its own turn`, (it) => it.markedMs),
    row('… until every close is requested (at most 2,000)', (it) => it.requestedMs),
    row('… longest wait of a quote of another symbol (at most 50)', (it) => it.othersWaitedMs),
  ];
}

async function benchLatency(): Promise<Row[]> {
  const ours = await measuredBy<Latencies>('latency-run.ts');
  const poller = await benchPoller();
  const pollerName = `BullMQ and Redis, ${polledOrders.toLocaleString('en-US')} orders every ${pollEveryMs / 1000} s`;
  const series = [{ name: `closeout, ${what}, 100,000 quotes/s`, curve: ours.curve }];
  if (poller !== undefined) series.push({ name: pollerName, curve: poller.latencies.curve });
  writeFileSync(plot, histogramSvg('from the quote to the request of its close', series));
  const us = (measure: string, ms: number): Row => {
    return { measure, unit: 'µs', value: ms * usPerMs };
  };
  const rows = [
    us(`quote → close.requested, ${what}, 100,000 quotes/s, p50`, ours.p50Ms),
    us('… p99 (at most 1,000)', ours.p99Ms),
    us('… p99.9', ours.p999Ms),
  ];
  if (poller === undefined) {
    const measure = `${pollerName}: redis-server is not installed`;
    return [...rows, { measure, unit: '', value: NaN }];
  }
  const { latencies, checkedPerSecond } = poller;
  return [
    ...rows,
    {
      ...us(`${pollerName}: price → decision to close, mean`, latencies.meanMs),
      ...{ versus: 'our p50', ratio: latencies.meanMs / ours.p50Ms },
    },
    {
      ...us('… p99', latencies.p99Ms),
      ...{ versus: 'our p99', ratio: latencies.p99Ms / ours.p99Ms },
    },
    { measure: '… orders checked while it polls', unit: 'orders/s', value: checkedPerSecond },
  ];
}

/** What positions take of memory, of the time of a start, and of a core. */
async function benchSize(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'closeout-bench-'));
  try {
    const args = [directory, String(positions)];
    const bytes = await measuredBy<number>('memory-run.ts', args);
    const restored: number[] = [];
    for (let run = 0; run < runs; run++) {
      restored.push(await measuredBy<number>('restore-run.ts', args));
    }
    const { share } = await measuredBy<Share>('share-run.ts');
    return [
      { measure: 'memory a position with its actor (at most 6,000)', unit: 'bytes', value: bytes },
      {
        measure: `from a journal of ${what} until all are guarded (at most 5,000)`,
        ...{ unit: 'ms', value: median(restored) },
      },
      {
        measure: 'share of one core, 10,000 positions, 1,000 quotes/s (under 5)',
        ...{ unit: '%', value: share * 100 },
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
