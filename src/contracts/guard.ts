// Market guards as they come in (contract section 4).
import { z } from 'zod';
import { Positive, SymbolName } from './primitives.ts';

const Condition = z.strictObject({
  limit: Positive.optional().describe('in percent; at twice it is critical'),
  closeOn: z
    .enum(['warning', 'critical', 'never'], { error: 'expected warning, critical or never' })
    .optional()
    .describe('the level at which every position in the symbol is closed'),
});

const OnOrOff = z.union([z.literal(false), Condition], { error: 'expected false or an object' });

/** Conditions of later versions may be turned off, which they are. */
const Off = z
  .literal(false, { error: 'is not supported by this version' })
  .optional()
  .describe('not in this version');

export const GuardConditions = z.strictObject({
  gap: OnOrOff.optional().describe(
    'from one mid to the next, in percent of the first; acts at its limit; `false` turns it off',
  ),
  spread: OnOrOff.optional().describe(
    'in percent of the bid; acts above its limit; `false` turns it off',
  ),
  liquidity: Off,
  stale: Off,
  volatility: Off,
});
export type GuardConditions = z.infer<typeof GuardConditions>;

export const GuardPut = z.strictObject({ symbol: SymbolName, ...GuardConditions.shape });
export const GuardRemove = z.strictObject({ symbol: SymbolName });
export const GuardStatus = z.strictObject({
  symbol: SymbolName.optional().describe('under `_`: of this one only'),
});
