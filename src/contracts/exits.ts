// Exits as they come in (contract section 3).
import { z } from 'zod';
import { rungsMax, tiersMax, type ExitsSpec } from '#src/domain/exits';
import { decimal, isNumeric, text, zero, type Numeric } from '#src/domain/money';
import type { Side } from '#src/domain/quote';
import type { Issue } from '#src/domain/refusals';
import { Amount, Percent, Positive, Time } from './primitives.ts';

const whole = decimal(1);

/** Looked at exactly: text may be above 1 by less than a double can tell. */
const isFraction = (value: unknown): boolean =>
  isNumeric(value) && decimal(value).gt(zero) && decimal(value).lte(whole);

const Fraction = z.custom<Numeric>(isFraction, {
  error: 'expected a fraction above 0 and at most 1',
  abort: false,
});

/** A fault of one field hides none of the others; what is no object has no fields. */
const besideOtherFaults = { when: ({ value }: { value: unknown }) => isObject(value) };
const besideOtherFaultsOfList = { when: ({ value }: { value: unknown }) => Array.isArray(value) };

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const trailBy = { distance: Positive.optional(), percent: Percent.optional() };

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
  .strictObject({ at: Positive, ...trailBy }, { error: 'expected a tier' })
  .superRefine(oneOfTwo, besideOtherFaults);

/** A list that is neither empty nor longer than the limit. */
function listOf<T>(item: z.ZodType<T>, itemsMax: number, what: string): z.ZodType<T[]> {
  const error = `expected 1 to ${itemsMax} ${what}`;
  return z.array(item, { error }).min(1, { error }).max(itemsMax, { error });
}

const Trailing = z
  .strictObject({
    ...trailBy,
    activation: Positive.optional(),
    step: Positive.optional(),
    tiers: listOf(Tier, tiersMax, 'tiers').optional(),
  })
  .superRefine(oneOfTwo, besideOtherFaults);

const BreakEven = z.strictObject(
  { trigger: Positive, offset: Amount.optional() },
  { error: 'expected a trigger and perhaps an offset' },
);

const Rung = z.strictObject(
  { price: Positive, fraction: Fraction },
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
  stopLoss: Positive.optional(),
  takeProfit: Positive.optional(),
  stopLossAmount: Positive.optional(),
  takeProfitAmount: Positive.optional(),
  trailing: Trailing.optional(),
  breakEven: BreakEven.optional(),
  expiresAt: Time.optional(),
  ladder: Ladder.optional(),
});

/** The exits of which more can be said than their schema does, each as far as it is valid by itself. */
export function validExits(given: Readonly<Record<string, unknown>>): ExitsSpec {
  const breakEven = BreakEven.safeParse(given['breakEven']);
  const expiresAt = Time.safeParse(given['expiresAt']);
  return {
    ...(breakEven.success ? { breakEven: breakEven.data } : {}),
    ...(expiresAt.success ? { expiresAt: expiresAt.data } : {}),
  };
}

export interface ExitTerms {
  readonly side: Side;
  readonly entryPrice: Numeric;
}

/**
 * What is valid by itself but does not fit the position, or an end that is not later than now, where
 * that is given.
 */
export function exitsFaults(
  exits: ExitsSpec,
  terms: ExitTerms,
  nowMs: number | undefined,
): Issue[] {
  const past =
    nowMs === undefined ? [] : expiryFaults(exits, nowMs, 'expected a time in the future');
  return [...breakEvenFaults(exits, terms), ...past];
}

/** A stop that break-even would move to no price. */
export function breakEvenFaults({ breakEven }: ExitsSpec, terms: ExitTerms): Issue[] {
  if (breakEven === undefined) return [];
  const { offset = 0 } = breakEven;
  const entry = decimal(terms.entryPrice);
  const stop = terms.side === 'long' ? entry.plus(offset) : entry.minus(offset);
  if (stop.gt(zero)) return [];
  const message = `expected a stop above 0 once it is moved, was ${text(stop)}`;
  return [{ path: 'exits.breakEven.offset', message }];
}

/** An end that is not later than it has to be; `expected` says what it has to be. */
export function expiryFaults(
  { expiresAt }: ExitsSpec,
  laterThanMs: number,
  expected: string,
): Issue[] {
  if (expiresAt === undefined || expiresAt > laterThanMs) return [];
  return [{ path: 'exits.expiresAt', message: `${expected}, was ${expiresAt}` }];
}
