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
  ticket: Ticket.optional().describe(
    'the provider’s own id: a whole number above 0, or text of 1 to 64',
  ),
  symbol: SymbolName.describe('of an instrument'),
  side: SideName,
  quantity: Positive.describe('in lots'),
  entryPrice: Positive,
  exits: Exits.optional().describe('below'),
  stopLossId: OrderLink.optional().describe('of the stop order at the provider'),
  takeProfitId: OrderLink.optional().describe('of the target order at the provider'),
  closeOrderId: OrderLink.optional().describe('of an order there that closes it'),
};

export const PositionTrack = z.strictObject({
  positionId: Id.optional().describe('made up where absent; never used again'),
  accountId: Id.optional().describe('that of the subject'),
  openedAt: TimestampMs.optional().describe('now where absent'),
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
  quantity: Positive.optional().describe('a part; all that is left where absent'),
  reason: Reason.optional().describe('`manual` where absent'),
  price: Positive.optional().describe('of a close that has happened; of a PAPER account only'),
});
export const PositionCloseIfTriggered = z.strictObject({
  positionId: Id,
  guardType: z.enum(['market', 'drawdown'], { error: 'expected market or drawdown' }),
  triggerReason: printable(55).describe('the reason of the close is `<guardType>_<triggerReason>`'),
});
