// Market guards on quotes that reach none of their limits, in a process of its own: a line in, a run, a
// line out with quotes a second of CPU time, which other work on the machine distorts least. The first line
// out tells that it is there.
import { createInterface } from 'node:readline';
import { Replay } from '#src/cli/replay/replay';
import type { GuardConditions } from '#src/contracts/guard';
import type { Scenario } from '#src/contracts/scenario';
import type { SessionsSpec } from '#src/domain/instrument';
import { silentLogger } from '#src/ports/logger';
import { goldQuotes, goldSymbols, type ReusedQuote } from './gold.ts';
import { farPositionsIn } from './worlds.ts';

const positions = 5_000;
/** Times that the recording is gone through in a run, one after the other. */
const passes = 4;
/** Those that warm up: volatility says nothing before 100 windows are over. */
const firstPasses = 10;

/** Limits that the recording does not reach: its mids move by 1.2 % at most, its spread is 0.21 %. */
const guard: GuardConditions = {
  gap: { limit: 5 },
  spread: { limit: 0.5 },
  liquidity: { limit: 10 },
  stale: { limit: 60 },
  volatility: { limit: 50 },
};

/** Those of gold; the recording begins with one of them. */
const sessions: SessionsSpec = {
  timezone: 'America/New_York',
  weekly: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], from: '18:00', to: '17:00' }],
};

const kinds: Record<string, { guard?: GuardConditions; sessions?: SessionsSpec }> = {
  none: {},
  all: { guard },
  reject: { guard: { ...guard, reject: { deviationPct: 3, withinMs: 10_000 } } },
  sessions: { guard, sessions },
};

const kind = kinds[process.argv[2] ?? ''];
if (kind === undefined) throw new Error(`expected one of ${Object.keys(kinds).join(', ')}`);

/** A hundred times as fast as it was, so that each symbol is quoted as often as gold. */
const recorded = await goldQuotes();
const [{ ts: startTs }] = recorded as [ReusedQuote];
const quotes = recorded.map((quote, i) => ({
  ...quote,
  ts: startTs + Math.floor((quote.ts - startTs) / goldSymbols.length),
  bidSize: 15 + (i % 31),
  askSize: 15 + (i % 37),
}));
const passMs = (quotes.at(-1) as ReusedQuote).ts - startTs;

const replay = new Replay(scenarioOf(kind), {
  logger: silentLogger,
  onClose: () => {},
  onRecords: (records) => {
    const changed = records.find(({ type }) => type === 'market.changed');
    if (changed !== undefined) throw new Error(`a limit was reached: ${JSON.stringify(changed)}`);
  },
});

function scenarioOf(of: (typeof kinds)[string]): Scenario {
  const scenario = farPositionsIn(positions);
  return {
    ...scenario,
    instruments: scenario.instruments.map((it) => ({ ...it, sessions: of.sessions })),
    marketGuards:
      of.guard && Object.fromEntries(goldSymbols.map((symbol) => [symbol, { ...of.guard }])),
  };
}

/** Quotes a second that this thread was at work. */
function run(times: number): number {
  let takenUs = 0;
  for (let pass = 0; pass < times; pass++) {
    for (const quote of quotes) quote.ts += passMs;
    const before = process.threadCpuUsage();
    for (const quote of quotes) replay.quote(quote);
    const { user, system } = process.threadCpuUsage(before);
    takenUs += user + system;
  }
  if (replay.summary(0).refusedQuotes > 0) throw new Error('quotes were refused');
  return (quotes.length * times * 1_000_000) / takenUs;
}

run(firstPasses);
globalThis.gc?.();
console.log('ready');
createInterface(process.stdin).on('line', () => console.log(run(passes)));
