// The guard of one account: what its rules found, and what became of it.
import { setup } from 'xstate';
import type { RuleFinding } from '#src/domain/rules';

export interface DrawdownGuardContext {
  readonly accountId: string;
}

export type DrawdownGuardEvent =
  | { type: 'rule.warned'; finding: RuleFinding; observed: string }
  /** The loss of these rules fell below 90 % of their warning level. */
  | { type: 'rules.recovered'; ruleIds: readonly string[]; observed: string; isLast: boolean }
  | { type: 'rule.breached'; finding: RuleFinding; observed: string }
  /** Every close of the breach has its outcome. */
  | { type: 'closes.settled' }
  /** An operator's commands, once recorded. */
  | { type: 'account.halted' }
  | { type: 'account.resumed' };

const warned = { actions: 'recordWarning' } as const;
const recovered = { actions: 'recordRecovery' } as const;
const breached = {
  target: '#drawdown-guard.closing',
  actions: ['recordBreach', 'closeAll'],
} as const;

/**
 * After a breach nothing but an operator's resume leads back: `closing` and `halted` of a breach
 * answer no rule. After an operator's halt the rules go on.
 */
export const drawdownGuardMachine = setup({
  types: {
    context: {} as DrawdownGuardContext,
    events: {} as DrawdownGuardEvent,
    input: {} as DrawdownGuardContext,
  },
  guards: {
    isLastWarning: ({ event }) => event.type === 'rules.recovered' && event.isLast,
  },
  actions: {
    recordWarning: () => {},
    recordRecovery: () => {},
    recordBreach: () => {},
    closeAll: () => {},
    recordSettled: () => {},
  },
}).createMachine({
  id: 'drawdown-guard',
  context: ({ input }) => input,
  initial: 'normal',
  states: {
    normal: {
      on: {
        'rule.warned': { target: 'warning', ...warned },
        'rule.breached': breached,
        'account.halted': 'halted.byOperator',
      },
    },
    warning: {
      on: {
        'rule.warned': warned,
        'rules.recovered': [{ guard: 'isLastWarning', target: 'normal', ...recovered }, recovered],
        'rule.breached': breached,
        'account.halted': 'halted.byOperator',
      },
    },
    closing: {
      on: {
        'closes.settled': { target: 'halted.byBreach', actions: 'recordSettled' },
      },
    },
    halted: {
      initial: 'byOperator',
      on: { 'account.resumed': 'normal' },
      states: {
        byOperator: {
          on: {
            'rule.warned': warned,
            'rules.recovered': recovered,
            'rule.breached': breached,
          },
        },
        byBreach: {},
      },
    },
  },
});
