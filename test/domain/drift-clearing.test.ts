// When a difference that was told is over: only a view that could show it says so.
import { expect, test } from 'vitest';
import { clearableOf } from '#src/domain/drift-clearing';
import type { Drift, DriftKind } from '#src/domain/drift';
import type { BrokerOrder } from '#src/domain/provider';
import type { ProviderView } from '#src/domain/reconcile';
import type { PositionRecord } from '#src/domain/records';
import { accountWith, listed, nothingIsSettled, p, partly, row, settled } from './provider-view.ts';

interface Doubting {
  readonly isUnsettled?: boolean;
  readonly isBalanceJudged?: boolean;
}

/** Whether the drift is over, of an account with these positions, in this view. */
function isOver(
  drift: Drift,
  view: ProviderView,
  positions: readonly Partial<PositionRecord>[],
  { isUnsettled = false, isBalanceJudged = true }: Doubting = {},
): boolean {
  const doubts = {
    isUnsettled: isUnsettled ? nothingIsSettled : settled,
    isRecentlyClosed: () => false,
  };
  return clearableOf(accountWith(...positions), view, doubts, isBalanceJudged)(drift);
}

const inLine = row({ ticket: 1 });
const ofP = (kind: DriftKind): Drift => ({ kind, positionId: 'p', ticket: 1 });
const kinds: DriftKind[] = ['unknown_there', 'quantity', 'side', 'price', 'symbol'];

/** A view → whether what was told of a position is over. */
test.each<[string, ProviderView, boolean]>([
  ['lists it, and is complete', listed(inLine), true],
  ['lists it, and is not complete', partly(inLine), true],
  ['does not list it, and is complete', listed(), true],
  ['does not list it, and is not complete', partly(), false],
  ['lists another one, and is not complete', partly(row({ ticket: 2 })), false],
  ['says nothing of positions', {}, false],
])('of a view that %s, a difference that it does not show is over: %3$s', (_, view, expected) => {
  for (const kind of kinds) {
    expect([kind, isOver(ofP(kind), view, [p(1)])]).toEqual([kind, expected]);
    // What changes while the provider is asked counts as it was before, but for a side that is seen.
    const isSeen = kind === 'side' && view.positions?.positions.includes(inLine) === true;
    expect(isOver(ofP(kind), view, [p(1)], { isUnsettled: true })).toBe(isSeen);
    // Of a position that is not open any more nothing is left to differ.
    expect(isOver(ofP(kind), view, [])).toBe(true);
  }
});

test('a difference of a position that has no name is over', () => {
  expect(isOver({ kind: 'quantity' }, partly(), [p(1)])).toBe(true);
});

/** A view → whether a row of ticket 1 that was unknown here is over, with these positions here. */
test.each<[string, ProviderView, Partial<PositionRecord>[], boolean]>([
  ['is gone from a complete list', listed(), [], true],
  ['is missing in a list that is not complete', partly(), [], false],
  ['is in no list, since none was given', {}, [], false],
  ['is there, and one of ours by now', listed(inLine), [p(1)], true],
  ['is there, and one of ours by now, in a part of the list', partly(inLine), [p(1)], true],
  ['is there, and nobody’s: it is only not told while it is in flight', listed(inLine), [], false],
  ['is there as another one', listed(row({ ticket: '1' })), [], true],
])('a row that %s: over is %4$j', (_, view, positions, expected) => {
  expect(isOver({ kind: 'unknown_here', ticket: 1 }, view, positions)).toBe(expected);
});

const resting = (orderId: string): BrokerOrder => ({ orderId });
const orders = (isComplete: boolean, ...ids: string[]): ProviderView => ({
  ...listed(inLine),
  orders: { complete: isComplete, orders: ids.map(resting) },
});

/** A view → whether a difference of a stop, and of a target, is over. */
test.each<[string, ProviderView, boolean, boolean]>([
  ['no orders', listed(inLine), false, false],
  ['all orders', orders(true), true, true],
  ['some orders, none of them its own', orders(false, 'x'), false, false],
  ['some orders, its stop among them', orders(false, 'sl'), true, false],
  ['some orders, its target among them', orders(false, 'tp'), false, true],
])('of a view with %s, a stop is over: %j, a target: %j', (_, view, stop, target) => {
  const links = { stopLossId: 'sl', takeProfitId: 'tp' };
  const position = p(1, { ...links, exits: { stopLoss: '1900', takeProfit: '2100' } });
  expect(isOver(ofP('stop'), view, [position])).toBe(stop);
  expect(isOver(ofP('target'), view, [position])).toBe(target);
  // Without a level here there is nothing that could differ.
  const bare = p(1, links);
  expect(isOver(ofP('stop'), view, [bare])).toBe(true);
  expect(isOver(ofP('target'), view, [bare])).toBe(true);
  expect(isOver(ofP('stop'), view, [position], { isUnsettled: true })).toBe(false);
});

test.each<[DriftKind, ProviderView, boolean, boolean]>([
  ['currency', { account: { currency: 'USD', balance: '1' } }, false, true],
  ['currency', listed(), true, false],
  ['balance', { account: { currency: 'USD', balance: '1' } }, true, true],
  ['balance', { account: { currency: 'USD', balance: '1' } }, false, false],
])('%s of %j, the balance compared: %j, is over: %j', (kind, view, isBalanceJudged, expected) => {
  expect(isOver({ kind }, view, [], { isBalanceJudged })).toBe(expected);
});
