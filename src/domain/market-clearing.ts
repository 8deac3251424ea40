// Whether a close that a market guard asked for is still due: it is looked at again where it had to wait.
import { actsAt, gaugeOf, marketReasonPrefix, type Condition } from './market-conditions.ts';
import { decimal, hundred, type Decimal } from './money.ts';
import type { MarketGuard, Position, State } from './state.ts';

/**
 * Whether nothing but conditions of the position's market has asked for its close, and each of them has
 * cleared since. A gap does not pass: it has cleared only where it is contradicted, the last quote, whose
 * `mid` this is, being back within the limit of the price before it; where none has come since the start
 * it is as it is on record. What a guard asked for that is gone is not due.
 */
export function hasMarketCleared(
  state: Pick<State, 'guards'>,
  position: Position,
  mid?: Decimal,
): boolean {
  const reasons = [...position.reasons, ...(position.behind?.reasons ?? [])];
  return reasons.length > 0 && reasons.every((reason) => hasCleared(state, position, mid, reason));
}

/** Whether a reason is one of a market guard. */
export function isOfMarket(reason: string): boolean {
  return reason.startsWith(marketReasonPrefix);
}

function hasCleared(
  { guards }: Pick<State, 'guards'>,
  position: Position,
  mid: Decimal | undefined,
  reason: string,
): boolean {
  if (!isOfMarket(reason)) return false;
  const condition = reason.slice(marketReasonPrefix.length) as Condition;
  const guard = guards.get(position.symbol);
  const record = guard?.record[condition];
  if (guard === undefined || record === undefined || record === false) return true;
  if (condition === 'gap') return isContradicted(guard.gap, position, mid, record.limit);
  const level = guard.active.get(gaugeOf(condition, position.side))?.level;
  return !actsAt(level, record.closeOn);
}

function isContradicted(
  gap: MarketGuard['gap'],
  { intent }: Position,
  mid: Decimal | undefined,
  limit: string,
): boolean {
  const before = intent?.market?.before ?? gap?.before;
  if (before === undefined) return false;
  if (mid === undefined) return gap?.before === before && gap.isContradicted;
  return contradicts(mid, before, limit);
}

/** Whether a quote with this mid is back within a gap's limit, in percent, of the mid before it. */
export function contradicts(mid: Decimal, before: string, limit: string): boolean {
  const moved = mid.minus(before).abs().times(hundred);
  return moved.lt(decimal(before).times(limit));
}
