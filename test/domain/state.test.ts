// What is asked of a state.
import { expect, test } from 'vitest';
import { isLive, isRiskClose, linkIdsOf, linkKey, replyKey } from '#src/domain/state';
import type { AccountRecord } from '#src/domain/records';
import { accountCreated, guardedStory, Story } from './story.ts';

test.each<[Partial<AccountRecord>, boolean]>([
  [{}, false],
  [{ mode: 'LIVE', route: 'r' }, true],
  [{ mode: 'PAPER', route: 'r' }, false],
  [{ mode: 'LIVE' }, false],
])('the closes of an account with %j go to a provider: %j', (given, expected) => {
  expect(isLive(new Story().tell(accountCreated(given)).account())).toBe(expected);
});

test.each<[string[], boolean]>([
  [['manual'], false],
  [['stop_loss'], true],
  [['flat'], true],
  [['manual', 'drawdown_critical'], true],
  [['stop_loss', 'manual'], true],
  [[], false],
])('a close for %j is one that is never given up: %j', (reasons, expected) => {
  const position = guardedStory().position();
  position.reasons = reasons;
  expect(isRiskClose(position)).toBe(expected);
});

test('an order id is that of its route, and a message id that of its client', () => {
  const keys = [linkKey('r', 'x'), linkKey('s', 'x'), linkKey(undefined, 'x'), linkKey('r', 'y')];
  expect(new Set(keys).size).toBe(keys.length);
  expect(replyKey('c', 'x')).not.toBe(replyKey('d', 'x'));
});

test.each([
  [{}, []],
  [{ stopLossId: 'sl' }, ['sl']],
  [{ takeProfitId: 'tp', closeOrderId: undefined }, ['tp']],
  [{ closeOrderId: 'co', takeProfitId: 'tp', stopLossId: 'sl' }, ['sl', 'tp', 'co']],
])('%j has the order ids %j', (position, ids) => {
  expect(linkIdsOf(position)).toEqual(ids);
});
