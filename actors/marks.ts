// What quotes alone change, books and peaks, noted beside the records once a second: a kill loses at
// most the last second of it. A note is never durable before the closes that its quotes decided.
import { decimal } from '#src/domain/money';
import type { QuoteMark } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Journal } from '#src/ports/journal';
import type { TrailMark } from '#src/prices/trail-marks';
import type { NotedTrails } from './peaks.ts';

const bookPrefix = 'book:';
const peakPrefix = 'peak:';
const trailPrefix = 'trail:';
/** The record behind which the trailing stops are as they are noted. */
const trailsNote = 'trails_at';

export interface Marks {
  readonly quotes: readonly QuoteMark[];
  readonly peaks: readonly { readonly accountId: string; readonly peak: string }[];
  /** Of the symbols whose trailing stops have moved. */
  readonly trails: readonly TrailMark[];
}

/** `n` is that of the last record before the marks were taken. */
export function noteMarks(journal: Journal, { quotes, peaks, trails }: Marks, n: number): void {
  // No book is noted before the peaks that its quotes have moved.
  for (const mark of trails) journal.note(trailPrefix + mark.symbol, JSON.stringify(mark));
  if (quotes.length > 0) journal.note(trailsNote, String(n));
  for (const mark of quotes) journal.note(bookPrefix + mark.symbol, JSON.stringify(mark));
  for (const { accountId, peak } of peaks) {
    journal.note(peakPrefix + accountId, JSON.stringify({ peak, n }));
  }
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

interface NotedPeak {
  readonly accountId: string;
  readonly peak: string;
}

/** Noted peaks by the record behind which they belong: later records move them on. */
export async function notedPeaks(journal: Journal): Promise<Map<number, NotedPeak[]>> {
  const byRecord = new Map<number, NotedPeak[]>();
  for (const [name, note] of await journal.notes(peakPrefix)) {
    const { peak, n } = JSON.parse(note) as { peak: string; n: number };
    const accountId = name.slice(peakPrefix.length);
    byRecord.set(n, [...(byRecord.get(n) ?? []), { accountId, peak }]);
  }
  return byRecord;
}

export function restorePeaks(state: State, peaks: readonly NotedPeak[] | undefined): void {
  for (const { accountId, peak } of peaks ?? []) {
    const account = state.accounts.get(accountId);
    if (account !== undefined) account.peak = decimal(peak);
  }
}
