// Closes that follow from a breach: every position of the account, worst P&L first.
import type { CloseCause } from '#src/domain/closing';
import { invariant } from '#src/domain/errors';
import { zero, type Decimal } from '#src/domain/money';
import type { Account, Position } from '#src/domain/state';
import { unrealisedPnl } from '#src/prices/exposure';
import type { Markets } from '#src/prices/market';
import type { CoreContext } from './core-context.ts';

/** Closes what is open and has a quote of its symbol; what is being closed is from then on for it too. */
export function closeBreached(core: CoreContext, account: Account): void {
  closeForBreach(core, account, quoted(core, account));
}

/** A restart came between a breach and the closes that follow from it. */
export function finishClosing(core: CoreContext, account: Account): void {
  closeForBreach(core, account, guardedAndQuoted(core, account));
}

/** What was tracked after the breach, or had no quote then, closes on a quote of its symbol. */
export function closeLate(core: CoreContext, account: Account, symbol: string): void {
  if (account.positions.size === account.closingCount) return;
  const late = [...account.positions.values()].filter(
    (position) => position.state === 'guarded' && position.symbol === symbol,
  );
  if (late.length > 0) closeForBreach(core, account, late);
}

function guardedAndQuoted(core: CoreContext, account: Account): Position[] {
  return quoted(core, account).filter(({ state }) => state === 'guarded');
}

function quoted({ markets }: CoreContext, account: Account): Position[] {
  return [...account.positions.values()].filter(({ symbol }) => markets.bookOf(symbol).hasQuote);
}

function closeForBreach(core: CoreContext, account: Account, positions: readonly Position[]): void {
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

/** By unrealised P&L, lowest first, ties as tracked; one that has no price yet counts 0. */
export function worstFirst(positions: readonly Position[], markets: Markets): Position[] {
  return positions
    .map((position) => ({ position, pnl: pnlOf(position, markets) ?? zero }))
    .sort((a, b) => a.pnl.comparedTo(b.pnl) || a.position.order - b.position.order)
    .map(({ position }) => position);
}

/** One whose P&L cannot be told keeps none of the others open. */
export function pnlOf(position: Position, markets: Markets): Decimal | undefined {
  try {
    return unrealisedPnl(position, markets.bookOf);
  } catch {
    return undefined;
  }
}
