// Whether a provider is called: not while it does not answer, and then one call to try it.
import { assign, setup } from 'xstate';

/** Calls in a row without an answer that interrupt a route. */
export const failuresInARowMax = 5;

export interface BrokerSessionContext {
  /** Calls in a row without an answer. */
  readonly failures: number;
  /** Pauses since a call was answered last: each is longer than the one before. */
  readonly pauses: number;
}

/**
 * A call is answered by a reply of any kind: one that rejects the order is an answer. What was sent
 * before an interruption says nothing about the time after it, so that a probe has events of its own;
 * its reply counts also where it comes after the timeout.
 */
export type BrokerSessionEvent =
  | { type: 'call.answered' }
  | { type: 'call.failed'; error: string }
  | { type: 'pause.ended' }
  | { type: 'probe.sent' }
  | { type: 'probe.answered' }
  | { type: 'probe.failed'; error: string }
  | { type: 'session.stopped' };

/** In `probing`, `ready` lasts until there is something to call for. */
export const brokerSessionMachine = setup({
  types: {
    context: {} as BrokerSessionContext,
    events: {} as BrokerSessionEvent,
  },
  guards: {
    isLastFailure: ({ context }) => context.failures + 1 >= failuresInARowMax,
  },
  actions: {
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0, pauses: 0 }),
    countPause: assign({ pauses: ({ context }) => context.pauses + 1 }),
    noteChange: () => {},
    schedulePause: () => {},
    cancelPause: () => {},
    reportInterruption: () => {},
    reportRecovery: () => {},
  },
}).createMachine({
  id: 'broker-session',
  context: { failures: 0, pauses: 0 },
  initial: 'passing',
  on: { 'session.stopped': '.stopped' },
  states: {
    passing: {
      entry: 'noteChange',
      on: {
        'call.answered': { actions: 'forgetFailures' },
        'call.failed': [
          {
            guard: 'isLastFailure',
            target: 'interrupted',
            actions: ['countFailure', 'reportInterruption'],
          },
          { actions: 'countFailure' },
        ],
      },
    },
    interrupted: {
      entry: ['noteChange', 'countPause', 'schedulePause'],
      on: {
        'pause.ended': 'probing',
        'probe.answered': {
          target: 'passing',
          actions: ['cancelPause', 'forgetFailures', 'reportRecovery'],
        },
      },
    },
    probing: {
      entry: 'noteChange',
      initial: 'ready',
      states: {
        ready: { on: { 'probe.sent': 'asking' } },
        asking: { on: { 'probe.failed': '#broker-session.interrupted' } },
      },
      on: {
        'probe.answered': {
          target: 'passing',
          actions: ['forgetFailures', 'reportRecovery'],
        },
      },
    },
    stopped: { type: 'final' },
  },
});
