// The guard of one account: what its rules found, and what became of it.
import { setup } from 'xstate';
import type { RuleFinding } from '#src/domain/judge';

export interface DrawdownGuardContext {
  readonly accountId: string;
}

export type DrawdownGuardEvent =
  | { type: 'rule.warned'; finding: RuleFinding; observed: string }
  /** The loss of these rules fell below 90 % of their warning level. */
  | { type: 'rules.recovered'; ruleIds: readonly string[]; observed: string; isLast: boolean }
  /** Breaches that halted entries are over. */
  | { type: 'rules.restored'; ruleIds: readonly string[]; observed: string }
  /** `warns`: whether it, or what was breached with it, leaves the account in `warning`. */
  | {
      type: 'rule.breached';
      finding: RuleFinding;
      also: readonly string[];
      observed: string;
      warns: boolean;
    }
  /** A margin rule that was breached is not above its level yet. */
  | { type: 'margin.short'; finding: RuleFinding }
  | { type: 'grace.ended' }
  /** Every close of the breach has its outcome. */
  | { type: 'closes.settled' }
  /** An operator's commands, once recorded. */
  | { type: 'account.halted' }
  | { type: 'account.resumed' }
  /** `isCalm`: of what the rules before had told, nothing is left. */
  | { type: 'rules.replaced'; isCalm: boolean };

const warned = { actions: 'recordWarning' } as const;
const recovered = { actions: 'recordRecovery' } as const;
const restored = { actions: 'recordRestored' } as const;
const short = { actions: 'reduce' } as const;
/** Entries are refused from then on: no order comes to rest behind those that are cancelled here. */
const closing = [
  {
    guard: 'hasGrace',
    target: '#drawdown-guard.grace',
    actions: ['recordBreach', 'awaitGrace'],
  },
  {
    guard: 'isClose',
    target: '#drawdown-guard.closing',
    actions: ['recordBreach', 'closeAll', 'cancelOrders'],
  },
] as const;
const breached = { actions: 'recordBreach' } as const;

/** What rules find where nothing leaves the state but a breach that closes. */
const found = {
  'rule.warned': warned,
  'rules.recovered': recovered,
  'rules.restored': restored,
  'rule.breached': [...closing, breached],
  'margin.short': short,
} as const;

/**
 * After a breach that closes nothing but an operator's resume leads back: `grace`, `closing` and
 * `halted` of a breach answer no rule. After an operator's halt the rules go on.
 */
export const drawdownGuardMachine = setup({
  types: {
    context: {} as DrawdownGuardContext,
    events: {} as DrawdownGuardEvent,
    input: {} as DrawdownGuardContext,
  },
  guards: {
    isLastWarning: ({ event }) => event.type === 'rules.recovered' && event.isLast,
    isCalm: ({ event }) => event.type === 'rules.replaced' && event.isCalm,
    isClose: ({ event }) => event.type === 'rule.breached' && event.finding.rule.action === 'close',
    hasGrace: ({ event }) => {
      if (event.type !== 'rule.breached') return false;
      const { action, graceMs } = event.finding.rule;
      return action === 'close' && graceMs > 0;
    },
    isWarning: ({ event }) => event.type === 'rule.breached' && event.warns,
  },
  actions: {
    recordWarning: () => {},
    recordRecovery: () => {},
    recordRestored: () => {},
    recordBreach: () => {},
    recordGraceEnd: () => {},
    awaitGrace: () => {},
    closeAll: () => {},
    reduce: () => {},
    cancelOrders: () => {},
    recordSettled: () => {},
  },
}).createMachine({
  id: 'drawdown-guard',
  context: ({ input }) => input,
  initial: 'normal',
  states: {
    normal: {
      on: {
        ...found,
        'rule.warned': { target: 'warning', ...warned },
        'rule.breached': [
          ...closing,
          { guard: 'isWarning', target: 'warning', ...breached },
          breached,
        ],
        'account.halted': 'halted.byOperator',
      },
    },
    warning: {
      on: {
        ...found,
        'rules.recovered': [{ guard: 'isLastWarning', target: 'normal', ...recovered }, recovered],
        'rules.replaced': { guard: 'isCalm', target: 'normal' },
        'account.halted': 'halted.byOperator',
      },
    },
    grace: {
      on: {
        'grace.ended': {
          target: 'closing',
          actions: ['recordGraceEnd', 'closeAll', 'cancelOrders'],
        },
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
        byOperator: { on: found },
        byBreach: {},
      },
    },
  },
});
