// The actor of one account's guard: what its rules found becomes records and closes.
import { drawdownGuardMachine } from '#machines/drawdown-guard.machine';
import type { CloseCause } from '#src/domain/closing';
import { invariant } from '#src/domain/errors';
import { text, zero, type Decimal } from '#src/domain/money';
import type { RuleObservation } from '#src/domain/records';
import type { RuleFinding } from '#src/domain/rules';
import type { Account, Position } from '#src/domain/state';
import { accountOf } from '#src/domain/apply';
import { unrealisedPnl } from '#src/prices/exposure';
import type { Markets } from '#src/prices/market';
import type { CoreContext } from './core-context.ts';

/** Reason of a close after the breach of a drawdown rule. */
const breachReason = 'drawdown_critical';

export function drawdownGuardLogic(core: CoreContext): typeof drawdownGuardMachine {
  return drawdownGuardMachine.provide({
    actions: {
      recordWarning: ({ context: { accountId }, event }) => {
        if (event.type !== 'rule.warned') return;
        core.commit({ type: 'rule.warned', accountId, body: observationOf(event) });
      },
      recordRecovery: ({ context: { accountId }, event }) => {
        if (event.type !== 'rules.recovered') return;
        const body = { ruleIds: [...event.ruleIds], observed: event.observed };
        core.commit({ type: 'rule.recovered', accountId, body });
      },
      recordBreach: ({ context: { accountId }, event }) => {
        if (event.type !== 'rule.breached') return;
        const breachId = core.ids.next('breach');
        const body = { ...observationOf(event), breachId, reason: breachReason };
        core.commit({ type: 'rule.breached', accountId, body });
      },
      closeAll: ({ context: { accountId } }) => {
        const account = accountOf(core.state, accountId);
        const { bookOf } = core.markets;
        const quoted = [...account.positions.values()].filter((p) => bookOf(p.symbol).hasQuote);
        closeForBreach(core, account, quoted);
      },
      recordSettled: ({ context: { accountId } }) => {
        const { halt } = accountOf(core.state, accountId);
        invariant(halt?.breachId !== undefined, 'a settled account was breached');
        core.commit({ type: 'account.settled', accountId, body: { breachId: halt.breachId } });
      },
    },
  });
}

/** Closes positions of a breached account for that breach, worst P&L first, ties as tracked. */
export function closeForBreach(
  core: CoreContext,
  account: Account,
  positions: readonly Position[],
): void {
  const { halt } = account;
  invariant(halt?.by === 'breach', 'only a breach closes an account');
  const cause: CloseCause = {
    reason: halt.reason,
    ...(halt.ruleId === undefined ? {} : { ruleId: halt.ruleId }),
    ...(halt.breachId === undefined ? {} : { breachId: halt.breachId }),
    ...(halt.observed === undefined ? {} : { observed: halt.observed }),
    ...(halt.floor === undefined ? {} : { floor: halt.floor }),
  };
  const positionIds = worstFirst(positions, core.markets).map((p) => p.positionId);
  if (positionIds.length > 0) core.requestClose({ positionIds, cause });
}

/** A restart came between a breach and the closes that follow from it. */
export function finishClosing(core: CoreContext, account: Account): void {
  const { bookOf } = core.markets;
  const quoted = [...account.positions.values()].filter(
    (position) => position.state === 'guarded' && bookOf(position.symbol).hasQuote,
  );
  closeForBreach(core, account, quoted);
}

/** By unrealised P&L, lowest first; one that has no price yet counts 0. */
function worstFirst(positions: readonly Position[], markets: Markets): Position[] {
  return positions
    .map((position) => ({ position, pnl: pnlOf(position) }))
    .sort((a, b) => a.pnl.comparedTo(b.pnl) || a.position.order - b.position.order)
    .map(({ position }) => position);
  /** One whose P&L cannot be told keeps none of the others open. */
  function pnlOf(position: Position): Decimal {
    try {
      return unrealisedPnl(position, markets.bookOf) ?? zero;
    } catch {
      return zero;
    }
  }
}

function observationOf(found: { finding: RuleFinding; observed: string }): RuleObservation {
  const { rule, levels } = found.finding;
  return {
    ruleId: rule.id,
    observed: found.observed,
    floor: text(levels.floor),
    anchorValue: text(levels.anchorValue),
  };
}

/** Where an account's guard is when it is created from the state. */
export function drawdownGuardValue(
  account: Account,
): 'normal' | 'warning' | 'closing' | HaltedValue {
  if (account.state === 'halted') {
    return { halted: account.halt?.by === 'breach' ? 'byBreach' : 'byOperator' };
  }
  return account.state === 'grace' ? 'normal' : account.state;
}

type HaltedValue = { halted: 'byOperator' | 'byBreach' };
