// One subscription: everything of one position that waits for a price.
import type { Subscriber } from 'rxjs';
import { breakEvenStop, reachedBy, stopOf, trailsOf, type Reached } from '#src/domain/due-exits';
import type { TrailBy } from '#src/domain/exits';
import { Decimal } from '#src/domain/money';
import { price, type Price } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { Position } from '#src/domain/state';
import { unrealisedPnl, type BookOf } from './exposure.ts';
import type { LevelHeap } from './level-heap.ts';
import { hasMoneyExits, moneyLevels } from './money-levels.ts';
import type { RateLevels, RateSlot } from './rate-levels.ts';
import type { SideLevels } from './side-levels.ts';
import type { TrailMember } from './trail-book.ts';

/** Where the bounds of a conversion pair's rate wait. */
export type RatesOf = (symbol: string) => RateLevels<LevelWatch>;

/** What a watch needs of the market that it waits in. */
export interface WatchedSide {
  readonly levels: SideLevels;
  readonly bookOf: BookOf;
  readonly ratesOf: RatesOf;
}

const none: readonly never[] = [];

export class LevelWatch {
  readonly position: Position;
  /** That of the position's tracking. */
  readonly order: number;
  /** Whether the quote under way has reached anything of it. */
  isNoted = false;
  private readonly market: WatchedSide;
  private readonly subscriber: Subscriber<Reached>;
  private losses: readonly number[] = none;
  private gains: readonly number[] = none;
  private rates: readonly RateSlot<LevelWatch>[] = none;
  private trail: TrailMember<LevelWatch> | undefined;
  /** Record since which that one trails: names it. */
  private trailsSince: number | undefined;

  constructor(position: Position, market: WatchedSide, subscriber: Subscriber<Reached>) {
    this.position = position;
    this.order = position.order;
    this.market = market;
    this.subscriber = subscriber;
  }

  /** Best price since the trailing stop was armed; undefined before. */
  get peak(): Price | undefined {
    if (this.trail === undefined) return this.position.peak;
    return this.market.levels.trails.peakOf(this.trail);
  }

  /** Sets everything that the position waits for, as its exits stand now. */
  set(): void {
    const { position } = this;
    const { exits, progress } = position;
    const { levels } = this.market;
    const stop = stopOf(position);
    const losses = stop === undefined ? [] : [levels.losses.add(price(stop.level), this)];
    const gains = gainLevels(position).map((level) => levels.gains.add(price(level), this));
    if (hasMoneyExits(position)) this.setMoney(losses, gains);
    this.losses = losses;
    this.gains = gains;
    if (exits.trailing === undefined || progress.trailsSince === undefined) return;
    if (position.peak === undefined) levels.unarmed.add(this);
    else this.arm(position.peak);
  }

  /** From then on its stop trails this peak. */
  arm(peak: Price): void {
    const { exits, progress } = this.position;
    const trails = trailsOf(exits, progress);
    this.trailsSince = progress.trailsSince;
    const step = exits.trailing?.step;
    this.trail = this.market.levels.trails.add({
      owner: this,
      peak,
      step: step === undefined ? undefined : price(step),
      distance: tightest(trails, 'distance'),
      percent: tightest(trails, 'percent'),
    });
  }

  /** Takes all of it away again; the position keeps its peak, unless the stop that had it is gone. */
  clear(): void {
    const { levels } = this.market;
    for (const slot of this.losses) levels.losses.remove(slot);
    for (const slot of this.gains) levels.gains.remove(slot);
    for (const { heap, slot } of this.rates) heap.remove(slot);
    this.losses = none;
    this.gains = none;
    this.rates = none;
    levels.unarmed.delete(this);
    if (this.trail === undefined) return;
    if (this.position.progress.trailsSince === this.trailsSince) this.position.peak = this.peak;
    levels.trails.remove(this.trail);
    this.trail = undefined;
  }

  renew(): void {
    this.clear();
    this.set();
  }

  /** Tells the position what the quote has reached of it, and returns that. */
  tell(quote: Quote): Reached {
    this.isNoted = false;
    const { position } = this;
    const isLong = position.side === 'long';
    const reached = reachedBy(position, {
      price: {
        value: isLong ? quote.bid : quote.ask,
        exact: isLong ? quote.bidExact : quote.askExact,
      },
      peak: this.peak,
      pnl: () => unrealisedPnl(position, this.market.bookOf),
    });
    if (reached.closes.length > 0 || reached.moves !== undefined) this.subscriber.next(reached);
    // The levels of money are cautious: by how much hangs on the rate at which they were set.
    else if (this.rates.length > 0) this.renew();
    return reached;
  }

  private setMoney(losses: number[], gains: number[]): void {
    const { levels, bookOf, ratesOf } = this.market;
    const { stop, target, rates } = moneyLevels(this.position, bookOf);
    const add = (heap: LevelHeap<LevelWatch>, level: number): number =>
      heap.add({ value: level, exact: undefined }, this);
    if (stop !== undefined) losses.push(add(levels.losses, stop));
    if (target !== undefined) gains.push(add(levels.gains, target));
    this.rates = rates.map(({ symbol, ...bound }) => ratesOf(symbol).add(bound, this));
  }
}

/** Prices at or beyond which something of it acts or moves on the side where it gains. */
function gainLevels(position: Position): string[] {
  const { exits, progress } = position;
  const { takeProfit, breakEven, trailing, ladder = [] } = exits;
  const levels: string[] = [];
  if (takeProfit !== undefined) levels.push(takeProfit);
  ladder.forEach((rung, i) => {
    if (!progress.rungs?.includes(i)) levels.push(rung.price);
  });
  if (breakEven !== undefined && breakEvenStop(position) !== undefined) {
    levels.push(breakEven.trigger);
  }
  if (trailing?.activation !== undefined && progress.trailsSince === undefined) {
    levels.push(trailing.activation);
  } else {
    trailing?.tiers?.forEach(({ at }, i) => {
      if (!progress.tiers?.includes(i)) levels.push(at);
    });
  }
  return levels;
}

function tightest(trails: readonly TrailBy[], by: 'distance' | 'percent'): Price | undefined {
  const [first, ...others] = trails.flatMap((trail) => trail[by] ?? []);
  if (first === undefined) return undefined;
  return price(others.length === 0 ? first : Decimal.min(first, ...others));
}
