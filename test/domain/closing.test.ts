// Intents and results of closes (contract section 6).
import { expect, test } from 'vitest';
import {
  asLeft,
  attemptOf,
  failedResult,
  filledResult,
  goneResult,
  intentOf,
  nextIntent,
  notFoundResult,
  pendingResult,
  unknownResult,
  type Closable,
  type CloseCause,
} from '#src/domain/closing';
import { clientOrderIdOf, closeIdOf } from '#src/domain/ids';
import { decimal } from '#src/domain/money';

const position: Closable = {
  positionId: 'p',
  accountId: 'a',
  symbol: 'XAUUSD',
  side: 'long',
  remainingQuantity: decimal('0.50'),
  generation: 2,
};
const cause: CloseCause = { reason: 'stop_loss', triggerPrice: '1990' };
const intent = intentOf(position, cause, 1000, {});

/** What every result of the intent says. */
const base = {
  closeId: closeIdOf('a', 'p', 3),
  positionId: 'p',
  accountId: 'a',
  quantity: '0.5',
  triggerPrice: '1990',
  closeReason: 'stop_loss',
  attempts: 1,
  clientOrderId: clientOrderIdOf('a', 'p', 3),
};

test('an intent takes the next generation, and its ids name it', () => {
  expect(intent).toEqual({
    reason: 'stop_loss',
    triggerPrice: '1990',
    closeId: base.closeId,
    clientOrderId: base.clientOrderId,
    positionId: 'p',
    accountId: 'a',
    symbol: 'XAUUSD',
    side: 'long',
    generation: 3,
    quantity: '0.5',
    requestedTs: 1000,
  });
});

test.each([[17], ['17']])(
  'an intent keeps the ticket %j in its type, the cause and what it saw',
  (ticket) => {
    const quote = { bid: '1', ask: '2', ts: 5 };
    const breach = {
      reason: 'drawdown_critical',
      ruleId: 'r',
      breachId: 'b',
      observed: '1',
      floor: '2',
    };
    const seen = intentOf({ ...position, ticket }, { ...breach, bulkId: 'bulk' }, 1, {
      quote,
      at: '3',
    });
    expect(seen).toMatchObject({ ...breach, bulkId: 'bulk', ticket, quote, at: '3' });
  },
);

test('a fill has price, P&L and commission', () => {
  const fill = { price: '1989', pnl: '-550', commission: '0' };
  expect(filledResult(intent, fill, 1001)).toEqual({
    ...base,
    success: true,
    outcome: 'closed',
    closedPrice: '1989',
    pnl: '-550',
    commission: '0',
    closeTimestamp: 1001,
  });
});

test('a pending result has the time of the request and no price', () => {
  expect(pendingResult(intent)).toEqual({
    ...base,
    success: false,
    outcome: 'pending',
    closeTimestamp: 1000,
  });
});

test('a failed result says why', () => {
  expect(failedResult(intent, 'no margin', 1001)).toEqual({
    ...base,
    success: false,
    outcome: 'failed',
    errorMessage: 'no margin',
    closeTimestamp: 1001,
  });
});

test('what is gone is closed, at a price and with a P&L that nobody has told', () => {
  expect(goneResult(intent, 1001)).toEqual({
    ...base,
    success: true,
    outcome: 'closed',
    closeTimestamp: 1001,
  });
});

test('an unknown outcome is neither a success nor a failure', () => {
  expect(unknownResult(intent, 'no reply within 2000 ms', 1001)).toEqual({
    ...base,
    success: false,
    outcome: 'unknown',
    errorMessage: 'no reply within 2000 ms',
    closeTimestamp: 1001,
  });
});

test('the next intent is the same close: what is left, under the next generation', () => {
  const routed = { ...intent, route: 'r', ticket: 7, bulkId: 'bulk_1' };
  const left = { ...position, generation: 5, remainingQuantity: decimal('0.2') };
  const next = nextIntent(routed, left);
  expect(next).toEqual({
    ...routed,
    generation: 6,
    clientOrderId: clientOrderIdOf('a', 'p', 6),
    quantity: '0.2',
    attempt: 2,
  });
  expect(attemptOf(intent)).toBe(1);
  expect(attemptOf(nextIntent(next, left))).toBe(3);
  expect(failedResult(next, 'no', 1001)).toMatchObject({
    closeId: base.closeId,
    attempts: 2,
    quantity: '0.2',
    clientOrderId: next.clientOrderId,
  });
});

test('ticket and bulk are in the result where they are in the intent', () => {
  const bulk = intentOf({ ...position, ticket: 7 }, { reason: 'flat', bulkId: 'bulk_1' }, 1, {});
  expect(pendingResult(bulk)).toMatchObject({ ticket: 7, bulkId: 'bulk_1' });
  expect(pendingResult(bulk)).not.toHaveProperty('triggerPrice');
});

test('a position that is not there answers as the contract says, and decides nothing', () => {
  expect(notFoundResult('a', 'p', 'market_spread', 5)).toEqual({
    closeId: closeIdOf('a', 'p', 0),
    success: false,
    outcome: 'failed',
    positionId: 'p',
    accountId: 'a',
    quantity: '0',
    closeReason: 'market_spread',
    closeTimestamp: 5,
    attempts: 0,
    clientOrderId: clientOrderIdOf('a', 'p', 0),
    errorMessage: 'Position not found',
  });
});

test('an intent of a part is of so much, and says that it is one', () => {
  const part = intentOf(position, cause, 1000, {}, decimal('0.20'));
  expect(part).toEqual({ ...intent, quantity: '0.2', isPart: true });
});

test.each<[string, string | undefined, string, object]>([
  ['what is left of it', '0.1', '0.5', { quantity: '0.1', isPart: true }],
  ['all of it, where nobody counts', undefined, '0.5', { quantity: '0.2', isPart: true }],
  ['all that is left, once that is no more', '0.1', '0.1', { quantity: '0.1' }],
  ['all that is left, once that is less', '0.2', '0.05', { quantity: '0.05' }],
])('a part once more is of %s', (_name, partLeft, left, asked) => {
  const part = intentOf(position, cause, 1000, {}, decimal('0.2'));
  const now = { ...position, generation: 3, remainingQuantity: decimal(left) };
  const next = nextIntent(part, {
    ...now,
    partLeft: partLeft === undefined ? undefined : decimal(partLeft),
  });
  const { isPart: _isPart, ...same } = part;
  expect(next).toEqual({
    ...{ ...same, ...asked, attempt: 2 },
    ...{ generation: 4, clientOrderId: clientOrderIdOf('a', 'p', 4) },
  });
});

test('a close of all that is left begins as one of what is left then', () => {
  expect(asLeft(intent, { remainingQuantity: decimal('0.3') })).toEqual({
    ...intent,
    quantity: '0.3',
  });
});
