// From the quote currency of an instrument to the currency of an account (contract section 1).
import { Decimal } from './money.ts';

/** One conversion pair: its mid multiplies, or divides where the pair is quoted the other way. */
export interface Leg {
  readonly symbol: string;
  readonly divides: boolean;
}

/** No leg: same currency. One: a pair, direct or inverse. Two: a cross through a third currency. */
export type Conversion = readonly Leg[];

type HasInstrument = (symbol: string) => boolean;

function pairLeg(from: string, to: string, isInstrument: HasInstrument): Leg | undefined {
  if (isInstrument(from + to)) return { symbol: from + to, divides: false };
  if (isInstrument(to + from)) return { symbol: to + from, divides: true };
  return undefined;
}

/**
 * The way from `from` to `to`: nothing to do, the pair itself, or the first cross in the order in
 * which the instruments were put. Undefined where there is none.
 */
export function conversionBetween(
  from: string,
  to: string,
  instruments: ReadonlyMap<string, unknown>,
): Conversion | undefined {
  if (from === to) return [];
  const isInstrument: HasInstrument = (symbol) => instruments.has(symbol);
  const direct = pairLeg(from, to, isInstrument);
  if (direct !== undefined) return [direct];
  for (const symbol of instruments.keys()) {
    const third = otherCurrency(symbol, from);
    if (third === undefined || third === to) continue;
    const first = pairLeg(from, third, isInstrument);
    const second = pairLeg(third, to, isInstrument);
    if (first !== undefined && second !== undefined) return [first, second];
  }
  return undefined;
}

function otherCurrency(symbol: string, currency: string): string | undefined {
  if (symbol.length <= currency.length) return undefined;
  if (symbol.startsWith(currency)) return symbol.slice(currency.length);
  if (symbol.endsWith(currency)) return symbol.slice(0, -currency.length);
  return undefined;
}

/** The amount in account currency, unrounded; `midOf` gives the exact mid of a leg's pair. */
export function convert(
  amount: Decimal,
  conversion: Conversion,
  midOf: (symbol: string) => Decimal,
): Decimal {
  let numerator = amount;
  let denominator: Decimal | undefined;
  for (const leg of conversion) {
    const mid = midOf(leg.symbol);
    if (leg.divides) denominator = denominator === undefined ? mid : denominator.times(mid);
    else numerator = numerator.times(mid);
  }
  return denominator === undefined ? numerator : numerator.dividedBy(denominator);
}
