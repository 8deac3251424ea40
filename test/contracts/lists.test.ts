// What lists take.
import { expect, test } from 'vitest';
import {
  AccountList,
  DeadLetterList,
  InstrumentList,
  LedgerList,
  NoBody,
  PositionList,
  RouteList,
} from '#src/contracts/lists';
import { accepted, faultsOf } from './faults.ts';

const lists = [AccountList, InstrumentList, RouteList, LedgerList, PositionList, DeadLetterList];

test('a list has 100 items unless it says otherwise, and positions and dead letters are the open ones', () => {
  expect(lists.map((list) => accepted(list, {}))).toEqual([
    { limit: 100 },
    { limit: 100 },
    { limit: 100 },
    { limit: 100 },
    { limit: 100, state: 'open' },
    { limit: 100, state: 'open' },
  ]);
});

test.each([[{ limit: 1 }], [{ limit: 1000, cursor: 'x'.repeat(256) }], [{ limit: 5, cursor: '' }]])(
  'every list takes %j',
  (body) => {
    for (const list of lists) expect(accepted(list, body)).toMatchObject(body);
  },
);

test.each([
  [{ limit: 0 }, 'limit: expected 1 to 1000, was 0'],
  [{ limit: 1001 }, 'limit: expected 1 to 1000, was 1001'],
  [{ limit: 1.5 }, 'limit: expected a whole number, was 1.5'],
  [{ limit: '5' }, 'limit: expected 1 to 1000, was "5"'],
  [{ limit: null }, 'limit: expected 1 to 1000, was null'],
  [{ cursor: 5 }, 'cursor: expected a nextCursor, was 5'],
  [{ cursor: 'x'.repeat(257) }, `cursor: expected a nextCursor, was "${'x'.repeat(59)}…`],
  [{ offset: 5 }, 'offset: is not a known key'],
])('every list refuses %j', (body, fault) => {
  for (const list of lists) expect(faultsOf(list, body)).toEqual([fault]);
});

test.each([
  [PositionList, { state: 'closed', symbol: 'EUR/USD' }],
  [PositionList, { state: 'all' }],
  [DeadLetterList, { state: 'closed' }],
  [DeadLetterList, { state: 'all' }],
  [LedgerList, { closeId: 'close_1', positionId: 'p', bulkId: 'b', eventType: 'position_closed' }],
])('filters are taken as they came', (list, body) => {
  expect(accepted(list, body)).toEqual({ limit: 100, ...body });
});

test.each([
  [PositionList, { state: 'closing' }, 'state: expected open, closed or all, was "closing"'],
  [
    PositionList,
    { symbol: ' ' },
    'symbol: expected 1 to 64 printable characters without space, was " "',
  ],
  [LedgerList, { positionId: 'a.b' }, 'positionId: expected 1 to 64 of A-Z a-z 0-9 _ -, was "a.b"'],
  [LedgerList, { bulkId: '' }, 'bulkId: expected 1 to 64 of A-Z a-z 0-9 _ -, was ""'],
  [DeadLetterList, { state: 'dead' }, 'state: expected open, closed or all, was "dead"'],
  [DeadLetterList, { symbol: 'S' }, 'symbol: is not a known key'],
  [RouteList, { state: 'all' }, 'state: is not a known key'],
  [LedgerList, { state: 'all' }, 'state: is not a known key'],
  [AccountList, { symbol: 'S' }, 'symbol: is not a known key'],
])('filters that are not valid are refused: %#', (list, body, fault) => {
  expect(faultsOf(list, body)).toEqual([fault]);
});

test.each([
  [{ closeId: 5 }, 'closeId'],
  [{ closeId: 'x'.repeat(65) }, 'closeId'],
  [{ breachId: '' }, 'breachId'],
  [{ breachId: 'breach 1' }, 'breachId'],
  [{ eventType: {} }, 'eventType'],
  [{ eventType: 'x'.repeat(65) }, 'eventType'],
])('the ledger refuses %j', (body, path) => {
  expect(faultsOf(LedgerList, body)).toEqual([expect.stringMatching(`^${path}: `)]);
});

test('a command without a body has none', () => {
  expect(accepted(NoBody, {})).toEqual({});
  expect(faultsOf(NoBody, { a: 1, b: 2 })).toEqual([
    'a: is not a known key',
    'b: is not a known key',
  ]);
});
