// Whether a close that a market guard asked for is still due: it is looked at again where it had to wait.
import type { MarketAsk } from './closing.ts';
import {
  actsAt,
  gaugeOf,
  marketReasonPrefix,
  type Condition,
  type ConditionLevel,
  type Gauge,
} from './market-conditions.ts';
import { decimal, hundred, type Decimal } from './money.ts';
import type { MarketGuard, Position } from './state.ts';

/** The market as its last quote has left it; before the first one since a start, as it was noted. */
export interface SeenMarket {
  /** Undefined where there was no quote yet. */
  readonly mid: Decimal | undefined;
  readonly ts: number;
  /** Whether a quote has come since the start. */
  readonly isFresh: boolean;
  /** The level at which a gauge held on it. */
  levelOf(gauge: Gauge): ConditionLevel | undefined;
  /** Whether a quote was measured by what the guard says of the gauge now. */
  isMeasured(gauge: Gauge): boolean;
}

/**
 * Whether nothing but conditions of the position's market asks for its close, and each of them has
 * cleared: it does not act any more, and the last quote is none on which it holds, however long ago
 * that came. A gap does not pass: it has cleared only where it is contradicted, a quote behind it being
 * back within the limit of the price before it. What a guard asked for that says nothing of the
 * condition any more stays due: nobody has said that it is over.
 */
export function hasMarketCleared(
  guard: MarketGuard | undefined,
  position: Position,
  seen: SeenMarket,
): boolean {
  if (guard === undefined || position.market === undefined) return false;
  return position.market.every((ask) => hasCleared(guard, position, ask, seen));
}

function hasCleared(
  { record, active }: MarketGuard,
  position: Position,
  ask: MarketAsk,
  seen: SeenMarket,
): boolean {
  const condition = ask.reason.slice(marketReasonPrefix.length) as Condition;
  const terms = record[condition];
  if (terms === false || terms.closeOn === 'never') return false;
  const gauge = gaugeOf(condition, position.side);
  if (!seen.isMeasured(gauge)) return false;
  if (condition === 'gap') return isContradicted(position, ask, seen, terms.limit);
  const { closeOn } = terms;
  return !actsAt(active.get(gauge)?.level, closeOn) && !actsAt(seen.levelOf(gauge), closeOn);
}

function isContradicted(
  { intent }: Position,
  { reason, before }: MarketAsk,
  { mid, ts, isFresh }: SeenMarket,
  limit: string,
): boolean {
  if (before === undefined || mid === undefined) return false;
  // What is noted may be from before the gap.
  const isBehind = intent?.reason === reason && ts > (intent.quote?.ts ?? Infinity);
  return (isFresh || isBehind) && contradicts(mid, before, limit);
}

/** Whether a quote with this mid is back within a gap's limit, in percent, of the mid before it. */
export function contradicts(mid: Decimal, before: string, limit: string): boolean {
  const moved = mid.minus(before).abs().times(hundred);
  return moved.lt(decimal(before).times(limit));
}
