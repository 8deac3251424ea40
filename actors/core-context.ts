// What the actors share: the state, the markets, and the one way to change anything.
import type { CloseRequest } from '#machines/position-closer.machine';
import type { Draft } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Clock } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Deadlines } from '#src/prices/deadlines';
import type { Markets } from '#src/prices/market';

export interface CoreContext {
  readonly state: State;
  readonly markets: Markets;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Records a change of state: applied at once, durable soon, told to whom it concerns. */
  commit(draft: Draft): void;
  /** Asks the PositionCloser, which answers before this returns unless it is at work already. */
  requestClose(request: CloseRequest): void;
}
