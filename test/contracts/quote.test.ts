// What is a quote and what is none, from a message and from an object of the same process.
import { expect, test } from 'vitest';
import { quoteOf, quoteOfJson, type QuoteInput } from '#src/contracts/quote';

const arrival = 1_700_000_000_000;

/** Without the keys whose value is undefined, which only keep the objects of one shape. */
function present(quote: object | undefined): unknown {
  return (
    quote && Object.fromEntries(Object.entries(quote).filter(([, value]) => value !== undefined))
  );
}

const atArrival = { symbol: 'S', ts: arrival };

test.each([
  ['numbers', '{"bid":1.1,"ask":1.2,"ts":5}', { symbol: 'S', bid: 1.1, ask: 1.2, ts: 5 }],
  ['no ts', '{"bid":1.1,"ask":1.2}', { ...atArrival, bid: 1.1, ask: 1.2 }],
  ['decimal strings', '{"bid":"1.10500","ask":"1.2"}', { ...atArrival, bid: 1.105, ask: 1.2 }],
  ['one of each', '{"bid":"1.1","ask":1.2}', { ...atArrival, bid: 1.1, ask: 1.2 }],
  [
    '15 characters',
    '{"bid":"1.2345678901234","ask":2}',
    { ...atArrival, bid: 1.2345678901234, ask: 2 },
  ],
  ['exact but long', '{"bid":"1.500000000000000000","ask":2}', { ...atArrival, bid: 1.5, ask: 2 }],
  [
    'strings that no double is',
    '{"bid":"1.10000000000000000001","ask":"12345678901234567890"}',
    {
      ...atArrival,
      bid: 1.1,
      ask: Number('12345678901234567890'),
      bidExact: '1.10000000000000000001',
      askExact: '12345678901234567890',
    },
  ],
  [
    'a number with too many digits is its double',
    '{"bid":1.10000000000000000001,"ask":2}',
    { ...atArrival, bid: 1.1, ask: 2 },
  ],
  [
    'sizes and seq',
    '{"bid":1,"ask":2,"bidSize":"3.5","askSize":4,"seq":7}',
    { ...atArrival, bid: 1, ask: 2, bidSize: 3.5, askSize: 4, seq: 7 },
  ],
  ['one size', '{"bid":1,"ask":2,"askSize":4}', { ...atArrival, bid: 1, ask: 2, askSize: 4 }],
  [
    'sizes that no double is',
    '{"bid":1,"ask":2,"bidSize":"9.99999999999999999","askSize":"10.0000000000000000000"}',
    {
      ...{ ...atArrival, bid: 1, ask: 2, bidSize: 10, askSize: 10 },
      bidSizeExact: '9.99999999999999999',
    },
  ],
  [
    'sizes that are null',
    '{"bid":1,"ask":2,"bidSize":null,"askSize":3}',
    { ...atArrival, bid: 1, ask: 2, askSize: 3 },
  ],
  [
    'all null',
    '{"bid":1,"ask":2,"bidSize":null,"askSize":null,"seq":null}',
    { ...atArrival, bid: 1, ask: 2 },
  ],
  [
    'a size that can be none',
    '{"bid":1,"ask":2,"bidSize":-1}',
    { ...atArrival, bid: 1, ask: 2, bidSize: -1 },
  ],
  ['only seq', '{"bid":1,"ask":2,"seq":0}', { ...atArrival, bid: 1, ask: 2, seq: 0 }],
  [
    'unknown keys',
    '{"bid":1,"ask":2,"symbol":"T","venue":{"id":[1]},"é":"ü"}',
    { ...atArrival, bid: 1, ask: 2 },
  ],
  // What is no sensible price is a quote all the same: hygiene refuses and counts it by reason.
  ['zero and negative', '{"bid":0,"ask":-1}', { ...atArrival, bid: 0, ask: -1 }],
  ['beyond a double', '{"bid":1e999,"ask":2}', { ...atArrival, bid: Infinity, ask: 2 }],
  [
    'ts beyond a double',
    '{"bid":1,"ask":2,"ts":1e999}',
    { symbol: 'S', bid: 1, ask: 2, ts: Infinity },
  ],
] as const)('a message with %s is a quote', (_, json, quote) => {
  expect(present(quoteOfJson('S', json, arrival))).toEqual(quote);
});

test.each([
  ['nothing', ''],
  ['not JSON', '{"bid":1,"ask":2'],
  ['NaN, which JSON has not', '{"bid":NaN,"ask":2}'],
  ['a number', '1'],
  ['null', 'null'],
  ['text', '"bid"'],
  ['an array', '[1,2]'],
  ['no bid', '{"ask":2}'],
  ['no ask', '{"bid":2}'],
  ['null bid', '{"bid":null,"ask":2}'],
  ['boolean ask', '{"bid":1,"ask":true}'],
  ['nested bid', '{"bid":{"value":1},"ask":2}'],
  ['empty text', '{"bid":"","ask":2}'],
  ['text that is no decimal', '{"bid":"1,5","ask":2}'],
  ['text NaN', '{"bid":"NaN","ask":2}'],
  ['text with a space', '{"bid":" 1","ask":2}'],
  ['text with an exponent', '{"bid":"1e3","ask":2}'],
  ['more than 30 digits', `{"bid":"1.${'1'.repeat(30)}","ask":2}`],
  ['ts as text', '{"bid":1,"ask":2,"ts":"5"}'],
  ['ts with a fraction', '{"bid":1,"ask":2,"ts":5.5}'],
  ['ts null', '{"bid":1,"ask":2,"ts":null}'],
  ['a size that is none', '{"bid":1,"ask":2,"bidSize":"many"}'],
  ['a size that is a boolean', '{"bid":1,"ask":2,"askSize":false}'],
  ['seq as text', '{"bid":1,"ask":2,"seq":"1"}'],
])('a message with %s is no quote', (_, json) => {
  expect(quoteOfJson('S', json, arrival)).toBeUndefined();
});

test('an object of the same process is a quote by the same rules', () => {
  const of = (input: unknown): unknown => present(quoteOf(input as QuoteInput, arrival));
  expect(of({ symbol: 'S', bid: 1.1, ask: '1.20' })).toEqual({ ...atArrival, bid: 1.1, ask: 1.2 });
  expect(of({ symbol: 'S', bid: 1, ask: 2, ts: 3, bidSize: '4', seq: 5 })).toEqual({
    ...{ symbol: 'S', bid: 1, ask: 2, ts: 3, bidSize: 4, seq: 5 },
  });
  expect(of({ symbol: 'S', bid: NaN, ask: 2 })).toEqual({ ...atArrival, bid: NaN, ask: 2 });
  for (const none of [
    { bid: 1, ask: 2 },
    { symbol: 1, bid: 1, ask: 2 },
    { symbol: 'S', bid: 1 },
  ]) {
    expect(of(none)).toBeUndefined();
  }
  for (const none of [undefined, null, 1, 'S', () => {}]) expect(of(none)).toBeUndefined();
});

test('a quote is of the feed that its subject names', () => {
  const json = '{"bid":1,"ask":2,"feed":"other"}';
  expect(present(quoteOfJson('S', json, arrival, 'lmax'))).toEqual({
    ...{ ...atArrival, bid: 1, ask: 2, feed: 'lmax' },
  });
  expect(present(quoteOfJson('S', json, arrival))).toEqual({ ...atArrival, bid: 1, ask: 2 });
});

test.each<[unknown, string | undefined]>([
  ['lmax', 'lmax'],
  ['A_b-9', 'A_b-9'],
  ['x'.repeat(64), 'x'.repeat(64)],
])('an object of the same process names its feed: %j', (feed, expected) => {
  const input = { symbol: 'S', bid: 1, ask: 2, feed } as QuoteInput;
  expect(quoteOf(input, arrival)).toMatchObject({ symbol: 'S', feed: expected });
});

test.each([[''], ['a.b'], ['a b'], ['é'], ['x'.repeat(65)], [1], [null], [{}]])(
  'no quote is of the feed %j',
  (feed) => {
    const input = { symbol: 'S', bid: 1, ask: 2, feed } as unknown as QuoteInput;
    expect(quoteOf(input, arrival)).toBeUndefined();
  },
);
