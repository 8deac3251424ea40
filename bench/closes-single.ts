// One close at a time, from its quote to the call of the provider, beside a bare durable record.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JournalRecord } from '#src/domain/records';
import { journalFileName } from '#src/journal/store';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import type { Journal } from '#src/ports/journal';
import { CloseWorld } from './close-world.ts';
import { percentilesOf, type Percentiles } from './latency.ts';
import { median, type Row } from './report.ts';

const closesPerRun = 1_000;
const open = '1000';

interface SingleRun {
  readonly bare: Percentiles;
  readonly close: Percentiles;
}

export async function benchSingle(url: string, runs: number): Promise<Row[]> {
  const world = await CloseWorld.open(url, 'LIVE');
  const bareDir = mkdtempSync(join(tmpdir(), 'closeout-bench-'));
  const journal = sqliteJournal({ directory: bareDir });
  const measured: SingleRun[] = [];
  try {
    await journal.open();
    const bare = new BareRecords(journal, await intentOf(world));
    // The first run warms up.
    for (let run = 0; run <= runs; run++) {
      const one = await singleRun(world, bare, run);
      if (run > 0) measured.push(one);
    }
  } finally {
    await world.close();
    await journal.close();
    rmSync(bareDir, { recursive: true, force: true });
  }
  return [...rowsOf('p50', measured, (p) => p.p50Ms), ...rowsOf('p99', measured, (p) => p.p99Ms)];
}

async function singleRun(world: CloseWorld, bare: BareRecords, run: number): Promise<SingleRun> {
  world.quote(open);
  const positions = Array.from({ length: closesPerRun }, (_, i) => ({
    positionId: `s${run}_${i}`,
    side: 'long' as const,
    exits: { stopLoss: levelOf(i) },
  }));
  await world.track(positions);
  globalThis.gc?.();
  const bareMs: number[] = [];
  const closeMs: number[] = [];
  for (let i = 0; i < closesPerRun; i++) {
    bareMs.push(await bare.append());
    closeMs.push(await closeOne(world, levelOf(i)));
  }
  return { bare: percentilesOf(bareMs), close: percentilesOf(closeMs) };
}

/** Each level is reached by a quote of its own. */
function levelOf(i: number): string {
  return (Number(open) - (i + 1) / 10).toFixed(1);
}

/** Milliseconds from the quote to the provider; returns when everything is at rest again. */
async function closeOne(world: CloseWorld, level: string): Promise<number> {
  const { calledAtMs } = world.broker;
  calledAtMs.length = 0;
  const closing = world.nextClosed(1);
  const quotedAtMs = performance.now();
  world.quote(level);
  await closing;
  await world.caughtUp();
  const [called] = calledAtMs;
  if (called === undefined || calledAtMs.length > 1) throw new Error('one call was expected');
  return called - quotedAtMs;
}

/** The record that a close leaves before it is sent. */
async function intentOf(world: CloseWorld): Promise<JournalRecord> {
  world.quote(open);
  await world.track([{ positionId: 'first', side: 'long', exits: { stopLoss: levelOf(0) } }]);
  await closeOne(world, levelOf(0));
  const db = new DatabaseSync(join(world.dataDir, journalFileName), { readOnly: true });
  const found = db.prepare(`select text from links where text ->> 'type' = 'close.intended'`).get();
  db.close();
  if (found === undefined) throw new Error('the close left no intent');
  const { prevHash: _prevHash, ...record } = JSON.parse(String(found['text'])) as JournalRecord & {
    prevHash: string;
  };
  return record;
}

/** Appends the same record again and again, to a journal like that of the runtime. */
class BareRecords {
  private readonly journal: Journal;
  private readonly record: JournalRecord;
  private n = 0;

  constructor(journal: Journal, record: JournalRecord) {
    this.journal = journal;
    this.record = record;
  }

  /** Milliseconds until it is durable. */
  async append(): Promise<number> {
    const n = ++this.n;
    const record = { ...this.record, n, seq: n };
    const startedMs = performance.now();
    return await new Promise((resolve, reject) => {
      this.journal.append([record], (error) => {
        if (error === undefined) resolve(performance.now() - startedMs);
        else reject(error);
      });
    });
  }
}

const usPerMs = 1000;

function rowsOf(name: string, runs: readonly SingleRun[], at: (p: Percentiles) => number): Row[] {
  const bare = median(runs.map((run) => at(run.bare)));
  const close = median(runs.map((run) => at(run.close)));
  // At most 0.5 ms and one and a half times the record, in each run.
  const beyond = median(runs.map((run) => at(run.close) - 1.5 * at(run.bare)));
  return [
    { measure: `a bare durable record, ${name}`, unit: 'µs', value: bare * usPerMs },
    {
      measure: `one close, quote → the provider is called, ${name}`,
      unit: 'µs',
      value: close * usPerMs,
      versus: 'the bare record',
      ratio: median(runs.map((run) => at(run.close) / at(run.bare))),
    },
    {
      measure: `beyond 1.5 of the bare record, ${name} (at most 500)`,
      unit: 'µs',
      value: beyond * usPerMs,
    },
  ];
}
