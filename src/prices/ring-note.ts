// Entries of the quote ring as a note that JSON can carry, and back.
import { isNumeric } from '#src/domain/money';
import type { TextMark } from './ring-texts.ts';

type NotedText = readonly [column: number, index: number, bid: string | null, ask: string | null];

/** Numbers are base64 of their arrays, little-endian; columns are places in `symbols`. */
export interface RingNote {
  /** Index of the first entry. */
  readonly from: number;
  readonly symbols: readonly string[];
  /** Of each symbol the price before the first entry; NaN where it had none. */
  readonly firstBids: string;
  readonly firstAsks: string;
  readonly columns: string;
  /** Bid and ask of each entry. */
  readonly prices: string;
  readonly times: string;
  /** Of each entry the last journal record before it. */
  readonly records: string;
  /** Exact texts: those in force at the first entry, and each change of them after it. */
  readonly texts: readonly NotedText[];
}

/** What a note says. */
export interface RingEntries {
  readonly from: number;
  readonly symbols: readonly string[];
  readonly firstBids: Float64Array;
  readonly firstAsks: Float64Array;
  readonly columns: Int32Array;
  readonly prices: Float64Array;
  readonly times: Float64Array;
  readonly records: Float64Array;
  readonly texts: Iterable<readonly [column: number, mark: TextMark]>;
}

export function encodeNote(entries: RingEntries): RingNote {
  return {
    from: entries.from,
    symbols: entries.symbols,
    firstBids: encoded(entries.firstBids),
    firstAsks: encoded(entries.firstAsks),
    columns: encoded(entries.columns),
    prices: encoded(entries.prices),
    times: encoded(entries.times),
    records: encoded(entries.records),
    texts: Array.from(entries.texts, ([column, { index, bid, ask }]) => [
      ...([column, index] as const),
      ...([bid ?? null, ask ?? null] as const),
    ]),
  };
}

/** How many entries a note has, at most. */
export function countOf(note: Partial<RingNote> | undefined): number {
  return Buffer.byteLength(String(note?.columns), 'base64') / Int32Array.BYTES_PER_ELEMENT;
}

/** Undefined where it is not what `encodeNote` makes. */
export function decodeNote(note: unknown): RingEntries | undefined {
  if (typeof note !== 'object' || note === null) return undefined;
  const given = note as Partial<Record<keyof RingNote, unknown>>;
  const { from, symbols, texts } = given;
  if (!isCount(from) || !isListOf(symbols, isText) || new Set(symbols).size !== symbols.length) {
    return undefined;
  }
  const columns = intsOf(given.columns);
  const count = columns?.length ?? 0;
  const firstBids = doublesOf(given.firstBids, symbols.length);
  const firstAsks = doublesOf(given.firstAsks, symbols.length);
  const prices = doublesOf(given.prices, 2 * count);
  const times = doublesOf(given.times, count);
  const records = doublesOf(given.records, count);
  const isNotedText = (text: unknown): text is NotedText =>
    Array.isArray(text) &&
    text.length === 4 &&
    isColumn(text[0]) &&
    isCount(text[1]) &&
    [text[2], text[3]].every((side) => side === null || (isText(side) && isNumeric(side)));
  const isColumn = (column: unknown): boolean => isCount(column) && column < symbols.length;
  if (
    count === 0 ||
    !columns?.every(isColumn) ||
    !firstBids?.every((bid) => Number.isNaN(bid) || isPrice(bid)) ||
    !firstAsks?.every((ask, i) =>
      isPrice(ask)
        ? ask >= (firstBids[i] as number)
        : Number.isNaN(firstBids[i]) && Number.isNaN(ask),
    ) ||
    !prices?.every(
      (price, i) => isPrice(price) && (i % 2 === 0 || price >= (prices[i - 1] as number)),
    ) ||
    !times?.every(Number.isFinite) ||
    !records?.every(Number.isFinite) ||
    !isListOf(texts, isNotedText)
  ) {
    return undefined;
  }
  return {
    ...{ from, symbols, firstBids, firstAsks, columns, prices, times, records },
    texts: texts.map(([column, index, bid, ask]) => [
      column,
      { index, bid: bid ?? undefined, ask: ask ?? undefined },
    ]),
  };
}

function encoded({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function bytesOf(text: unknown, width: number): ArrayBuffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % width !== 0) return undefined;
  // Copied, since a small buffer lies anywhere in a larger one.
  return new Uint8Array(bytes).buffer;
}

function intsOf(text: unknown): Int32Array | undefined {
  const bytes = bytesOf(text, Int32Array.BYTES_PER_ELEMENT);
  return bytes && new Int32Array(bytes);
}

function doublesOf(text: unknown, count: number): Float64Array | undefined {
  const bytes = bytesOf(text, Float64Array.BYTES_PER_ELEMENT);
  const doubles = bytes && new Float64Array(bytes);
  return doubles?.length === count ? doubles : undefined;
}

function isListOf<T>(list: unknown, isOne: (item: unknown) => item is T): list is T[] {
  return Array.isArray(list) && list.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPrice(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
