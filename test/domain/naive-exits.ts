// The exits of one position by the letter of contract section 3, one after the other, in decimals
// that have nothing to do with those of the code under test. A short is a long with its signs turned.
import type { Reached } from '#src/domain/due-exits';
import type { ExitProgress, Exits, TrailBy } from '#src/domain/exits';
import type { Side } from '#src/domain/quote';
import { D } from '../support/brute-force/exact.ts';

export type Exact = InstanceType<typeof D>;

export interface NaiveTerms {
  readonly side: Side;
  readonly quantity: string;
  readonly entryPrice: string;
  readonly exits: Exits;
  readonly progress: ExitProgress;
}

export interface NaiveSeen {
  /** The closing price. */
  readonly x: Exact;
  readonly peak: Exact | undefined;
  readonly pnl: Exact | undefined;
}

/** What of it is due at a price, and what moves. */
export function naiveReached(terms: NaiveTerms, seen: NaiveSeen): Reached {
  const whole = naiveWhole(terms, seen);
  if (whole !== undefined) return { closes: [whole], moves: undefined };
  const { exits, progress, quantity, side } = terms;
  const closes = (exits.ladder ?? []).flatMap(({ price, fraction }, rung) => {
    if (progress.rungs?.includes(rung) === true || !isUp(side, seen.x, price)) return [];
    const part = new D(quantity).times(fraction).toFixed();
    return [{ reason: 'take_profit' as const, triggerPrice: price, rung, quantity: part }];
  });
  return { closes, moves: naiveMoves(terms, seen.x) };
}

function naiveWhole(
  terms: NaiveTerms,
  { x, peak, pnl }: NaiveSeen,
): Reached['closes'][0] | undefined {
  const { side, exits, progress } = terms;
  const { stopLoss, takeProfit, stopLossAmount, takeProfitAmount } = exits;
  const moved = progress.movedStop;
  const isMoved =
    moved !== undefined && (stopLoss === undefined || up(side, moved).gt(up(side, stopLoss)));
  if (isMoved && isDown(side, x, moved)) return { reason: 'break_even', triggerPrice: moved };
  if (!isMoved && stopLoss !== undefined && isDown(side, x, stopLoss)) {
    return { reason: 'stop_loss', triggerPrice: stopLoss };
  }
  if (stopLossAmount !== undefined && pnl?.lte(new D(stopLossAmount).negated())) {
    return { reason: 'stop_loss' };
  }
  const trail = naiveTrail(terms, peak);
  if (trail !== undefined && isDown(side, x, trail)) {
    return { reason: 'trailing_stop', triggerPrice: trail.toFixed() };
  }
  if (takeProfit !== undefined && isUp(side, x, takeProfit)) {
    return { reason: 'take_profit', triggerPrice: takeProfit };
  }
  if (takeProfitAmount !== undefined && pnl?.gte(takeProfitAmount))
    return { reason: 'take_profit' };
  return undefined;
}

/** Where the trailing stop is; undefined before it is armed. */
function naiveTrail(
  { side, exits, progress }: Pick<NaiveTerms, 'side' | 'exits' | 'progress'>,
  peak: Exact | undefined,
): Exact | undefined {
  const { trailing } = exits;
  if (trailing === undefined || peak === undefined) return undefined;
  const reached = (trailing.tiers ?? []).filter((_, i) => progress.tiers?.includes(i));
  const behind = ({ distance, percent }: TrailBy): Exact =>
    distance === undefined ? peak.times(percent ?? NaN).dividedBy(100) : new D(distance);
  const least = [trailing, ...reached].map(behind).reduce((a, b) => (b.lt(a) ? b : a));
  return side === 'long' ? peak.minus(least) : peak.plus(least);
}

function naiveMoves({ side, entryPrice, exits, progress }: NaiveTerms, x: Exact): Reached['moves'] {
  const moves: { stop?: string; activatedAt?: string; tiers?: number[] } = {};
  const { breakEven, stopLoss, trailing } = exits;
  if (
    breakEven !== undefined &&
    progress.movedStop === undefined &&
    isUp(side, x, breakEven.trigger)
  ) {
    const { offset } = breakEven;
    const stop = side === 'long' ? new D(entryPrice).plus(offset) : new D(entryPrice).minus(offset);
    if (stopLoss === undefined || up(side, stop).gt(up(side, stopLoss)))
      moves.stop = stop.toFixed();
  }
  if (trailing !== undefined) {
    let isArmed = progress.trailsSince !== undefined;
    if (!isArmed && trailing.activation !== undefined && isUp(side, x, trailing.activation)) {
      isArmed = true;
      moves.activatedAt = x.toFixed();
    }
    const tiers = [...(trailing.tiers ?? []).keys()].filter((i) => {
      const at = trailing.tiers?.[i]?.at ?? 'no tier';
      return isArmed && progress.tiers?.includes(i) !== true && isUp(side, x, at);
    });
    if (tiers.length > 0) moves.tiers = tiers;
  }
  return Object.keys(moves).length > 0 ? moves : undefined;
}

/** The peak after a price: of a stop that has been armed before, or is armed by it. */
export function naivePeak(
  { side, exits }: Pick<NaiveTerms, 'side' | 'exits'>,
  x: Exact,
  peak: Exact | undefined,
): Exact {
  if (peak === undefined) return x;
  const gain = up(side, x).minus(up(side, peak));
  return gain.gt(0) && gain.gte(exits.trailing?.step ?? 0) ? x : peak;
}

function up(side: Side, price: Exact | string): Exact {
  return side === 'long' ? new D(price) : new D(price).negated();
}

function isUp(side: Side, x: Exact, level: string): boolean {
  return up(side, x).gte(up(side, level));
}

function isDown(side: Side, x: Exact, level: Exact | string): boolean {
  return up(side, x).lte(up(side, level));
}
