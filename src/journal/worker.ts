// The worker thread of the SQLite journal: one message after the other, so in order by itself.
import { parentPort, workerData } from 'node:worker_threads';
import { CloseoutError, invariant, messageOf } from '#src/domain/errors';
import type { FromWorker, StoreOptions, ToWorker } from './protocol.ts';
import { openStore } from './store.ts';
import type { JournalStore } from './store.ts';

invariant(parentPort !== null, 'the journal worker runs as a worker thread');
const port = parentPort;

function tell(message: FromWorker): void {
  port.postMessage(message);
}

function codeOf(error: unknown): string {
  return error instanceof CloseoutError ? error.code : 'journal_failed';
}

function fail(error: unknown): void {
  tell({ type: 'failed', code: codeOf(error), message: messageOf(error) });
  port.close();
}

function answer(id: number, ask: () => FromWorker): void {
  try {
    tell(ask());
  } catch (error) {
    tell({ type: 'unanswered', id, code: codeOf(error), message: messageOf(error) });
  }
}

function handle(store: JournalStore, message: ToWorker): void {
  switch (message.type) {
    case 'append':
      store.append(message.texts, message.notes, message.commit);
      if (message.commit) tell({ type: 'durable' });
      break;
    case 'read': {
      const { id, after, limit } = message;
      answer(id, () => ({ type: 'links', id, links: store.read(after, limit) }));
      break;
    }
    case 'notes': {
      const { id, prefix } = message;
      answer(id, () => ({ type: 'notes', id, notes: store.notes(prefix) }));
      break;
    }
    case 'close':
      store.close();
      port.close();
  }
}

function serve(store: JournalStore): void {
  port.on('message', (message: ToWorker) => {
    try {
      handle(store, message);
    } catch (error) {
      // Closed first: what is on its way must not be written behind the hole.
      store.close();
      fail(error);
    }
  });
}

try {
  const { store, opened } = openStore(workerData as StoreOptions);
  serve(store);
  tell({ type: 'opened', opened });
} catch (error) {
  fail(error);
}
