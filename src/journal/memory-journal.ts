// The journal of a replay and of the simulator: in memory, durable before `append` returns.
import { CloseoutError } from '#src/domain/errors';
import type { Journal } from '#src/ports/journal';
import { Chains, assertFollows, entryOf, readMax } from './links.ts';
import type { Link } from './links.ts';

export interface MemoryJournalOptions {
  /** Whether records are kept for `read`; without, a replay of any length does not grow. */
  readonly keep?: boolean;
  readonly directoryId?: string;
}

/** A journal that outlives its `close`: opened again, it is the next start of the same directory. */
export function memoryJournal(options: MemoryJournalOptions = {}): Journal {
  const { keep = true, directoryId = 'memory' } = options;
  const chains = new Chains();
  const links: Link[] = [];
  const notes = new Map<string, string>();
  let epoch = 0;
  let lastN = 0;
  let isOpen = false;

  return {
    open: () => {
      isOpen = true;
      return Promise.resolve({ epoch: ++epoch, directoryId, lastN });
    },
    append: (records, whenDurable) => {
      if (!isOpen) {
        whenDurable(new CloseoutError('journal_closed', 'the journal is not open'));
        return;
      }
      assertFollows(records, lastN);
      lastN += records.length;
      // Kept as text, as on disk: a record that is changed afterwards does not change here.
      if (keep) for (const record of records) links.push(chains.link(record));
      whenDurable();
    },
    read: (after, limit) => {
      const found = links.slice(after, after + readMax(limit));
      return Promise.resolve(found.map(entryOf));
    },
    note: (name, value) => {
      notes.set(name, value);
    },
    notes: (prefix) => {
      const found = [...notes].filter(([name]) => name.startsWith(prefix));
      return Promise.resolve(new Map(found.sort(([a], [b]) => (a < b ? -1 : 1))));
    },
    close: () => {
      isOpen = false;
      return Promise.resolve();
    },
  };
}
