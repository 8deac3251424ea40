// Money stops and targets as price levels. P&L is linear in the price while the rate of its
// conversion stands still, so there is a price at which an amount is reached. Through a conversion
// pair that price holds only up to a rate: it is set for the best rate of a band, where it is reached
// soonest, and set anew when the rate leaves the band. Whether the amount is reached is decided
// exactly by whoever is told; here nothing that is due may be missed.
import type { Position } from '#src/domain/state';
import type { BookOf } from './exposure.ts';

/** How far the rate of a conversion may rise before the levels are set anew. */
const rateBand = 5e-3;

/** Relative; far above what the doubles below lose. */
const slack = 1e-9;
/** A P&L is rounded to 10 decimals, so it may be reached by so much sooner. */
const roundingError = 1e-10;

export interface MoneyLevels {
  /** Where it is worth looking at the stop, and at the target; undefined where there is none. */
  readonly stop: number | undefined;
  readonly target: number | undefined;
  /** While every pair's mid is below its `above` and above its `below`, the levels hold. */
  readonly rates: readonly RateBound[];
}

export interface RateBound {
  readonly symbol: string;
  readonly above?: number;
  readonly below?: number;
}

export function hasMoneyExits({ exits }: Pick<Position, 'exits'>): boolean {
  return exits.stopLossAmount !== undefined || exits.takeProfitAmount !== undefined;
}

/** Levels for what is left of the position; none before every pair has had a quote. */
export function moneyLevels(position: Position, bookOf: BookOf): MoneyLevels {
  const { conversion, exits, instrument, side } = position;
  const rates: RateBound[] = [];
  let rate = 1;
  const band = conversion.length === 0 ? 1 : (1 + rateBand) ** (1 / conversion.length);
  for (const { symbol, divides } of conversion) {
    const book = bookOf(symbol);
    if (!book.hasQuote) {
      rate = NaN;
      rates.push({ symbol, above: 0 });
      continue;
    }
    const mid = book.midValue();
    rate *= (divides ? 1 / mid : mid) * band;
    rates.push(divides ? { symbol, below: mid / band } : { symbol, above: mid * band });
  }
  if (Number.isNaN(rate)) {
    return { stop: undefined, target: undefined, rates: rates.filter(({ above }) => above === 0) };
  }
  const entry = position.entryPrice.toNumber();
  const size = position.remainingQuantity.times(instrument.contractSize).toNumber();
  const commission = instrument.commissionRate.toNumber() * entry;
  const sign = side === 'long' ? 1 : -1;
  /** The price at which closing is worth `amount`, on the side of `margin` by more than any error. */
  const priceAt = (amount: number, margin: 1 | -1): number => {
    const move = amount / rate / size + commission;
    const room = slack * (entry + Math.abs(move)) + roundingError / rate / size;
    return entry + sign * (move + margin * room);
  };
  const { stopLossAmount, takeProfitAmount } = exits;
  return {
    stop: stopLossAmount === undefined ? undefined : priceAt(-Number(stopLossAmount), 1),
    target: takeProfitAmount === undefined ? undefined : priceAt(Number(takeProfitAmount), -1),
    rates,
  };
}
