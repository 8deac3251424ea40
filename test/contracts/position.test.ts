// Positions as they come in.
import { expect, test } from 'vitest';
import {
  PositionAmend,
  PositionClose,
  PositionCloseIfTriggered,
  PositionGet,
  PositionSpec,
  PositionTrack,
  PositionUntrack,
} from '#src/contracts/position';
import { accepted, faultsOf } from './faults.ts';

const base = { symbol: 'XAUUSD', side: 'long', quantity: '0.5', entryPrice: 2000 };
const ids = { positionId: 'p', accountId: 'a' };

test.each<[object]>([
  [{}],
  [{ side: 'short', ticket: 17 }],
  [{ ticket: 'T-17', exits: {} }],
  [{ exits: { stopLoss: '1990.5', takeProfit: 2100 } }],
  [{ exits: { trailing: { percent: 1 }, breakEven: { trigger: 2010 }, expiresAt: 5 } }],
  [{ stopLossId: 'sl/1', takeProfitId: 'tp:1', closeOrderId: '~' }],
])('a position with %j is taken as it came', (change) => {
  const position = { ...base, ...change };
  expect(accepted(PositionTrack, position)).toEqual(position);
  expect(accepted(PositionTrack, { ...ids, openedAt: 5, ...position })).toEqual({
    ...ids,
    openedAt: 5,
    ...position,
  });
  expect(accepted(PositionSpec, { ...ids, ...position })).toEqual({ ...ids, ...position });
});

test.each<[object, string[]]>([
  [{ symbol: undefined }, ['symbol: expected text, was missing']],
  [{ symbol: 'A B' }, ['symbol: expected 1 to 64 printable characters without space, was "A B"']],
  [{ side: 'buy' }, ['side: expected long or short, was "buy"']],
  [{ side: undefined }, ['side: expected long or short, was missing']],
  [{ quantity: 0 }, ['quantity: expected a number above 0, was 0']],
  [{ quantity: '1e3' }, ['quantity: expected a number above 0, was "1e3"']],
  [{ entryPrice: -1 }, ['entryPrice: expected a number above 0, was -1']],
  [{ entryPrice: NaN }, ['entryPrice: expected a number above 0, was NaN']],
  [{ ticket: 0 }, ['ticket: expected a positive integer or 1 to 64 characters, was 0']],
  [{ exits: 5 }, ['exits: expected an object, was 5']],
  [{ exits: { stopLoss: 0 } }, ['exits.stopLoss: expected a number above 0, was 0']],
  [{ exits: { takeProfit: '-1' } }, ['exits.takeProfit: expected a number above 0, was "-1"']],
  [
    { exits: { trailing: {}, stopLossAmount: 0 } },
    [
      'exits.stopLossAmount: expected a number above 0, was 0',
      'exits.trailing: expected either distance or percent, was {}',
    ],
  ],
  [{ exits: { stop: 5 } }, ['exits.stop: is not a known key']],
  [
    { stopLossId: 'a b' },
    ['stopLossId: expected 1 to 64 printable characters without space, was "a b"'],
  ],
  [
    { takeProfitId: '' },
    ['takeProfitId: expected 1 to 64 printable characters without space, was ""'],
  ],
  [{ closeOrderId: 5 }, ['closeOrderId: expected text, was 5']],
  [{ volume: 5 }, ['volume: is not a known key']],
  [
    { side: 'up', quantity: 'x', exits: { stopLoss: 'y' } },
    [
      'side: expected long or short, was "up"',
      'quantity: expected a number above 0, was "x"',
      'exits.stopLoss: expected a number above 0, was "y"',
    ],
  ],
])('a position with %j is refused', (change, faults) => {
  expect(faultsOf(PositionTrack, { ...base, ...change })).toEqual(faults);
  expect(faultsOf(PositionSpec, { ...ids, ...base, ...change })).toEqual(faults);
});

test('a position that is tracked live has no openAt, and its openedAt in milliseconds', () => {
  expect(faultsOf(PositionTrack, { ...base, openAt: 5 })).toEqual(['openAt: is not a known key']);
  expect(faultsOf(PositionTrack, { ...base, openedAt: '2024-01-01T00:00:00Z' })).toEqual([
    'openedAt: expected milliseconds since the epoch, was "2024-01-01T00:00:00Z"',
  ]);
  expect(faultsOf(PositionTrack, { ...base, positionId: 'p.q', accountId: '*' })).toEqual([
    'positionId: expected 1 to 64 of A-Z a-z 0-9 _ -, was "p.q"',
    'accountId: expected 1 to 64 of A-Z a-z 0-9 _ -, was "*"',
  ]);
});

test('a position of a scenario has ids, and times in either form', () => {
  expect(faultsOf(PositionSpec, base)).toEqual([
    'positionId: expected text, was missing',
    'accountId: expected text, was missing',
  ]);
  const times = { openedAt: '1970-01-01T00:00:01Z', openAt: 2000 };
  expect(accepted(PositionSpec, { ...ids, ...base, ...times })).toEqual({
    ...ids,
    ...base,
    openedAt: 1000,
    openAt: 2000,
  });
  expect(faultsOf(PositionSpec, { ...ids, ...base, openAt: 'noon' })).toEqual([
    'openAt: expected milliseconds since the epoch or an ISO-8601 time with its zone, was "noon"',
  ]);
});

test.each([
  [PositionAmend, { positionId: 'p', exits: {} }],
  [PositionAmend, { positionId: 'p', exits: { stopLoss: '1', takeProfit: 2 } }],
  [PositionGet, { positionId: 'p' }],
  [PositionUntrack, { positionId: 'p', reason: 'moved' }],
  [PositionClose, { positionId: 'p' }],
  [PositionClose, { positionId: 'p', reason: 'manual', price: '1.5' }],
  [PositionClose, { positionId: 'p', quantity: '0.25' }],
  [PositionCloseIfTriggered, { positionId: 'p', guardType: 'market', triggerReason: 'spread' }],
  [
    PositionCloseIfTriggered,
    { positionId: 'p', guardType: 'drawdown', triggerReason: 'x'.repeat(55) },
  ],
])('a command is taken as it came', (schema, body) => {
  expect(accepted(schema, body)).toEqual(body);
});

const triggered = { positionId: 'p', guardType: 'market', triggerReason: 'gap' };
const idFault = 'positionId: expected text, was missing';

test.each([
  [PositionAmend, { positionId: 'p' }, ['exits: expected an object, was missing']],
  [PositionAmend, { exits: {} }, [idFault]],
  [PositionGet, {}, [idFault]],
  [PositionGet, { positionId: 'p', x: 1 }, ['x: is not a known key']],
  [PositionUntrack, { positionId: 'p' }, ['reason: expected 1 to 64 characters, was missing']],
  [PositionClose, { positionId: 'p', quantity: 0 }, ['quantity: expected a number above 0, was 0']],
  [PositionClose, { positionId: 'p', price: 0 }, ['price: expected a number above 0, was 0']],
  [PositionClose, { positionId: 'p', reason: '' }, ['reason: expected 1 to 64 characters, was ""']],
  [
    PositionCloseIfTriggered,
    { ...triggered, guardType: 'margin' },
    ['guardType: expected market or drawdown, was "margin"'],
  ],
  [
    PositionCloseIfTriggered,
    { ...triggered, triggerReason: '' },
    ['triggerReason: expected 1 to 55 characters, was ""'],
  ],
  [
    PositionCloseIfTriggered,
    { ...triggered, triggerReason: 'x'.repeat(56) },
    [`triggerReason: expected 1 to 55 characters, was "${'x'.repeat(56)}"`],
  ],
])('a command that is not valid is refused: %#', (schema, body, faults) => {
  expect(faultsOf(schema, body)).toEqual(faults);
});
