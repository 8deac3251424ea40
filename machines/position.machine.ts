// The life of one guarded position.
import { assertEvent, assign, setup } from 'xstate';
import { dueExit, type CrossedLevels, type Exits } from '#src/domain/exits';

export interface PositionContext {
  readonly positionId: string;
  readonly exits: Exits;
}

export type PositionEvent =
  /** One quote crossed these levels of it. */
  | { type: 'levels.crossed'; crossing: CrossedLevels }
  /** An intent to close what is left of it is recorded; `isSent` where it goes to a provider. */
  | { type: 'close.intended'; isSent: boolean }
  /** The provider has it and will report. */
  | { type: 'close.acknowledged' }
  /** Sent, and whether it was executed nobody knows. */
  | { type: 'close.unknown' }
  /** Sent again, under the same id. */
  | { type: 'close.sent' }
  /** Definitely not executed; it is tried again. */
  | { type: 'close.rejected' }
  | { type: 'close.filled' }
  /** Given up. */
  | { type: 'close.failed' }
  | { type: 'position.amended'; exits: Exits }
  | { type: 'position.untracked' };

/**
 * Levels are watched while `guarded` and at no other time, so a position that is `closing` can
 * trigger nothing. The actor provides the actions: `watchLevels`, `unwatchLevels`, `requestClose`.
 */
export const positionMachine = setup({
  types: {
    context: {} as PositionContext,
    events: {} as PositionEvent,
    input: {} as PositionContext,
  },
  guards: {
    hasDueExit: ({ context, event }) => {
      assertEvent(event, 'levels.crossed');
      return dueExit(context.exits, event.crossing) !== undefined;
    },
    isSent: ({ event }) => {
      assertEvent(event, 'close.intended');
      return event.isSent;
    },
  },
  actions: {
    watchLevels: () => {},
    unwatchLevels: () => {},
    requestClose: () => {},
    replaceExits: assign(({ event }) => {
      assertEvent(event, 'position.amended');
      return { exits: event.exits };
    }),
  },
}).createMachine({
  id: 'position',
  context: ({ input }) => input,
  initial: 'guarded',
  states: {
    guarded: {
      entry: 'watchLevels',
      exit: 'unwatchLevels',
      on: {
        'levels.crossed': { guard: 'hasDueExit', actions: 'requestClose' },
        'close.intended': [
          { guard: 'isSent', target: 'closing.sending' },
          { target: 'closing.waiting' },
        ],
        'close.filled': 'closed',
        'position.amended': { target: 'guarded', reenter: true, actions: 'replaceExits' },
        'position.untracked': 'untracked',
      },
    },
    closing: {
      initial: 'waiting',
      states: {
        /** For the first quote, on paper. */
        waiting: {},
        sending: {},
        pending: {},
        unknown: {},
        rejected: {},
      },
      on: {
        'close.intended': [{ guard: 'isSent', target: '.sending' }, { target: '.waiting' }],
        'close.sent': '.sending',
        'close.acknowledged': '.pending',
        'close.unknown': '.unknown',
        'close.rejected': '.rejected',
        'close.filled': 'closed',
        'close.failed': 'guarded',
        'position.amended': { actions: 'replaceExits' },
        'position.untracked': 'untracked',
      },
    },
    closed: { type: 'final' },
    untracked: { type: 'final' },
  },
});
