// What providers send: taken in the one form that the runtime knows, or not at all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accountReplyOf,
  codeCharsMax,
  execIdCharsMax,
  executionReportOf,
  messageCharsMax,
  orderReplyOf,
  ordersReplyOf,
  positionsReplyOf,
  providerItemsMax,
  queryReplyOf,
} from '#src/contracts/provider';

const readers = [
  orderReplyOf,
  queryReplyOf,
  positionsReplyOf,
  ordersReplyOf,
  accountReplyOf,
  executionReportOf,
];

test.each<[object, object]>([
  [{ status: 'filled' }, {}],
  [{ status: 'pending' }, {}],
  [{ status: 'gone' }, {}],
  [{ status: 'rejected', code: 'NO_MONEY', message: 'not enough' }, {}],
  [{ status: 'rejected', code: 10_019 }, { code: '10019' }],
  [{ status: 'rejected', code: -1.5 }, { code: '-1.5' }],
  [{ status: 'rejected', code: '', message: '' }, {}],
  [
    { status: 'filled', price: 1.1, filledQuantity: 2 },
    { price: '1.1', filledQuantity: '2' },
  ],
  [{ status: 'filled', price: '+01.500' }, { price: '1.5' }],
  [{ status: 'filled', price: 1e-7 }, { price: '0.0000001' }],
  [{ status: 'filled', price: '0.123456789012345678901234567' }, {}],
  [{ status: 'partiallyFilled', filledQuantity: '0.10' }, { filledQuantity: '0.1' }],
  [{ status: 'filled', fee: 0, feeCurrency: 'USDT' }, { fee: '0' }],
  [{ status: 'filled', fee: '-0.0' }, { fee: '0' }],
  [{ status: 'filled', fee: '-2.50' }, { fee: '-2.5' }],
  [{ status: 'filled', execId: 'e 1'.padEnd(execIdCharsMax, 'x') }, {}],
])('the reply %j is taken', (given, changed) => {
  expect(orderReplyOf(given)).toStrictEqual({ ...given, ...changed });
  expect(queryReplyOf(given)).toStrictEqual({ ...given, ...changed });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a list', [{ status: 'filled' }]],
  ['text', 'filled'],
  ['an empty object', {}],
  ['another status', { status: 'FILLED' }],
  ['a status that is a list', { status: ['filled'] }],
  ['a part without its quantity', { status: 'partiallyFilled', price: 1 }],
  ['a part whose quantity is null', { status: 'partiallyFilled', filledQuantity: null }],
  ['a fill of nothing', { status: 'filled', filledQuantity: 0 }],
  ['a part of nothing', { status: 'partiallyFilled', filledQuantity: '0.0' }],
  ['a negative quantity', { status: 'filled', filledQuantity: -1 }],
  ['a price of zero', { status: 'filled', price: '0' }],
  ['a negative price', { status: 'filled', price: '-1.1' }],
  ['a price that is no number', { status: 'filled', price: 'market' }],
  ['an empty price', { status: 'filled', price: '' }],
  ['a price with exponent', { status: 'filled', price: '1e3' }],
  ['a price that is not finite', { status: 'filled', price: NaN }],
  ['a price of too many digits', { status: 'filled', price: `1.${'1'.repeat(30)}` }],
  ['a price that is an object', { status: 'filled', price: { value: 1 } }],
])('%s is no reply', (_, given) => {
  expect(orderReplyOf(given)).toBeUndefined();
  expect(queryReplyOf(given)).toBeUndefined();
});

test.each<[string, object, object]>([
  ['a fee that is no number', { fee: 'none' }, {}],
  ['a fee that is not finite', { fee: Infinity }, {}],
  ['a fee in no currency', { fee: 1, feeCurrency: 'usd' }, {}],
  ['a fee in an empty currency', { fee: 1, feeCurrency: '' }, {}],
  ['no fee in a currency', { fee: 'none', feeCurrency: 'EUR' }, { feeCurrency: 'EUR' }],
  ['an empty execution id', { execId: '' }, {}],
  ['an execution id that is a number', { execId: 5, fee: 1 }, { fee: '1' }],
  ['too long an execution id', { execId: 'x'.repeat(execIdCharsMax + 1) }, {}],
  ['a code that is an object', { code: {}, message: 'm' }, { message: 'm' }],
  ['a code that is not finite', { code: NaN }, {}],
  ['a message that is no text', { message: 5 }, {}],
])('%s is left out, and the reply counts', (_, given, kept) => {
  const told = { status: 'filled', filledQuantity: '2' };
  expect(orderReplyOf({ ...told, ...given })).toStrictEqual({ ...told, ...kept });
  expect(queryReplyOf({ ...told, ...given })).toStrictEqual({ ...told, ...kept });
});

test.each(['rejected', 'pending', 'gone'])(
  '%s of nothing at no price is what it says',
  (status) => {
    for (const none of [0, '0', '0.00', '']) {
      const given = { status, filledQuantity: none, price: none };
      expect(orderReplyOf(given)).toStrictEqual({ status });
    }
    expect(orderReplyOf({ status, price: 'none' })).toBeUndefined();
    expect(orderReplyOf({ status, filledQuantity: -1 })).toBeUndefined();
  },
);

test('a reply that throws when it is looked at is none', () => {
  const fails = (): never => {
    throw new Error('do not look');
  };
  const getter = Object.defineProperty({}, 'status', { get: fails, enumerable: true });
  const nested = { status: 'rejected', code: new Proxy({}, { get: fails }) };
  const proxy = new Proxy({}, { ownKeys: fails, get: fails });
  for (const read of readers) {
    expect(read(getter)).toBeUndefined();
    expect(read(proxy)).toBeUndefined();
    expect(() => read(nested)).not.toThrow();
  }
});

test('keys that have no meaning here are left out, and so is what is null or undefined', () => {
  const given = { status: 'gone', latencyMs: 5, price: null, fee: undefined, nested: { a: [1] } };
  expect(orderReplyOf(given)).toStrictEqual({ status: 'gone' });
});

test.each<[string, string]>([
  ['x'.repeat(messageCharsMax), 'x'.repeat(messageCharsMax)],
  ['x'.repeat(messageCharsMax + 1), 'x'.repeat(messageCharsMax)],
  [`${'x'.repeat(messageCharsMax - 1)}😀`, `${'x'.repeat(messageCharsMax - 1)}\ufffd`],
  ['two\nlines\0', 'two lines '],
  ['half \ud83d', 'half \ufffd'],
])('a message is cut, on one line and well-formed', (message, kept) => {
  expect(orderReplyOf({ status: 'rejected', message })).toStrictEqual({
    status: 'rejected',
    message: kept,
  });
});

test('a code is cut', () => {
  expect(orderReplyOf({ status: 'rejected', code: 'c'.repeat(codeCharsMax + 1) })).toStrictEqual({
    status: 'rejected',
    code: 'c'.repeat(codeCharsMax),
  });
});

test('a query may find nothing, or may not be there; a close is told neither', () => {
  for (const status of ['notFound', 'unsupported']) {
    expect(queryReplyOf({ status, message: 'x' })).toStrictEqual({ status });
    expect(orderReplyOf({ status })).toBeUndefined();
  }
});

const position = {
  ticket: 17,
  positionId: 'p1',
  symbol: 'EUR/USD',
  side: 'long',
  quantity: 0.5,
  entryPrice: '1.10',
};
const read = { ...position, quantity: '0.5', entryPrice: '1.1' };

test('positions are taken, their tickets in the type in which they came', () => {
  const { positionId: _, ...foreign } = { ...position, ticket: '17', swap: -1 };
  expect(
    positionsReplyOf({ complete: true, positions: [position, foreign, { ...foreign, ticket: 1 }] }),
  ).toStrictEqual({
    complete: true,
    positions: [
      read,
      { ticket: '17', symbol: 'EUR/USD', side: 'long', quantity: '0.5', entryPrice: '1.1' },
      { ticket: 1, symbol: 'EUR/USD', side: 'long', quantity: '0.5', entryPrice: '1.1' },
    ],
  });
  expect(positionsReplyOf({ complete: true, positions: [] })).toStrictEqual({
    complete: true,
    positions: [],
  });
});

test.each([[{ complete: false }], [{}], [{ complete: 'true' }], [{ complete: 1 }]])(
  'with %j the positions are not complete',
  (marked) => {
    expect(positionsReplyOf({ ...marked, positions: [position] })).toStrictEqual({
      complete: false,
      positions: [read],
    });
    expect(ordersReplyOf({ ...marked, orders: [] })).toStrictEqual({ complete: false, orders: [] });
  },
);

test.each<[string, unknown]>([
  ['null', null],
  ['a list', [position]],
  ['no ticket', { ...position, ticket: undefined }],
  ['a ticket of zero', { ...position, ticket: 0 }],
  ['a ticket that a double cannot hold', { ...position, ticket: 2 ** 53 }],
  ['an empty ticket', { ...position, ticket: '' }],
  ['an id that is none', { ...position, positionId: 'a.b' }],
  ['no symbol', { ...position, symbol: null }],
  ['the side of an order', { ...position, side: 'buy' }],
  ['no quantity', { ...position, quantity: undefined }],
  ['a quantity of zero', { ...position, quantity: '0' }],
  ['a signed quantity', { ...position, quantity: -0.5 }],
  ['an entry price of zero', { ...position, entryPrice: 0 }],
])('a position that is or has %s is left out, and they are not complete', (_, bad) => {
  expect(positionsReplyOf({ complete: true, positions: [position, bad, position] })).toStrictEqual({
    complete: false,
    positions: [read, read],
  });
});

test('positions and orders of one reply are limited; what is beyond is not looked at', () => {
  const flooded = Array.from({ length: providerItemsMax }, () => position);
  const taken = positionsReplyOf({ complete: true, positions: flooded });
  expect(taken).toMatchObject({ complete: true, positions: { length: providerItemsMax } });
  const cut = positionsReplyOf({ complete: true, positions: [...flooded, position] });
  expect(cut).toMatchObject({ complete: false, positions: { length: providerItemsMax } });
  const orders = Array.from({ length: providerItemsMax + 1 }, () => ({ orderId: 'o' }));
  expect(ordersReplyOf({ complete: true, orders })).toMatchObject({
    complete: false,
    orders: { length: providerItemsMax },
  });
});

test.each<[unknown]>([
  [undefined],
  [null],
  [[]],
  [{ complete: true }],
  [{ complete: true, positions: {}, orders: 'none' }],
  [{ complete: true, positions: null, orders: null }],
  [{ status: 'ok' }],
])('%j tells of no positions and no orders', (given) => {
  expect(positionsReplyOf(given)).toBeUndefined();
  expect(ordersReplyOf(given)).toBeUndefined();
});

test('positions, orders and accounts may be unsupported', () => {
  for (const reader of [positionsReplyOf, ordersReplyOf, accountReplyOf]) {
    const given = { status: 'unsupported', complete: true, positions: [], message: 'x' };
    expect(reader(given)).toStrictEqual({ status: 'unsupported' });
  }
});

test.each<[object, object]>([
  [{ orderId: 'sl-1' }, { orderId: 'sl-1' }],
  [
    { orderId: 'o#1', symbol: 'ES', side: 'sell', quantity: 2, price: 0, triggerPrice: '5000.50' },
    { orderId: 'o#1', symbol: 'ES', side: 'sell', quantity: '2', triggerPrice: '5000.5' },
  ],
  [
    { orderId: 'o', price: 5100, triggerPrice: '0.00', status: 'NEW' },
    { orderId: 'o', price: '5100' },
  ],
])('the order %j is taken; a price of zero is none', (given, taken) => {
  expect(ordersReplyOf({ complete: true, orders: [given] })).toStrictEqual({
    complete: true,
    orders: [taken],
  });
});

test.each<[string, unknown]>([
  ['text', 'o1'],
  ['no id', { symbol: 'ES' }],
  ['an id with a space', { orderId: 'o 1' }],
  ['too long an id', { orderId: 'o'.repeat(65) }],
  ['an id that is a number', { orderId: 5 }],
  ['the side of a position', { orderId: 'o', side: 'long' }],
  ['a quantity of zero', { orderId: 'o', quantity: 0 }],
  ['a negative price', { orderId: 'o', price: -1 }],
  ['a trigger that is no number', { orderId: 'o', triggerPrice: 'none' }],
])('an order that is or has %s is left out, and they are not complete', (_, bad) => {
  expect(ordersReplyOf({ complete: true, orders: [bad, { orderId: 'good' }] })).toStrictEqual({
    complete: false,
    orders: [{ orderId: 'good' }],
  });
});

test.each<[object, object]>([
  [
    { currency: 'USD', balance: 1000 },
    { currency: 'USD', balance: '1000' },
  ],
  [
    { currency: 'USDT', balance: '-5.50', equity: 0, marginUsed: 0, leverage: 30 },
    { currency: 'USDT', balance: '-5.5', equity: '0', marginUsed: '0' },
  ],
])('the account %j is taken', (given, taken) => {
  expect(accountReplyOf(given)).toStrictEqual(taken);
});

test.each<[unknown]>([
  [null],
  [{ currency: 'USD' }],
  [{ balance: 5 }],
  [{ currency: '$', balance: 5 }],
  [{ currency: 'USD', balance: 'much' }],
  [{ currency: 'USD', balance: 5, equity: '' }],
  [{ currency: 'USD', balance: 5, marginUsed: -1 }],
  [{ status: 'notFound' }],
])('%j is no account', (given) => {
  expect(accountReplyOf(given)).toBeUndefined();
});

const report = { order_id: 'p1', ord_status: 'EXECUTED' };

test.each<[object, object]>([
  [report, report],
  [
    { order_id: 'sl#1', ord_status: 'FILLED' },
    { order_id: 'sl#1', ord_status: 'EXECUTED' },
  ],
  [
    { ...report, ord_status: 'PENDING_NEW' },
    { ...report, ord_status: 'PENDING_NEW' },
  ],
  [
    { ...report, side: 'SELL', avgpx: 1.1, cumqty: '2.00', exec_id: 'e1', ts: 1000, leaves: 0 },
    { ...report, side: 'SELL', avgpx: '1.1', cumqty: '2', exec_id: 'e1', ts: 1000 },
  ],
  [{ ...report, avgpx: 0, cumqty: '0.00' }, report],
  [{ ...report, avgpx: '', cumqty: '' }, report],
  [{ ...report, avgpx: null, cumqty: undefined, exec_id: null, ts: null }, report],
])('the report %j is taken', (given, taken) => {
  expect(executionReportOf(given)).toStrictEqual(taken);
});

test.each<[string, unknown]>([
  ['null', null],
  ['a list of reports', [report]],
  ['a report without an id', { ...report, order_id: undefined }],
  ['one with an empty id', { ...report, order_id: '' }],
  ['one with too long an id', { ...report, order_id: 'x'.repeat(65) }],
  ['one with a space in its id', { ...report, order_id: 'a b' }],
  ['one whose id is a number', { ...report, order_id: 5 }],
  ['one without a status', { order_id: 'p1' }],
  ['one with an empty status', { ...report, ord_status: '' }],
  ['one with too long a status', { ...report, ord_status: 'X'.repeat(33) }],
  ['one with a negative price', { ...report, avgpx: -1 }],
  ['one with a price that is no number', { ...report, avgpx: 'n/a' }],
  ['one with a negative quantity', { ...report, cumqty: '-0.1' }],
  ['one with an empty execution id', { ...report, exec_id: '' }],
  ['one with too long an execution id', { ...report, exec_id: 'x'.repeat(129) }],
  ['one with a time in seconds and a part', { ...report, ts: 1.5 }],
  ['one with a time as text', { ...report, ts: '2026-01-01T00:00:00Z' }],
])('%s is no report', (_, given) => {
  expect(executionReportOf(given)).toBeUndefined();
});

const decimalText = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;
const amount = fc.oneof(
  // The text of a smaller one has more digits than are accepted.
  fc.double().filter((value) => value === 0 || !(Math.abs(value) < 1e-12)),
  fc.integer(),
  fc.stringMatching(/^[+-]?\d{1,4}(\.\d{1,4})?$/),
  fc.constantFrom(null, '', 'x'),
);

test('whatever a reply has, its numbers come out canonical, and the same again when read again', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('filled', 'partiallyFilled', 'pending', 'rejected', 'gone'),
      fc.record({ filledQuantity: amount, price: amount, fee: amount }, { requiredKeys: [] }),
      (status, numbers) => {
        const reply = orderReplyOf({ status, ...numbers });
        if (reply === undefined) return;
        taken++;
        expect(orderReplyOf(reply)).toStrictEqual(reply);
        for (const key of ['filledQuantity', 'price', 'fee'] as const) {
          const value = reply[key];
          if (value === undefined) continue;
          expect(value).toMatch(decimalText);
          expect(Number(value) - Number(numbers[key])).toBe(0);
          expect(key === 'fee' || Number(value) > 0).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(100);
});

test('no value makes a reader throw', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
      for (const reader of readers) {
        expect(() => reader(value)).not.toThrow();
        expect(() => reader({ status: value, order_id: value, orders: [value] })).not.toThrow();
      }
    }),
    { numRuns: 500 },
  );
});
