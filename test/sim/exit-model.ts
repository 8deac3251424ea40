// Contract section 3 once more, as plainly as it can be said: what one quote means to the exits of
// one position. Nothing of it is shared with the runtime but the arithmetic.
import type { Exits, TrailBy } from '#src/domain/exits';
import { Decimal, decimal, text } from '#src/domain/money';
import { currencyOf, euroPair, instrumentOf } from './instruments.ts';

type Exact = ReturnType<typeof decimal>;
export type MidOf = (symbol: string) => Exact | undefined;

/** What is known of one position's exits. */
export interface Guarded {
  readonly positionId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: Exact;
  entryPrice: Exact;
  remaining: Exact;
  exits: Exits;
  /** Where break-even has put the stop. */
  movedStop: string | undefined;
  /** Whether the trailing stop waits for no activation, or not any more. */
  isTrailing: boolean;
  /** Best price since it was armed; and the best one if quotes counted while it was closing. */
  peak: Exact | undefined;
  peakMost: Exact | undefined;
  tiers: Set<number>;
  rungs: Set<number>;
}

/** What a quote makes due: all that is left, or rungs. */
export interface Dues {
  readonly whole: { readonly reason: string; readonly trigger: string | undefined } | undefined;
  /** The same, had the exits in money not been looked at. */
  readonly withoutMoney: Dues['whole'];
  readonly rungs: readonly { readonly rung: number; readonly trigger: string }[];
}

/** What a quote moves; it acts from the next one on. */
export interface Moves {
  readonly movedStop: string | undefined;
  readonly isTrailing: boolean;
  readonly peak: Exact | undefined;
  readonly peakMost: Exact | undefined;
  readonly tiers: readonly number[];
}

export function duesOf(held: Guarded, x: Exact, midOf: MidOf): Dues {
  const { side, exits, movedStop, rungs } = held;
  const { stopLoss, takeProfit, ladder = [] } = exits;
  const isLost = (level: Exact | string): boolean =>
    side === 'long' ? x.lte(level) : x.gte(level);
  const isWon = (level: string): boolean => (side === 'long' ? x.gte(level) : x.lte(level));
  const isMoved =
    movedStop !== undefined && (stopLoss === undefined || isTighter(side, movedStop, stopLoss));
  const stop = isMoved ? movedStop : stopLoss;
  const trail = trailOf(held);
  const worth = worthOf(held, x, midOf);
  const money = (of: 'loss' | 'gain'): boolean => {
    if (worth === undefined) return false;
    const { stopLossAmount, takeProfitAmount } = exits;
    if (of === 'gain') return takeProfitAmount !== undefined && worth.gte(takeProfitAmount);
    return stopLossAmount !== undefined && worth.lte(decimal(stopLossAmount).negated());
  };
  const first = (isMoney: boolean): Dues['whole'] => {
    if (stop !== undefined && isLost(stop)) {
      return { reason: isMoved ? 'break_even' : 'stop_loss', trigger: stop };
    }
    if (isMoney && money('loss')) return { reason: 'stop_loss', trigger: undefined };
    if (trail !== undefined && isLost(trail)) {
      return { reason: 'trailing_stop', trigger: text(trail) };
    }
    if (takeProfit !== undefined && isWon(takeProfit)) {
      return { reason: 'take_profit', trigger: takeProfit };
    }
    if (isMoney && money('gain')) return { reason: 'take_profit', trigger: undefined };
    return undefined;
  };
  const due = ladder.flatMap(({ price }, rung) =>
    !rungs.has(rung) && isWon(price) ? [{ rung, trigger: price }] : [],
  );
  return { whole: first(true), withoutMoney: first(false), rungs: due };
}

export function movesOf(held: Guarded, x: Exact): Moves {
  const { side, exits, entryPrice } = held;
  const { breakEven, trailing, stopLoss } = exits;
  const isWon = (level: string): boolean => (side === 'long' ? x.gte(level) : x.lte(level));
  let { movedStop, isTrailing } = held;
  if (breakEven !== undefined && movedStop === undefined && isWon(breakEven.trigger)) {
    const offset = decimal(breakEven.offset);
    const stop = text(side === 'long' ? entryPrice.plus(offset) : entryPrice.minus(offset));
    if (stopLoss === undefined || isTighter(side, stop, stopLoss)) movedStop = stop;
  }
  if (trailing?.activation !== undefined && !isTrailing) isTrailing = isWon(trailing.activation);
  const follows = trailing !== undefined && isTrailing;
  const tiers = follows
    ? (trailing.tiers ?? []).flatMap(({ at }, i) => (isWon(at) && !held.tiers.has(i) ? [i] : []))
    : [];
  if (!follows) return { movedStop, isTrailing, tiers, peak: undefined, peakMost: undefined };
  const peak = peakAfter(side, trailing.step, held.peak, x);
  // From anywhere between the two: with a step what lags behind most may come to lead.
  const peakMost = peakAfter(side, undefined, peak, held.peakMost ?? peak);
  return { movedStop, isTrailing, tiers, peak, peakMost };
}

/** The best price once `x` was seen: the first one, or one that is better, by a step at least. */
export function peakAfter(
  side: 'long' | 'short',
  step: string | undefined,
  peak: Exact | undefined,
  x: Exact,
): Exact {
  if (peak === undefined) return x;
  const gain = side === 'long' ? x.minus(peak) : peak.minus(x);
  return gain.gt(0) && (step === undefined || gain.gte(step)) ? x : peak;
}

/** Where the trailing stop is: the tightest of what it trails by. */
function trailOf({ side, exits, peak, tiers }: Guarded): Exact | undefined {
  const { trailing } = exits;
  if (trailing === undefined || peak === undefined) return undefined;
  const behind = ({ distance, percent = '0' }: TrailBy): Exact =>
    distance === undefined ? peak.times(percent).div(100) : decimal(distance);
  const reached = (trailing.tiers ?? []).filter((_tier, i) => tiers.has(i));
  const least = Decimal.min(...[trailing, ...reached].map(behind));
  return side === 'long' ? peak.minus(least) : peak.plus(least);
}

function worthOf(held: Guarded, x: Exact, midOf: MidOf): Exact | undefined {
  const { stopLossAmount, takeProfitAmount } = held.exits;
  if (stopLossAmount === undefined && takeProfitAmount === undefined) return undefined;
  return pnlAt(held, x, midOf);
}

/** P&L of closing all that is left at `x`, in the currency of its account. */
export function pnlAt(
  held: Pick<Guarded, 'side' | 'entryPrice' | 'remaining' | 'accountId' | 'symbol'>,
  x: Exact,
  midOf: MidOf,
): Exact | undefined {
  const { side, entryPrice, remaining, accountId, symbol } = held;
  const { quoteCurrency, contractSize = 1, commissionRate = '0' } = instrumentOf(symbol);
  const size = remaining.times(contractSize);
  const move = side === 'long' ? x.minus(entryPrice) : entryPrice.minus(x);
  const pnl = move.times(size).minus(entryPrice.times(size).times(commissionRate));
  return converted(pnl, quoteCurrency, currencyOf(accountId), midOf);
}

/** Rounded as P&L is; undefined while the pair has no quote. */
export function converted(
  amount: Exact,
  from: string,
  to: string,
  midOf: MidOf,
): Exact | undefined {
  if (from === to) return rounded(amount);
  const mid = midOf(euroPair);
  if (mid === undefined) return undefined;
  return rounded(to === 'EUR' ? amount.div(mid) : amount.times(mid));
}

function rounded(amount: Exact): Exact {
  return amount.toDecimalPlaces(10, Decimal.ROUND_HALF_EVEN);
}

function isTighter(side: 'long' | 'short', level: string, than: string): boolean {
  return side === 'long' ? decimal(level).gt(than) : decimal(level).lt(than);
}
