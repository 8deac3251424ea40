// P&L of closing a quantity at a price (contract section 1).
import { convert, type Conversion } from './conversion.ts';
import type { Instrument } from './instrument.ts';
import { Decimal, roundPnl, zero } from './money.ts';
import type { Side } from './quote.ts';
import type { Account } from './state.ts';

export interface PnlTerms {
  readonly side: Side;
  readonly entryPrice: Decimal;
  readonly instrument: Instrument;
  readonly conversion: Conversion;
}

export interface Pnl {
  /** In account currency, commission taken off, rounded half-even to 10 decimals. */
  readonly pnl: Decimal;
  /** In account currency, rounded likewise. */
  readonly commission: Decimal;
}

/**
 * What an account is worth beside what is open: its balance, and what was closed at prices that
 * nobody has told yet, as it was worth at the book then.
 */
export function closedWorth({
  balance,
  untoldPnl,
}: Pick<Account, 'balance' | 'untoldPnl'>): Decimal {
  return untoldPnl.isZero() ? balance : balance.plus(untoldPnl);
}

/** In the quote currency, before any commission. */
export function grossOf(
  { instrument, entryPrice, side }: Pick<PnlTerms, 'instrument' | 'entryPrice' | 'side'>,
  quantity: Decimal,
  price: Decimal,
): Decimal {
  const move = side === 'long' ? price.minus(entryPrice) : entryPrice.minus(price);
  return move.times(quantity).times(instrument.contractSize);
}

/**
 * gross = (price − entry) · quantity · contractSize, negated for a short;
 * commission = commissionRate · entry · quantity · contractSize; pnl = gross − commission, then
 * converted at the mids of the conversion pairs and rounded.
 */
export function pnlOf(
  terms: PnlTerms,
  quantity: Decimal,
  price: Decimal,
  midOf: (symbol: string) => Decimal,
): Pnl {
  const { instrument, entryPrice, conversion } = terms;
  const gross = grossOf(terms, quantity, price);
  if (instrument.commissionRate.isZero()) {
    return { pnl: roundPnl(convert(gross, conversion, midOf)), commission: zero };
  }
  const size = quantity.times(instrument.contractSize);
  const commission = instrument.commissionRate.times(entryPrice).times(size);
  const pnl = gross.minus(commission);
  return {
    pnl: roundPnl(convert(pnl, conversion, midOf)),
    commission: roundPnl(convert(commission, conversion, midOf)),
  };
}
