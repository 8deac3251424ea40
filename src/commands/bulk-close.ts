// account.close-all: many positions at once, each with its own outcome (contract section 6).
import { BulkEntry, type AccountCloseAll, type BulkOrder } from '#src/contracts/account';
import type { z } from 'zod';
import type { BulkCloseResult, CloseResult } from '#src/domain/closing';
import { convert } from '#src/domain/conversion';
import { Decimal, text, zero } from '#src/domain/money';
import { closedPnlOf, type Account, type Position } from '#src/domain/state';
import { unrealisedPnl } from '#src/prices/exposure';
import type { ClosingMemo } from '#src/domain/records';
import type { Closing, CommandContext } from './command.ts';
import { closeView } from './views.ts';

export function bulkClosing(
  context: CommandContext,
  account: Account,
  body: z.infer<typeof AccountCloseAll>,
  replyBytesMax: number,
): Closing {
  const chosen =
    body.positions === undefined
      ? [...account.positions.values()]
      : named(context, account, body.positions);
  const ordered = inOrder(context, chosen, body.order ?? 'worst-first');
  const bulkId = context.ids.next('bulk');
  const positionIds = ordered.map((position) => position.positionId);
  const memo: ClosingMemo = {
    bulkId,
    reason: body.reason,
    positionIds,
    totalPositions: body.positions?.length ?? positionIds.length,
  };
  return {
    kind: 'closing',
    requests: [{ positionIds, cause: { reason: body.reason, bulkId } }],
    positionIds,
    reply: () => bulkView(context, memo, replyBytesMax),
    memo,
  };
}

/** Each position that an entry names, once; entries that name none are passed over. */
function named(context: CommandContext, account: Account, entries: readonly unknown[]): Position[] {
  const found = new Set<Position>();
  for (const entry of entries) {
    const parsed = BulkEntry.safeParse(entry);
    if (!parsed.success) continue;
    const { positionId, ticket } = parsed.data;
    const id = positionId ?? account.tickets.get(ticket as string | number);
    const position = id === undefined ? undefined : context.state.positions.get(id);
    if (position?.accountId === account.accountId) found.add(position);
  }
  return [...found];
}

/** By unrealised P&L, lowest first; ties as tracked. */
export function worstFirst(context: CommandContext, positions: Position[]): Position[] {
  return inOrder(context, positions, 'worst-first');
}

function inOrder(context: CommandContext, positions: Position[], order: BulkOrder): Position[] {
  const { bookOf } = context.markets;
  const keyed = positions.map((position) => ({ position, key: keyOf(position) }));
  function keyOf(position: Position): Decimal {
    switch (order) {
      case 'worst-first':
        return pnlOf(position);
      case 'best-first':
        return pnlOf(position).negated();
      case 'largest-first':
        return notional(position).negated();
      case 'oldest-first':
        return new Decimal(position.openedAt);
    }
  }
  /** One whose P&L cannot be told is closed all the same. */
  function pnlOf(position: Position): Decimal {
    try {
      return unrealisedPnl(position, bookOf) ?? zero;
    } catch {
      return zero;
    }
  }
  /** At the entry price, in account currency; in the quote currency while a rate is missing. */
  function notional(position: Position): Decimal {
    const { instrument, conversion, entryPrice, remainingQuantity } = position;
    const amount = remainingQuantity.times(instrument.contractSize).times(entryPrice);
    const hasRates = conversion.every((leg) => bookOf(leg.symbol).hasQuote);
    return hasRates ? convert(amount, conversion, (symbol) => bookOf(symbol).mid()) : amount;
  }
  return keyed
    .sort((a, b) => a.key.comparedTo(b.key) || a.position.order - b.position.order)
    .map(({ position }) => position);
}

/** Most results of a reply that leaves the process: the others are in `ledger.list`. */
const resultsInReplyMax = 500;

/** Failures first, up to the limit; in process nothing is cut. */
function cut(
  results: CloseResult[],
  replyBytesMax: number,
): Pick<BulkCloseResult, 'results' | 'truncated'> {
  if (replyBytesMax === Infinity || results.length <= resultsInReplyMax) return { results };
  const failures = results.filter((result) => !result.success);
  const successes = results.filter((result) => result.success);
  return { results: [...failures, ...successes].slice(0, resultsInReplyMax), truncated: true };
}

/** How a bulk close stands now. */
export function bulkView(
  context: CommandContext,
  memo: ClosingMemo,
  replyBytesMax: number,
): BulkCloseResult {
  const results: CloseResult[] = [];
  let totalPnl = zero;
  for (const positionId of memo.positionIds) {
    const position = context.state.positions.get(positionId);
    const result = position === undefined ? undefined : closeView(position);
    if (result === undefined) continue;
    results.push(result);
    if (result.success && position !== undefined) totalPnl = totalPnl.plus(closedPnlOf(position));
  }
  // What waited for a quote was closed after what was closed at once.
  results.sort((a, b) => a.closeTimestamp - b.closeTimestamp);
  return {
    bulkId: memo.bulkId ?? '',
    totalPositions: memo.totalPositions,
    successfulCloses: results.filter((result) => result.success).length,
    failedCloses: results.filter((result) => result.outcome === 'failed').length,
    totalPnl: text(totalPnl),
    closeReason: memo.reason,
    ...cut(results, replyBytesMax),
  };
}
