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
  /** An intent to close all of it is recorded and waits for its outcome. */
  | { type: 'close.intended' }
  | { type: 'close.filled' }
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
        'close.intended': 'closing',
        'close.filled': 'closed',
        'position.amended': { target: 'guarded', reenter: true, actions: 'replaceExits' },
        'position.untracked': 'untracked',
      },
    },
    closing: {
      on: {
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
