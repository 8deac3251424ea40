// Market guards as they come in (contract section 4).
import { z } from 'zod';
import { Positive, SymbolName } from './primitives.ts';

const Condition = z.strictObject({
  limit: Positive.optional(),
  closeOn: z
    .enum(['warning', 'critical', 'never'], { error: 'expected warning, critical or never' })
    .optional(),
});

const OnOrOff = z.union([z.literal(false), Condition], { error: 'expected false or an object' });

/** Conditions of later versions may be turned off, which they are. */
const Off = z.literal(false, { error: 'is not supported by this version' }).optional();

export const GuardConditions = z.strictObject({
  gap: OnOrOff.optional(),
  spread: OnOrOff.optional(),
  liquidity: Off,
  stale: Off,
  volatility: Off,
});
export type GuardConditions = z.infer<typeof GuardConditions>;

export const GuardPut = z.strictObject({ symbol: SymbolName, ...GuardConditions.shape });
export const GuardRemove = z.strictObject({ symbol: SymbolName });
export const GuardStatus = z.strictObject({ symbol: SymbolName.optional() });
