// The conditions of a market guard (contract section 4): limits, levels, and what acts on them.
import { decimal, text, type Numeric } from './money.ts';

export type Condition = 'gap' | 'spread';
export type ConditionLevel = 'warning' | 'critical';
export type ActsOn = ConditionLevel | 'never';

export const conditions: readonly Condition[] = ['gap', 'spread'];

export interface ConditionSpec {
  limit?: Numeric | undefined;
  closeOn?: ActsOn | undefined;
}

export interface GuardSpec {
  symbol: string;
  gap?: ConditionSpec | false | undefined;
  spread?: ConditionSpec | false | undefined;
}

export interface ConditionRecord {
  limit: string;
  closeOn: ActsOn;
}

/** A guard with its defaults filled in; `false` is a condition that is off. */
export interface GuardRecord {
  symbol: string;
  gap: ConditionRecord | false;
  spread: ConditionRecord | false;
}

const defaults: Record<Condition, ConditionRecord> = {
  gap: { limit: '5', closeOn: 'warning' },
  spread: { limit: '0.5', closeOn: 'warning' },
};

/** How long a condition has to be without holding before it has cleared. */
export const clearAfterMs = 5000;

/** At the limit a gap is a warning; a spread only above it. Both are critical at twice the limit. */
export const actsAtLimit: Record<Condition, boolean> = { gap: true, spread: false };

export const closeReasonOf: Record<Condition, 'market_gap' | 'market_spread'> = {
  gap: 'market_gap',
  spread: 'market_spread',
};

export function guardOf(given: GuardSpec): GuardRecord {
  const read = (condition: Condition): ConditionRecord | false => {
    const spec = given[condition];
    if (spec === false) return false;
    const fallback = defaults[condition];
    return {
      limit: spec?.limit === undefined ? fallback.limit : text(decimal(spec.limit)),
      closeOn: spec?.closeOn ?? fallback.closeOn,
    };
  };
  return { symbol: given.symbol, gap: read('gap'), spread: read('spread') };
}

/** Whether a condition at this level closes positions. */
export function closesAt(level: ConditionLevel, closeOn: ActsOn): boolean {
  if (closeOn === 'never') return false;
  return closeOn === 'warning' || level === 'critical';
}
