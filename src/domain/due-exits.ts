// Which exits of one position a price makes due, and what it moves (contract section 3): decided
// here, exactly, whoever found the position.
import type { ExitMoves, ExitProgress, Exits, ExitReason, Rung, TrailBy } from './exits.ts';
import { Decimal, decimal, hundred, text, type Decimal as Exact } from './money.ts';
import { exactOf, priceText, type Price } from './price.ts';
import type { Side } from './quote.ts';

/** What of a position decides about its exits. */
export interface ExitTerms {
  readonly side: Side;
  readonly quantity: Exact;
  readonly entryPrice: Exact;
  readonly exits: Exits;
  readonly progress: ExitProgress;
}

/** An exit that acts; without a `rung` it closes all that is left. */
export interface DueExit {
  readonly reason: ExitReason;
  /** The level that was reached; absent for money and time. */
  readonly triggerPrice?: string;
  /** Place in the ladder, and how much it closes. */
  readonly rung?: number;
  readonly quantity?: string;
}

/** What one quote does with the exits of a position; `moves` come after the closes. */
export interface Reached {
  readonly closes: readonly DueExit[];
  readonly moves: ExitMoves | undefined;
}

/** What a quote brings: the closing price, and what closing all that is left at it is worth. */
export interface Seen {
  readonly price: Price;
  /** Best price since the trailing stop was armed; undefined before. */
  readonly peak: Price | undefined;
  /** Undefined while a rate is missing. */
  readonly pnl: () => Exact | undefined;
}

export function reachedBy(terms: ExitTerms, seen: Seen): Reached {
  const whole = wholeExit(terms, seen);
  if (whole !== undefined) return { closes: [whole], moves: undefined };
  return { closes: dueRungs(terms, seen.price), moves: movesBy(terms, seen) };
}

/** The exit that closes all that is left; of several the first in the order of the contract. */
function wholeExit(terms: ExitTerms, seen: Seen): DueExit | undefined {
  const { side, exits, progress } = terms;
  const { price, peak, pnl } = seen;
  const stop = stopOf(terms);
  if (stop !== undefined && isWorse(side, price, stop.level)) {
    return { reason: stop.reason, triggerPrice: stop.level };
  }
  const hasMoney = exits.stopLossAmount !== undefined || exits.takeProfitAmount !== undefined;
  const worth = hasMoney ? pnl() : undefined;
  if (exits.stopLossAmount !== undefined && worth?.lte(decimal(exits.stopLossAmount).negated())) {
    return { reason: 'stop_loss' };
  }
  const trail = reachedTrail(side, trailsOf(exits, progress), peak, price);
  if (trail !== undefined) return { reason: 'trailing_stop', triggerPrice: text(trail) };
  if (exits.takeProfit !== undefined && isBetter(side, price, exits.takeProfit)) {
    return { reason: 'take_profit', triggerPrice: exits.takeProfit };
  }
  if (exits.takeProfitAmount !== undefined && worth?.gte(exits.takeProfitAmount)) {
    return { reason: 'take_profit' };
  }
  return undefined;
}

/** The stop loss as it stands: where break-even has moved it, if that is strictly tighter. */
export function stopOf({
  side,
  exits,
  progress,
}: Pick<ExitTerms, 'side' | 'exits' | 'progress'>):
  { readonly level: string; readonly reason: 'stop_loss' | 'break_even' } | undefined {
  const { stopLoss } = exits;
  const { movedStop } = progress;
  if (movedStop !== undefined && (stopLoss === undefined || isTighter(side, movedStop, stopLoss))) {
    return { level: movedStop, reason: 'break_even' };
  }
  return stopLoss === undefined ? undefined : { level: stopLoss, reason: 'stop_loss' };
}

/** Where break-even would move the stop; undefined where it has, or would not tighten it. */
export function breakEvenStop(terms: Omit<ExitTerms, 'quantity'>): string | undefined {
  const { side, entryPrice, exits, progress } = terms;
  if (exits.breakEven === undefined || progress.movedStop !== undefined) return undefined;
  const { offset } = exits.breakEven;
  const stop = text(side === 'long' ? entryPrice.plus(offset) : entryPrice.minus(offset));
  const isGain = exits.stopLoss === undefined || isTighter(side, stop, exits.stopLoss);
  return isGain ? stop : undefined;
}

/** By what the stop trails: the base, and every tier that was reached; the tightest counts. */
export function trailsOf({ trailing }: Exits, { tiers = [] }: ExitProgress): TrailBy[] {
  if (trailing === undefined) return [];
  return [trailing, ...tiers.flatMap((i) => trailing.tiers?.[i] ?? [])];
}

/** Where the trailing stop is; undefined before it is armed. Exact, and not rounded. */
export function trailOf(
  side: Side,
  trails: readonly TrailBy[],
  peak: Price | undefined,
): Exact | undefined {
  if (peak === undefined) return undefined;
  const best = exactOf(peak.value, peak.exact);
  let tightest: Exact | undefined;
  for (const { distance, percent } of trails) {
    const behind = distance === undefined ? best.times(percent ?? 0).dividedBy(hundred) : distance;
    const trail = side === 'long' ? best.minus(behind) : best.plus(behind);
    if (tightest === undefined || (side === 'long' ? trail.gt(tightest) : trail.lt(tightest))) {
      tightest = trail;
    }
  }
  return tightest;
}

/** Far more than doubles lose in a difference of two prices, and far less than a tick. */
const slack = 1e-12;

/** The trail, where the price has reached it; decimals decide only where doubles might not. */
function reachedTrail(
  side: Side,
  trails: readonly TrailBy[],
  peak: Price | undefined,
  price: Price,
): Exact | undefined {
  if (peak === undefined || trails.length === 0) return undefined;
  let isNear = false;
  for (const { distance, percent } of trails) {
    const behind = distance === undefined ? (peak.value * Number(percent)) / 100 : Number(distance);
    const room = side === 'long' ? price.value - peak.value : peak.value - price.value;
    if (room + behind <= slack * (peak.value + behind)) isNear = true;
  }
  if (!isNear) return undefined;
  const trail = trailOf(side, trails, peak);
  if (trail === undefined) return undefined;
  const at = exactOf(price.value, price.exact);
  return (side === 'long' ? at.lte(trail) : at.gte(trail)) ? trail : undefined;
}

function dueRungs({ side, quantity, exits, progress }: ExitTerms, price: Price): DueExit[] {
  const due: DueExit[] = [];
  exits.ladder?.forEach((one, rung) => {
    if (progress.rungs?.includes(rung) || !isBetter(side, price, one.price)) return;
    const part = text(rungQuantity(quantity, one));
    due.push({ reason: 'take_profit', triggerPrice: one.price, rung, quantity: part });
  });
  return due;
}

function rungQuantity(quantity: Exact, { fraction }: Rung): Exact {
  return quantity.times(fraction);
}

/** What the quote moves: it acts from the next quote on. The peak moves beside this. */
function movesBy(terms: ExitTerms, { price }: Seen): ExitMoves | undefined {
  const { side, exits, progress } = terms;
  const { breakEven, trailing } = exits;
  const moves: { stop?: string; activatedAt?: string; tiers?: number[] } = {};
  if (breakEven !== undefined && isBetter(side, price, breakEven.trigger)) {
    const stop = breakEvenStop(terms);
    if (stop !== undefined) moves.stop = stop;
  }
  if (trailing !== undefined) {
    const { activation } = trailing;
    const isArmed = progress.trailsSince !== undefined;
    const isActivated = !isArmed && activation !== undefined && isBetter(side, price, activation);
    if (isActivated) moves.activatedAt = priceText(price);
    const tiers = isArmed || isActivated ? newTiers(terms, price) : [];
    if (tiers.length > 0) moves.tiers = tiers;
  }
  return Object.keys(moves).length === 0 ? undefined : moves;
}

function newTiers({ side, exits, progress }: ExitTerms, price: Price): number[] {
  const found: number[] = [];
  exits.trailing?.tiers?.forEach(({ at }, i) => {
    if (!progress.tiers?.includes(i) && isBetter(side, price, at)) found.push(i);
  });
  return found;
}

/** At the level or beyond it, on the side where the position gains. */
function isBetter(side: Side, price: Price, level: string): boolean {
  const compared = compareWith(price, level);
  return side === 'long' ? compared >= 0 : compared <= 0;
}

function isWorse(side: Side, price: Price, level: string): boolean {
  const compared = compareWith(price, level);
  return side === 'long' ? compared <= 0 : compared >= 0;
}

/** Rounding to a double is monotone, so only where the doubles are equal do decimals decide. */
function compareWith({ value, exact }: Price, level: string): number {
  const other = Number(level);
  if (value !== other) return value < other ? -1 : 1;
  return exactOf(value, exact).comparedTo(new Decimal(level));
}

function isTighter(side: Side, level: string, than: string): boolean {
  const compared = decimal(level).comparedTo(than);
  return side === 'long' ? compared > 0 : compared < 0;
}
