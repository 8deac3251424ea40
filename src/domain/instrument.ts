// An instrument: what one lot of a symbol is, and the currency that its P&L is in.
import { Decimal, decimal, text, type Numeric } from './money.ts';

/** An instrument as it is given and answered: numbers as JSON numbers or decimal text. */
export interface InstrumentSpec {
  symbol: string;
  contractSize?: Numeric | undefined;
  quoteCurrency: string;
  tickSize?: Numeric | undefined;
  lotStep?: Numeric | undefined;
  minQuantity?: Numeric | undefined;
  marginRate?: Numeric | undefined;
  commissionRate?: Numeric | undefined;
  sessions?: SessionsSpec | undefined;
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Trading hours in a time zone; `from` and `to` are local wall times `HH:MM`. */
export interface SessionsSpec {
  timezone: string;
  weekly: { days: Weekday[]; from: string; to: string }[];
  holidays?:
    ({ date: string; closed: true } | { date: string; from: string; to: string })[] | undefined;
}

/**
 * An instrument with the decimals that P&L needs, and the canonical form that is stored. The positions
 * in it share it: what may change under them is changed in it.
 */
export interface Instrument {
  readonly symbol: string;
  readonly quoteCurrency: string;
  readonly contractSize: Decimal;
  readonly commissionRate: Decimal;
  /** Of the notional, that is held as margin. */
  marginRate: Decimal;
  spec: InstrumentSpec;
}

/** Defaults filled in, numbers as canonical text. */
export function instrumentOf(given: InstrumentSpec): Instrument {
  const contractSize = decimal(given.contractSize ?? 1);
  const commissionRate = decimal(given.commissionRate ?? 0);
  const spec: InstrumentSpec = {
    symbol: given.symbol,
    contractSize: text(contractSize),
    quoteCurrency: given.quoteCurrency,
    commissionRate: text(commissionRate),
  };
  for (const key of ['tickSize', 'lotStep', 'minQuantity', 'marginRate'] as const) {
    const value = given[key];
    if (value !== undefined) spec[key] = text(decimal(value));
  }
  if (given.sessions !== undefined) spec.sessions = given.sessions;
  return {
    symbol: spec.symbol,
    quoteCurrency: spec.quoteCurrency,
    contractSize,
    commissionRate,
    marginRate: decimal(given.marginRate ?? 0),
    spec,
  };
}

/** Whether the two give the same P&L: what must not change under open positions. */
export function hasSameTerms(a: Instrument, b: Instrument): boolean {
  return (
    a.quoteCurrency === b.quoteCurrency &&
    a.contractSize.equals(b.contractSize) &&
    a.commissionRate.equals(b.commissionRate)
  );
}
