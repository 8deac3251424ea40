// How durable records get into the ledger: in batches, behind the closes, never before them.
import { setup } from 'xstate';

export type LedgerProjectorEvent =
  | { type: 'records.written' }
  | { type: 'batch.written'; hasMore: boolean }
  | { type: 'batch.failed'; error: unknown }
  | { type: 'retry.due' };

/** In `outage` nothing is lost: the journal keeps the records, and the batch is tried again. */
export const ledgerProjectorMachine = setup({
  types: { events: {} as LedgerProjectorEvent },
  guards: {
    hasMore: ({ event }) => event.type === 'batch.written' && event.hasMore,
  },
  actions: {
    writeBatch: () => {},
    reportOutage: () => {},
    scheduleRetry: () => {},
  },
}).createMachine({
  id: 'ledger-projector',
  initial: 'idle',
  states: {
    idle: {
      on: { 'records.written': 'writing' },
    },
    writing: {
      entry: 'writeBatch',
      on: {
        'batch.written': [{ guard: 'hasMore', target: 'writing', reenter: true }, 'idle'],
        'batch.failed': { target: 'outage', actions: 'reportOutage' },
      },
    },
    outage: {
      entry: 'scheduleRetry',
      on: { 'retry.due': 'writing' },
    },
  },
});
