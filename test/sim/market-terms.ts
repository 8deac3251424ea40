// Contract section 4 once more, as plainly as it can be said: which limits there are, and what one quote
// measures. Nothing of it is shared with the runtime but the arithmetic.
import type { GuardConditions } from '#src/contracts/guard';
import { decimal, type Decimal } from '#src/domain/money';
import type { Side } from '#src/domain/quote';

export type Name = 'gap' | 'spread' | 'liquidity long' | 'liquidity short' | 'volatility' | 'stale';
export type Level = 'warning' | 'critical';

export const names: readonly Name[] = [
  ...(['gap', 'spread', 'liquidity long', 'liquidity short', 'volatility', 'stale'] as const),
];
export const bothLevels: readonly Level[] = ['warning', 'critical'];

export interface Terms {
  readonly limit: Decimal;
  readonly closeOn: Level | 'never';
  readonly haltOn: Level | 'never';
  readonly confirmQuotes: number;
  readonly confirmMs: number;
  readonly clearAfterMs: number;
}

/** A quote as the model has it. */
export interface Sides {
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly ts: number;
}

/** The condition that a name is of, as it is told of a close. */
export function conditionOf(name: Name): string {
  return name.split(' ')[0] as string;
}

export function nameOf(condition: string, side: Side | undefined): Name {
  return (condition === 'liquidity' ? `${condition} ${side}` : condition) as Name;
}

/** Whether positions of the side are its. */
export function isOfSide(name: Name, side: Side): boolean {
  return !name.startsWith('liquidity') || name.endsWith(side);
}

/** What is on; with its defaults. */
export function termsOf(guard: GuardConditions): ReadonlyMap<Name, Terms> {
  const found = new Map<Name, Terms>();
  for (const name of names) {
    const condition = conditionOf(name) as keyof typeof defaults;
    const given = guard[condition];
    if (given === false || (condition === 'volatility' && given === undefined)) continue;
    const { limit, closeOn } = defaults[condition];
    found.set(name, {
      limit: decimal(given?.limit ?? limit),
      closeOn: given?.closeOn ?? closeOn,
      haltOn: given?.haltEntriesOn ?? 'warning',
      // A quote ends what is stale, so that none confirms it.
      confirmQuotes: name === 'stale' ? 1 : (given?.confirmQuotes ?? 1),
      confirmMs: given?.confirmMs ?? 0,
      clearAfterMs: given?.clearAfterMs ?? 5000,
    });
  }
  return found;
}

const defaults = {
  gap: { limit: 5, closeOn: 'warning' },
  spread: { limit: '0.5', closeOn: 'warning' },
  liquidity: { limit: 10, closeOn: 'critical' },
  stale: { limit: 60, closeOn: 'never' },
  volatility: { limit: 0, closeOn: 'critical' },
} as const;

export function midOf({ bid, ask }: Pick<Sides, 'bid' | 'ask'>): Decimal {
  return bid.plus(ask).div(2);
}

/** How far one mid is from another, in percent of that. */
export function movedPct(mid: Decimal, from: Decimal): Decimal {
  return mid.minus(from).abs().div(from).times(100);
}

/** At or beyond the limit, and at or beyond twice of it. */
export function levelOf(times: Decimal | number, isBeyond = false): Level | undefined {
  const of = decimal(times);
  const reaches = (n: number): boolean => (isBeyond ? of.gt(n) : of.gte(n));
  if (reaches(2)) return 'critical';
  return reaches(1) ? 'warning' : undefined;
}

export function gapLevel(limit: Decimal, quote: Sides, before: Sides): Level | undefined {
  return levelOf(movedPct(midOf(quote), midOf(before)).div(limit));
}

export function spreadLevel(limit: Decimal, { bid, ask }: Sides): Level | undefined {
  return levelOf(ask.minus(bid).div(bid).times(100).div(limit), true);
}

export function sizeLevel(limit: Decimal, size: number | undefined): Level | undefined {
  if (size === undefined || limit.lte(size)) return undefined;
  return limit.gt(2 * size) ? 'critical' : 'warning';
}

/** Returns of windows, each against the deviation of those before it. */
export class Windows {
  private readonly windowMs: number;
  private readonly weight: number;
  private beganTs: number | undefined;
  private nth = 0;
  private first = 0;
  private last = 0;
  private variance: number | undefined;
  private done = 0;

  constructor({ windowMs = 60_000, halfLifeMs = 3_600_000 }: WindowTimes) {
    this.windowMs = windowMs;
    this.weight = 2 ** (-windowMs / halfLifeMs);
  }

  take(mid: number, ts: number, limit: number): Level | undefined {
    if (this.beganTs === undefined) {
      this.beganTs = ts;
      this.first = mid;
    }
    const nth = Math.floor((ts - this.beganTs) / this.windowMs);
    if (nth > this.nth) {
      const square = Math.log(this.last / this.first) ** 2;
      const { weight, variance = square } = this;
      this.variance = weight * variance + (1 - weight) * square;
      this.done++;
      this.first = nth === this.nth + 1 ? this.last : mid;
      this.nth = nth;
    }
    this.last = mid;
    if (this.done < 100 || !this.variance) return undefined;
    return levelOf(Math.abs(Math.log(mid / this.first)) / Math.sqrt(this.variance) / limit);
  }
}

interface WindowTimes {
  readonly windowMs?: number | undefined;
  readonly halfLifeMs?: number | undefined;
}
