// What the bands and lazy peaks spare: the equity of every account that holds the symbol is computed on
// each quote, exactly or in doubles. A line in, a run, a line out: quotes a second.
import { createInterface } from 'node:readline';
import { Decimal } from '#src/domain/money';
import { equityOf } from '#src/prices/exposure';
import { QuoteBook } from '#src/prices/quote-book';
import { Replay } from '#src/cli/replay/replay';
import type { Account } from '#src/domain/state';
import { silentLogger } from '#src/ports/logger';
import {
  guardedAccounts,
  positionsPerAccount,
  recordedLap,
  symbolNames,
} from './accounts-world.ts';
import type { ReusedQuote } from './gold.ts';

/** So slow that few quotes have to do. */
const exactQuotes = 40;
const doubleQuotes = 20_000;

const [kind = '', count = '0', leverage = '0'] = process.argv.slice(2);
const { quotes, first } = await recordedLap();
const scenario = guardedAccounts(first, { accounts: Number(count), leverage: Number(leverage) });
const { state } = new Replay(scenario, { logger: silentLogger, onClose: () => {} });
const accounts = [...state.accounts.values()];

function exactRun(): number {
  const books = new Map(first.map((quote) => [quote.symbol, bookAt(quote)]));
  const bookOf = (symbol: string): QuoteBook => books.get(symbol) as QuoteBook;
  const holders = new Map(symbolNames.map((symbol) => [symbol, holdersOf(symbol)]));
  const peaks = new Map(accounts.map((account) => [account, account.balance]));
  return rateOf(quotes.slice(0, exactQuotes), (quote) => {
    bookOf(quote.symbol).take(quote);
    for (const account of holders.get(quote.symbol) ?? []) {
      const equity = equityOf(account, bookOf);
      peaks.set(account, Decimal.max(equity, peaks.get(account) as Decimal));
    }
  });
}

function bookAt(quote: ReusedQuote): QuoteBook {
  const book = new QuoteBook(quote.symbol);
  book.take(quote);
  return book;
}

function holdersOf(symbol: string): Account[] {
  return accounts.filter(({ positions }) =>
    [...positions.values()].some((it) => it.symbol === symbol),
  );
}

/** As fast as it goes: arrays of numbers, and nothing but the equity and its peak. */
function doubleRun(): number {
  const width = positionsPerAccount;
  const symbolOf = new Map(symbolNames.map((symbol, i) => [symbol, i]));
  const prices = new Float64Array(2 * symbolNames.length);
  const sides = new Int32Array(accounts.length * width);
  const sizes = new Float64Array(accounts.length * width);
  const fixed = new Float64Array(accounts.length);
  const peaks = new Float64Array(accounts.length);
  const holders = symbolNames.map(() => [] as number[]);
  for (const [a, { balance, positions }] of accounts.entries()) {
    let paid = 0;
    for (const [i, position] of [...positions.values()].entries()) {
      const { symbol, side, remainingQuantity, entryPrice, instrument } = position;
      const one = symbolOf.get(symbol) as number;
      holders[one]?.push(a);
      const size = remainingQuantity.times(instrument.contractSize).toNumber();
      const signed = side === 'long' ? size : -size;
      sides[a * width + i] = 2 * one + (side === 'long' ? 0 : 1);
      sizes[a * width + i] = signed;
      paid += signed * entryPrice.toNumber();
    }
    fixed[a] = balance.toNumber() - paid;
    peaks[a] = balance.toNumber();
  }
  const holdersIn = holders.map((list) => Int32Array.from(list));
  const take = ({ symbol, bid, ask }: ReusedQuote): void => {
    const one = symbolOf.get(symbol) as number;
    prices[2 * one] = bid;
    prices[2 * one + 1] = ask;
    for (const a of holdersIn[one] as Int32Array) {
      let equity = fixed[a] as number;
      for (let at = a * width; at < (a + 1) * width; at++) {
        equity += (sizes[at] as number) * (prices[sides[at] as number] as number);
      }
      if (equity > (peaks[a] as number)) peaks[a] = equity;
    }
  };
  first.forEach(take);
  return rateOf(quotes.slice(0, doubleQuotes), take);
}

function rateOf(some: readonly ReusedQuote[], take: (quote: ReusedQuote) => void): number {
  const startedMs = performance.now();
  for (const quote of some) take(quote);
  return (some.length * 1000) / (performance.now() - startedMs);
}

const run = kind === 'exact' ? exactRun : doubleRun;
globalThis.gc?.();
console.log('ready');
createInterface(process.stdin).on('line', () => console.log(run()));
