// What records of closes change of which close of a position is under way, which wait behind it, and
// of the closes of its parts.
import { accountOf } from './apply-types.ts';
import { marketAskOf, type CloseCause, type CloseIntent, type CloseResult } from './closing.ts';
import { clientOrderIdOf } from './ids.ts';
import { decimal } from './money.ts';
import {
  addFill,
  isCloseOpen,
  partCloseOf,
  partsKeptMax,
  rungLeftOf,
  wholeOf,
  type PartClose,
} from './part-closes.ts';
import {
  clientOrdersKeptMax,
  isUrgentCause,
  type CloseDemand,
  type OrderFill,
  type Position,
  type State,
} from './state.ts';

/** Another close than the one before is under way: reasons and failures are its own. */
export function beginClose(position: Position, intent: CloseIntent): void {
  const demand = unqueue(position, intent.closeId) ?? demandOf(intent);
  position.reasons = [...demand.reasons];
  position.isUrgent = demand.isUrgent;
  position.market = demand.market;
  position.failures = 0;
  position.partLeft = intent.isPart === true ? decimal(intent.quantity) : undefined;
}

/** What a close is asked for by the one who asks first. */
export function demandOf(intent: CloseIntent): CloseDemand {
  const ask = marketAskOf(intent);
  return {
    reasons: [intent.reason],
    isUrgent: isUrgentCause(intent),
    market: ask && [ask],
  };
}

/** … and with one who joins in. */
export function joinedDemand(
  { reasons, isUrgent, market }: CloseDemand,
  cause: Pick<CloseCause, 'reason' | 'bulkId' | 'market'>,
): CloseDemand {
  const ask = marketAskOf(cause);
  return {
    reasons: reasons.includes(cause.reason) ? reasons : [...reasons, cause.reason],
    isUrgent: isUrgent || isUrgentCause(cause),
    market: market && ask && [...market, ask],
  };
}

/**
 * A close that has waited waits no more, nor do those before it. The answer is what was asked of
 * it meanwhile, where it is of all that is left.
 */
export function unqueue(position: Position, closeId: string): CloseDemand | undefined {
  const { queued, behind } = position;
  const at = queued.findIndex((one) => one.closeId === closeId);
  if (at < 0) return undefined;
  queued.splice(0, at + 1);
  if (wholeOf({ intent: undefined, queued }) !== undefined) return undefined;
  position.behind = undefined;
  return behind;
}

/** A close that has waited is given up before it began. */
export function dropQueued(position: Position, closeId: string): void {
  const at = position.queued.findIndex((one) => one.closeId === closeId);
  if (at < 0) return;
  const [dropped] = position.queued.splice(at, 1);
  if (dropped?.isPart !== true) position.behind = undefined;
}

/** No close is under way. */
export function endClose(position: Position): void {
  position.intent = undefined;
  position.phase = undefined;
  position.partLeft = undefined;
}

export function setClosing(state: State, position: Position): void {
  if (position.state === 'closing') return;
  accountOf(state, position.accountId).closingCount++;
  position.state = 'closing';
}

export function noteGeneration(state: State, position: Position, intent: CloseIntent): void {
  const { accountId, positionId } = position;
  position.generation = Math.max(position.generation, intent.generation);
  state.clientOrders.set(intent.clientOrderId, positionId);
  const oldest = intent.generation - clientOrdersKeptMax;
  if (oldest > 0) state.clientOrders.delete(clientOrderIdOf(accountId, positionId, oldest));
}

/**
 * Keeps what a close of a part, or of a rung, is for, and one that waits; a rung is done once its
 * close is asked for.
 */
export function notePart(position: Position, intent: CloseIntent, isQueued = false): void {
  const known = position.parts?.get(intent.closeId);
  if (known !== undefined) {
    known.orders.set(intent.clientOrderId, intent.quantity);
    const [oldest] = known.orders.keys();
    if (known.orders.size > clientOrdersKeptMax) known.orders.delete(oldest as string);
    return;
  }
  if (intent.isPart !== true && intent.rung === undefined && !isQueued) return;
  const part = partCloseOf(intent);
  position.parts ??= new Map();
  position.parts.set(intent.closeId, part);
  doRung(position, part);
  for (const closeId of position.parts.keys()) {
    if (position.parts.size <= partsKeptMax) return;
    if (closeId !== intent.closeId && !isCloseOpen(position, closeId)) {
      position.parts.delete(closeId);
    }
  }
}

function doRung(position: Position, { rung }: PartClose): void {
  const { rungs = [] } = position.progress;
  if (rung === undefined || rungs.includes(rung)) return;
  position.progress = { ...position.progress, rungs: [...rungs, rung] };
}

/** The close of a part is over: a rung of which something is left is due again on the next quote. */
export function endRung(position: Position, { rung }: PartClose): void {
  const { rungs, ...rest } = position.progress;
  if (rung === undefined || rungs === undefined || rungLeftOf(position, rung).lte(0)) return;
  const others = rungs.filter((one) => one !== rung);
  position.progress = others.length === 0 ? rest : { ...rest, rungs: others };
}

/** What a fill, or what is told of it later, adds to the close of a part that it is of. */
export function addToPart(
  position: Position,
  result: CloseResult,
  how: 'new' | 'told' | 'priced' = 'new',
): void {
  const part = position.parts?.get(result.closeId);
  if (part === undefined) return;
  addFill(part, result, how);
  // It was given up, and executed all the same.
  if (part.rung !== undefined && rungLeftOf(position, part.rung).lte(0)) doRung(position, part);
}

export function isLast({ result }: Position, { closeId }: CloseResult): boolean {
  return result === undefined || result.closeId === closeId;
}

export function partIdOf(
  { parts }: Position,
  before: OrderFill | undefined,
  { closeId }: CloseResult,
): Pick<OrderFill, 'partId'> {
  const partId = before === undefined && parts?.has(closeId) ? closeId : before?.partId;
  return partId === undefined ? {} : { partId };
}
