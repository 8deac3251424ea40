// What differs between a provider's view of an account and ours, and what is not told.
import { expect, test } from 'vitest';
import type { BrokerAccount, BrokerOrder, BrokerPosition } from '#src/domain/provider';
import { driftsOf } from '#src/domain/reconcile';
import type { PositionRecord } from '#src/domain/records';
import {
  accountWith,
  driftsIn,
  listed,
  nothingIsSettled,
  p,
  partly,
  q,
  row,
  settled,
  type Short,
} from './provider-view.ts';

/** The values of one position, long one lot at 2000 with ticket 1, against one row. */
test.each<[what: string, Partial<PositionRecord>, Partial<BrokerPosition>, Short[]]>([
  ['the same', {}, {}, []],
  ['the same, written otherwise', {}, { quantity: '1.00', entryPrice: '+2000.0' }, []],
  ['less there', {}, { quantity: '0.50' }, [['quantity', 'p 1', '1', '0.5']]],
  [
    'more there by what no double sees',
    {},
    { quantity: '1.00000000000000000001' },
    [['quantity', 'p 1', '1', '1.00000000000000000001']],
  ],
  ['entry at the slippage limit', {}, { entryPrice: '2002' }, []],
  ['entry at the limit, below', {}, { entryPrice: '1998' }, []],
  [
    'entry a hair beyond it',
    {},
    { entryPrice: '2002.0000000000000000001' },
    [['price', 'p 1', '2000', '2002.0000000000000000001']],
  ],
  ['entry beyond it, below', {}, { entryPrice: '1997.9' }, [['price', 'p 1', '2000', '1997.9']]],
  [
    'quantity and entry',
    {},
    { quantity: '2', entryPrice: '1900' },
    [
      ['quantity', 'p 1', '1', '2'],
      ['price', 'p 1', '2000', '1900'],
    ],
  ],
  ['the other side', {}, { side: 'short' }, [['side', 'p 1', 'long', 'short']]],
  [
    'the other side, which hides the rest',
    { side: 'short' },
    { quantity: '2', entryPrice: '1' },
    [['side', 'p 1', 'short', 'long']],
  ],
  [
    'another symbol, which hides all else',
    {},
    { symbol: 'XAGUSD', side: 'short', quantity: '2', entryPrice: '25' },
    [['symbol', 'p 1', 'XAUUSD', 'XAGUSD']],
  ],
])('position against row: %s', (_, ours, theirs, drifts) => {
  expect(driftsIn(accountWith({ ticket: 1, ...ours }), listed(row(theirs)))).toEqual(drifts);
});

test('a finding carries the two that differ, and the drift what names them', () => {
  const account = accountWith(p(1, { quantity: '2' }), q(2));
  const rows = [row(), row({ ticket: 7, positionId: 'z' }), row({ ticket: 1, side: 'short' })];
  const ours = account.positions.get('p');
  const here = { kind: 'unknown_here', symbol: 'XAUUSD', theirs: '1' };
  expect(driftsOf(account, listed(...rows), settled)).toEqual([
    {
      drift: {
        kind: 'quantity',
        positionId: 'p',
        ticket: 1,
        symbol: 'XAUUSD',
        ours: '2',
        theirs: '1',
      },
      position: ours,
      theirs: rows[0],
    },
    {
      drift: {
        kind: 'unknown_there',
        positionId: 'q',
        ticket: 2,
        symbol: 'XAUUSD',
        ours: '1',
      },
      position: account.positions.get('q'),
    },
    { drift: { ...here, positionId: 'z', ticket: 7 }, theirs: rows[1] },
    // A contradiction names the position that it must not be mistaken for.
    { drift: { ...here, positionId: 'p', ticket: 1 }, position: ours, theirs: rows[2] },
  ]);
});

test('a missing report is not flat: only a complete list says what is not there', () => {
  const account = accountWith(p(1), q(2));
  expect(driftsIn(account, {})).toEqual([]);
  expect(driftsIn(account, partly())).toEqual([]);
  expect(driftsIn(account, partly(row({ quantity: '2' }), row({ ticket: 9 })))).toEqual([
    ['quantity', 'p 1', '1', '2'],
    ['unknown_here', '- 9', undefined, '1'],
  ]);
});

test('what is left of a position is compared, not what it was', () => {
  const account = accountWith(p(1, { quantity: '2' }));
  const position = account.positions.get('p')!;
  position.remainingQuantity = position.remainingQuantity.minus('0.5');
  expect(driftsIn(account, listed(row({ quantity: '1.5' })))).toEqual([]);
  expect(driftsIn(account, listed())).toEqual([['unknown_there', 'p 1', '1.5', undefined]]);
});

const exits = { stopLoss: '1900', takeProfit: '2100' };
const guarded = p(1, { exits, stopLossId: 'sl', takeProfitId: 'tp' });
const stop = { orderId: 'sl', triggerPrice: '1900' };
const target = { orderId: 'tp', price: '2100' };

test.each<[string, Partial<PositionRecord>, BrokerOrder[], Short[]]>([
  ['both in place', guarded, [stop, target], []],
  ['written otherwise', guarded, [{ ...stop, triggerPrice: '1900.00' }, target], []],
  ['a stop-limit: its trigger counts', guarded, [{ ...stop, price: '1890' }, target], []],
  ['a target if touched: its price counts', guarded, [stop, { ...target, triggerPrice: '1' }], []],
  [
    'each with the other kind of price',
    guarded,
    [
      { orderId: 'sl', price: '1900' },
      { orderId: 'tp', triggerPrice: '2100' },
    ],
    [],
  ],
  ['prices that are not told', guarded, [{ orderId: 'sl' }, { orderId: 'tp' }], []],
  [
    'both elsewhere',
    guarded,
    [
      { ...stop, triggerPrice: '1899.9' },
      { ...target, price: '2100.10' },
    ],
    [
      ['stop', 'p 1', '1900', '1899.9'],
      ['target', 'p 1', '2100', '2100.1'],
    ],
  ],
  [
    'both missing',
    guarded,
    [{ orderId: 'other', price: '1900' }],
    [
      ['stop', 'p 1', '1900', undefined],
      ['target', 'p 1', '2100', undefined],
    ],
  ],
  ['an order twice: the first counts', guarded, [stop, target, { ...stop, triggerPrice: '1' }], []],
  ['levels held here without an order there', p(1, { exits }), [], []],
  ['orders there without a level here', { ...guarded, exits: {} }, [stop], []],
])('stop and target: %s', (_, position, orders, drifts) => {
  const account = accountWith(position);
  const complete = { orders: { complete: true, orders } };
  expect(driftsIn(account, complete)).toEqual(drifts);
  expect(driftsIn(account, { ...listed(row()), ...complete })).toEqual(drifts);
  expect(driftsIn(account, { ...listed(row()), ...complete }, nothingIsSettled)).toEqual([]);
  // An incomplete list says what it says, and nothing of what is missing.
  const said = drifts.filter(([, , , theirs]) => theirs !== undefined);
  expect(driftsIn(account, { orders: { complete: false, orders } })).toEqual(said);
  expect(driftsIn(account, listed(row()))).toEqual([]);
});

test('a position that is not there is one drift, and not its orders as well', () => {
  const orders = { complete: true, orders: [] };
  expect(driftsIn(accountWith(guarded), { ...listed(), orders })).toEqual([
    ['unknown_there', 'p 1', '1', undefined],
  ]);
});

test('a position on the other side has its orders judged all the same', () => {
  const orders = { complete: true, orders: [target] };
  const view = { ...listed(row({ side: 'short', quantity: '2' })), orders };
  expect(driftsIn(accountWith(guarded), view)).toEqual([
    ['side', 'p 1', 'long', 'short'],
    ['stop', 'p 1', '1900', undefined],
  ]);
});

test.each<[BrokerAccount, Short[]]>([
  [{ currency: 'USD', balance: '10000.00' }, []],
  [{ currency: 'USD', balance: '10000.0099999999' }, []],
  [{ currency: 'USD', balance: '9999.9900000001' }, []],
  [{ currency: 'USD', balance: '10000.01' }, [['balance', '-', '10000', '10000.01']]],
  [{ currency: 'USD', balance: '9999.990' }, [['balance', '-', '10000', '9999.99']]],
  [{ currency: 'USD', balance: '-5' }, [['balance', '-', '10000', '-5']]],
  [{ currency: 'EUR', balance: '10000' }, [['currency', '-', 'USD', 'EUR']]],
  [{ currency: 'EUR', balance: '1' }, [['currency', '-', 'USD', 'EUR']]],
])('the account told as %j', (account, drifts) => {
  expect(driftsIn(accountWith(), { account })).toEqual(drifts);
  // Account-level differences come last.
  expect(driftsIn(accountWith(), { ...listed(row()), account })).toEqual([
    ['unknown_here', '- 1', undefined, '1'],
    ...drifts,
  ]);
});

test('a balance is not judged while a position is unsettled, a currency always', () => {
  const account = accountWith(p(1), q(2));
  const isUnsettled = ({ positionId }: { positionId: string }): boolean => positionId === 'q';
  const told = (currency: string): Short[] =>
    driftsIn(account, { account: { currency, balance: '1' } }, isUnsettled);
  expect(told('USD')).toEqual([]);
  expect(told('EUR')).toEqual([['currency', '-', 'USD', 'EUR']]);
});
