// The gold recording, as it is and spread over a hundred symbols.
import { openQuotes } from '#src/cli/replay/csv-quotes';
import { mergeQuotes, needsRefill } from '#src/cli/replay/merge';
import type { Quote } from '#src/domain/quote';

export const goldFile = '../shared/data/XAUUSD-2014-05-02.csv.gz';
const symbolsCount = 100;

export const goldSymbol = 'XAUUSD';
export const goldSymbols: readonly string[] = Array.from(
  { length: symbolsCount },
  (_, i) => `XAU${String(i).padStart(2, '0')}`,
);

/** A quote that is used again at a later time, so that no run makes new ones. */
export type ReusedQuote = { -readonly [Key in keyof Quote]: Quote[Key] };

export async function eachGoldQuote(take: (quote: Quote) => void): Promise<void> {
  await eachRecorded(goldSymbol, goldFile, take);
}

/** From its file. */
export async function eachRecorded(
  symbol: string,
  path: string,
  take: (quote: Quote) => void,
): Promise<void> {
  const merged = mergeQuotes([await openQuotes({ symbol, path })]);
  for (;;) {
    const quote = merged.nextSync();
    if (quote === undefined) break;
    if (quote === needsRefill) await merged.refill();
    else take(quote);
  }
  merged.close();
}

/** In memory, each quote of the symbol after that of the one before. */
export async function goldQuotes(): Promise<ReusedQuote[]> {
  const quotes: ReusedQuote[] = [];
  await eachGoldQuote((quote) => {
    const symbol = goldSymbols[quotes.length % symbolsCount] as string;
    quotes.push({ ...quote, symbol });
  });
  return quotes;
}
