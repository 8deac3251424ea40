// The actor of one account's guard: what its rules found becomes records and closes.
import { drawdownGuardMachine } from '#machines/drawdown-guard.machine';
import { accountOf } from '#src/domain/apply';
import { invariant } from '#src/domain/errors';
import type { RuleBreach } from '#src/domain/records';
import type { Account } from '#src/domain/state';
import { deadlineRanks } from '#src/prices/deadlines';
import { closeBreached } from './breach-closes.ts';
import type { CoreContext } from './core-context.ts';
import { marginStopOutReason, reduceMargin } from './margin-reduction.ts';
import { observationOf, toldEndOf } from './rule-observations.ts';

/** Reason of closes after the breach of a drawdown rule. */
const drawdownReason = 'drawdown_critical';

export function drawdownGuardLogic(core: CoreContext): typeof drawdownGuardMachine {
  return drawdownGuardMachine.provide({
    actions: {
      recordWarning: ({ context: { accountId }, event }) => {
        if (event.type !== 'rule.warned') return;
        const body = observationOf(core, accountId, event.finding, event.observed);
        core.commit({ type: 'rule.warned', accountId, body });
      },
      recordRecovery: ({ context: { accountId }, event }) => {
        if (event.type !== 'rules.recovered') return;
        const body = toldEndOf(core, accountId, event);
        core.commit({ type: 'rule.recovered', accountId, body });
      },
      recordRestored: ({ context: { accountId }, event }) => {
        if (event.type !== 'rules.restored') return;
        const body = toldEndOf(core, accountId, event);
        core.commit({ type: 'rule.restored', accountId, body });
      },
      recordBreach: ({ context: { accountId }, event }) => {
        if (event.type !== 'rule.breached') return;
        const { finding, also, observed } = event;
        const { action, anchor, graceMs } = finding.rule;
        const body: RuleBreach = {
          ...observationOf(core, accountId, finding, observed),
          breachId: core.ids.next('breach'),
          reason: anchor === 'marginLevel' ? marginStopOutReason : drawdownReason,
          action,
          ...(also.length === 0 ? {} : { also: [...also] }),
          ...(graceMs === 0 ? {} : { graceUntil: core.clock.now() + graceMs }),
        };
        core.commit({ type: 'rule.breached', accountId, body });
      },
      awaitGrace: ({ context: { accountId } }) => {
        awaitGrace(core, accountOf(core.state, accountId));
      },
      recordGraceEnd: ({ context: { accountId } }) => {
        const body = { breachId: breachIdOf(accountOf(core.state, accountId)) };
        core.commit({ type: 'grace.ended', accountId, body });
      },
      closeAll: ({ context: { accountId } }) => {
        closeBreached(core, accountOf(core.state, accountId));
      },
      reduce: ({ context: { accountId }, event }) => {
        // A breach is told with what else was found; what is short follows behind that.
        if (event.type !== 'margin.short') return;
        reduceMargin(core, accountOf(core.state, accountId), event.finding);
      },
      cancelOrders: ({ context: { accountId } }) => {
        cancelOrders(core, accountOf(core.state, accountId));
      },
      recordSettled: ({ context: { accountId } }) => {
        const body = { breachId: breachIdOf(accountOf(core.state, accountId)) };
        core.commit({ type: 'account.settled', accountId, body });
      },
    },
  });
}

function breachIdOf({ halt }: Account): string {
  invariant(halt?.breachId !== undefined, 'what a breach leads to follows a breach');
  return halt.breachId;
}

/** Cancels what rests in the market: once a breach, and once more after each restart behind it. */
export function cancelOrders(core: CoreContext, account: Account): void {
  const { orders } = core;
  if (orders === undefined) return;
  const breachId = breachIdOf(account);
  const act = (): void => orders.cancelAll(account.accountId, breachId);
  core.afterDurable({ act, isSafeUnrecorded: true });
}

const graceKeyPrefix = 'grace ';

/** Sets the deadline at which the grace of a breached account ends. */
export function awaitGrace({ deadlines }: CoreContext, { accountId, order, halt }: Account): void {
  invariant(halt?.graceUntil !== undefined, 'a grace has an end');
  deadlines.set(graceKeyPrefix + accountId, halt.graceUntil, deadlineRanks.grace, order);
}

/** The account whose grace ends at this deadline. */
export function accountOfGrace(key: string): string | undefined {
  return key.startsWith(graceKeyPrefix) ? key.slice(graceKeyPrefix.length) : undefined;
}

type GuardValue =
  'normal' | 'warning' | 'grace' | 'closing' | { halted: 'byOperator' | 'byBreach' };

/** Where an account's guard is when it is created from the state. */
export function drawdownGuardValue({ state, halt }: Account): GuardValue {
  if (state !== 'halted') return state;
  return { halted: halt?.by === 'breach' ? 'byBreach' : 'byOperator' };
}
