// A price as the fast path holds it: a double, and its exact text only where the double is not enough.
import { Decimal, text, type Numeric } from './money.ts';

/**
 * `value` decides comparisons that are no ties. `exact` is the decimal text, present only when the
 * double's shortest text is another number; a tie of two values is decided by the texts.
 */
export interface Price {
  readonly value: number;
  readonly exact: string | undefined;
}

export function price(input: Numeric | Decimal): Price {
  if (typeof input === 'number') return { value: input, exact: undefined };
  if (typeof input === 'string') {
    // Most are the shortest text of their double, and need no decimal to be read.
    const value = Number(input);
    if (String(value) === input) return { value, exact: undefined };
  }
  const exact = typeof input === 'string' ? text(new Decimal(input)) : text(input);
  const value = Number(exact);
  return { value, exact: isExact(value, exact) ? undefined : exact };
}

/** Whether the double's shortest text names the same decimal as the text. */
export function isExact(value: number, canonicalText: string): boolean {
  return String(value) === canonicalText || text(new Decimal(value)) === canonicalText;
}

/** The exact decimal of a price. */
export function exactOf(value: number, exact: string | undefined): Decimal {
  return new Decimal(exact ?? value);
}

/** Decimal text of a price. */
export function priceText({ value, exact }: Price): string {
  return exact ?? text(new Decimal(value));
}

/**
 * Exact three-way comparison of two prices whose doubles may be equal. Rounding to double is
 * monotone, so two different doubles already order the decimals.
 */
export function compareExact(
  a: number,
  aExact: string | undefined,
  b: number,
  bExact: string | undefined,
): number {
  if (a !== b) return a < b ? -1 : 1;
  if (aExact === undefined && bExact === undefined) return 0;
  return exactOf(a, aExact).comparedTo(exactOf(b, bExact));
}
