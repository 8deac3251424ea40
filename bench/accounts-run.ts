// Accounts on a lap of quotes, in a process of its own: a line in, a lap in a world of its own, a line
// out: `AccountsLap`. The first line out tells that it is there.
import { createInterface } from 'node:readline';
import { Replay } from '#src/cli/replay/replay';
import { silentLogger } from '#src/ports/logger';
import { guardedAccounts, recordedLap } from './accounts-world.ts';

export interface AccountsLap {
  /** Quotes a second. */
  readonly rate: number;
  readonly quotes: number;
  /** Until the first quote of every symbol was through: each account is looked at for the first time. */
  readonly firstMs: number;
  /** Of a quote, on average: accounts whose band it left, those judged exactly, peaks looked for. */
  readonly looks: number;
  readonly exactLooks: number;
  readonly peakSearches: number;
  /** Until the peak of every account was known, at the end. */
  readonly settledMs: number;
  /** Until a day had begun for every account. */
  readonly dayMs: number;
  readonly warnings: number;
  readonly breaches: number;
}

const dayMs = 86_400_000;
const [accounts = '0', leverage = '0', earlierPct = '0'] = process.argv.slice(2);
const { quotes, first } = await recordedLap();
const scenario = guardedAccounts(first, {
  accounts: Number(accounts),
  leverage: Number(leverage),
  earlierPct: Number(earlierPct),
});

function lap(): AccountsLap {
  const told: Record<string, number> = {};
  const replay = new Replay(scenario, {
    logger: silentLogger,
    onClose: () => {},
    onRecords: (records) => {
      for (const { type } of records) told[type] = (told[type] ?? 0) + 1;
    },
  });
  globalThis.gc?.();
  const take = (quote: (typeof quotes)[number]): void => replay.quote(quote);
  const firstMs = msOf(() => first.forEach(take));
  const before = replay.guardWork;
  const lapMs = msOf(() => walk(replay));
  const after = replay.guardWork;
  const settledMs = msOf(() => replay.settlePeaks());
  const [{ symbol, bid, ask, ts }] = quotes.slice(-1) as [(typeof quotes)[number]];
  const nextDayMs = msOf(() => replay.quote({ symbol, bid, ask, ts: ts + dayMs }));
  const perQuote = (key: keyof typeof before): number => (after[key] - before[key]) / quotes.length;
  return {
    rate: (quotes.length * 1000) / lapMs,
    quotes: quotes.length,
    firstMs,
    looks: perQuote('looks'),
    exactLooks: perQuote('exactLooks'),
    peakSearches: perQuote('peakSearches'),
    settledMs,
    dayMs: nextDayMs,
    warnings: told['rule.warned'] ?? 0,
    breaches: told['rule.breached'] ?? 0,
  };
}

function walk(replay: Replay): void {
  for (const quote of quotes) replay.quote(quote);
}

function msOf(work: () => void): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

console.log('ready');
createInterface(process.stdin).on('line', () => console.log(JSON.stringify(lap())));
