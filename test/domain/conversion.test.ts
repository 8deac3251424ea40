// From quote currency to account currency: the pair, its inverse, or a cross.
import { expect, test } from 'vitest';
import { conversionBetween, convert, type Conversion } from '#src/domain/conversion';
import { decimal, text } from '#src/domain/money';

test.each<[string, string, string[], Conversion | undefined]>([
  ['USD', 'USD', [], []],
  ['USD', 'USD', ['EURUSD'], []],
  ['EUR', 'USD', ['EURUSD'], [{ symbol: 'EURUSD', divides: false }]],
  ['JPY', 'USD', ['USDJPY'], [{ symbol: 'USDJPY', divides: true }]],
  // QUOTE+ACCOUNT comes first wherever it stands in the list.
  ['JPY', 'USD', ['USDJPY', 'JPYUSD'], [{ symbol: 'JPYUSD', divides: false }]],
  [
    'GBP',
    'JPY',
    ['USDJPY', 'GBPUSD'],
    [
      { symbol: 'GBPUSD', divides: false },
      { symbol: 'USDJPY', divides: false },
    ],
  ],
  [
    'JPY',
    'EUR',
    ['EURUSD', 'USDJPY'],
    [
      { symbol: 'USDJPY', divides: true },
      { symbol: 'EURUSD', divides: true },
    ],
  ],
  // The first cross in the order of the instruments.
  [
    'JPY',
    'EUR',
    ['GBPJPY', 'EURUSD', 'USDJPY', 'EURGBP'],
    [
      { symbol: 'GBPJPY', divides: true },
      { symbol: 'EURGBP', divides: true },
    ],
  ],
  // The first that names the currency leads nowhere.
  [
    'JPY',
    'EUR',
    ['CADJPY', 'USDJPY', 'EURUSD'],
    [
      { symbol: 'USDJPY', divides: true },
      { symbol: 'EURUSD', divides: true },
    ],
  ],
  ['USDT', 'EUR', ['EURUSDT'], [{ symbol: 'EURUSDT', divides: true }]],
  ['JPY', 'EUR', [], undefined],
  ['JPY', 'EUR', ['USDJPY'], undefined],
  ['JPY', 'EUR', ['USDJPY', 'GBPEUR'], undefined],
  ['JPY', 'EUR', ['JPY', 'EUR', 'XAUUSD'], undefined],
  // No way through two third currencies.
  ['JPY', 'EUR', ['USDJPY', 'GBPUSD', 'EURGBP'], undefined],
  ['EUR', 'USD', ['EURUSD.x'], undefined],
])('%s to %s with the instruments %j is %j', (from, to, symbols, expected) => {
  const instruments = new Map(symbols.map((symbol) => [symbol, {}]));
  expect(conversionBetween(from, to, instruments)).toEqual(expected);
});

const mids: Record<string, string> = { EURUSD: '1.25', USDJPY: '160', GBPUSD: '1.6' };
const midOf = (symbol: string) => decimal(mids[symbol] as string);

test.each<[string, Conversion, string]>([
  ['no leg', [], '100'],
  ['one that multiplies', [{ symbol: 'EURUSD', divides: false }], '125'],
  ['one that divides', [{ symbol: 'EURUSD', divides: true }], '80'],
  [
    'two that multiply',
    [
      { symbol: 'GBPUSD', divides: false },
      { symbol: 'USDJPY', divides: false },
    ],
    '25600',
  ],
  [
    'two that divide',
    [
      { symbol: 'USDJPY', divides: true },
      { symbol: 'EURUSD', divides: true },
    ],
    '0.5',
  ],
  [
    'one of each',
    [
      { symbol: 'USDJPY', divides: true },
      { symbol: 'GBPUSD', divides: false },
    ],
    '1',
  ],
])('100 converted by %s is %3$s', (_, conversion, expected) => {
  expect(text(convert(decimal(100), conversion, midOf))).toBe(expected);
});
