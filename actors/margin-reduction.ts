// A margin stop-out: the worst position is closed, then the next, until the level is restored.
import type { CloseCause } from '#src/domain/closing';
import { invariant } from '#src/domain/errors';
import type { RuleFinding } from '#src/domain/judge';
import { text, zero, type Decimal } from '#src/domain/money';
import { isAboveFloor, shownObserved, type Observation } from '#src/domain/rule-levels';
import type { Account } from '#src/domain/state';
import { observe } from '#src/prices/equity-watch';
import { usedMarginOf } from '#src/prices/exposure';
import { guardedAndQuoted, worstFirst } from './breach-closes.ts';
import type { CoreContext } from './core-context.ts';

/** Reason of closes that restore a margin level. */
export const marginStopOutReason = 'margin_stop_out';

/**
 * What is being closed counts as closed here, so that a provider that takes its time is not sent more
 * closes than are needed; entries stay halted until the level of all of them is restored.
 */
export function reduceMargin(
  core: CoreContext,
  account: Account,
  { rule, levels }: RuleFinding,
): void {
  const breach = account.breaches.get(rule.id);
  invariant(breach !== undefined, 'a margin is reduced after a breach');
  for (const position of worstFirst(guardedAndQuoted(core, account), core.markets)) {
    const observation = withoutClosing(core, account);
    if (isAboveFloor(rule, levels, observation)) break;
    const observed = shownObserved(rule, observation) ?? zero;
    const cause: CloseCause = {
      reason: marginStopOutReason,
      ruleId: rule.id,
      breachId: breach.breachId,
      observed: text(observed),
      floor: text(levels.floor),
    };
    core.requestClose({ positionIds: [position.positionId], cause });
  }
  const all = observe(account, core.markets.bookOf);
  if (!isAboveFloor(rule, levels, all)) return;
  const observed = text(shownObserved(rule, all) ?? zero);
  const body = { ruleIds: [rule.id], observed };
  core.commit({ type: 'rule.restored', accountId: account.accountId, body });
}

function withoutClosing({ markets }: CoreContext, account: Account): Observation {
  let usedMargin: Decimal = zero;
  for (const position of account.positions.values()) {
    if (position.state !== 'guarded') continue;
    usedMargin = usedMargin.plus(usedMarginOf(position, markets.bookOf));
  }
  return { ...observe(account, markets.bookOf), usedMargin };
}
