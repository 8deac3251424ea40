// What the actors share: the state, the markets, and the one way to change anything.
import type { CloseRequest } from '#machines/position-closer.machine';
import type { PositionEvent } from '#machines/position.machine';
import type { CloseIntent } from '#src/domain/closing';
import type { Draft } from '#src/domain/records';
import type { Account, Position, State } from '#src/domain/state';
import type { Clock } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { RestingOrders } from '#src/ports/resting-orders';
import type { Deadlines } from '#src/prices/deadlines';
import type { Market, Markets } from '#src/prices/market';

/** What is to be done once everything that was committed so far is durable. */
export interface DurableAct {
  readonly act: () => void;
  /**
   * Whether it is done all the same where the journal has failed: a close that the provider executes
   * once, however often it is sent.
   */
  readonly isSafeUnrecorded: boolean;
}

/** The way of closes to providers, as the PositionCloser uses it. */
export interface CloseSender {
  /** Sends an intent that was just committed, once it is durable. */
  send(position: Position, intent: CloseIntent): void;
  /**
   * Looks at what is open at the provider before it sends an intent that was just committed; where
   * that cannot be had it is sent at once, or waits.
   */
  look(position: Position, intent: CloseIntent, orElse: 'send' | 'wait'): void;
  /** Told when another reason has joined the close under way. */
  joined(position: Position): void;
}

export interface CoreContext {
  readonly state: State;
  readonly markets: Markets;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Begins days for the account's rules, as they are now. */
  readonly rollovers: { watch(account: Account): void };
  /** Guards of markets, and when these are open. */
  readonly marketWatch: {
    guard(symbol: string): void;
    unguard(symbol: string): void;
    followSessions(symbol: string): void;
    /** When the symbol's market has been open for so long since then. */
    openAfter(symbol: string, ts: number, ms: number): number;
    /** What is held of its quotes is refused. */
    dropHeld(market: Market): void;
  };
  /** Refuses what is held of a market's quotes, as a bad print; how many that were. */
  refuseHeld(market: Market): number;
  /** Symbol of the quote that is worked on; undefined between quotes. */
  readonly quote: string | undefined;
  /** Whoever keeps orders that wait in the market; undefined where nobody does. */
  readonly orders: RestingOrders | undefined;
  /** Undefined where every account is on paper. */
  readonly live: { readonly closer: CloseSender } | undefined;
  /** Runs `work` as one turn: what it commits is delivered together when it ends. */
  turn<T>(work: () => T): T;
  /** Records a change of state: applied at once, durable soon, told to whom it concerns. */
  commit(draft: Draft): void;
  /** Within a turn: what leaves the process because of it. */
  afterDurable(act: DurableAct): void;
  /** Sends to the actor of a position, where there is one. */
  tellPosition(positionId: string, event: PositionEvent): void;
  /** Asks the PositionCloser, which answers before this returns unless it is at work already. */
  requestClose(request: CloseRequest): void;
}
