// The rules of an account for the brute-force reference (contract section 5), in exact integers.
import type { Ratio } from './exact.ts';

/** Amounts in money units. An anchored rule has one of the limits, a fixed one its floor. */
export interface ExactRule {
  readonly id: string;
  readonly isFixed: boolean;
  readonly floor: bigint | undefined;
  readonly limitAmount: bigint | undefined;
  readonly limitPct: Ratio | undefined;
  readonly warningPct: Ratio | undefined;
}

export interface Judgement {
  /** The first rule in the list that is breached. */
  readonly breached: ExactRule | undefined;
  readonly warns: readonly ExactRule[];
  readonly recovers: readonly ExactRule[];
}

/** What the rules say of an equity, with the peak as it stood before this quote. */
export function judgementOf(rules: readonly ExactRule[], equity: bigint, peak: bigint): Judgement {
  return {
    breached: rules.find((rule) => {
      if (rule.isFixed) return equity < (rule.floor ?? 0n);
      return isAtLeast(peak - equity, limitOf(rule, peak));
    }),
    warns: rules.filter((rule) => {
      if (!rule.isFixed) return isAtLeast(peak - equity, warningOf(rule, peak));
      const margin = marginOf(rule);
      return margin !== undefined && isAtMost(equity - (rule.floor ?? 0n), margin);
    }),
    recovers: rules.filter((rule) => {
      if (!rule.isFixed) return !isAtLeast((peak - equity) * 10n, times(warningOf(rule, peak), 9n));
      // A fixed rule measures no loss: its warning is over a tenth of its distance further up.
      const margin = marginOf(rule);
      const above = equity - (rule.floor ?? 0n);
      return margin !== undefined && !isAtMost(above * 10n, times(margin, 11n));
    }),
  };
}

function limitOf(rule: ExactRule, peak: bigint): Ratio {
  if (rule.limitAmount !== undefined) return { value: rule.limitAmount, scale: 1n };
  return percentOf(peak, rule.limitPct ?? { value: 0n, scale: 1n });
}

/** The loss at which it warns: the percentage given, or three quarters of the limit. */
function warningOf(rule: ExactRule, peak: bigint): Ratio {
  if (rule.warningPct !== undefined) return percentOf(peak, rule.warningPct);
  const limit = limitOf(rule, peak);
  return { value: 3n * limit.value, scale: 4n * limit.scale };
}

/** How far above its floor a fixed rule warns, if it does. */
function marginOf(rule: ExactRule): Ratio | undefined {
  return rule.warningPct === undefined ? undefined : percentOf(rule.floor ?? 0n, rule.warningPct);
}

function percentOf(amount: bigint, percent: Ratio): Ratio {
  return { value: amount * percent.value, scale: 100n * percent.scale };
}

function times(ratio: Ratio, factor: bigint): Ratio {
  return { ...ratio, value: ratio.value * factor };
}

function isAtLeast(amount: bigint, ratio: Ratio): boolean {
  return amount * ratio.scale >= ratio.value;
}

function isAtMost(amount: bigint, ratio: Ratio): boolean {
  return amount * ratio.scale <= ratio.value;
}
