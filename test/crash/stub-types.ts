// What a test and its stub provider, in another process, say to each other.

export type Body = Record<string, unknown>;

/** What goes wrong with a close, and with a question. */
export const closeFaults = [
  /** Executed, and never answered. */
  'filledSilently',
  /** Answered, often when nobody waits for it any more. */
  'late',
  /** Lost on the way: the provider never had it. */
  'neverHad',
  'rejected',
  'partial',
  /** Acknowledged, executed later, and then reported, once or twice. */
  'pending',
  /** Not answered, executed later, and then reported or not. */
  'delayed',
  /** Executed, and answered with what is no answer. */
  'garbled',
  /** Executed, answered and reported as well. */
  'reportedToo',
] as const;
export const readFaults = ['unanswered', 'answeredLate', 'incomplete'] as const;
export type Fault = (typeof closeFaults)[number] | (typeof readFaults)[number];

export interface RouteOptions {
  readonly route: string;
  /** An id is executed once; else as often as it is sent, beyond flat too. */
  readonly isIdempotent: boolean;
}

export interface StubOptions {
  readonly natsUrl: string;
  readonly seed: number;
  readonly routes: readonly RouteOptions[];
  /** How many of the calls go wrong, from 0 to 1. */
  readonly faultRate: number;
  /** What the runtime waits for an answer. */
  readonly timeoutMs: number;
  readonly contractSize: number;
}

export interface StubPosition {
  readonly positionId: string;
  readonly accountId: string;
  readonly ticket: number;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly entryPrice: string;
  /** Below zero where more was closed than there was. */
  left: string;
  closed: string;
  /** What its closes have come to. */
  pnl: string;
}

export type NewPosition = Omit<StubPosition, 'ticket' | 'left' | 'closed' | 'pnl'>;

export interface StubOrder {
  readonly clientOrderId: string;
  /** How often the provider had it. */
  received: number;
  executions: number;
  /** How often it had it again, after it was executed. */
  resentAfterFill: number;
  /** What happened, in order: for whoever looks into a failure. */
  readonly story: string[];
}

/** The books of a route, as they stand. */
export interface RouteDump {
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly StubPosition[];
  readonly orders: readonly StubOrder[];
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
}

/** Subject of what the test asks of the stub. */
export const controlSubject = 'stub-provider';

/** Subject on which the stub tells of each close that it was sent, before it does anything. */
export const closeSubject = 'stub-provider.close';

export type Control =
  | { readonly ask: 'open'; readonly route: string; readonly position: NewPosition }
  | { readonly ask: 'account'; readonly route: string; readonly accountId: string; balance: string }
  | {
      readonly ask: 'deposit';
      readonly route: string;
      readonly id: string;
      readonly accountId: string;
      readonly amount: string;
    }
  | { readonly ask: 'heal' }
  | { readonly ask: 'dump'; readonly route: string };
