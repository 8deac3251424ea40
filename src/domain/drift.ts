// Differences between the provider's view and ours (contract section 8, reconciliation).

export type DriftKind =
  /** Ours, and not at the provider. */
  | 'unknown_there'
  /** At the provider, and not ours. */
  | 'unknown_here'
  /** The same ticket or id of another symbol: nothing else of the two can be compared. */
  | 'symbol'
  | 'quantity'
  | 'side'
  /** Entry price further apart than {@link entrySlippagePctMax}. */
  | 'price'
  /** Price of the stop order at the provider. */
  | 'stop'
  | 'target'
  /** Further apart than {@link balanceToleranceAmount} allows. */
  | 'balance'
  | 'currency'
  /** A fill beyond what was open. */
  | 'overfill'
  /** A fill of a position that was closed already, by something else. */
  | 'fill_of_closed'
  /** An execution that nothing here asked for and that cannot be told from an entry. */
  | 'unexpected_fill';

/**
 * One difference; `ours` and `theirs` are the two values, absent where there is none. Of a position
 * that only one of the two knows, the value is its quantity.
 */
export interface Drift {
  readonly kind: DriftKind;
  readonly positionId?: string;
  readonly ticket?: string | number;
  readonly symbol?: string;
  readonly ours?: string;
  readonly theirs?: string;
}

/** Entry prices that differ by more than this part of ours, in percent, are a drift. */
export const entrySlippagePctMax = 0.1;

/**
 * Balances that differ by less are equal, in account currency: providers keep two decimals, we ten.
 */
export const balanceToleranceAmount = '0.01';

/**
 * Names a difference: the same key and values again are not told again. Of a position of ours its id
 * says which, be the ticket known here or not; rows of theirs are told apart by their tickets.
 */
export function driftKey({ kind, positionId, ticket }: Drift): string {
  const isOurs = positionId !== undefined && kind !== 'unknown_here';
  // JSON keeps the ticket 1 apart from '1', and no text in an id can look like the next field.
  return JSON.stringify([kind, positionId ?? null, isOurs ? null : (ticket ?? null)]);
}

const incidents: ReadonlySet<DriftKind> = new Set([
  'overfill',
  'fill_of_closed',
  'unexpected_fill',
]);

/** Whether it happened once, rather than stands until it is cleared. */
export function isIncident({ kind }: Drift): boolean {
  return incidents.has(kind);
}
