// Market guards as they come in (contract section 4).
import { z } from 'zod';
import { ListCursor, ListLimit, listLimitDefault } from './lists.ts';
import { Id, Positive, SymbolName } from './primitives.ts';

/** Longest time of a guard: a year. */
const timeMsMax = 366 * 24 * 60 * 60 * 1000;
const confirmQuotesMax = 1000;
/** Held quotes are kept in memory. */
const heldMax = 100;

const ActsOn = z.enum(['warning', 'critical', 'never'], {
  error: 'expected warning, critical or never',
});

function times(most: number): z.ZodNumber {
  return z
    .int({ error: 'expected a whole number' })
    .min(1, { error: 'expected at least 1' })
    .max(most, { error: `expected at most ${most}` });
}

function ms(least: number): z.ZodNumber {
  return z
    .int({ error: 'expected whole milliseconds' })
    .min(least, { error: `expected at least ${least}` })
    .max(timeMsMax, { error: `expected at most ${timeMsMax}` });
}

const shape = {
  limit: Positive.optional().describe(
    'where it is a warning; at twice that, or half for liquidity, critical',
  ),
  closeOn: ActsOn.optional().describe('at which level it closes what is open in the symbol'),
  haltEntriesOn: ActsOn.optional().describe('at which level entries in the symbol are halted'),
  confirmQuotes: times(confirmQuotesMax)
    .optional()
    .describe('consecutive quotes on which it holds before it acts'),
  confirmMs: ms(0).optional().describe('for how long it holds before it acts'),
  clearAfterMs: ms(0).optional().describe('for how long it does not hold before it has cleared'),
};

const Condition = z.strictObject(shape);

const Stale = z.strictObject({
  ...shape,
  confirmQuotes: times(confirmQuotesMax)
    .optional()
    .describe('no effect: a quote ends it, so that none can confirm it'),
});

const Volatility = z.strictObject({
  ...shape,
  limit: Positive.describe('in standard deviations'),
  windowMs: ms(1).optional().describe('over which the return is measured'),
  halfLifeMs: ms(1).optional().describe('in which the weight of earlier windows halves'),
});

const orOff = { error: 'expected false or an object' };
const OnOrOff = z.union([z.literal(false), Condition], orOff);

const Reject = z.strictObject({
  deviationPct: Positive.describe('how far from the last mid a quote is held, in percent'),
  withinMs: ms(1).describe('… up to this long after the last quote'),
  confirmQuotes: times(heldMax)
    .optional()
    .describe('further quotes on its side that make it count'),
});

const Feeds = z
  .strictObject({
    primary: Id.describe('the feed that counts'),
    fallback: Id.describe('the feed that takes over while the primary is silent'),
    fallbackAfterMs: ms(1)
      .optional()
      .describe('for how long a feed says nothing to be silent; below the limit of `stale`'),
    backAfterMs: ms(0)
      .optional()
      .describe('for how long the primary has quoted before it counts again'),
  })
  .refine(({ primary, fallback }) => primary !== fallback, {
    error: 'expected another feed than the primary',
    path: ['fallback'],
  });

export const GuardConditions = z.strictObject({
  gap: OnOrOff.optional().describe('a move of the mid from one quote to the next, in percent'),
  spread: OnOrOff.optional().describe('ask − bid, in percent of the bid'),
  liquidity: OnOrOff.optional().describe('the size at the side that closes, in lots'),
  stale: z
    .union([z.literal(false), Stale], orOff)
    .optional()
    .describe('no quote while the market is open, in seconds'),
  volatility: z
    .union([z.literal(false), Volatility], orOff)
    .optional()
    .describe('the return of a window, in standard deviations of those before'),
  reject: Reject.optional().describe('quotes that are held until others confirm them'),
  feeds: Feeds.optional().describe('whose quotes count where several feeds have the symbol'),
});
export type GuardConditions = z.infer<typeof GuardConditions>;

export const GuardPut = z.strictObject({ symbol: SymbolName, ...GuardConditions.shape });
export const GuardRemove = z.strictObject({ symbol: SymbolName });

/** Under `_`; under an account none of it is taken. */
export const GuardStatus = z.strictObject({
  symbol: SymbolName.optional().describe('under `_`: the guard of this symbol alone'),
  limit: ListLimit.optional().describe(
    `under \`_\`: guards at most, ${listLimitDefault} by default`,
  ),
  cursor: ListCursor,
});
export type GuardStatus = z.infer<typeof GuardStatus>;
