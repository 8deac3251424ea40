// P&L, by hand (contract section 1).
import { expect, test } from 'vitest';
import type { Conversion } from '#src/domain/conversion';
import { instrumentOf } from '#src/domain/instrument';
import { decimal, text } from '#src/domain/money';
import { pnlOf } from '#src/domain/pnl';
import type { Side } from '#src/domain/quote';

interface Example {
  readonly what: string;
  readonly side: Side;
  readonly entry: string;
  readonly price: string;
  readonly quantity: string;
  readonly contractSize?: string;
  readonly commissionRate?: string;
  readonly conversion?: Conversion;
  readonly pnl: string;
  readonly commission?: string;
}

const times = (symbol: string) => ({ symbol, divides: false });
const by = (symbol: string) => ({ symbol, divides: true });

const mids: Record<string, string> = { EURUSD: '1.25', USDJPY: '150', GBPUSD: '1.6', THREE: '3' };

test.each<Example>([
  {
    what: 'a long that rose',
    side: 'long',
    entry: '2000',
    price: '2010.5',
    quantity: '2',
    contractSize: '100',
    pnl: '2100',
  },
  {
    what: 'a long that fell',
    side: 'long',
    entry: '2000',
    price: '1990',
    quantity: '0.01',
    contractSize: '100',
    pnl: '-10',
  },
  {
    what: 'a short that fell',
    side: 'short',
    entry: '1.1',
    price: '1.09',
    quantity: '1',
    contractSize: '100000',
    pnl: '1000',
  },
  {
    what: 'a short that rose',
    side: 'short',
    entry: '1.1',
    price: '1.12',
    quantity: '1',
    contractSize: '100000',
    pnl: '-2000',
  },
  { what: 'no move', side: 'long', entry: '5', price: '5', quantity: '3', pnl: '0' },
  // 0.001 · 2000 · 2 · 100 = 400, whatever the price is.
  {
    what: 'a commission of a long',
    side: 'long',
    entry: '2000',
    price: '2010',
    quantity: '2',
    contractSize: '100',
    commissionRate: '0.001',
    pnl: '1600',
    commission: '400',
  },
  {
    what: 'a commission of a short',
    side: 'short',
    entry: '2000',
    price: '2010',
    quantity: '2',
    contractSize: '100',
    commissionRate: '0.001',
    pnl: '-2400',
    commission: '400',
  },
  {
    what: 'a pair that multiplies',
    side: 'long',
    entry: '10',
    price: '12',
    quantity: '4',
    conversion: [times('EURUSD')],
    pnl: '10',
  },
  {
    what: 'a pair that divides',
    side: 'long',
    entry: '150',
    price: '153',
    quantity: '1',
    contractSize: '100',
    conversion: [by('USDJPY')],
    pnl: '2',
  },
  {
    what: 'a cross that divides twice',
    side: 'short',
    entry: '160',
    price: '145',
    quantity: '1',
    contractSize: '125',
    conversion: [by('USDJPY'), by('EURUSD')],
    pnl: '10',
  },
  {
    what: 'a cross of both kinds',
    side: 'long',
    entry: '10',
    price: '13',
    quantity: '50',
    conversion: [by('USDJPY'), times('GBPUSD')],
    pnl: '1.6',
  },
  {
    what: 'a commission converted',
    side: 'long',
    entry: '300',
    price: '300',
    quantity: '1',
    commissionRate: '0.01',
    conversion: [by('THREE')],
    pnl: '-1',
    commission: '1',
  },
  // 1 / 3, and 2 / 3, to 10 decimals.
  {
    what: 'a third',
    side: 'long',
    entry: '1',
    price: '2',
    quantity: '1',
    conversion: [by('THREE')],
    pnl: '0.3333333333',
  },
  {
    what: 'two thirds',
    side: 'short',
    entry: '3',
    price: '1',
    quantity: '1',
    conversion: [by('THREE')],
    pnl: '0.6666666667',
  },
  // Halves of the tenth decimal go to the even one.
  {
    what: 'half of a unit, even below',
    side: 'long',
    entry: '1',
    price: '1.00000000005',
    quantity: '1',
    pnl: '0',
  },
  {
    what: 'one and a half, even above',
    side: 'long',
    entry: '1',
    price: '1.00000000015',
    quantity: '1',
    pnl: '0.0000000002',
  },
  {
    what: 'two and a half, even below',
    side: 'long',
    entry: '1',
    price: '1.00000000025',
    quantity: '1',
    pnl: '0.0000000002',
  },
  {
    what: 'a loss of one and a half',
    side: 'short',
    entry: '1',
    price: '1.00000000015',
    quantity: '1',
    pnl: '-0.0000000002',
  },
  // Gross less commission is rounded once, after the conversion: −(1.5 − 0.5) units here.
  {
    what: 'a sum that is rounded as one',
    side: 'long',
    entry: '1',
    price: '1.0000000001',
    quantity: '1',
    commissionRate: '0.00000000005',
    pnl: '0',
    commission: '0',
  },
  {
    what: 'digits far beyond a double',
    side: 'long',
    entry: '0.1',
    price: '123456789012345678.3',
    quantity: '1',
    pnl: '123456789012345678.2',
  },
])('$what: from $entry to $price is $pnl', (example) => {
  const instrument = instrumentOf({
    symbol: 'S',
    quoteCurrency: 'Q',
    ...(example.contractSize === undefined ? {} : { contractSize: example.contractSize }),
    ...(example.commissionRate === undefined ? {} : { commissionRate: example.commissionRate }),
  });
  const { pnl, commission } = pnlOf(
    {
      side: example.side,
      entryPrice: decimal(example.entry),
      instrument,
      conversion: example.conversion ?? [],
    },
    decimal(example.quantity),
    decimal(example.price),
    (symbol) => decimal(mids[symbol] as string),
  );
  expect(text(pnl)).toBe(example.pnl);
  expect(text(commission)).toBe(example.commission ?? '0');
});
