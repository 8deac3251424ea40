// Many positions crossed by one quote: until each is filled or sent, durable, and in the ledger.
import { CloseWorld, type Mode, type NewPosition } from './close-world.ts';
import { percentilesOf } from './latency.ts';
import { median, type Row } from './report.ts';

const positions = 10_000;
const open = '1000';
const crossing = '800';
const levels = 1_000;

interface MassRun {
  /** From the quote to the calls of the provider; on paper, to the fills. */
  readonly decidedP50Ms: number;
  readonly decidedP99Ms: number;
  /** From the quote until all are closed and durable. */
  readonly durableMs: number;
  /** From the quote until the ledger has all. */
  readonly ledgerMs: number;
}

export interface MassResult {
  readonly rows: Row[];
  /** Of each run. */
  readonly closesPerSecond: readonly number[];
}

export async function benchMass(url: string, mode: Mode, runs: number): Promise<MassResult> {
  const world = await CloseWorld.open(url, mode);
  const measured: MassRun[] = [];
  try {
    // The first run warms up.
    for (let run = 0; run <= runs; run++) {
      const one = await massRun(world, mode, run);
      if (run > 0) measured.push(one);
    }
  } finally {
    await world.close();
  }
  return {
    rows: rowsOf(mode, measured),
    closesPerSecond: measured.map(({ ledgerMs }) => (positions * 1000) / ledgerMs),
  };
}

async function massRun(world: CloseWorld, mode: Mode, run: number): Promise<MassRun> {
  world.quote(open);
  await world.track(Array.from({ length: positions }, (_, i) => crossedPosition(run, i)));
  world.broker.calledAtMs.length = 0;
  globalThis.gc?.();

  const closing = world.nextClosed(positions);
  const quotedTs = Date.now();
  const quotedAtMs = performance.now();
  world.quote(crossing);
  const closed = await closing;
  const durableMs = performance.now() - quotedAtMs;
  await world.caughtUp();
  const ledgerMs = performance.now() - quotedAtMs;

  const inLedger = await world.closedInLedger();
  const expected = positions * (run + 1);
  if (inLedger !== expected) throw new Error(`${inLedger} closes in the ledger, not ${expected}`);
  const { calledAtMs } = world.broker;
  if (mode === 'LIVE' && calledAtMs.length !== positions) {
    throw new Error(`the provider was called ${calledAtMs.length} times`);
  }
  const decided = percentilesOf(
    mode === 'LIVE'
      ? calledAtMs.map((at) => at - quotedAtMs)
      : closed.map(({ closedTs }) => closedTs - quotedTs),
  );
  return { decidedP50Ms: decided.p50Ms, decidedP99Ms: decided.p99Ms, durableMs, ledgerMs };
}

/** Half of them long, stopped out by the crossing quote; the others reach their target by it. */
function crossedPosition(run: number, i: number): NewPosition {
  const level = String(990 - (i % levels) / 10);
  const positionId = `r${run}_${i}`;
  return i % 2 === 0
    ? { positionId, side: 'long', exits: { stopLoss: level } }
    : { positionId, side: 'short', exits: { takeProfit: level } };
}

function rowsOf(mode: Mode, runs: readonly MassRun[]): Row[] {
  const what = `${positions} positions crossed by one quote, ${mode}`;
  const to = mode === 'LIVE' ? 'the provider is called' : 'its fill';
  const of = (pick: (run: MassRun) => number): number => median(runs.map(pick));
  return [
    { measure: `${what}: quote → ${to}, p50`, unit: 'ms', value: of((r) => r.decidedP50Ms) },
    { measure: `${what}: quote → ${to}, p99`, unit: 'ms', value: of((r) => r.decidedP99Ms) },
    { measure: `${what}: all closed and durable`, unit: 'ms', value: of((r) => r.durableMs) },
    { measure: `${what}: all in the ledger`, unit: 'ms', value: of((r) => r.ledgerMs) },
  ];
}
