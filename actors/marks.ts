// What quotes alone change, books and peaks, noted beside the records once a second: a kill loses at
// most the last second of it. A note is never durable before the closes that its quotes decided.
import { decimal } from '#src/domain/money';
import type { QuoteMark } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Journal } from '#src/ports/journal';
import type { RingChunk } from '#src/prices/account-peaks';
import type { TrailMark } from '#src/prices/trail-marks';
import type { NotedTrails } from './peaks.ts';

const bookPrefix = 'book:';
const peakPrefix = 'peak:';
const trailPrefix = 'trail:';
const ringPrefix = 'ring:';
/** The record behind which the trailing stops are as they are noted. */
const trailsNote = 'trails_at';

/** An account's peak, and when it was. */
export interface NotedPeak {
  readonly accountId: string;
  readonly peak: string;
  readonly ts?: number;
}

export interface Marks {
  readonly quotes: readonly QuoteMark[];
  readonly peaks: readonly NotedPeak[];
  /** Of the symbols whose trailing stops have moved. */
  readonly trails: readonly TrailMark[];
  /** Quotes in which peaks of accounts may be found that nobody has looked for yet. */
  readonly ring: RingChunk | undefined;
}

/** `n` is that of the last record before the marks were taken. */
export function noteMarks(
  journal: Journal,
  { quotes, peaks, trails, ring }: Marks,
  n: number,
): void {
  // No book is noted before the peaks that its quotes have moved.
  for (const mark of trails) journal.note(trailPrefix + mark.symbol, JSON.stringify(mark));
  if (quotes.length > 0) journal.note(trailsNote, String(n));
  for (const mark of quotes) journal.note(bookPrefix + mark.symbol, JSON.stringify(mark));
  for (const { accountId, ...peak } of peaks) {
    journal.note(peakPrefix + accountId, JSON.stringify({ ...peak, n }));
  }
  // Behind the peaks that were found in what it takes the place of.
  if (ring !== undefined) journal.note(ringPrefix + ring.slot, JSON.stringify(ring));
}

/** Books as they were noted. */
export async function notedBooks(journal: Journal): Promise<QuoteMark[]> {
  const notes = await journal.notes(bookPrefix);
  return [...notes.values()].map((note) => JSON.parse(note) as QuoteMark);
}

/** Peaks of trailing stops as they were noted. */
export async function notedTrails(journal: Journal): Promise<NotedTrails> {
  const marks = new Map<string, TrailMark>();
  for (const note of (await journal.notes(trailPrefix)).values()) {
    const mark = JSON.parse(note) as TrailMark;
    marks.set(mark.symbol, mark);
  }
  const n = (await journal.notes(trailsNote)).get(trailsNote);
  return { n: Number(n ?? 0), marks };
}

/** Parts of the quote ring as they were noted, in their order. */
export async function notedRing(journal: Journal): Promise<RingChunk[]> {
  const notes = await journal.notes(ringPrefix);
  const chunks = [...notes.values()].map((note) => JSON.parse(note) as RingChunk);
  return chunks.sort((a, b) => a.number - b.number);
}

/** Noted peaks by the record behind which they belong: later records move them on. */
export async function notedPeaks(journal: Journal): Promise<Map<number, NotedPeak[]>> {
  const byRecord = new Map<number, NotedPeak[]>();
  for (const [name, note] of await journal.notes(peakPrefix)) {
    const { n, ...noted } = JSON.parse(note) as Omit<NotedPeak, 'accountId'> & { n: number };
    const accountId = name.slice(peakPrefix.length);
    byRecord.set(n, [...(byRecord.get(n) ?? []), { accountId, ...noted }]);
  }
  return byRecord;
}

export function restorePeaks(state: State, peaks: readonly NotedPeak[] | undefined): void {
  for (const { accountId, peak, ts } of peaks ?? []) {
    const account = state.accounts.get(accountId);
    if (account === undefined) continue;
    account.peak = decimal(peak);
    if (ts !== undefined) account.peakMoved = { what: 'quote', ts };
  }
}
