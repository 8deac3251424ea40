// Who closes positions: every close of the runtime goes through this one actor.
import { setup } from 'xstate';
import type { CloseCause } from '#src/domain/closing';

export interface CloseRequest {
  /** In the order in which they are to be closed. */
  readonly positionIds: readonly string[];
  readonly cause: CloseCause;
  /** Price of a close that already happened: it is recorded, no order is sent. */
  readonly at?: string;
  /** Only so much of it is closed, decimal text; all that is left where it is absent. */
  readonly quantity?: string;
}

export type PositionCloserEvent =
  | ({ type: 'close.requested' } & CloseRequest)
  /** The close of a part has its outcome: what waited behind it begins. */
  | { type: 'part.ended'; positionId: string }
  /** A close was requested before its symbol, or its conversion pair, had a quote. */
  | { type: 'close.waited' }
  /** The books of this symbol took a quote: closes that waited for it can be filled. */
  | { type: 'quote.taken'; symbol: string }
  /** No close waits for a quote any more. */
  | { type: 'waits.ended' };

/** The actor provides the actions: each position's errors are its own there. */
export const positionCloserMachine = setup({
  types: { events: {} as PositionCloserEvent },
  actions: {
    closePositions: () => {},
    beginNext: () => {},
    fillWaiting: () => {},
  },
}).createMachine({
  id: 'position-closer',
  initial: 'ready',
  on: {
    'close.requested': { actions: 'closePositions' },
    'part.ended': { actions: 'beginNext' },
  },
  states: {
    ready: {
      on: { 'close.waited': 'waiting' },
    },
    waiting: {
      on: {
        'quote.taken': { actions: 'fillWaiting' },
        'waits.ended': 'ready',
      },
    },
  },
});
