// The exits of a position for the brute-force reference (contract section 3), in exact integers.
import type { ScenarioExits, ScenarioTrailBy } from '../scenario.ts';
import { D, decimalsOf, ratioOf, scaled, type Ratio } from './exact.ts';

type Numeric = number | string;

/** One of the two, the distance in price units. */
interface ExactTrailBy {
  readonly distance: bigint | undefined;
  readonly percent: Ratio | undefined;
}

interface ExactTier extends ExactTrailBy {
  readonly at: bigint;
}

interface ExactTrailing extends ExactTrailBy {
  readonly activation: bigint | undefined;
  readonly step: bigint;
  readonly tiers: readonly ExactTier[];
}

interface ExactRung {
  readonly price: bigint;
  /** In quantity units. */
  readonly quantity: bigint;
}

/** Prices in price units, amounts in money units; what has happened to them so far beside them. */
export interface ExactExits {
  readonly isLong: boolean;
  readonly stopLoss: bigint | undefined;
  readonly takeProfit: bigint | undefined;
  readonly stopLossAmount: bigint | undefined;
  readonly takeProfitAmount: bigint | undefined;
  readonly trailing: ExactTrailing | undefined;
  readonly breakEven: { readonly trigger: bigint; readonly stop: bigint } | undefined;
  readonly expiresAt: number | undefined;
  readonly ladder: readonly ExactRung[];
  /** Whether break-even has moved the stop. */
  isMoved: boolean;
  /** Best price since the trailing stop was armed; undefined until then. */
  peak: bigint | undefined;
  readonly reachedTiers: Set<ExactTier>;
  readonly doneRungs: Set<ExactRung>;
}

export interface DueClose {
  readonly reason: string;
  readonly triggerPrice?: bigint;
  /** All that is left, unless it is a rung. */
  readonly rung?: ExactRung;
}

/** Every price that the exits name: no price may have more decimals than the price units. */
export function pricesOf(exits: ScenarioExits = {}): Numeric[] {
  const { stopLoss, takeProfit, trailing, breakEven, ladder } = exits;
  const prices = [
    ...[stopLoss, takeProfit, trailing?.activation, trailing?.step, trailing?.distance],
    ...(trailing?.tiers ?? []).flatMap((tier) => [tier.at, tier.distance]),
    ...[breakEven?.trigger, breakEven?.offset],
    ...(ladder ?? []).map((rung) => rung.price),
  ];
  return prices.filter((price) => price !== undefined);
}

/** How many more decimals a percentage of a price can have than the price. */
export function percentDecimalsOf({ trailing }: ScenarioExits = {}): number {
  const percents = [trailing, ...(trailing?.tiers ?? [])].map((by) => by?.percent);
  return Math.max(0, ...percents.map((one) => (one === undefined ? 0 : 2 + decimalsOf(one))));
}

export function amountsOf(exits: ScenarioExits = {}): Numeric[] {
  return [exits.stopLossAmount ?? 0, exits.takeProfitAmount ?? 0];
}

export interface Units {
  readonly priceDecimals: number;
  readonly moneyDecimals: number;
  readonly quantityDecimals: number;
}

export function exactExits(
  given: ScenarioExits = {},
  of: { side: 'long' | 'short'; entryPrice: Numeric; quantity: Numeric },
  { priceDecimals, moneyDecimals, quantityDecimals }: Units,
): ExactExits {
  const { trailing, breakEven, expiresAt } = given;
  const isLong = of.side === 'long';
  const level = (price: Numeric): bigint => scaled(price, priceDecimals);
  const levelOf = (price: Numeric | undefined): bigint | undefined =>
    price === undefined ? undefined : level(price);
  const amountOf = (amount: Numeric | undefined): bigint | undefined =>
    amount === undefined ? undefined : scaled(amount, moneyDecimals);
  const trailBy = ({ distance, percent }: ScenarioTrailBy): ExactTrailBy => ({
    distance: levelOf(distance),
    percent: percent === undefined ? undefined : ratioOf(percent),
  });
  const offset = level(breakEven?.offset ?? 0);
  return {
    isLong,
    stopLoss: levelOf(given.stopLoss),
    takeProfit: levelOf(given.takeProfit),
    stopLossAmount: amountOf(given.stopLossAmount),
    takeProfitAmount: amountOf(given.takeProfitAmount),
    trailing: trailing && {
      ...trailBy(trailing),
      activation: levelOf(trailing.activation),
      step: level(trailing.step ?? 0),
      tiers: (trailing.tiers ?? []).map((tier) => ({ at: level(tier.at), ...trailBy(tier) })),
    },
    breakEven: breakEven && {
      trigger: level(breakEven.trigger),
      stop: level(of.entryPrice) + (isLong ? offset : -offset),
    },
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).getTime(),
    ladder: (given.ladder ?? []).map(({ price, fraction }) => ({
      price: level(price),
      quantity: scaled(new D(of.quantity).times(fraction), quantityDecimals),
    })),
    isMoved: false,
    peak: undefined,
    reachedTiers: new Set(),
    doneRungs: new Set(),
  };
}

/**
 * What is due at the closing price, in the order of section 3: one exit that closes all that is
 * left, or else every rung that is reached. `pnl` is of what is left, undefined while a conversion
 * pair has no quote.
 */
export function dueCloses(exits: ExactExits, x: bigint, pnl: bigint | undefined): DueClose[] {
  const { isLong, isMoved, stopLoss, takeProfit, stopLossAmount, takeProfitAmount } = exits;
  const isUp = (level: bigint | undefined): boolean =>
    level !== undefined && (isLong ? x >= level : x <= level);
  const isDown = (level: bigint | undefined): boolean =>
    level !== undefined && (isLong ? x <= level : x >= level);
  const whole = (reason: string, triggerPrice?: bigint): DueClose[] => [
    { reason, ...(triggerPrice === undefined ? {} : { triggerPrice }) },
  ];
  const moved = isMoved ? exits.breakEven?.stop : undefined;
  if (moved !== undefined) {
    if (isDown(moved)) return whole('break_even', moved);
  } else if (isDown(stopLoss)) return whole('stop_loss', stopLoss);
  if (pnl !== undefined && stopLossAmount !== undefined && pnl <= -stopLossAmount) {
    return whole('stop_loss');
  }
  const trail = trailOf(exits);
  if (isDown(trail)) return whole('trailing_stop', trail);
  if (isUp(takeProfit)) return whole('take_profit', takeProfit);
  if (pnl !== undefined && takeProfitAmount !== undefined && pnl >= takeProfitAmount) {
    return whole('take_profit');
  }
  return exits.ladder
    .filter((rung) => isUp(rung.price) && !exits.doneRungs.has(rung))
    .map((rung) => ({ reason: 'take_profit', triggerPrice: rung.price, rung }));
}

/** What the closing price moves; it acts from the next quote on. */
export function moveExits(exits: ExactExits, x: bigint): void {
  const { isLong, breakEven, stopLoss, trailing, peak } = exits;
  const isUp = (level: bigint): boolean => (isLong ? x >= level : x <= level);
  const isTighter = (stop: bigint, than: bigint): boolean => (isLong ? stop > than : stop < than);
  if (breakEven !== undefined && isUp(breakEven.trigger)) {
    if (stopLoss === undefined || isTighter(breakEven.stop, stopLoss)) exits.isMoved = true;
  }
  if (trailing === undefined) return;
  if (peak === undefined) {
    if (trailing.activation !== undefined && !isUp(trailing.activation)) return;
    exits.peak = x;
  } else {
    const gain = isLong ? x - peak : peak - x;
    if (gain > 0n && gain >= trailing.step) exits.peak = x;
  }
  for (const tier of trailing.tiers) if (isUp(tier.at)) exits.reachedTiers.add(tier);
}

/** The tightest of what it trails by; undefined until it is armed. */
function trailOf({ isLong, trailing, peak, reachedTiers }: ExactExits): bigint | undefined {
  if (trailing === undefined || peak === undefined) return undefined;
  const trails = [trailing, ...reachedTiers].map(({ distance, percent }) => {
    // Without a rest: the price units have the decimals of a percentage of a price.
    const behind = distance ?? (peak * (percent?.value ?? 0n)) / (100n * (percent?.scale ?? 1n));
    return isLong ? peak - behind : peak + behind;
  });
  return trails.reduce((best, one) => ((isLong ? one > best : one < best) ? one : best));
}
