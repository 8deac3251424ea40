// Positions as they come in (contract sections 1, 3 and 8).
import { z } from 'zod';
import { Exits } from './exits.ts';
import {
  Id,
  OrderLink,
  printable,
  Positive,
  Reason,
  SideName,
  SymbolName,
  Ticket,
  Time,
  TimestampMs,
} from './primitives.ts';

const positionFields = {
  ticket: Ticket.optional(),
  symbol: SymbolName,
  side: SideName,
  quantity: Positive,
  entryPrice: Positive,
  exits: Exits.optional(),
  stopLossId: OrderLink.optional(),
  takeProfitId: OrderLink.optional(),
  closeOrderId: OrderLink.optional(),
};

export const PositionTrack = z.strictObject({
  positionId: Id.optional(),
  accountId: Id.optional(),
  openedAt: TimestampMs.optional(),
  ...positionFields,
});
export type PositionTrack = z.infer<typeof PositionTrack>;

/** A position of a scenario: tracked before the first accepted quote at or after `openAt`. */
export const PositionSpec = z.strictObject({
  positionId: Id,
  accountId: Id,
  openedAt: Time.optional(),
  openAt: Time.optional(),
  ...positionFields,
});
export type PositionSpec = z.infer<typeof PositionSpec>;

export const PositionAmend = z.strictObject({ positionId: Id, exits: Exits });
export const PositionGet = z.strictObject({ positionId: Id });
export const PositionUntrack = z.strictObject({ positionId: Id, reason: Reason });
export const PositionClose = z.strictObject({
  positionId: Id,
  quantity: Positive.optional(),
  reason: Reason.optional(),
  price: Positive.optional(),
});
export const PositionCloseIfTriggered = z.strictObject({
  positionId: Id,
  guardType: z.enum(['market', 'drawdown'], { error: 'expected market or drawdown' }),
  triggerReason: printable(55),
});
