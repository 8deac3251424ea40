// What is traded in a simulated world, and in which currency its accounts are kept.

interface SimInstrument {
  readonly symbol: string;
  readonly quoteCurrency: 'USD' | 'EUR';
  readonly contractSize?: number;
  readonly commissionRate?: string;
  readonly marginRate?: string;
}

export const instruments: readonly SimInstrument[] = [
  { symbol: 'GOLD', quoteCurrency: 'USD', contractSize: 10, marginRate: '0.2' },
  { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 10_000, marginRate: '0.5' },
  { symbol: 'DAX', quoteCurrency: 'EUR', commissionRate: '0.0001', marginRate: '0.3' },
];

/** The account that is not kept in dollars. */
export const euroAccount = 'paper-eur';

/** The pair between the two currencies: its mid is dollars per euro. */
export const euroPair = 'EURUSD';

export function currencyOf(accountId: string): 'USD' | 'EUR' {
  return accountId === euroAccount ? 'EUR' : 'USD';
}

export function instrumentOf(symbol: string): SimInstrument {
  const found = instruments.find((one) => one.symbol === symbol);
  if (found === undefined) throw new Error(`there is no ${symbol} here`);
  return found;
}
