// Accounts, views of providers, and drifts in short, for the tests of reconciliation.
import type { Drift } from '#src/domain/drift';
import type { BrokerPosition } from '#src/domain/provider';
import { driftsOf, type ProviderView } from '#src/domain/reconcile';
import type { PositionRecord } from '#src/domain/records';
import type { Account } from '#src/domain/state';
import { accountCreated, gold, instrumentPut, positionTracked, Story } from './story.ts';

const silver = { symbol: 'XAGUSD', quoteCurrency: 'USD' };

/** An account with these positions, in this order. */
export function accountWith(...positions: readonly Partial<PositionRecord>[]): Account {
  const story = new Story().tell(instrumentPut(gold), instrumentPut(silver), accountCreated());
  return story.tell(...positions.map((position) => positionTracked(position))).account();
}

/** The row that is in step with the position of `positionTracked`. */
export function row(given: Partial<BrokerPosition> = {}): BrokerPosition {
  return {
    ticket: 1,
    symbol: 'XAUUSD',
    side: 'long',
    quantity: '1',
    entryPrice: '2000',
    ...given,
  };
}

export const listed = (...positions: readonly BrokerPosition[]): ProviderView => ({
  positions: { complete: true, positions: [...positions] },
});
export const partly = (...positions: readonly BrokerPosition[]): ProviderView => ({
  positions: { complete: false, positions: [...positions] },
});

export const settled = (): boolean => false;
export const nothingIsSettled = (): boolean => true;

/** Drifts in short: kind, of what, ours, theirs. */
export type Short = [
  kind: string,
  of: string,
  ours?: string | undefined,
  theirs?: string | undefined,
];

function shortOf({ kind, positionId, ticket, ours, theirs }: Drift): Short {
  const of = [positionId ?? '-', ...(ticket === undefined ? [] : [JSON.stringify(ticket)])];
  return [kind, of.join(' '), ours, theirs];
}

export function driftsIn(
  account: Account,
  view: ProviderView,
  isUnsettled: Parameters<typeof driftsOf>[2] = settled,
  isRecentlyClosed?: Parameters<typeof driftsOf>[3],
): Short[] {
  return driftsOf(account, view, isUnsettled, isRecentlyClosed).map(({ drift }) => shortOf(drift));
}

/** A position `p`, long one lot at 2000, by its ticket. */
export const p = (ticket?: string | number, given: Partial<PositionRecord> = {}) => ({
  positionId: 'p',
  ...(ticket !== undefined && { ticket }),
  ...given,
});
export const q = (ticket?: string | number, given: Partial<PositionRecord> = {}) => ({
  ...p(ticket, given),
  positionId: 'q',
});
