// What the cancel of a counterpart adds to the booking of a stop that the provider executed.
import { CloseWorld, type NewPosition } from './close-world.ts';
import { percentilesOf, type Percentiles } from './latency.ts';
import { median, type Row } from './report.ts';

const closesPerRun = 1_000;
const open = '1000';
const stop = '990';

interface Timed {
  /** From the report until it is booked and everything that follows at once is done. */
  readonly booked: Percentiles;
  /** From the report until the close is durable and told. */
  readonly durable: Percentiles;
}

interface ReportRun {
  readonly withCounterpart: Timed;
  readonly withoutCounterpart: Timed;
  /** From a report of an order that nobody knows until that is found out. */
  readonly identified: Percentiles;
}

export async function benchReports(url: string, runs: number): Promise<Row[]> {
  const world = await CloseWorld.open(url, 'LIVE');
  const measured: ReportRun[] = [];
  try {
    // The first run warms up.
    for (let run = 0; run <= runs; run++) {
      const one = await reportRun(world, run);
      if (run > 0) measured.push(one);
    }
  } finally {
    await world.close();
  }
  return rowsOf(measured);
}

async function reportRun(world: CloseWorld, run: number): Promise<ReportRun> {
  world.quote(open);
  const names = Array.from({ length: closesPerRun }, (_, i) => `${run}_${i}`);
  const positions = names.flatMap((name): NewPosition[] => [
    { ...guarded(`w${name}`), takeProfitId: `tp_w${name}` },
    guarded(`o${name}`),
  ]);
  await world.track(positions);
  globalThis.gc?.();
  const { cancels } = world.broker;
  cancels.length = 0;
  const withCounterpart = new Timings();
  const withoutCounterpart = new Timings();
  const identifiedMs: number[] = [];
  for (const [i, name] of names.entries()) {
    // In turns first, so that neither always comes after the other.
    const first = i % 2 === 0;
    if (first) await withCounterpart.take(world, `w${name}`);
    await withoutCounterpart.take(world, `o${name}`);
    if (!first) await withCounterpart.take(world, `w${name}`);
    identifiedMs.push(identify(world, `unknown_${name}`));
  }
  if (cancels.length !== closesPerRun) throw new Error(`${cancels.length} cancels were sent`);
  return {
    withCounterpart: withCounterpart.result(),
    withoutCounterpart: withoutCounterpart.result(),
    identified: percentilesOf(identifiedMs),
  };
}

function guarded(positionId: string): NewPosition {
  return { positionId, side: 'long', exits: { stopLoss: stop }, stopLossId: `sl_${positionId}` };
}

function identify(world: CloseWorld, orderId: string): number {
  const startedMs = performance.now();
  world.report(orderId, stop);
  return performance.now() - startedMs;
}

class Timings {
  private readonly bookedMs: number[] = [];
  private readonly durableMs: number[] = [];

  async take(world: CloseWorld, positionId: string): Promise<void> {
    const closing = world.nextClosed(1);
    const startedMs = performance.now();
    world.report(`sl_${positionId}`, stop);
    this.bookedMs.push(performance.now() - startedMs);
    const [closed] = await closing;
    this.durableMs.push((closed?.toldAtMs ?? NaN) - startedMs);
    await world.caughtUp();
  }

  result(): Timed {
    return { booked: percentilesOf(this.bookedMs), durable: percentilesOf(this.durableMs) };
  }
}

const usPerMs = 1000;

function rowsOf(runs: readonly ReportRun[]): Row[] {
  const row = (measure: string, pick: (run: ReportRun) => number): Row => {
    return { measure, unit: 'µs', value: median(runs.map(pick)) * usPerMs };
  };
  return [
    row('an executed stop reported → booked, nothing to cancel, p50', (run) => {
      return run.withoutCounterpart.booked.p50Ms;
    }),
    row('the same with a target to cancel, p50', (run) => run.withCounterpart.booked.p50Ms),
    row('added by the cancel, p50 (at most 100 with the next)', (run) => {
      return run.withCounterpart.booked.p50Ms - run.withoutCounterpart.booked.p50Ms;
    }),
    row('identifying whose order a report names, p50', (run) => run.identified.p50Ms),
    row('identifying whose order a report names, p99', (run) => run.identified.p99Ms),
    row('an executed stop reported → durable, nothing to cancel, p50', (run) => {
      return run.withoutCounterpart.durable.p50Ms;
    }),
    row('the same with a target to cancel, durable, p50', (run) => {
      return run.withCounterpart.durable.p50Ms;
    }),
  ];
}
