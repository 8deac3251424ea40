// What records of positions change: tracked, amended, corrected, untracked.
import type { Appliers } from './apply-types.ts';
import { accountOf, positionOf, type PositionRecordType } from './apply-types.ts';
import { conversionBetween } from './conversion.ts';
import { invariant } from './errors.ts';
import { isSame, progressAfter, rungPlaces, trailsFrom, type Exits } from './exits.ts';
import { clientOrderIdOf } from './ids.ts';
import { decimal, zero } from './money.ts';
import { price } from './price.ts';
import { linkIdsOf, linkKey, type Position, type State } from './state.ts';

export const positionAppliers: Pick<Appliers, PositionRecordType> = {
  'position.tracked': (state, { position: given }, { n }) => {
    const account = accountOf(state, given.accountId);
    const instrument = state.instruments.get(given.symbol);
    invariant(instrument !== undefined, `${given.symbol} is an instrument`);
    const conversion = conversionBetween(
      instrument.quoteCurrency,
      account.currency,
      state.instruments,
    );
    invariant(conversion !== undefined, `${given.symbol} converts to ${account.currency}`);
    const quantity = decimal(given.quantity);
    const position: Position = {
      positionId: given.positionId,
      accountId: given.accountId,
      ticket: given.ticket,
      symbol: given.symbol,
      side: given.side,
      quantity,
      entryPrice: decimal(given.entryPrice),
      openedAt: given.openedAt,
      stopLossId: given.stopLossId,
      takeProfitId: given.takeProfitId,
      closeOrderId: given.closeOrderId,
      instrument,
      conversion,
      order: state.positionsTracked++,
      exits: given.exits,
      progress: trailsFrom(given.exits, n),
      peak: undefined,
      state: 'guarded',
      remainingQuantity: quantity,
      generation: 0,
      intent: undefined,
      partLeft: undefined,
      queued: [],
      behind: undefined,
      parts: undefined,
      phase: undefined,
      wasSent: false,
      failures: 0,
      fills: new Map(),
      untold: zero,
      untoldPnl: zero,
      unpriced: [],
      isUrgent: false,
      isInDoubt: false,
      deadLetter: undefined,
      reasons: [],
      market: undefined,
      result: undefined,
    };
    state.positions.set(position.positionId, position);
    state.usedPositionIds.add(position.positionId);
    account.positions.set(position.positionId, position);
    if (position.ticket !== undefined) account.tickets.set(position.ticket, position.positionId);
    for (const id of linkIdsOf(position)) {
      state.orderLinks.set(linkKey(account.route, id), position.positionId);
    }
  },
  'position.amended': (state, { positionId, exits }, { n }) => {
    replaceExits(positionOf(state, positionId), exits, n);
  },
  'position.exits-moved': (state, { positionId, moves }, { n }) => {
    const position = positionOf(state, positionId);
    const { stop, activatedAt, tiers = [] } = moves;
    const { progress } = position;
    if (activatedAt !== undefined) position.peak = price(activatedAt);
    position.progress = {
      ...progress,
      ...(stop === undefined ? {} : { movedStop: stop }),
      ...(activatedAt === undefined ? {} : { trailsSince: n }),
      ...(tiers.length === 0 ? {} : { tiers: [...(progress.tiers ?? []), ...tiers] }),
    };
  },
  'position.corrected': (state, { positionId, remainingQuantity, entryPrice, exits }, { n }) => {
    const position = positionOf(state, positionId);
    if (remainingQuantity !== undefined) position.remainingQuantity = decimal(remainingQuantity);
    if (entryPrice !== undefined) position.entryPrice = decimal(entryPrice);
    if (exits !== undefined) replaceExits(position, exits, n);
  },
  'position.untracked': (state, { positionId }) => {
    const position = positionOf(state, positionId);
    leave(state, position);
    position.state = 'untracked';
    forget(state, position);
  },
};

/** Exits that are given again unchanged keep what has become of them. */
function replaceExits(position: Position, exits: Exits, n: number): void {
  const { exits: before, progress } = position;
  position.progress = progressAfter(before, exits, progress, n);
  if (!isSame(before.trailing, exits.trailing)) position.peak = undefined;
  // What becomes of the close of a rung that is no more says nothing of the one in its place.
  const places = rungPlaces(before, exits);
  for (const part of position.parts?.values() ?? []) {
    if (part.rung !== undefined) part.rung = places.get(part.rung);
  }
  position.exits = exits;
}

/** A position leaves the open ones of its account. */
export function leave(state: State, position: Position): void {
  const account = accountOf(state, position.accountId);
  account.positions.delete(position.positionId);
  if (position.ticket !== undefined) account.tickets.delete(position.ticket);
  if (position.state === 'closing') account.closingCount--;
}

/** Nothing is known of it any more but that its id was used. */
export function forget(state: State, position: Position): void {
  const { positionId } = position;
  const { route } = accountOf(state, position.accountId);
  state.positions.delete(positionId);
  for (const id of linkIdsOf(position)) {
    const key = linkKey(route, id);
    if (state.orderLinks.get(key) === positionId) state.orderLinks.delete(key);
  }
  for (let generation = 1; generation <= position.generation; generation++) {
    state.clientOrders.delete(clientOrderIdOf(position.accountId, positionId, generation));
  }
}
