// What market guards cost on quotes that reach none of their limits, beside the same quotes without.
import { BenchProcess } from './child.ts';
import { median, type Row } from './report.ts';

/** Each has new processes: how one of them lies in memory weighs as much as a condition. */
const groups = 3;
const runs = 5;
const unit = 'quotes/s';
const versus = 'the same quotes without guards';
const kinds = ['none', 'all', 'reject', 'sessions'] as const;

type Rates = Readonly<Record<(typeof kinds)[number], number[]>>;

export async function benchGuards(): Promise<Row[]> {
  const rates: Rates = { none: [], all: [], reject: [], sessions: [] };
  for (let group = 0; group < groups; group++) await measureGroup(rates);
  const none = median(rates.none);
  const row = (measure: string, of: readonly number[]): Row => {
    const value = median(of);
    return { measure, unit, value, versus, ratio: value / none };
  };
  return [
    { measure: '100 symbols, 5,000 positions, no market guards', unit, value: none },
    row('… gap, spread, liquidity, stale and volatility on all (at least 0.7)', rates.all),
    row('… and reject, which holds bad prints', rates.reject),
    row('… and sessions instead', rates.sessions),
  ];
}

/** Each kind in a process of its own, all of them taking turns; the first round warms up. */
async function measureGroup(rates: Rates): Promise<void> {
  const processes = kinds.map((kind) => ({ kind, it: new BenchProcess('guards-run.ts', [kind]) }));
  await Promise.all(processes.map(({ it }) => it.line()));
  for (let run = 0; run <= runs; run++) {
    for (const { kind, it } of processes) {
      const rate = Number(await it.again());
      if (run > 0) rates[kind].push(rate);
    }
  }
  for (const { it } of processes) it.end();
}
