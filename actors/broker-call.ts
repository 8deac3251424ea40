// A call to a provider, and what can become of it.

export type CallKind = 'close' | 'query' | 'cancel' | 'positions' | 'orders' | 'account';

/** `risk` passes everything else, then `manual`, then `cancel`, then `read`; FIFO within a lane. */
export type Lane = 'risk' | 'manual' | 'cancel' | 'read';

export type CallOutcome<T> =
  | { readonly kind: 'reply'; readonly reply: T }
  /** Timed out, disconnected, failed: whether it was executed nobody knows. */
  | { readonly kind: 'unknown'; readonly error: string }
  /** Nobody took it: certainly not executed. */
  | { readonly kind: 'unreachable'; readonly error: string }
  /**
   * It was never sent: `isWanted` said no just before, its deadline passed while it waited, too
   * many reads waited already (`deadline` too), or the session stopped.
   */
  | { readonly kind: 'dropped'; readonly why: 'unwanted' | 'deadline' | 'stopped' };

export interface BrokerCall<T> {
  readonly kind: CallKind;
  readonly lane: Lane;
  /** Looked at just before it is sent. */
  readonly isWanted?: () => boolean;
  /** After this moment it is not sent any more. A close has none: it is never shed. */
  readonly deadlineTs?: number;
  readonly run: () => Promise<T>;
  /** Called once; before `submit` returns where the outcome is known at once. */
  readonly done: (outcome: CallOutcome<T>) => void;
  /** A reply that came after the timeout, when `done` was told `unknown` already. */
  readonly late?: (reply: T) => void;
}

/**
 * A read changes nothing at the provider and can be done again at the next turn; so can a question
 * in the lane `read`, on which no close waits.
 */
export function isRead({ kind, lane }: BrokerCall<unknown>): boolean {
  if (kind === 'query') return lane === 'read';
  return kind === 'positions' || kind === 'orders' || kind === 'account';
}

/** Calls that a provider limits together; questions that a close waits for belong to the closes. */
export type CallGroup = 'closing' | 'cancel' | 'query' | 'positions' | 'orders' | 'account';

export function groupOf(call: BrokerCall<unknown>): CallGroup {
  if (call.kind === 'close') return 'closing';
  return call.kind === 'query' && !isRead(call) ? 'closing' : call.kind;
}

/** After this moment the call is not sent any more; a close always is, whatever it says. */
export function deadlineOf({ kind, deadlineTs }: BrokerCall<unknown>): number | undefined {
  return kind === 'close' ? undefined : deadlineTs;
}
