// What a position is worth in the model of accounts, at the last quotes and the mids of its pairs.
import { decimal, type Decimal } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import { instrumentOf, type InstrumentSpec } from '#src/domain/instrument';

export interface Book {
  readonly bid: Decimal;
  readonly ask: Decimal;
  /** Whether it came after the last start: only then is anything filled at it. */
  readonly isFresh: boolean;
}

export type ModelInstrument = ReturnType<typeof instrumentOf>;

interface Leg {
  readonly symbol: string;
  readonly divides: boolean;
}

/** What a position is valued by. */
export interface Terms {
  readonly instrument: ModelInstrument;
  readonly legs: readonly Leg[];
  readonly symbols: ReadonlySet<string>;
  readonly side: 'long' | 'short';
  readonly entryPrice: Decimal;
}

export function modelInstruments(specs: readonly InstrumentSpec[]): ModelInstrument[] {
  return specs.map((spec) => instrumentOf(spec));
}

/** The pair itself, the pair the other way round, or both by way of the dollar. */
export function legsBetween(
  from: string,
  to: string,
  instruments: readonly ModelInstrument[],
): readonly Leg[] {
  if (from === to) return [];
  const has = (name: string): boolean => instruments.some(({ symbol }) => symbol === name);
  if (has(from + to)) return [{ symbol: from + to, divides: false }];
  if (has(to + from)) return [{ symbol: to + from, divides: true }];
  if (from === 'USD' || to === 'USD') throw new Error(`no pair leads from ${from} to ${to}`);
  return [...legsBetween(from, 'USD', instruments), ...legsBetween('USD', to, instruments)];
}

/** Undefined while a pair has no quote. */
export function convertAtMids(
  amount: Decimal,
  legs: readonly Leg[],
  books: ReadonlyMap<string, Book>,
): Decimal | undefined {
  let converted = amount;
  for (const { symbol, divides } of legs) {
    const mid = midOf(symbol, books);
    if (mid === undefined) return undefined;
    converted = divides ? converted.div(mid) : converted.times(mid);
  }
  return converted;
}

/** Undefined while a pair has no quote. */
export function pnlAt(
  { instrument, legs, side, entryPrice }: Terms,
  quantity: Decimal,
  price: Decimal,
  books: ReadonlyMap<string, Book>,
): Decimal | undefined {
  if (!legs.every(({ symbol }) => books.has(symbol))) return undefined;
  const terms = { instrument, side, entryPrice, conversion: legs };
  return pnlOf(terms, quantity, price, (symbol) => midOf(symbol, books) ?? decimal(0)).pnl;
}

function midOf(symbol: string, books: ReadonlyMap<string, Book>): Decimal | undefined {
  const book = books.get(symbol);
  return book && book.bid.plus(book.ask).div(2);
}
