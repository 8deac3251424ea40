// How state is shown to the outside: decimals as text, absent where it does not apply.
import { pendingResult, type CloseResult } from '#src/domain/closing';
import { text } from '#src/domain/money';
import { isBreached, levelsOf, needsPeak } from '#src/domain/rules';
import type { Account, Position, State } from '#src/domain/state';
import { equityOf, unrealisedPnl } from '#src/prices/exposure';
import type { CommandContext } from './command.ts';

/** Fields that are undefined are left out. */
function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

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
    exits: position.exits,
    stopLossId: position.stopLossId,
    takeProfitId: position.takeProfitId,
    closeOrderId: position.closeOrderId,
    state: position.state,
    remainingQuantity: text(position.remainingQuantity),
    unrealisedPnl: pnl === undefined ? undefined : text(pnl),
    closeId: position.intent?.closeId ?? position.result?.closeId,
  });
}

export interface Entries {
  readonly allowed: boolean;
  readonly reasons: string[];
}

/** Whether a new position may be entered, and every reason why not. */
function entriesOf(account: Account, { pause }: State): Entries {
  const reasons: string[] = [];
  if (pause !== undefined) reasons.push(`the runtime is paused: ${pause.reason}`);
  if (account.halt?.by === 'breach') {
    reasons.push(`rule ${account.halt.ruleId ?? ''} was breached`);
  } else if (account.halt !== undefined) {
    reasons.push(`halted by an operator: ${account.halt.reason}`);
  }
  return { allowed: reasons.length === 0, reasons };
}

export function ruleViews(context: CommandContext, account: Account): object[] {
  const equity = equityOf(account, context.markets.bookOf);
  return account.rules.map((rule) => {
    const levels = levelsOf(rule, account.peak);
    const isThis = account.halt?.ruleId === rule.id;
    let state = account.warned.has(rule.id) ? 'warning' : 'normal';
    if (isThis || isBreached(levels, equity)) state = 'breached';
    return {
      id: rule.id,
      anchor: rule.anchor,
      anchorValue: text(levels.anchorValue),
      floor: text(levels.floor),
      observed: text(equity),
      distance: text(equity.minus(levels.floor)),
      state,
    };
  });
}

export function accountView(context: CommandContext, account: Account): object {
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
    entries: entriesOf(account, context.state),
    rules: ruleViews(context, account),
    openPositions: account.positions.size,
  });
}

/** How the close of a position stands: its outcome, or that it is pending. */
export function closeView(position: Position): CloseResult | undefined {
  const { intent, phase, result } = position;
  if (intent === undefined) return result;
  const pending = pendingResult(intent);
  return phase === 'unknown' ? { ...pending, outcome: 'unknown' } : pending;
}

/** How one close of a position stands, whatever closes have begun since. */
export function closeViewOf(
  position: Position,
  asked: CloseResult | undefined,
): CloseResult | undefined {
  const now = closeView(position);
  if (asked === undefined || now === undefined || now.closeId === asked.closeId) return now;
  const { result } = position;
  if (result?.closeId === asked.closeId) return result;
  // Another one began since, so the position was left open: this one was given up.
  const errorMessage = 'it was given up, and a later close of the position began';
  return { ...asked, success: false, outcome: 'failed', errorMessage };
}
