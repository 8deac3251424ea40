// Accounts, positions and books made at random, and their exact value by other arithmetic.
import fc from 'fast-check';
import type { InstrumentSpec } from '#src/domain/instrument';
import type { PositionRecord } from '#src/domain/records';
import type { RuleRecord } from '#src/domain/rules';
import type { Quote } from '#src/domain/quote';
import type { Account, Position } from '#src/domain/state';
import { Markets } from '#src/prices/market';
import { accountCreated, instrumentPut, positionTracked, Story } from '../domain/story.ts';
import { quoteAt } from '../domain/arbitraries.ts';
import { conversionOf, D } from '../support/brute-force/exact.ts';

export type Exact = InstanceType<typeof D>;

const instruments: readonly InstrumentSpec[] = [
  {
    ...{ symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: '100000' },
    ...{ commissionRate: '0.00003', marginRate: '0.0333333333' },
  },
  { symbol: 'XAUUSD', quoteCurrency: 'USD', contractSize: '100', marginRate: '0.05' },
  {
    ...{ symbol: 'USDJPY', quoteCurrency: 'JPY', contractSize: '100000' },
    ...{ commissionRate: '0.0000125', marginRate: '0.5' },
  },
  { symbol: 'EURGBP', quoteCurrency: 'GBP', contractSize: '100000', marginRate: '1' },
  { symbol: 'GBPUSD', quoteCurrency: 'USD', contractSize: '1', commissionRate: '0.001' },
];

export const symbols = instruments.map(({ symbol }) => symbol);

/** Whole units of the last digit: prices of a symbol are `base` and up to a tenth more or less. */
export const bases: Record<string, [base: number, decimals: number]> = {
  EURUSD: [110_000, 5],
  XAUUSD: [200_000, 2],
  USDJPY: [150_000, 3],
  EURGBP: [85_000, 5],
  GBPUSD: [130_000, 5],
};

const beyondDoubles = fc.constantFrom('', '', '', '000000000000000000001', '123456789012345678');

function priceOf(symbol: string): fc.Arbitrary<string> {
  const [base, decimals] = bases[symbol] as [number, number];
  const tenth = Math.floor(base / 10);
  return fc
    .tuple(fc.integer({ min: base - tenth, max: base + tenth }), beyondDoubles)
    .map(([units, more]) => (units / 10 ** decimals).toFixed(decimals) + more);
}

export const anyQuote: fc.Arbitrary<Quote> = fc.constantFrom(...symbols).chain((symbol) =>
  fc.tuple(priceOf(symbol), fc.integer({ min: 0, max: 20 })).map(([bid, spread]) => {
    const [, decimals] = bases[symbol] as [number, number];
    const ask = new D(bid).plus(new D(spread).times(new D(10).pow(-decimals)));
    return quoteAt(symbol, bid, ask.toFixed());
  }),
);

export type Holding = Pick<PositionRecord, 'symbol' | 'side' | 'quantity' | 'entryPrice'>;

export const anyHolding: fc.Arbitrary<Holding> = fc.constantFrom(...symbols).chain((symbol) =>
  fc.record({
    symbol: fc.constant(symbol),
    side: fc.constantFrom('long' as const, 'short' as const),
    quantity: fc.integer({ min: 1, max: 500 }).map((n) => (n / 100).toFixed(2)),
    entryPrice: priceOf(symbol),
  }),
);

export const anyCurrency = fc.constantFrom('USD', 'EUR', 'GBP', 'JPY');

export interface WorldOptions {
  readonly currency: string;
  readonly balance: string;
  readonly rules?: RuleRecord[];
}

/** One account `a`, and the books that its positions need. */
export class World {
  readonly story: Story;
  readonly markets = new Markets();
  private readonly quotes = new Map<string, Quote>();
  private tracked = 0;

  constructor({ currency, balance, rules = [] }: WorldOptions) {
    const account = accountCreated({ currency, balance, rules });
    this.story = new Story().tell(...instruments.map(instrumentPut), account);
  }

  get account(): Account {
    return this.story.account();
  }

  track(holding: Holding): Position {
    const positionId = `p${this.tracked++}`;
    this.story.tell(positionTracked({ positionId, ...holding }));
    return this.story.position(positionId);
  }

  take(quote: Quote): void {
    this.quotes.set(quote.symbol, quote);
    this.markets.bookOf(quote.symbol).take(quote);
  }

  /** Contract section 1, from the quotes as they came; undefined while a price is missing. */
  exactPnl({ symbol, side, quantity, entryPrice }: Holding): Exact | undefined {
    const instrument = instruments.find((one) => one.symbol === symbol);
    const quote = this.quotes.get(symbol);
    if (instrument === undefined || quote === undefined) return undefined;
    const size = new D(quantity).times(instrument.contractSize ?? 1);
    const gross =
      side === 'long'
        ? sideOf(quote, 'bid').minus(entryPrice)
        : new D(entryPrice).minus(sideOf(quote, 'ask'));
    const commission = new D(instrument.commissionRate ?? 0).times(entryPrice).times(size);
    return this.converted(gross.times(size).minus(commission), instrument.quoteCurrency);
  }

  /** Margin in use, by the same arithmetic; a position counts 0 while its rate is missing. */
  exactMargin(): Exact {
    let margin = new D(0);
    for (const { symbol, remainingQuantity, entryPrice } of this.account.positions.values()) {
      const instrument = instruments.find((one) => one.symbol === symbol);
      if (instrument === undefined) continue;
      const paid = new D(remainingQuantity.toFixed())
        .times(instrument.contractSize ?? 1)
        .times(entryPrice.toFixed())
        .times(instrument.marginRate ?? 0);
      margin = margin.plus(this.converted(paid, instrument.quoteCurrency) ?? 0);
    }
    return margin;
  }

  private converted(amount: Exact, quoteCurrency: string): Exact | undefined {
    let value = amount;
    for (const leg of conversionOf(quoteCurrency, this.account.currency, symbols)) {
      const pair = this.quotes.get(leg.symbol);
      if (pair === undefined) return undefined;
      const mid = sideOf(pair, 'bid').plus(sideOf(pair, 'ask')).dividedBy(2);
      value = leg.divides ? value.dividedBy(mid) : value.times(mid);
    }
    return value.toDecimalPlaces(10, D.ROUND_HALF_EVEN);
  }

  exactEquity(): Exact {
    let equity = new D(this.account.balance.toFixed());
    for (const { symbol, side, quantity, entryPrice } of this.account.positions.values()) {
      const holding = {
        symbol,
        side,
        quantity: quantity.toFixed(),
        entryPrice: entryPrice.toFixed(),
      };
      equity = equity.plus(this.exactPnl(holding) ?? 0);
    }
    return equity;
  }
}

function sideOf(quote: Quote, side: 'bid' | 'ask'): Exact {
  return new D(side === 'bid' ? (quote.bidExact ?? quote.bid) : (quote.askExact ?? quote.ask));
}
