// The guard of one symbol's market: each condition on its own, in parallel.
import { setup } from 'xstate';
import type { Condition, ConditionLevel } from '#src/domain/market-conditions';

export interface MarketGuardContext {
  readonly symbol: string;
}

interface Held {
  readonly level: ConditionLevel;
  /** In percent. */
  readonly measured: string;
}

export type MarketGuardEvent =
  | ({ type: `${Condition}.held` } & Held)
  /** It did not hold for `clearAfterMs`. */
  | { type: `${Condition}.cleared` }
  /** The guard was removed, or replaced by another one. */
  | { type: 'guard.removed' };

const setUp = setup({
  types: {
    context: {} as MarketGuardContext,
    events: {} as MarketGuardEvent,
    input: {} as MarketGuardContext,
  },
  guards: {
    isCritical: ({ event }) => 'level' in event && event.level === 'critical',
  },
  actions: {
    recordChange: () => {},
    closePositions: () => {},
  },
});

const rises = {
  guard: 'isCritical',
  target: 'critical',
  actions: ['recordChange', 'closePositions'],
} as const;
const begins = { target: 'warning', actions: ['recordChange', 'closePositions'] } as const;
const goesOn = { actions: 'closePositions' } as const;
const clears = { target: 'calm', actions: 'recordChange' } as const;

/** A condition that was critical stays so until it has cleared. */
export const marketGuardMachine = setUp.createMachine({
  id: 'market-guard',
  context: ({ input }) => input,
  initial: 'watching',
  states: {
    watching: {
      type: 'parallel',
      on: { 'guard.removed': 'removed' },
      states: {
        gap: {
          initial: 'calm',
          states: {
            calm: { on: { 'gap.held': [rises, begins] } },
            warning: { on: { 'gap.held': [rises, goesOn], 'gap.cleared': clears } },
            critical: { on: { 'gap.held': goesOn, 'gap.cleared': clears } },
          },
        },
        spread: {
          initial: 'calm',
          states: {
            calm: { on: { 'spread.held': [rises, begins] } },
            warning: { on: { 'spread.held': [rises, goesOn], 'spread.cleared': clears } },
            critical: { on: { 'spread.held': goesOn, 'spread.cleared': clears } },
          },
        },
      },
    },
    removed: { type: 'final' },
  },
});
