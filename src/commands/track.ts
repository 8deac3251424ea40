// What it takes to track a position: the record of what was given.
import type { PositionSpec, PositionTrack } from '#src/contracts/position';
import { exitsOf } from '#src/domain/exits';
import { decimal, text } from '#src/domain/money';
import type { PositionRecord } from '#src/domain/records';

type Trackable = Omit<PositionTrack & PositionSpec, 'openAt' | 'openedAt'> & { openedAt: number };

export function positionRecordOf(given: Trackable): PositionRecord {
  return {
    positionId: given.positionId,
    accountId: given.accountId,
    ...(given.ticket === undefined ? {} : { ticket: given.ticket }),
    symbol: given.symbol,
    side: given.side,
    quantity: text(decimal(given.quantity)),
    entryPrice: text(decimal(given.entryPrice)),
    openedAt: given.openedAt,
    exits: exitsOf(given.exits),
    ...(given.stopLossId === undefined ? {} : { stopLossId: given.stopLossId }),
    ...(given.takeProfitId === undefined ? {} : { takeProfitId: given.takeProfitId }),
    ...(given.closeOrderId === undefined ? {} : { closeOrderId: given.closeOrderId }),
  };
}
