// When a difference that was told is over: not before the provider has said what shows it.
import type { Drift } from './drift.ts';
import { matchPositions, type Doubts, type PositionMatch } from './position-match.ts';
import type { ProviderView } from './reconcile.ts';
import type { Account, Position } from './state.ts';

/**
 * Whether a told difference that the view does not show any more is over, rather than one that
 * this view cannot show: what a provider did not say, and what changes while it is asked, counts as
 * it was before.
 *
 * @param isBalanceJudged - Whether the balance could be compared.
 */
export function clearableOf(
  account: Account,
  view: ProviderView,
  doubts: Doubts,
  isBalanceJudged: boolean,
): (drift: Drift) => boolean {
  let match: PositionMatch | undefined;
  const matched = (): PositionMatch =>
    (match ??= matchPositions(account, view.positions?.positions ?? [], doubts));
  const isComplete = view.positions?.complete === true;

  const isOfPositionOver = (drift: Drift, position: Position): boolean => {
    // A close is kept from the other side for as long as it stands, and that side is seen meanwhile.
    if (drift.kind === 'side' && matched().theirsOf.get(position)?.side === position.side)
      return true;
    if (doubts.isUnsettled(position)) return false;
    if (drift.kind === 'stop' || drift.kind === 'target') {
      return isLevelShown(drift.kind, position, view);
    }
    return isComplete || matched().theirsOf.has(position);
  };
  /** A row that is still there is over once it is one of ours, and not while it is in flight. */
  const isRowOver = ({ ticket }: Drift): boolean => {
    const row = view.positions?.positions.find((theirs) => theirs.ticket === ticket);
    if (row === undefined) return isComplete;
    return [...matched().theirsOf.values()].some((theirs) => theirs.ticket === ticket);
  };
  return (drift) => {
    if (drift.kind === 'currency') return view.account !== undefined;
    if (drift.kind === 'balance') return isBalanceJudged;
    if (drift.kind === 'unknown_here') return isRowOver(drift);
    const position = account.positions.get(drift.positionId ?? '');
    // Of a position that is not open any more nothing is left to differ.
    return position === undefined || isOfPositionOver(drift, position);
  };
}

/** Whether the view says where the order of a level stands, if there is still a level here. */
function isLevelShown(
  kind: 'stop' | 'target',
  { stopLossId, takeProfitId, exits }: Position,
  { orders }: ProviderView,
): boolean {
  const [orderId, level] =
    kind === 'stop' ? [stopLossId, exits.stopLoss] : [takeProfitId, exits.takeProfit];
  if (level === undefined) return true;
  if (orders === undefined) return false;
  return orders.complete || orders.orders.some((order) => order.orderId === orderId);
}
