// The market guard for the brute-force reference (contract section 4).
import type { ScenarioCondition, ScenarioGuard } from '../scenario.ts';
import { ratioOf, type Book, type Ratio } from './exact.ts';

const conditionDefaults = {
  gap: { limit: '5', closeOn: 'warning' },
  spread: { limit: '0.5', closeOn: 'warning' },
} as const;

/** Which condition closes on this quote: the first one that holds at the level that it acts at. */
export function marketReason(
  guard: ScenarioGuard | undefined,
  { bid, ask, previous }: Book,
): string | undefined {
  if (guard === undefined) return undefined;
  if (previous !== undefined && guard.gap !== false) {
    // Twice the mid: the factor is the same on both sides.
    const mid = bid + ask;
    const previousMid = previous.bid + previous.ask;
    const move = mid > previousMid ? mid - previousMid : previousMid - mid;
    const limit = actingLimit({ ...conditionDefaults.gap, ...guard.gap });
    if (limit !== undefined && move * 100n * limit.scale >= limit.value * previousMid) {
      return 'market_gap';
    }
  }
  if (guard.spread !== false) {
    const limit = actingLimit({ ...conditionDefaults.spread, ...guard.spread });
    if (limit !== undefined && (ask - bid) * 100n * limit.scale > limit.value * bid) {
      return 'market_spread';
    }
  }
  return undefined;
}

/** The percentage at which a condition closes: its limit, or twice that; undefined for never. */
function actingLimit(condition: Required<ScenarioCondition>): Ratio | undefined {
  const limit = ratioOf(condition.limit);
  if (condition.closeOn === 'never') return undefined;
  return condition.closeOn === 'warning' ? limit : { ...limit, value: 2n * limit.value };
}
