// Exits as they come in (contract section 3).
import { z } from 'zod';
import { rungsMax, tiersMax, type ExitsSpec } from '#src/domain/exits';
import { decimal, isNumeric, text, zero, type Numeric } from '#src/domain/money';
import type { Issue } from '#src/domain/refusals';
import { Amount, Percent, Positive, SideName, Time } from './primitives.ts';

const whole = decimal(1);

/** Looked at exactly: text may be above 1 by less than a double can tell. */
const isFraction = (value: unknown): boolean =>
  isNumeric(value) && decimal(value).gt(zero) && decimal(value).lte(whole);

const Fraction = z
  .custom<Numeric>(isFraction, {
    error: 'expected a fraction above 0 and at most 1',
    abort: false,
  })
  .meta({ title: 'decimal > 0, ≤ 1' });

/** A fault of one field hides none of the others; what is no object has no fields. */
const besideOtherFaults = { when: ({ value }: { value: unknown }) => isObject(value) };
const besideOtherFaultsOfList = { when: ({ value }: { value: unknown }) => Array.isArray(value) };

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const trailBy = {
  distance: Positive.optional().describe('how far behind the peak, as a difference of prices'),
  percent: Percent.optional().describe('the same in percent of the peak; one of the two'),
};

interface HasTrailBy {
  distance?: unknown;
  percent?: unknown;
}

function oneOfTwo({ distance, percent }: HasTrailBy, context: z.RefinementCtx): void {
  if ((distance === undefined) === (percent === undefined)) {
    context.addIssue({ code: 'custom', message: 'expected either distance or percent' });
  }
}

const Tier = z
  .strictObject(
    { at: Positive.describe('price from which on it counts, where it is tighter'), ...trailBy },
    { error: 'expected a tier' },
  )
  .superRefine(oneOfTwo, besideOtherFaults);

/** A list that is neither empty nor longer than the limit. */
function listOf<T>(item: z.ZodType<T>, itemsMax: number, what: string): z.ZodType<T[]> {
  const error = `expected 1 to ${itemsMax} ${what}`;
  return z.array(item, { error }).min(1, { error }).max(itemsMax, { error });
}

const Trailing = z
  .strictObject({
    ...trailBy,
    activation: Positive.optional().describe('price at which it begins; at once where absent'),
    step: Positive.optional().describe('the peak moves when the price is so much better'),
    tiers: listOf(Tier, tiersMax, 'tiers').optional(),
  })
  .superRefine(oneOfTwo, besideOtherFaults);

const BreakEven = z.strictObject(
  {
    trigger: Positive.describe('price at which the stop loss moves'),
    offset: Amount.optional().describe('how far beyond the entry'),
  },
  { error: 'expected a trigger and perhaps an offset' },
);

const Rung = z.strictObject(
  {
    price: Positive,
    fraction: Fraction.describe('of the quantity as it was tracked; 1 at most in all'),
  },
  { error: 'expected a price and a fraction' },
);

/** The sum of the fractions that are valid by themselves. */
function atMostAll(rungs: readonly unknown[], context: z.RefinementCtx): void {
  let sum = zero;
  for (const rung of rungs.slice(0, rungsMax)) {
    const { fraction } = (rung ?? {}) as { fraction?: unknown };
    if (isFraction(fraction)) sum = sum.plus(fraction as Numeric);
  }
  if (sum.lte(whole)) return;
  const message = `expected fractions that sum to at most 1, they sum to ${text(sum)}`;
  context.addIssue({ code: 'custom', message });
}

const Ladder = listOf(Rung, rungsMax, 'rungs').superRefine(atMostAll, besideOtherFaultsOfList);

export const Exits: z.ZodType<ExitsSpec> = z.strictObject({
  stopLoss: Positive.optional().describe('price'),
  takeProfit: Positive.optional().describe('price'),
  stopLossAmount: Positive.optional().describe('loss, in account currency'),
  takeProfitAmount: Positive.optional().describe('profit, in account currency'),
  trailing: Trailing.optional().describe('trailing stop'),
  breakEven: BreakEven.optional(),
  expiresAt: Time.optional().describe('when it closes; in the future'),
  ladder: Ladder.optional().describe('partial take profits'),
});

/** What an end has to be later than, and how to say so. */
export interface LaterThan {
  readonly ms: number;
  readonly expected: string;
}

/**
 * Exits that do not fit their position: a stop that break-even would move to no price, or an end that
 * is not late enough. Of what was given, valid or not, so that these faults stand beside those of the
 * schema; what is not valid by itself is left to that.
 */
export function exitsMisfits(
  given: { readonly exits?: unknown; readonly side?: unknown; readonly entryPrice?: unknown },
  laterThan: LaterThan | undefined,
): Issue[] {
  const exits = isObject(given.exits) ? { ...(given.exits as object) } : {};
  const { breakEven, expiresAt }: Partial<Record<keyof ExitsSpec, unknown>> = exits;
  return [
    ...breakEvenFaults(breakEven, given.side, given.entryPrice),
    ...expiryFaults(expiresAt, laterThan),
  ];
}

function breakEvenFaults(given: unknown, givenSide: unknown, givenEntry: unknown): Issue[] {
  const breakEven = BreakEven.safeParse(given);
  const side = SideName.safeParse(givenSide);
  const entryPrice = Positive.safeParse(givenEntry);
  if (!breakEven.success || !side.success || !entryPrice.success) return [];
  const entry = decimal(entryPrice.data);
  const { offset = 0 } = breakEven.data;
  const stop = side.data === 'long' ? entry.plus(offset) : entry.minus(offset);
  if (stop.gt(zero)) return [];
  const message = `expected a stop above 0 once it is moved, was ${text(stop)}`;
  return [{ path: 'exits.breakEven.offset', message }];
}

function expiryFaults(given: unknown, laterThan: LaterThan | undefined): Issue[] {
  const expiresAt = Time.safeParse(given);
  if (!expiresAt.success || laterThan === undefined || expiresAt.data > laterThan.ms) return [];
  const message = `${laterThan.expected}, was ${expiresAt.data}`;
  return [{ path: 'exits.expiresAt', message }];
}
