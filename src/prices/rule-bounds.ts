// Within which equities an account's rules have nothing to say, in doubles: what the bands are set by.
// Everything here may be too narrow, and is never too wide.
import type { Decimal } from '#src/domain/money';
import { levelsOf } from '#src/domain/rule-levels';
import { needsPeak, type Rule } from '#src/domain/rules';
import type { Account } from '#src/domain/state';
import { nearestDouble } from './nearest-double.ts';

/** Far above what is lost in converting a level to a double, relative to it. */
const relativeSlack = 1e-14;

/**
 * Equity at or below `actsBelow` may make a rule act. A level that follows the peak rises by no more
 * than the peak does, and is held by a lock.
 */
export interface RuleBounds {
  /** Levels that no price moves. */
  readonly still: number;
  /** The highest level that follows the peak, at the peak `at`, and what it never rises above. */
  readonly following: number;
  readonly at: number;
  readonly cap: number;
  /** Equity at or above it may end a warning or a breach. */
  readonly above: number;
  /** A peak at or above it may bring a level up to the balance. */
  readonly peakBelow: number;
  /** Levels of the margin in use: equity at or below this part of it may act, at or above end. */
  readonly marginBelow: number;
  readonly marginAbove: number;
  /** Whether a rule looks at the balance, which only records move. */
  readonly watchesBalance: boolean;
  /** Whether the rules have to be asked on every quote. */
  readonly isOpen: boolean;
}

const nothingActs: RuleBounds = {
  still: -Infinity,
  following: -Infinity,
  at: 0,
  cap: -Infinity,
  above: Infinity,
  peakBelow: Infinity,
  marginBelow: 0,
  marginAbove: Infinity,
  watchesBalance: false,
  isOpen: false,
};

/** The level at or below which a rule may act, whatever the peak has become. */
export function actsBelow({ still, following, at, cap }: RuleBounds, peak: number): number {
  return Math.max(still, Math.min(following + (peak - at), cap));
}

export function boundsOf(account: Account): RuleBounds {
  const { halt, rules, breaches } = account;
  // After a breach no rule is asked any more.
  if (halt?.by === 'breach' || rules.length === 0) return nothingActs;
  const bounds = { ...nothingActs, at: nearestDouble(account.peak) };
  for (const rule of rules) widen(bounds, rule, account);
  bounds.isOpen = [...breaches.values()].some(({ action }) => action === 'reduce');
  return bounds;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function widen(bounds: Writable<RuleBounds>, rule: Rule, account: Account): void {
  const levels = levelsOf(rule, account);
  const known = account.breaches.get(rule.id);
  const isWarned = account.warned.has(rule.id);
  // What was told is not told again before it is over; a breach is, of a rule that only warned.
  const acts: Decimal[] = known === undefined ? [levels.floor] : [];
  if (!isWarned && levels.warnAt !== undefined) acts.push(levels.warnAt);
  const ends: Decimal[] = [];
  if (known !== undefined && known.action !== 'warn') ends.push(levels.floor);
  if (isWarned) ends.push(levels.recoverAbove ?? levels.floor);
  if (rule.anchor === 'marginLevel') {
    for (const level of acts) {
      bounds.marginBelow = Math.max(bounds.marginBelow, raised(level) / 100);
    }
    for (const level of ends) {
      bounds.marginAbove = Math.min(bounds.marginAbove, lowered(level) / 100);
    }
    return;
  }
  if (rule.observed === 'balance') {
    bounds.watchesBalance = true;
    if (!needsPeak([rule])) return;
    // Where its level has come up to the balance the peak has risen by so much.
    for (const level of acts) {
      const rise = lowered(account.balance) - raised(level);
      bounds.peakBelow = Math.min(bounds.peakBelow, bounds.at + rise);
    }
    return;
  }
  for (const level of acts) {
    const value = raised(level);
    if (rule.anchor !== 'peakEquity') {
      bounds.still = Math.max(bounds.still, value);
      continue;
    }
    bounds.following = Math.max(bounds.following, value);
    const lock =
      rule.lockOffset === undefined || level !== levels.floor
        ? Infinity
        : raised(account.initialBalance.plus(rule.lockOffset));
    bounds.cap = Math.max(bounds.cap, lock);
  }
  for (const level of ends) bounds.above = Math.min(bounds.above, lowered(level));
}

function raised(level: Decimal): number {
  const value = nearestDouble(level);
  return value + Math.abs(value) * relativeSlack;
}

function lowered(level: Decimal): number {
  const value = nearestDouble(level);
  return value - Math.abs(value) * relativeSlack;
}
