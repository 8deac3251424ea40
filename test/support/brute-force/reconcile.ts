// Reconciliation as one would write it first: every row against every position, no maps.
import type { Drift } from '#src/domain/drift';
import type { BrokerOrder, BrokerPosition } from '#src/domain/provider';
import type { ProviderView } from '#src/domain/reconcile';
import type { Account, Position } from '#src/domain/state';
import { D } from './exact.ts';

type Predicate<T> = (value: T) => boolean;

const isSame = (a: { toString(): string }, b: { toString(): string }): boolean =>
  new D(a.toString()).equals(b.toString());

const plain = (value: { toString(): string }): string => new D(value.toString()).toFixed();

/** The drifts, in order, of the account against the view. */
export function driftsByBruteForce(
  account: Account,
  view: ProviderView,
  isUnsettled: Predicate<Position>,
  isRecentlyClosed: Predicate<BrokerPosition>,
): Drift[] {
  const ours = [...account.positions.values()];
  const rows = view.positions?.positions ?? [];
  /** Row number → position. */
  const pairs: [number, Position][] = [];
  const rowOf = (position: Position): BrokerPosition | undefined => {
    const pair = pairs.find(([, other]) => other === position);
    return pair && rows[pair[0]];
  };
  const isPaired = (row: number): boolean => pairs.some(([other]) => other === row);

  const namings: ((row: BrokerPosition, position: Position) => boolean)[] = [
    (row, { positionId, ticket }) => row.positionId === positionId && row.ticket === ticket,
    (row, { positionId }) => row.positionId === positionId,
    (row, { ticket }) => row.ticket === ticket,
    (row, { ticket }) =>
      ticket !== undefined &&
      typeof row.ticket !== typeof ticket &&
      String(row.ticket) === String(ticket) &&
      !ours.some((other) => other.ticket === row.ticket) &&
      !rows.some((other) => other.ticket === ticket),
  ];
  for (const isNamed of namings) {
    for (const [i, row] of rows.entries()) {
      if (isPaired(i)) continue;
      const position = ours.find((each) => isNamed(row, each) && rowOf(each) === undefined);
      if (position !== undefined) pairs.push([i, position]);
    }
  }

  const hasEntry = (row: BrokerPosition, position: Position): boolean =>
    row.symbol === position.symbol &&
    row.side === position.side &&
    isSame(row.entryPrice, position.entryPrice);
  const unknown: { row: BrokerPosition; named: Position | undefined }[] = [];
  for (const [i, row] of rows.entries()) {
    if (isPaired(i) || isRecentlyClosed(row)) continue;
    if (unknown.some((other) => other.row.ticket === row.ticket)) continue;
    const named =
      pairs.findLast(([other]) => rows[other]?.ticket === row.ticket)?.[1] ??
      namings.flatMap((isNamed) => ours.filter((position) => isNamed(row, position)))[0];
    if (named !== undefined) {
      const other = rowOf(named);
      const isRepeated =
        other?.ticket === row.ticket &&
        other.symbol === row.symbol &&
        other.side === row.side &&
        isSame(other.quantity, row.quantity) &&
        isSame(other.entryPrice, row.entryPrice);
      if (!isRepeated && !isUnsettled(named)) unknown.push({ row, named });
      continue;
    }
    const alike = ours.filter(
      (position) =>
        position.ticket === undefined &&
        rowOf(position) === undefined &&
        hasEntry(row, position) &&
        isSame(row.quantity, position.remainingQuantity),
    );
    const position = alike.find((each) => !isUnsettled(each)) ?? alike[0];
    if (position !== undefined) pairs.push([i, position]);
    else unknown.push({ row, named });
  }

  const drifts: Drift[] = [];
  for (const position of ours) {
    if (isUnsettled(position)) continue;
    const row = rowOf(position);
    const { positionId, symbol } = position;
    const ticket = position.ticket ?? row?.ticket;
    const tell = (kind: Drift['kind'], values: Pick<Drift, 'ours' | 'theirs'>): void => {
      drifts.push({ kind, positionId, symbol, ...(ticket !== undefined && { ticket }), ...values });
    };
    if (row === undefined && view.positions?.complete === true) {
      tell('unknown_there', { ours: plain(position.remainingQuantity) });
      continue;
    }
    if (row !== undefined && row.symbol !== symbol) {
      tell('symbol', { ours: symbol, theirs: row.symbol });
    } else if (row !== undefined && row.side !== position.side) {
      tell('side', { ours: position.side, theirs: row.side });
    } else if (row !== undefined) {
      const quantity = position.remainingQuantity;
      if (!isSame(quantity, row.quantity)) {
        tell('quantity', { ours: plain(quantity), theirs: plain(row.quantity) });
      }
      const entry = new D(plain(position.entryPrice));
      if (entry.minus(row.entryPrice).abs().dividedBy(entry).times(100).gt('0.1')) {
        tell('price', { ours: plain(entry), theirs: plain(row.entryPrice) });
      }
    }
    const level = (
      kind: 'stop' | 'target',
      orderId: string | undefined,
      held: string | undefined,
      prices: (order: BrokerOrder) => (string | undefined)[],
    ): void => {
      if (view.orders === undefined || orderId === undefined || held === undefined) return;
      const order = view.orders.orders.find((each) => each.orderId === orderId);
      const told = order && prices(order).find((price) => price !== undefined);
      if (order === undefined && view.orders.complete) tell(kind, { ours: held });
      else if (told !== undefined && !isSame(told, held)) {
        tell(kind, { ours: held, theirs: plain(told) });
      }
    };
    const { stopLossId, takeProfitId, exits } = position;
    level('stop', stopLossId, exits.stopLoss, (order) => [order.triggerPrice, order.price]);
    level('target', takeProfitId, exits.takeProfit, (order) => [order.price, order.triggerPrice]);
  }

  for (const { row, named } of unknown) {
    const isMaybeInFlight = ours.some(
      (position) =>
        position.ticket === undefined &&
        isUnsettled(position) &&
        rowOf(position) === undefined &&
        hasEntry(row, position),
    );
    if (named === undefined && isMaybeInFlight) continue;
    const positionId = named?.positionId ?? row.positionId;
    const { ticket, symbol } = row;
    const theirs = plain(row.quantity);
    drifts.push({
      kind: 'unknown_here',
      ...(positionId !== undefined && { positionId }),
      ticket,
      symbol,
      theirs,
    });
  }

  const theirs = view.account;
  if (theirs !== undefined && theirs.currency !== account.currency) {
    drifts.push({ kind: 'currency', ours: account.currency, theirs: theirs.currency });
  } else if (theirs !== undefined && !ours.some(isUnsettled)) {
    const apart = new D(plain(account.balance)).minus(theirs.balance).abs();
    if (apart.gte('0.01')) {
      drifts.push({ kind: 'balance', ours: plain(account.balance), theirs: plain(theirs.balance) });
    }
  }
  return drifts;
}
