// Who cancels the other protective order at the provider, when the one was executed there.
import { setup } from 'xstate';
import type { CounterpartCancel } from '#src/domain/provider';

export type CounterpartCancelerEvent =
  | { type: 'counterpart.left'; route: string; cancel: CounterpartCancel }
  | { type: 'cancel.failed'; route: string; error: string };

/** Fire and forget: one cancel is sent, and what becomes of it changes nothing here. */
export const counterpartCancelerMachine = setup({
  types: { events: {} as CounterpartCancelerEvent },
  actions: {
    sendCancel: () => {},
    noteFailure: () => {},
  },
}).createMachine({
  id: 'counterpart-canceler',
  initial: 'ready',
  states: {
    ready: {
      on: {
        'counterpart.left': { actions: 'sendCancel' },
        'cancel.failed': { actions: 'noteFailure' },
      },
    },
  },
});
