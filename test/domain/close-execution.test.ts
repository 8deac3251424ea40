// What goes to a provider for a close, and what its reply says was executed.
import { expect, test } from 'vitest';
import { executionOf, orderOf } from '#src/domain/close-execution';
import { decimal } from '#src/domain/money';
import type { OrderReply } from '#src/domain/provider';
import type { PositionRecord } from '#src/domain/records';
import { liveStory, routed } from './close-drafts.ts';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

const intent = routed(liveStory().intent('p', 'stop_loss'));

test('an order has what the contract names, and nothing else', () => {
  expect(orderOf(liveStory().position(), intent, 77)).toEqual({
    clientOrderId: intent.clientOrderId,
    accountId: 'a',
    positionId: 'p',
    symbol: 'XAUUSD',
    side: 'long',
    quantity: '10',
    reason: 'stop_loss',
    ts: 77,
  });
});

test.each<[Partial<PositionRecord>, object]>([
  [{ ticket: 17 }, { ticket: 17 }],
  [{ ticket: '17' }, { ticket: '17' }],
  [{ side: 'short' }, { side: 'short' }],
  [{ quantity: '0.010' }, { quantity: '0.01' }],
])('of a position with %j the order has %j', (given, expected) => {
  const story = new Story().tell(instrumentPut(gold), accountCreated(), positionTracked(given));
  expect(orderOf(story.position(), routed(story.intent()), 1)).toMatchObject(expected);
});

test.each([
  ['4', '4'],
  ['10', '10'],
  // What was taken over as more is closed by another intent, not by this one.
  ['12', '10'],
])('with %s left of an intent for 10, the order is for %s', (remainingQuantity, quantity) => {
  const body = { positionId: 'p', remainingQuantity };
  const story = liveStory().tell({ type: 'position.corrected', accountId: 'a', body });
  expect(orderOf(story.position(), intent, 1).quantity).toBe(quantity);
});

test.each<[OrderReply, object]>([
  [{ status: 'filled' }, { filled: decimal(10), price: undefined, fee: undefined }],
  [
    { status: 'filled', price: '2000.5' },
    { filled: decimal(10), price: decimal('2000.5') },
  ],
  [
    { status: 'partiallyFilled', filledQuantity: '4', price: '2000' },
    { filled: decimal(4), price: decimal(2000) },
  ],
  [
    { status: 'filled', filledQuantity: '12', fee: '-0.5', feeCurrency: 'EUR' },
    { filled: decimal(12), fee: decimal('-0.5'), feeCurrency: 'EUR' },
  ],
  [
    { status: 'filled', fee: '0' },
    { fee: decimal(0), feeCurrency: undefined },
  ],
])('the reply %j is the execution %j', (reply, expected) => {
  expect(executionOf(intent, reply)).toMatchObject({
    orderKey: intent.clientOrderId,
    ...expected,
  });
});
