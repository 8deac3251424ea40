// Decimals: the one way in which money, prices and quantities are held, summed and shown.
import { Decimal as DecimalJs } from 'decimal.js';

/**
 * Exact decimal arithmetic. The precision is far above what a product of four inputs can need
 * (each input has at most {@link decimalDigitsMax} digits), so only a division ever rounds, and
 * that at digit 200, half-even.
 */
export const Decimal = DecimalJs.clone({
  precision: 200,
  rounding: DecimalJs.ROUND_HALF_EVEN,
});
export type Decimal = DecimalJs;

/** Most digits (before and after the point together) that an accepted number may have. */
export const decimalDigitsMax = 30;

/** Decimals that a P&L is rounded to (contract section 1). */
const pnlDecimals = 10;

export const zero: Decimal = new Decimal(0);
export const hundred: Decimal = new Decimal(100);

/** A number as it comes in: a JSON number or plain decimal text. */
export type Numeric = number | string;

export function decimal(value: Numeric | Decimal): Decimal {
  return new Decimal(value);
}

/** Decimal text without exponent, as every answer, record and row has it. */
export function text(value: Decimal): string {
  return value.isZero() ? '0' : value.toFixed();
}

/** Half-even to 10 decimals, the rounding of every P&L in account currency. */
export function roundPnl(value: Decimal): Decimal {
  return value.toDecimalPlaces(pnlDecimals, DecimalJs.ROUND_HALF_EVEN);
}

const plainDecimal = /^[+-]?\d+(?:\.\d+)?$/;

/** Whether the value is a finite JSON number or plain decimal text within the digit limit. */
export function isNumeric(value: unknown): value is Numeric {
  if (typeof value === 'number') {
    return (
      Number.isFinite(value) && Math.abs(value) < 1e21 && (value === 0 || Math.abs(value) > 1e-21)
    );
  }
  if (typeof value !== 'string' || value.length > decimalDigitsMax + 2) return false;
  return plainDecimal.test(value) && digitsOf(value) <= decimalDigitsMax;
}

function digitsOf(value: string): number {
  let digits = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
  }
  return digits;
}
