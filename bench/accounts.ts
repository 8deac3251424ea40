// What watching accounts costs: 50,000 of them, each with four positions and rules that follow its peak,
// over 20 symbols; beside it, recomputing every account that holds the symbol on every quote.
import type { AccountsCrash } from './accounts-crash-run.ts';
import type { AccountsLap } from './accounts-run.ts';
import { BenchProcess } from './child.ts';
import { median, type Row } from './report.ts';

const accounts = 50_000;
const runs = 3;
/** So that no equity comes within 2 % of a warning, which is looked at in a run of its own. */
const quietLeverage = 0.4;
const nearPct = 2;
const manyTimes = 10;

export async function benchAccounts(): Promise<Row[]> {
  await provenQuiet();
  const quiet = await lapsOf(quietLeverage);
  const lively = await lapsOf(quietLeverage * manyTimes);
  const crashes = await crashesOf(quietLeverage * manyTimes);
  const exact = await naiveRate('exact');
  const doubles = await naiveRate('doubles');
  const of = (laps: readonly AccountsLap[], pick: (lap: AccountsLap) => number): number =>
    median(laps.map(pick));
  const quietRate = of(quiet, (lap) => lap.rate);
  const naive = (how: string, rate: number): Row => ({
    measure: `naive: every account that holds the symbol is computed on each quote, ${how}`,
    ...{ unit: 'quotes/s', value: rate, versus: 'the quiet run', ratio: rate / quietRate },
  });
  return [
    ...rowsOf(`${count(accounts)} accounts, quiet (at least 2,000,000)`, quiet),
    {
      measure: '… the first quote of every symbol',
      unit: 'ms',
      value: of(quiet, (l) => l.firstMs),
    },
    {
      measure: '… every peak looked for at the end',
      unit: 'ms',
      value: of(quiet, (l) => l.settledMs),
    },
    { measure: '… a day begins for all', unit: 'ms', value: of(quiet, (l) => l.dayMs) },
    ...rowsOf(`… at ${manyTimes} times that leverage (at least 300,000)`, lively),
    { measure: '… warnings meanwhile', unit: '', value: of(lively, (l) => l.warnings) },
    { measure: '… breaches meanwhile', unit: '', value: of(lively, (l) => l.breaches) },
    {
      measure: `a quote that breaches ${count(accounts / 10)} accounts: until every close is requested (at most 2,000)`,
      ...{ unit: 'ms', value: median(crashes.map((it) => it.requestedMs)) },
    },
    naive('exactly', exact),
    naive('in doubles', doubles),
  ];
}

/** Throws if a warning that stood so much nearer would have been told. */
async function provenQuiet(): Promise<void> {
  const child = new BenchProcess('accounts-run.ts', args(quietLeverage, String(nearPct)));
  await child.line();
  const { warnings, breaches } = JSON.parse(await child.again()) as AccountsLap;
  child.end();
  if (warnings + breaches > 0) throw new Error(`${warnings} accounts came near a warning`);
}

/** Each in a world of its own; the first warms up. */
async function lapsOf(leverage: number): Promise<AccountsLap[]> {
  return await runsOf<AccountsLap>(new BenchProcess('accounts-run.ts', args(leverage)));
}

async function crashesOf(leverage: number): Promise<AccountsCrash[]> {
  return await runsOf<AccountsCrash>(new BenchProcess('accounts-crash-run.ts', args(leverage)));
}

async function naiveRate(kind: 'exact' | 'doubles'): Promise<number> {
  const process = new BenchProcess('accounts-naive-run.ts', [kind, ...args(quietLeverage)]);
  return median(await runsOf<number>(process));
}

async function runsOf<T>(child: BenchProcess): Promise<T[]> {
  await child.line();
  const measured: T[] = [];
  for (let run = 0; run <= runs; run++) {
    const one = JSON.parse(await child.again()) as T;
    if (run > 0) measured.push(one);
  }
  child.end();
  return measured;
}

function args(leverage: number, ...others: readonly string[]): string[] {
  return [String(accounts), String(leverage), ...others];
}

function rowsOf(measure: string, laps: readonly AccountsLap[]): Row[] {
  const row = (what: string, pick: (lap: AccountsLap) => number): Row => ({
    ...{ measure: `… ${what}`, unit: 'per 1,000', value: 1_000 * median(laps.map(pick)) },
  });
  return [
    { measure, unit: 'quotes/s', value: median(laps.map(({ rate }) => rate)) },
    row('bands left', (lap) => lap.looks),
    row('exact computations', (lap) => lap.exactLooks),
    row('peaks looked for', (lap) => lap.peakSearches),
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
