// What records of closes change: intents, their outcomes, dead letters, drifts, bulk progress.
import { leave, forget } from './apply-positions.ts';
import {
  addToPart,
  beginClose,
  demandOf,
  dropQueued,
  endClose,
  endRung,
  isLast,
  joinedDemand,
  noteGeneration,
  notePart,
  partIdOf,
  setClosing,
  unqueue,
} from './apply-parts.ts';
import { accountOf, positionOf, type Appliers, type CloseRecordType } from './apply-types.ts';
import type { CloseIntent, CloseResult, FillMark } from './closing.ts';
import { driftKey, isIncident } from './drift.ts';
import { Decimal, decimal, roundPnl, text, zero } from './money.ts';
import { wholeOf } from './part-closes.ts';
import { takeOldest } from './oldest.ts';
import type { DeadLetterEnd } from './records.ts';
import {
  closedLettersMax,
  closedPositionsMax,
  reportKeysMax,
  type ClosePhase,
  type OrderFill,
  type Position,
  type State,
} from './state.ts';

export const closeAppliers: Pick<Appliers, CloseRecordType> = {
  'close.intended': (state, { intent }) => {
    const position = positionOf(state, intent.positionId);
    if (position.intent?.closeId !== intent.closeId) beginClose(position, intent);
    notePart(position, intent);
    if (intent.isPart !== true) {
      position.partLeft = undefined;
      setClosing(state, position);
    }
    position.intent = intent;
    position.wasSent = false;
    position.phase = intent.route === undefined ? 'waiting' : 'sending';
    noteGeneration(state, position, intent);
  },
  'close.queued': (state, { intent }) => {
    const position = positionOf(state, intent.positionId);
    position.queued.push(intent);
    notePart(position, intent, true);
    if (intent.isPart !== true) {
      position.behind = demandOf(intent);
      setClosing(state, position);
    }
    noteGeneration(state, position, intent);
  },
  'close.joined': (state, { positionId, closeId, ...cause }) => {
    const position = positionOf(state, positionId);
    const { behind } = position;
    if (position.intent?.closeId !== closeId && behind !== undefined) {
      position.behind = joinedDemand(behind, cause);
      return;
    }
    const { reasons, isUrgent, market } = joinedDemand(position, cause);
    position.reasons = [...reasons];
    position.isUrgent = isUrgent;
    position.market = market;
  },
  'close.sent': (state, body) => {
    const position = setPhase(state, body, 'sending');
    if (position?.intent === undefined) return;
    position.intent = { ...position.intent, attempt: body.attempts };
  },
  'close.acknowledged': (state, { intent }) => {
    setPhase(state, intent, 'pending');
  },
  'close.unknown': (state, { intent, result, failures }) => {
    const position = setPhase(state, intent, 'unknown');
    if (position === undefined) return;
    position.failures = failures;
    noteFailure(state, position, result);
  },
  'close.rejected': (state, { intent, result, failures }) => {
    const position = setPhase(state, intent, 'rejected');
    if (position === undefined) return;
    position.failures = failures;
    position.result = result;
    noteFailure(state, position, result);
  },
  'close.partially-filled': (state, { intent, result, fill, estimate }) => {
    const position = positionOf(state, intent.positionId);
    unqueue(position, intent.closeId);
    notePart(position, intent);
    position.remainingQuantity = position.remainingQuantity.minus(result.quantity);
    position.generation = Math.max(position.generation, intent.generation);
    position.result = result;
    noteUntold(state, position, result, estimate);
    book(state, position, result, fill);
    addToPart(position, result);
    addToBulk(state, intent.bulkId, result);
    const { partLeft } = position;
    if (partLeft === undefined || position.intent?.closeId !== intent.closeId) return;
    if (partLeft.gt(result.quantity)) {
      position.partLeft = partLeft.minus(result.quantity);
      return;
    }
    endClose(position);
    const part = position.parts?.get(intent.closeId);
    if (part !== undefined) endRung(position, part);
  },
  'close.filled': (state, { intent, result, reasons, fill, estimate }) => {
    const position = positionOf(state, intent.positionId);
    const wasGivenUp = isGivenUp(position, intent);
    notePart(position, intent);
    leave(state, position);
    position.generation = Math.max(position.generation, intent.generation);
    position.state = 'closed';
    position.remainingQuantity = zero;
    endClose(position);
    position.reasons = reasons;
    position.result = result;
    noteUntold(state, position, result, estimate);
    book(state, position, result, fill);
    addToPart(position, result);
    countInBulk(state, intent, result, wasGivenUp ? 'closed after all' : 'closed');
    // What waited to close it has nothing to close any more.
    for (const one of position.queued.splice(0)) {
      if (one.bulkId === undefined || one.closeId === intent.closeId) continue;
      countInBulk(state, one, { ...result, pnl: '0' }, 'closed');
    }
    position.behind = undefined;
    state.closedIds.add(position.positionId);
    forgetOldest(state);
  },
  'close.failed': (state, { intent, result, reasons, isInDoubt = false }) => {
    const position = positionOf(state, intent.positionId);
    position.generation = Math.max(position.generation, intent.generation);
    dropQueued(position, intent.closeId);
    if (position.intent === undefined || position.intent.closeId === intent.closeId) {
      endClose(position);
      position.isInDoubt = isInDoubt;
      position.reasons = reasons;
    }
    if (position.state === 'closing' && wholeOf(position) === undefined) {
      accountOf(state, position.accountId).closingCount--;
      position.state = 'guarded';
    }
    position.result = result;
    const part = position.parts?.get(intent.closeId);
    if (part !== undefined) {
      part.last = result;
      // It is tried again; not where it may have been executed after all.
      if (!isInDoubt) endRung(position, part);
    }
    countInBulk(state, intent, result, 'failed');
  },
  'close.amended': (state, { positionId, result, fill, priced }) => {
    const position = state.positions.get(positionId);
    if (position === undefined) return;
    addToPart(position, result, priced === undefined ? 'told' : 'priced');
    noteTold(state, position, result);
    if (priced === undefined) {
      position.untold = Decimal.max(position.untold.minus(result.quantity), zero);
      if (result.quantity === '0') withLastFee(position, result);
      else if (position.state === 'closed' && isLast(position, result)) position.result = result;
    } else {
      position.unpriced.shift();
      if (position.unpriced.length === 0 && isLast(position, result)) position.result = result;
      addWorth(position, priced, result);
    }
    book(state, position, result, fill, priced === undefined);
    addToBulk(state, result.bulkId, result);
  },
  'deadletter.added': (state, body, { accountId, ts, n }) => {
    const { closeId, positionId, reason, attempts, lastError } = body;
    const letter = { closeId, positionId, accountId, reason, attempts, lastError };
    state.deadLetters.set(closeId, { ...letter, since: ts, order: n, end: undefined });
    positionOf(state, positionId).deadLetter = closeId;
  },
  'deadletter.retried': () => {},
  'deadletter.cleared': (state, { closeId, positionId, how }, { ts }) => {
    endLetter(state, closeId, { how, ts });
    const position = state.positions.get(positionId);
    if (position?.deadLetter === closeId) position.deadLetter = undefined;
  },
  'deadletter.alarmed': () => {},
  'drift.detected': (state, { drift, reportKey }, { accountId, ts }) => {
    noteReport(state, reportKey);
    if (isIncident(drift)) return;
    accountOf(state, accountId).drifts.set(driftKey(drift), { drift, since: ts });
  },
  'drift.cleared': (state, { drift }, { accountId }) => {
    accountOf(state, accountId).drifts.delete(driftKey(drift));
  },
  'bulk.progressed': (state, progress, { accountId }) => {
    if (progress.pending === 0) state.bulks.delete(progress.bulkId);
    else state.bulks.set(progress.bulkId, { ...progress, accountId });
  },
};

/** Where the close is, if it is still the one under way. */
function setPhase(
  state: State,
  intent: Pick<CloseIntent, 'positionId' | 'clientOrderId'>,
  phase: ClosePhase,
): Position | undefined {
  const position = positionOf(state, intent.positionId);
  if (position.intent?.clientOrderId !== intent.clientOrderId) return undefined;
  position.wasSent = true;
  position.isInDoubt = false;
  position.phase = phase;
  return position;
}

function noteFailure(state: State, position: Position, result: CloseResult): void {
  const letter = state.deadLetters.get(position.deadLetter ?? '');
  if (letter === undefined) return;
  letter.attempts++;
  letter.lastError = result.errorMessage ?? letter.lastError;
}

/** Equity goes on from the estimate until the balance moves. */
function noteUntold(
  state: State,
  position: Position,
  { closedPrice, quantity }: CloseResult,
  estimate: string | undefined,
): void {
  if (closedPrice === undefined) position.untold = position.untold.plus(quantity);
  if (estimate !== undefined) estimated(state, position, decimal(estimate));
}

/** What is told now is estimated no more: its part of the estimates, of the last part all of them. */
function noteTold(state: State, position: Position, { pnl, quantity }: CloseResult): void {
  const { untold, unpriced, untoldPnl } = position;
  if (pnl === undefined || untoldPnl.isZero()) return;
  const left = unpriced.reduce((sum, part) => sum.plus(part.quantity), untold);
  const isAll = left.lte(quantity);
  const told = isAll ? untoldPnl : roundPnl(untoldPnl.times(quantity).div(left));
  estimated(state, position, told.neg());
}

function estimated(state: State, position: Position, pnl: Decimal): void {
  const account = accountOf(state, position.accountId);
  position.untoldPnl = position.untoldPnl.plus(pnl);
  account.untoldPnl = account.untoldPnl.plus(pnl);
}

/** Moves the balance, and keeps how much of which order is booked. */
function book(
  state: State,
  position: Position,
  result: CloseResult,
  fill: FillMark | undefined,
  isAmended = false,
): void {
  const { pnl, commission } = result;
  if (pnl !== undefined) {
    const account = accountOf(state, position.accountId);
    account.balance = account.balance.plus(pnl);
  }
  if (fill === undefined) return;
  const { orderKey, fee, feeCurrency } = fill;
  const { closedPrice: price, quantity } = result;
  if (price !== undefined && pnl === undefined) {
    position.unpriced.push({ orderKey, quantity, price, fee, feeCurrency });
  }
  const before = position.fills.get(orderKey);
  const was = before?.filled ?? zero;
  const told = fee === undefined && was.eq(fill.filled) ? before : fill;
  position.fills.set(orderKey, {
    filled: decimal(fill.filled),
    untold: untoldAfter(before, fill, result, isAmended),
    ...(told?.fee === undefined ? {} : { fee: told.fee, feeCurrency: told.feeCurrency }),
    pnl: (before?.pnl ?? zero).plus(pnl ?? 0),
    commission: (before?.commission ?? zero).plus(commission ?? 0),
    ...partIdOf(position, before, result),
  });
  noteReport(state, fill.reportKey);
}

/** A part without a price waits for it; what it is amended by is told of what was filled before. */
function untoldAfter(
  before: OrderFill | undefined,
  { filled }: FillMark,
  { closedPrice, quantity }: CloseResult,
  isAmended: boolean,
): Decimal {
  const untold = before?.untold ?? zero;
  if (closedPrice === undefined) return isAmended ? untold : untold.plus(quantity);
  // What was gone, and of no order yet, is not what this order had left untold.
  const isOfBefore = isAmended && before?.filled.eq(filled) === true;
  return isOfBefore ? Decimal.max(untold.minus(quantity), zero) : untold;
}

/** The rate of a part that was booked before is there. */
function addWorth(position: Position, orderKey: string, { pnl, commission }: CloseResult): void {
  const before = position.fills.get(orderKey);
  if (before === undefined) return;
  position.fills.set(orderKey, {
    ...before,
    pnl: before.pnl.plus(pnl ?? 0),
    commission: before.commission.plus(commission ?? 0),
  });
}

/** Where the fee of the last close was told later; `more` is what that changes. */
function withLastFee(position: Position, more: CloseResult): void {
  const { result } = position;
  if (result?.pnl === undefined || result.commission === undefined) return;
  if (!isLast(position, more)) return;
  const pnl = text(decimal(result.pnl).plus(more.pnl ?? 0));
  const commission = text(decimal(result.commission).plus(more.commission ?? 0));
  position.result = { ...result, pnl, commission };
}

/** Whether this close was given up, and counted as failed, before it turned out to be filled. */
function isGivenUp({ intent, result }: Position, { closeId }: CloseIntent): boolean {
  return intent === undefined && result?.closeId === closeId && result.outcome === 'failed';
}

function addToBulk(state: State, bulkId: string | undefined, { pnl }: CloseResult): void {
  const bulk = bulkId === undefined ? undefined : state.bulks.get(bulkId);
  if (bulk !== undefined) bulk.pnl = text(decimal(bulk.pnl).plus(pnl ?? 0));
}

function noteReport(state: State, key: string | undefined): void {
  if (key === undefined) return;
  state.reportKeys.add(key);
  if (state.reportKeys.size > reportKeysMax) takeOldest(state.reportKeys);
}

function countInBulk(
  state: State,
  { bulkId }: CloseIntent,
  result: CloseResult,
  end: 'closed' | 'failed' | 'closed after all',
): void {
  const bulk = bulkId === undefined ? undefined : state.bulks.get(bulkId);
  if (bulk === undefined) return;
  if (end === 'closed after all') {
    bulk.closed++;
    bulk.failed = Math.max(bulk.failed - 1, 0);
  } else {
    bulk[end]++;
    bulk.pending = Math.max(bulk.pending - 1, 0);
  }
  addToBulk(state, bulkId, result);
}

function endLetter(
  state: State,
  closeId: string,
  end: { readonly how: DeadLetterEnd; readonly ts: number },
): void {
  const letter = state.deadLetters.get(closeId);
  if (letter === undefined) return;
  letter.end = end;
  state.deadLetters.delete(closeId);
  state.closedLetters.delete(closeId);
  state.closedLetters.set(closeId, letter);
  if (state.closedLetters.size <= closedLettersMax) return;
  for (const oldest of state.closedLetters.keys()) {
    state.closedLetters.delete(oldest);
    return;
  }
}

function forgetOldest(state: State): void {
  if (state.closedIds.size <= closedPositionsMax) return;
  const position = state.positions.get(takeOldest(state.closedIds) ?? '');
  if (position !== undefined) forget(state, position);
}
