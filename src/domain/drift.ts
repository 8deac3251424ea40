// Differences between the provider's view and ours (contract section 8, reconciliation).

export type DriftKind =
  /** Ours, and not at the provider. */
  | 'unknown_there'
  /** At the provider, and not ours. */
  | 'unknown_here'
  | 'quantity'
  | 'side'
  /** Entry price further apart than {@link entrySlippagePctMax}. */
  | 'price'
  /** Price of the stop order at the provider. */
  | 'stop'
  | 'target'
  | 'balance'
  | 'currency'
  /** A fill beyond what was open. */
  | 'overfill'
  /** A fill of a position that was closed already, by something else. */
  | 'fill_of_closed'
  /** An execution that nothing here asked for and that cannot be told from an entry. */
  | 'unexpected_fill';

/** One difference; `ours` and `theirs` are the two values, absent where there is none. */
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

/** Names a difference: the same key and values again are not told again. */
export function driftKey({ kind, positionId, ticket }: Drift): string {
  return `${kind} ${positionId ?? ''} ${ticket === undefined ? '' : `${typeof ticket} ${ticket}`}`;
}
