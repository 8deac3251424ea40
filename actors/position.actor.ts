// The actor of one position: the machine joined to the levels of its symbol, to its deadline and to
// the closer.
import type { Subscription } from 'rxjs';
import {
  positionEventKey,
  positionMachine,
  type PositionContext,
  type PositionEvent,
} from '#machines/position.machine';
import type { DueExit, Reached } from '#src/domain/due-exits';
import type { Position } from '#src/domain/state';
import { deadlineRanks } from '#src/prices/deadlines';
import type { CoreContext } from './core-context.ts';
import { tableLogic, type TableLogic } from './table-logic.ts';

export type PositionLogic = TableLogic<PositionContext, PositionEvent>;

/** A time exit whose close was given up is tried again after so long. */
const expiryRetryMs = 1000;

const expiryPrefix = 'expiry ';

/** One logic for all positions of a runtime; each actor has its own context. */
export function positionLogic(core: CoreContext): PositionLogic {
  const subscriptions = new Map<string, Subscription>();
  const unwatch = (positionId: string): void => {
    subscriptions.get(positionId)?.unsubscribe();
    subscriptions.delete(positionId);
    core.deadlines.remove(expiryPrefix + positionId);
  };
  const watch = (position: Position): void => {
    const { positionId, symbol } = position;
    unwatch(positionId);
    const crossings$ = core.markets.of(symbol).levels.crossings$(position);
    const send = (reached: Reached): void =>
      core.tellPosition(positionId, { type: 'levels.crossed', reached });
    subscriptions.set(positionId, crossings$.subscribe(send));
    setDeadline(core, position);
  };
  return tableLogic<PositionContext, PositionEvent>({
    machine: positionMachine,
    keyOf: positionEventKey,
    act: (action, { context: { positionId }, event }) => {
      const position = core.state.positions.get(positionId);
      if (action === 'unwatchLevels') unwatch(positionId);
      else if (position === undefined) return;
      else if (action === 'watchLevels') watch(position);
      else if (action === 'closeExpired') closeExpired(core, positionId);
      else if (event?.type === 'levels.crossed') closeReached(core, position, event.reached);
    },
  });
}

/** Closes what a quote has reached, then moves what it has moved if anything is left to guard. */
export function closeReached(core: CoreContext, position: Position, reached: Reached): void {
  const { positionId, accountId, symbol } = position;
  for (const due of reached.closes) {
    if (position.state !== 'guarded') return;
    const { quantity } = due;
    const part = quantity === undefined ? {} : { quantity };
    core.requestClose({ positionIds: [positionId], cause: causeOf(due), ...part });
  }
  if (reached.moves === undefined || position.state !== 'guarded') return;
  const quote = core.markets.of(symbol).decidingQuote();
  const body = { positionId, moves: reached.moves, quote };
  core.commit({ type: 'position.exits-moved', accountId, body });
}

function causeOf({ reason, triggerPrice, rung }: DueExit) {
  return {
    reason,
    ...(triggerPrice === undefined ? {} : { triggerPrice }),
    ...(rung === undefined ? {} : { rung }),
    onQuote: true as const,
  };
}

/** Closes a position whose time exit is due, unless that was done. */
export function closeExpired(core: CoreContext, positionId: string): void {
  const position = core.state.positions.get(positionId);
  if (position?.state !== 'guarded' || position.exits.expiresAt === undefined) return;
  if (position.exits.expiresAt > core.clock.now()) return;
  core.requestClose({ positionIds: [positionId], cause: { reason: 'expired' } });
}

/** The position whose time exit a deadline is; undefined where it is another's. */
export function positionOfExpiry(key: string): string | undefined {
  return key.startsWith(expiryPrefix) ? key.slice(expiryPrefix.length) : undefined;
}

function setDeadline({ deadlines, clock }: CoreContext, position: Position): void {
  const { positionId, exits, order, result } = position;
  if (exits.expiresAt === undefined) return;
  const isPast = exits.expiresAt <= clock.now();
  const isRetried = isPast && result?.outcome === 'failed';
  const ts = isRetried ? clock.now() + expiryRetryMs : exits.expiresAt;
  deadlines.set(expiryPrefix + positionId, ts, deadlineRanks.expiry, order);
}
