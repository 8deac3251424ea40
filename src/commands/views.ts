// How state is shown to the outside: decimals as text, absent where it does not apply.
import { pendingResult, type CloseIntent, type CloseResult } from '#src/domain/closing';
import { stopOf, trailOf, trailsOf } from '#src/domain/due-exits';
import { text } from '#src/domain/money';
import { priceText, type Price } from '#src/domain/price';
import { isCloseOpen, partResult, wholeOf } from '#src/domain/part-closes';
import { entriesOf } from '#src/domain/entries';
import { needsPeak } from '#src/domain/rules';
import type { Account, Position } from '#src/domain/state';
import { equityOf, unrealisedPnl } from '#src/prices/exposure';
import type { CommandContext } from './command.ts';
import { present } from './present.ts';
import { ruleViews, unpricedView } from './rule-views.ts';

export function positionView(context: CommandContext, position: Position): object {
  const isOpen = position.state !== 'closed';
  const pnl = isOpen ? unrealisedPnl(position, context.markets.bookOf) : undefined;
  return present({
    positionId: position.positionId,
    accountId: position.accountId,
    ticket: position.ticket,
    symbol: position.symbol,
    side: position.side,
    quantity: text(position.quantity),
    entryPrice: text(position.entryPrice),
    openedAt: position.openedAt,
    exits: exitsView(position, context.markets.of(position.symbol).levels.peakOf(position)),
    stopLossId: position.stopLossId,
    takeProfitId: position.takeProfitId,
    closeOrderId: position.closeOrderId,
    state: position.state,
    remainingQuantity: text(position.remainingQuantity),
    unrealisedPnl: pnl === undefined ? undefined : text(pnl),
    closeId: position.intent?.closeId ?? position.result?.closeId,
  });
}

/** The exits as they stand now: the stop where it is, the peak and the trail, the rungs that are done. */
function exitsView(position: Position, peak: Price | undefined): object {
  const { exits, progress, side } = position;
  const { breakEven, trailing, ladder } = exits;
  const trail = trailing && trailOf(side, trailsOf(exits, progress), peak);
  return present({
    ...exits,
    stopLoss: stopOf(position)?.level,
    breakEven: breakEven && { ...breakEven, moved: progress.movedStop !== undefined },
    trailing:
      trailing &&
      present({
        ...trailing,
        armed: peak !== undefined,
        peak: peak && priceText(peak),
        trail: trail && text(trail),
        tiers: trailing.tiers?.map((tier, i) => ({
          ...tier,
          reached: progress.tiers?.includes(i) ?? false,
        })),
      }),
    ladder: ladder?.map((rung, i) => ({ ...rung, done: progress.rungs?.includes(i) ?? false })),
  });
}

/** `entries` are those in the symbol, where one is given. */
export function accountView(context: CommandContext, account: Account, symbol?: string): object {
  context.settlePeak(account.accountId);
  return present({
    accountId: account.accountId,
    currency: account.currency,
    mode: account.mode,
    route: account.route,
    balance: text(account.balance),
    equity: text(equityOf(account, context.markets.bookOf)),
    peakEquity: needsPeak(account.rules) ? text(account.peak) : undefined,
    state: account.state,
    breachId: account.halt?.breachId,
    graceUntil: account.state === 'grace' ? account.halt?.graceUntil : undefined,
    entries: entriesOf(account, context.state, symbol),
    rules: ruleViews(context, account),
    unpriced: unpricedView(context, account),
    openPositions: account.positions.size,
  });
}

/** How the close of what is left of a position stands: its outcome, or that it is pending. */
export function closeView(position: Position): CloseResult | undefined {
  const { result } = position;
  const whole = wholeOf(position);
  return whole === undefined ? result : underWayView(position, whole);
}

function underWayView({ intent, phase }: Position, one: CloseIntent): CloseResult {
  const pending = pendingResult(one);
  const isUnknown = phase === 'unknown' && intent?.closeId === one.closeId;
  return isUnknown ? { ...pending, outcome: 'unknown' } : pending;
}

/** How one close of a position stands, whatever closes have begun since; `asked` when it was asked. */
export function closeViewOf(
  position: Position,
  closeId: string | undefined,
  asked?: CloseResult,
): CloseResult | undefined {
  const { intent, queued, parts, result } = position;
  const open = [intent, ...queued].find((one) => one?.closeId === closeId);
  if (open !== undefined) return underWayView(position, open);
  const part = parts?.get(closeId ?? '');
  const ended = part && partResult(part);
  if (ended !== undefined) return ended;
  const now = closeView(position);
  if (closeId === undefined || asked === undefined || now?.closeId === closeId) return now;
  if (result?.closeId === closeId) return result;
  // It waited, and something else closed all that was left before it began.
  if (part !== undefined) return now;
  // Another one began since, so the position was left open: this one was given up.
  const errorMessage = 'it was given up, and a later close of the position began';
  return { ...asked, success: false, outcome: 'failed', errorMessage };
}

/** Whether a close that waited will not be done any more: what closes all that is left answers it. */
export function isDropped(position: Position, closeId: string): boolean {
  const part = position.parts?.get(closeId);
  const isOver = part === undefined || part.last !== undefined;
  return !isOver && position.state === 'closing' && !isCloseOpen(position, closeId);
}
