// Start-up and crash recovery are one path: the state is what the journal's records add up to.
import { apply } from '#src/domain/apply';
import type { RuntimeEvent } from '#src/domain/events';
import { emptyState, type State } from '#src/domain/state';
import { journalBatchMax, type Journal } from '#src/ports/journal';
import type { RingChunk } from '#src/prices/account-peaks';
import { notedBooks, notedPeaks, notedRing, notedTrails, restorePeaks } from './marks.ts';
import { PeakRecovery } from './peaks.ts';

export interface Recovered {
  readonly state: State;
  /** Events that may not have left before the restart: they are told again, under the same ids. */
  readonly unpublished: readonly RuntimeEvent[];
  /** Quotes in which peaks of accounts may be found that nobody had looked for yet. */
  readonly ring: readonly RingChunk[];
}

/** Note of the journal: up to which record the events have left this process. */
export const publishedNote = 'events_published';

export async function recover(journal: Journal, lastN: number): Promise<Recovered> {
  const state = emptyState();
  const unpublished: RuntimeEvent[] = [];
  const publishedN = Number((await journal.notes(publishedNote)).get(publishedNote) ?? 0);
  const peaks = await notedPeaks(journal);
  const trails = new PeakRecovery(await notedTrails(journal));
  for (const mark of await notedBooks(journal)) state.marks.set(mark.symbol, mark);
  while (state.n < lastN) {
    const entries = await journal.read(state.n, journalBatchMax);
    if (entries.length === 0) break;
    for (const { record } of entries) {
      const events = apply(state, record);
      if (record.n > publishedN) unpublished.push(...events);
      restorePeaks(state, peaks.get(record.n));
      trails.see(record, state);
    }
  }
  trails.restore(state);
  return { state, unpublished, ring: await notedRing(journal) };
}
