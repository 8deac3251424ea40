// What the journal and its worker thread say to each other.
import type { JournalOpened } from '#src/ports/journal';
import type { Link } from './links.ts';

export interface StoreOptions {
  readonly directory: string;
  /** Most pages of 4 KiB that the file may have; the next batch fails as on a full disk. */
  readonly pageCountMax?: number | undefined;
}

export type Notes = ReadonlyMap<string, string>;

export type ToWorker =
  /** Records as JSON arrays; on disk with the message that commits, all since the last or none. */
  | { type: 'append'; texts: readonly string[]; notes: Notes; commit: boolean }
  | { type: 'read'; id: number; after: number; limit: number }
  | { type: 'notes'; id: number; prefix: string }
  | { type: 'close' };

export type FromWorker =
  | { type: 'opened'; opened: JournalOpened }
  | { type: 'durable' }
  | { type: 'links'; id: number; links: Link[] }
  | { type: 'notes'; id: number; notes: Notes }
  /** A question could not be answered; the journal goes on. */
  | { type: 'unanswered'; id: number; code: string; message: string }
  /** The worker has ended: nothing more becomes durable. */
  | { type: 'failed'; code: string; message: string };
