// Reconciliation: what differs between a provider's view of an account and ours, as values.
import {
  balanceToleranceAmount,
  entrySlippagePctMax,
  type Drift,
  type DriftKind,
} from './drift.ts';
import { decimal, hundred, text, type Decimal } from './money.ts';
import { matchPositions, type PositionMatch, type UnknownRow } from './position-match.ts';
import type {
  BrokerAccount,
  BrokerOrder,
  BrokerOrders,
  BrokerPosition,
  BrokerPositions,
} from './provider.ts';
import type { Account, Position } from './state.ts';

/** What a provider said of one account; a part is absent where it did not say. */
export interface ProviderView {
  readonly positions?: BrokerPositions;
  readonly orders?: BrokerOrders;
  readonly account?: BrokerAccount;
}

/**
 * A difference, and the two that differ. An `unknown_here` with a `position` is a row that
 * contradicts the one which that position is matched with: to be told, never adopted or closed.
 */
export interface ReconcileFinding {
  readonly drift: Drift;
  /** Ours, where there is one. */
  readonly position?: Position;
  /** Theirs, where there is one. */
  readonly theirs?: BrokerPosition;
}

const slippagePctMax = decimal(entrySlippagePctMax);
const balanceTolerance = decimal(balanceToleranceAmount);
const noPositions: PositionMatch = { theirsOf: new Map(), unknown: [] };

/**
 * Every difference between the provider's view and ours: of our positions in tracking order, then
 * of theirs that are not ours in their order, then of the account. No two have the same key. What is
 * missing in a list counts only where the list is `complete: true`; what is in it counts always.
 *
 * @param isUnsettled - Positions of the account that must not be judged: tracked, amended, filled or
 * with a close under way since the provider was asked. While there is one, neither is the balance,
 * which the provider may have moved already.
 * @param isRecentlyClosed - Rows of theirs that stand for a position that was closed here so
 * recently that the provider may have answered before.
 */
export function driftsOf(
  account: Account,
  view: ProviderView,
  isUnsettled: (position: Position) => boolean,
  isRecentlyClosed: (theirs: BrokerPosition) => boolean = () => false,
): ReconcileFinding[] {
  // Asked once each: what a caller answers may cost it a look-up, and must not change in between.
  const unsettled = new Set([...account.positions.values()].filter(isUnsettled));
  const match =
    view.positions === undefined
      ? noPositions
      : matchPositions(account, view.positions.positions, {
          isUnsettled: (position) => unsettled.has(position),
          isRecentlyClosed,
        });
  const isComplete = view.positions?.complete === true;
  const orderOf = ordersById(view.orders);
  const findings: ReconcileFinding[] = [];
  for (const position of account.positions.values()) {
    if (unsettled.has(position)) continue;
    const theirs = match.theirsOf.get(position);
    if (theirs === undefined && isComplete) {
      // Its orders are gone with it, and need no telling of their own.
      const ours = text(position.remainingQuantity);
      findings.push(findingOf(position, undefined, 'unknown_there', { ours }));
      continue;
    }
    if (theirs !== undefined) findings.push(...termDrifts(position, theirs));
    findings.push(...levelDrifts(position, theirs, view.orders, orderOf));
  }
  findings.push(...match.unknown.map(unknownHere));
  if (view.account !== undefined) {
    findings.push(...accountDrifts(account, view.account, unsettled.size > 0));
  }
  return findings;
}

interface Values {
  readonly ours?: string;
  readonly theirs?: string;
}

function findingOf(
  position: Position,
  theirs: BrokerPosition | undefined,
  kind: DriftKind,
  values: Values,
): ReconcileFinding {
  const { positionId, symbol } = position;
  const ticket = position.ticket ?? theirs?.ticket;
  return {
    drift: { kind, positionId, ...(ticket !== undefined && { ticket }), symbol, ...values },
    position,
    ...(theirs && { theirs }),
  };
}

/** What the two say of the position itself. */
function termDrifts(position: Position, theirs: BrokerPosition): ReconcileFinding[] {
  const told = (kind: DriftKind, ours: string, other: string): ReconcileFinding =>
    findingOf(position, theirs, kind, { ours, theirs: other });
  if (position.symbol !== theirs.symbol) {
    return [told('symbol', position.symbol, theirs.symbol)];
  }
  // One long against two short is one difference, not two.
  if (position.side !== theirs.side) return [told('side', position.side, theirs.side)];
  const findings: ReconcileFinding[] = [];
  const quantity = decimal(theirs.quantity);
  if (!quantity.equals(position.remainingQuantity)) {
    findings.push(told('quantity', text(position.remainingQuantity), text(quantity)));
  }
  const entryPrice = decimal(theirs.entryPrice);
  if (isBeyondSlippage(position.entryPrice, entryPrice)) {
    findings.push(told('price', text(position.entryPrice), text(entryPrice)));
  }
  return findings;
}

/** |theirs − ours| / ours · 100 > limit, without the division, which would round. */
function isBeyondSlippage(ours: Decimal, theirs: Decimal): boolean {
  return theirs.minus(ours).abs().times(hundred).gt(ours.abs().times(slippagePctMax));
}

/**
 * Stop and target orders at the provider against the levels that are held here. Without a level here
 * the order is the provider's own business: nothing of ours says where it should be.
 */
function levelDrifts(
  position: Position,
  row: BrokerPosition | undefined,
  orders: BrokerOrders | undefined,
  orderOf: ReadonlyMap<string, BrokerOrder>,
): ReconcileFinding[] {
  if (orders === undefined) return [];
  const findings: ReconcileFinding[] = [];
  const compare = (
    kind: 'stop' | 'target',
    orderId: string | undefined,
    ours: string | undefined,
    levelOf: (order: BrokerOrder) => string | undefined,
  ): void => {
    if (orderId === undefined || ours === undefined) return;
    const order = orderOf.get(orderId);
    if (order === undefined) {
      if (orders.complete) findings.push(findingOf(position, row, kind, { ours }));
      return;
    }
    const level = levelOf(order);
    if (level === undefined || decimal(level).equals(ours)) return;
    findings.push(findingOf(position, row, kind, { ours, theirs: text(decimal(level)) }));
  };
  const { stopLossId, takeProfitId, exits } = position;
  compare('stop', stopLossId, exits.stopLoss, (order) => order.triggerPrice ?? order.price);
  compare('target', takeProfitId, exits.takeProfit, (order) => order.price ?? order.triggerPrice);
  return findings;
}

/** Of orders with the same id the first counts. */
function ordersById(orders: BrokerOrders | undefined): ReadonlyMap<string, BrokerOrder> {
  const byId = new Map<string, BrokerOrder>();
  for (const order of orders?.orders ?? []) {
    if (!byId.has(order.orderId)) byId.set(order.orderId, order);
  }
  return byId;
}

function unknownHere({ theirs, contradicts }: UnknownRow): ReconcileFinding {
  const positionId = contradicts?.positionId ?? theirs.positionId;
  return {
    drift: {
      kind: 'unknown_here',
      ...(positionId !== undefined && { positionId }),
      ticket: theirs.ticket,
      symbol: theirs.symbol,
      theirs: text(decimal(theirs.quantity)),
    },
    ...(contradicts && { position: contradicts }),
    theirs,
  };
}

function accountDrifts(
  { currency, balance }: Account,
  theirs: BrokerAccount,
  isBalanceUnsettled: boolean,
): ReconcileFinding[] {
  if (theirs.currency !== currency) {
    return [{ drift: { kind: 'currency', ours: currency, theirs: theirs.currency } }];
  }
  const other = decimal(theirs.balance);
  if (isBalanceUnsettled || other.minus(balance).abs().lt(balanceTolerance)) return [];
  return [{ drift: { kind: 'balance', ours: text(balance), theirs: text(other) } }];
}
