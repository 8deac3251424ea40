// The double nearest to a decimal, as `toNumber` has it, without the text that it goes by.
import type { Decimal } from '#src/domain/money';

/** Digits of a word of a decimal (decimal.js), and what a word counts. */
const wordDigits = 7;
const word = 10 ** wordDigits;
/** Of a third word, as a P&L of 10 decimals has it, the digits that are not zero. */
const thirdDigits = 3;
const thirdUnit = 10 ** (wordDigits - thirdDigits);
const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * Where the digits are an integer and the exponent a power of ten that doubles hold exactly, the one
 * operation that is left rounds as it should; others go by their text.
 */
export function nearestDouble(decimal: Decimal): number {
  const { d, e, s } = decimal as { d: readonly number[] | null; e: number; s: number };
  if (d === null || d.length > 3) return decimal.toNumber();
  let digits = d[0] as number;
  let power = Math.floor(e / wordDigits) * wordDigits;
  if (d.length > 1) {
    digits = digits * word + (d[1] as number);
    power -= wordDigits;
  }
  if (d.length > 2) {
    const third = d[2] as number;
    if (third % thirdUnit !== 0) return decimal.toNumber();
    digits = digits * 10 ** thirdDigits + third / thirdUnit;
    power -= thirdDigits;
  }
  if (digits > Number.MAX_SAFE_INTEGER || power > 22 || power < -22) return decimal.toNumber();
  const value =
    power < 0 ? digits / (powers[-power] as number) : digits * (powers[power] as number);
  return s < 0 ? -value : value;
}
