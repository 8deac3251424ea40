// What waits for a price on one side of a symbol: longs for the bid, shorts for the ask.
import type { Price } from '#src/domain/price';
import type { Side } from '#src/domain/quote';
import { LevelHeap } from './level-heap.ts';
import type { LevelWatch } from './level-watch.ts';
import { PeakTrace } from './peak-trace.ts';
import { TrailBook } from './trail-book.ts';

export class SideLevels {
  readonly side: Side;
  /** Levels where a position loses: stops. */
  readonly losses: LevelHeap<LevelWatch>;
  /** Levels where it gains: targets, rungs, triggers, activations, tiers. */
  readonly gains: LevelHeap<LevelWatch>;
  readonly trails: TrailBook<LevelWatch>;
  /** Trailing stops that are armed by the next quote. */
  readonly unarmed = new Set<LevelWatch>();
  /** Undefined where nothing outlives the process. */
  readonly trace: PeakTrace | undefined;
  private readonly sign: 1 | -1;

  constructor(side: Side, isTraced: boolean) {
    this.trace = isTraced ? new PeakTrace(side) : undefined;
    this.side = side;
    this.sign = side === 'long' ? 1 : -1;
    this.losses = new LevelHeap(side === 'long' ? 'below' : 'above');
    this.gains = new LevelHeap(side === 'long' ? 'above' : 'below');
    this.trails = new TrailBook(side);
  }

  get size(): number {
    return this.losses.size + this.gains.size + this.trails.size + this.unarmed.size;
  }

  /** Whether surely no level and no trail is reached by the price. */
  isQuiet(value: number): boolean {
    const gain = this.sign * value;
    return (
      this.losses.first > -gain &&
      this.gains.first > gain &&
      gain > this.sign * this.trails.fireFirst
    );
  }

  /** Tells those of whom a level is, or may be, reached; some of them more than once. */
  forEachReached(
    value: number,
    exact: string | undefined,
    tell: (watch: LevelWatch) => void,
  ): void {
    this.losses.forEachCrossed(value, exact, tell);
    this.gains.forEachCrossed(value, exact, tell);
    this.trails.forEachFired(value, exact, tell);
  }

  /** Moves the peaks, and arms what waited for a quote; true where anything changed. */
  advance(value: number, exact: string | undefined, lastN: number, tracked = Infinity): boolean {
    const isBeaten = this.sign * value >= this.sign * this.trails.moveFirst;
    let hasMoved = isBeaten && this.trails.advance(value, exact);
    if (this.unarmed.size > 0 && this.armUnarmed({ value, exact }, lastN, tracked)) hasMoved = true;
    if (hasMoved) this.trace?.add(lastN, { value, exact }, this.trails.hasSteps, tracked);
    return hasMoved;
  }

  private armUnarmed(peak: Price, lastN: number, tracked: number): boolean {
    let hasArmed = false;
    for (const watch of this.unarmed) {
      if ((watch.position.progress.trailsSince ?? 0) > lastN || watch.order >= tracked) continue;
      watch.arm(peak);
      this.unarmed.delete(watch);
      hasArmed = true;
    }
    return hasArmed;
  }
}
