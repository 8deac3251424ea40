// What every list takes (contract section 8).
import { z } from 'zod';
import { Id, SymbolName } from './primitives.ts';

export const listLimitDefault = 100;
const listLimitMax = 1000;

export const ListLimit = z
  .number({ error: `expected 1 to ${listLimitMax}` })
  .int({ error: `expected a whole number` })
  .min(1, { error: `expected 1 to ${listLimitMax}` })
  .max(listLimitMax, { error: `expected 1 to ${listLimitMax}` });

export const ListCursor = z
  .string({ error: 'expected a nextCursor' })
  .max(256, { error: 'expected a nextCursor' })
  .optional()
  .describe('`nextCursor` of the page before');

const paging = {
  limit: ListLimit.default(listLimitDefault).describe('items at most'),
  cursor: ListCursor,
};

export const AccountList = z.strictObject({ ...paging });
export const InstrumentList = z.strictObject({ ...paging });
export const RouteList = z.strictObject({ ...paging });
export const PositionList = z.strictObject({
  ...paging,
  state: z
    .enum(['open', 'closed', 'all'], { error: 'expected open, closed or all' })
    .default('open'),
  symbol: SymbolName.optional(),
});
/** A dead letter is closed once its position is, or when an operator discarded it. */
export const DeadLetterList = z.strictObject({
  ...paging,
  state: z
    .enum(['open', 'closed', 'all'], { error: 'expected open, closed or all' })
    .default('open'),
});
export const LedgerList = z.strictObject({
  ...paging,
  closeId: z.string().max(64).optional(),
  positionId: Id.optional(),
  bulkId: Id.optional(),
  breachId: Id.optional(),
  eventType: z.string().max(64).optional(),
});
export const NoBody = z.strictObject({});
