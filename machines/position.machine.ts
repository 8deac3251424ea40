// The life of one guarded position.
import { assertEvent, setup } from 'xstate';
import type { Reached } from '#src/domain/due-exits';
import type { ClosePhase } from '#src/domain/state';

export interface PositionContext {
  readonly positionId: string;
}

export type PositionEvent =
  /** One quote crossed levels of it: what is due, and what moves. */
  | { type: 'levels.crossed'; reached: Reached }
  /** Its time exit is due. */
  | { type: 'deadline.passed' }
  /**
   * An intent to close it, or a part of it, is recorded; `isSent` where it goes to a provider.
   * `isPart`: the rest stays guarded.
   */
  | { type: 'close.intended'; isSent: boolean; isPart: boolean }
  /** All that is left is to be closed when the part has its outcome, which is in this phase. */
  | { type: 'close.queued'; phase: ClosePhase }
  /** The provider has it and will report. */
  | { type: 'close.acknowledged' }
  /** Sent, and whether it was executed nobody knows. */
  | { type: 'close.unknown' }
  /** Sent again, under the same id. */
  | { type: 'close.sent' }
  /** Definitely not executed; it is tried again. */
  | { type: 'close.rejected' }
  /** A part that was to be closed is closed. */
  | { type: 'part.closed' }
  | { type: 'close.filled' }
  /** Given up; `isGuarded` unless another close of all that is left waits behind it. */
  | { type: 'close.failed'; isGuarded: boolean }
  | { type: 'position.amended' }
  | { type: 'position.untracked' };

/** What guards look at in an event: two events with one key do the same in every state. */
export function positionEventKey(event: PositionEvent): string {
  switch (event.type) {
    case 'close.intended':
      return `${event.type} ${event.isSent} ${event.isPart}`;
    case 'close.queued':
      return `${event.type} ${event.phase}`;
    case 'close.failed':
      return `${event.type} ${event.isGuarded}`;
    default:
      return event.type;
  }
}

/** Where the order of a close is; see `ClosePhase`. */
const phases = {
  initial: 'waiting' as const,
  states: { waiting: {}, sending: {}, pending: {}, unknown: {}, rejected: {} },
};

const phaseMoves = {
  'close.sent': '.sending',
  'close.acknowledged': '.pending',
  'close.unknown': '.unknown',
  'close.rejected': '.rejected',
} as const;

/**
 * Levels are watched while `guarded` and at no other time, so a position that is `closing` can
 * trigger nothing; `guarded.reducing` while a part of it is being closed. The actor provides the
 * actions: `watchLevels`, `unwatchLevels`, `closeReached`, `closeExpired`.
 */
export const positionMachine = setup({
  types: {
    context: {} as PositionContext,
    events: {} as PositionEvent,
    input: {} as PositionContext,
  },
  guards: {
    isSent: ({ event }) => {
      assertEvent(event, 'close.intended');
      return event.isSent;
    },
    isPart: ({ event }) => {
      assertEvent(event, 'close.intended');
      return event.isPart;
    },
    isSentPart: ({ event }) => {
      assertEvent(event, 'close.intended');
      return event.isPart && event.isSent;
    },
    isGuarded: ({ event }) => {
      assertEvent(event, 'close.failed');
      return event.isGuarded;
    },
    isInPhase: ({ event }, { phase }: { phase: ClosePhase }) => {
      assertEvent(event, 'close.queued');
      return event.phase === phase;
    },
  },
  actions: {
    watchLevels: () => {},
    unwatchLevels: () => {},
    closeReached: () => {},
    closeExpired: () => {},
  },
}).createMachine({
  id: 'position',
  context: ({ input }) => input,
  initial: 'guarded',
  states: {
    guarded: {
      entry: 'watchLevels',
      exit: 'unwatchLevels',
      initial: 'whole',
      states: {
        whole: {},
        reducing: { ...phases, on: { ...phaseMoves, 'close.failed': 'whole' } },
      },
      on: {
        'levels.crossed': { actions: 'closeReached' },
        'deadline.passed': { actions: 'closeExpired' },
        'close.intended': [
          { guard: 'isSentPart', target: '.reducing.sending' },
          { guard: 'isPart', target: '.reducing.waiting' },
          { guard: 'isSent', target: 'closing.sending' },
          { target: 'closing.waiting' },
        ],
        'close.queued': [
          { guard: { type: 'isInPhase', params: { phase: 'waiting' } }, target: 'closing.waiting' },
          { guard: { type: 'isInPhase', params: { phase: 'sending' } }, target: 'closing.sending' },
          { guard: { type: 'isInPhase', params: { phase: 'pending' } }, target: 'closing.pending' },
          { guard: { type: 'isInPhase', params: { phase: 'unknown' } }, target: 'closing.unknown' },
          { target: 'closing.rejected' },
        ],
        'part.closed': '.whole',
        'close.filled': 'closed',
        'position.amended': { actions: ['unwatchLevels', 'watchLevels'] },
        'position.untracked': 'untracked',
      },
    },
    closing: {
      ...phases,
      on: {
        ...phaseMoves,
        'close.intended': [{ guard: 'isSent', target: '.sending' }, { target: '.waiting' }],
        'close.filled': 'closed',
        'close.failed': { guard: 'isGuarded', target: 'guarded' },
        'position.untracked': 'untracked',
      },
    },
    closed: { type: 'final' },
    untracked: { type: 'final' },
  },
});
