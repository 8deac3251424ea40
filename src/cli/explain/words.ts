// How the story puts prices, money and durations.
import { decimal, isNumeric, text, type Decimal } from '#src/domain/money';
import { objectAt, textAt, timeAt, type Meta } from './values.ts';

export function numberOf(value: string | undefined): Decimal | undefined {
  return isNumeric(value) ? decimal(value) : undefined;
}

/** With its sign, so that a gain is seen to be one. */
export function signed(value: string): string {
  return numberOf(value)?.gt(0) === true ? `+${value}` : value;
}

export function money(value: string, currency: string | undefined): string {
  return currency === undefined ? value : `${value} ${currency}`;
}

/** `is below`, `is at` or `is above`, and by how much; exact. */
export function compared(value: string, level: string): { how: string; by: string } | undefined {
  const [a, b] = [numberOf(value), numberOf(level)];
  if (a === undefined || b === undefined) return undefined;
  const by = text(a.minus(b).abs());
  if (a.eq(b)) return { how: 'is at', by };
  return { how: a.lt(b) ? 'is below' : 'is above', by };
}

const msPerS = 1000;
const sPerMin = 60;
const minPerH = 60;

export function duration(ms: number): string {
  if (ms < msPerS) return `${ms} ms`;
  const s = ms / msPerS;
  if (s < sPerMin) return `${Number(s.toFixed(3))} s`;
  const min = Math.floor(s / sPerMin);
  if (min < minPerH) return `${min} min ${Math.floor(s % sPerMin)} s`;
  return `${Math.floor(min / minPerH)} h ${min % minPerH} min`;
}

export function isoOf(ts: number): string {
  return new Date(ts).toISOString();
}

/** A book as a row has it. */
export interface Book {
  readonly symbol?: string;
  readonly bid: string;
  readonly ask: string;
  readonly ts: number;
}

export function bookAt(meta: Meta | undefined, symbol?: string): Book | undefined {
  const quote = objectAt(meta, 'quote');
  const [bid, ask, ts] = [textAt(quote, 'bid'), textAt(quote, 'ask'), timeAt(quote, 'ts')];
  if (bid === undefined || ask === undefined || ts === undefined) return undefined;
  const of = textAt(quote, 'symbol') ?? symbol;
  return { ...(of === undefined ? {} : { symbol: of }), bid, ask, ts };
}

export function bookWords({ symbol, bid, ask }: Book): string {
  return `${symbol === undefined ? '' : `${symbol} `}bid ${bid}, ask ${ask}`;
}

const ends: Readonly<Record<number, string>> = { 1: 'st', 2: 'nd', 3: 'rd' };

/** 1st, 2nd, 11th, 23rd. */
export function ordinal(n: number): string {
  const isTeen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${isTeen ? 'th' : (ends[n % 10] ?? 'th')}`;
}
