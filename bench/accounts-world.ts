// The world of bench/accounts.ts: accounts of four positions over 20 symbols, with rules that need the
// peak, and the two recordings spread over the symbols.
import type { Scenario } from '#src/contracts/scenario';
import type { PositionSpec } from '#src/contracts/position';
import type { RuleSpec } from '#src/domain/rules';
import { eachRecorded, goldFile, goldSymbol, type ReusedQuote } from './gold.ts';

const euroFile = '../shared/data/EURUSD-2014-05-08.csv.gz';
const euroSymbol = 'EURUSD';
/** Symbols of each recording; a quote of it goes to one of them, the next to the next. */
const symbolsOfEach = 10;
const symbolsCount = 2 * symbolsOfEach;
export const positionsPerAccount = 4;
/** At the first of them, so that a lap is over before the day is. */
const dayStartMs = Date.UTC(2026, 0, 5);
const quoteEveryMs = 1;
/** Balances of the accounts, in turn. */
const balances = [25_000, 50_000, 100_000];

/** What is recorded, and how a symbol made of it differs from the next. */
interface Recording {
  readonly name: string;
  readonly file: string;
  readonly decimals: number;
  readonly contractSize: number;
  readonly scales: readonly number[];
}

const recordings: readonly Recording[] = [
  {
    ...{ name: goldSymbol, file: goldFile, decimals: 3, contractSize: 100 },
    scales: [1, 0.02, 0.7, 2.5, 0.05, 1.4, 0.3, 4, 0.8, 0.1],
  },
  {
    ...{ name: euroSymbol, file: euroFile, decimals: 5, contractSize: 100_000 },
    scales: [1, 0.55, 1.2, 0.92, 1.6, 0.7, 1.05, 0.6, 1.35, 0.85],
  },
];

/** A lap of all symbols, and where each stands at its beginning. */
export interface Lap {
  readonly quotes: ReusedQuote[];
  readonly first: readonly ReusedQuote[];
}

/**
 * Each symbol walks through its part of the recording and back again, from a place of its own on, so
 * that no two move alike and no lap begins with a jump. A lap moves no price from where it began.
 */
export async function recordedLap(): Promise<Lap> {
  const ticks: { readonly at: number; readonly quote: ReusedQuote }[] = [];
  const first: ReusedQuote[] = [];
  for (const [r, recording] of recordings.entries()) {
    for (const [i, walk] of (await walksOf(recording)).entries()) {
      const symbol = symbolNames[i * recordings.length + r] as string;
      const phase = Math.floor((walk.length * i) / symbolsOfEach);
      walk.forEach((_, n) => {
        const { bid, ask } = walk[(phase + n) % walk.length] as Prices;
        ticks.push({ at: (n + 1) / walk.length, quote: { symbol, bid, ask, ts: 0 } });
      });
      const { bid, ask } = walk[phase] as Prices;
      first.push({ symbol, bid, ask, ts: dayStartMs });
    }
  }
  ticks.sort((a, b) => a.at - b.at);
  const quotes = ticks.map(({ quote }, i) => ({
    ...quote,
    ts: dayStartMs + (i + 1) * quoteEveryMs,
  }));
  return { quotes, first };
}

interface Prices {
  readonly bid: number;
  readonly ask: number;
}

/** Of each symbol of the recording, there and back. */
async function walksOf({ name, file, scales, decimals }: Recording): Promise<Prices[][]> {
  const walks: Prices[][] = scales.map(() => []);
  const unit = 10 ** decimals;
  let row = 0;
  await eachRecorded(name, file, ({ bid, ask }) => {
    // Some of the euro's are crossed; no gateway would take them.
    if (ask < bid) return;
    const i = row++ % symbolsOfEach;
    const scaled = (price: number): number =>
      Math.round(price * (scales[i] as number) * unit) / unit;
    walks[i]?.push({ bid: scaled(bid), ask: scaled(ask) });
  });
  return walks.map((there) => [...there, ...there.toReversed()]);
}

/** Gold and euro by turns. */
export const symbolNames: readonly string[] = Array.from({ length: symbolsCount }, (_, i) => {
  const { name } = recordings[i % recordings.length] as Recording;
  return `${name}${Math.floor(i / recordings.length)}`;
});

export interface AccountsOptions {
  readonly accounts: number;
  /** What the largest positions are worth together, as a multiple of the balance. */
  readonly leverage: number;
  /** By how much of an anchor the accounts are warned before their rules would. */
  readonly earlierPct?: number;
}

/**
 * Each account is long in two symbols and short in two others, in sizes of its own. Of the accounts in
 * turn one in ten is long in each of the first ten symbols, and in no other of them.
 */
export function guardedAccounts(
  first: readonly ReusedQuote[],
  { accounts, leverage, earlierPct = 0 }: AccountsOptions,
): Scenario {
  const priceOf = new Map(first.map(({ symbol, ask }) => [symbol, ask]));
  const positions: PositionSpec[] = [];
  for (let i = 0; i < accounts; i++) {
    const sizes = sidesOf(i).map((_, j) => 0.5 + share(4 * i + j));
    const whole = sizes.reduce((sum, size) => sum + size);
    const gross = balanceOf(i) * leverage * (0.5 + share(i) / 2);
    sidesOf(i).forEach(({ symbol, side }, j) => {
      const name = symbolNames[symbol] as string;
      const entryPrice = priceOf.get(name) as number;
      const { contractSize } = recordings[symbol % recordings.length] as Recording;
      const lots = (gross * (sizes[j] as number)) / whole / contractSize / entryPrice;
      const quantity = lots.toFixed(6);
      const positionId = `p${i}_${j}`;
      positions.push({ positionId, accountId: `a${i}`, symbol: name, side, quantity, entryPrice });
    });
  }
  return {
    instruments: symbolNames.map((symbol, i) => {
      const { contractSize } = recordings[i % recordings.length] as Recording;
      return { symbol, quoteCurrency: 'USD', contractSize };
    }),
    accounts: Array.from({ length: accounts }, (_, i) => ({
      accountId: `a${i}`,
      currency: 'USD',
      balance: balanceOf(i),
      rules: rulesOf(balanceOf(i), earlierPct),
    })),
    positions,
  };
}

function sidesOf(i: number): { symbol: number; side: 'long' | 'short' }[] {
  const half = symbolsCount / 2;
  const group = i % half;
  const other = Math.floor(i / half) % half;
  const turn = 1 + (Math.floor(i / half / half) % (half - 1));
  return [
    { symbol: group, side: 'long' },
    { symbol: half + other, side: 'long' },
    { symbol: (group + turn) % half, side: 'short' },
    { symbol: half + ((other + turn) % half), side: 'short' },
  ];
}

/** Two that follow the peak, one of them locked as Apex has it, and one of the day. */
function rulesOf(balance: number, earlierPct: number): RuleSpec[] {
  const warned = (limitPct: number): Pick<RuleSpec, 'warningPct'> =>
    earlierPct === 0 ? {} : { warningPct: limitPct * 0.75 - earlierPct };
  return [
    { id: 'drawdown', anchor: 'peakEquity', limitPct: 8, ...warned(8) },
    {
      ...{ id: 'trailing', anchor: 'peakEquity', limitAmount: balance * 0.06, ...warned(6) },
      ...{ lockAtInitial: true, lockOffset: 100 },
    },
    { id: 'day', anchor: 'dayStartHigher', limitPct: 5, pctOf: 'initialBalance', ...warned(5) },
  ];
}

function balanceOf(i: number): number {
  return balances[i % balances.length] as number;
}

/** From 0 to 1, another for each number and always the same: the fraction of its golden multiple. */
function share(n: number): number {
  return (n * 0.618_033_988_749_895) % 1;
}
