// All levels of one symbol, both sides. Everything that waits for a price waits here.
import { Observable, type Subscriber } from 'rxjs';
import type { CrossedLevels, Exits } from '#src/domain/exits';
import { price } from '#src/domain/price';
import type { Quote, Side } from '#src/domain/quote';
import { LevelHeap } from './level-heap.ts';

/** What a position is told when a quote crosses levels of it: all of them at once. */
export type Crossing = CrossedLevels;

export interface WatchedLevels {
  readonly positionId: string;
  readonly side: Side;
  readonly exits: Exits;
  /** Place in the order in which crossings of one quote are told. */
  readonly order: number;
}

/** One subscription: the levels of one position. */
export class LevelWatch {
  readonly positionId: string;
  readonly order: number;
  private readonly subscriber: Subscriber<Crossing>;
  private hasCrossedStop = false;
  private hasCrossedTarget = false;

  constructor({ positionId, order }: WatchedLevels, subscriber: Subscriber<Crossing>) {
    this.positionId = positionId;
    this.order = order;
    this.subscriber = subscriber;
  }

  /** Notes a crossed level; true where it is the first of this quote. */
  note(isStop: boolean): boolean {
    const isFirst = !this.hasCrossedStop && !this.hasCrossedTarget;
    if (isStop) this.hasCrossedStop = true;
    else this.hasCrossedTarget = true;
    return isFirst;
  }

  /** Tells what was noted, and returns it. Levels stay set until the subscription ends. */
  tell(): Crossing {
    const crossing = { stopLoss: this.hasCrossedStop, takeProfit: this.hasCrossedTarget };
    this.hasCrossedStop = false;
    this.hasCrossedTarget = false;
    this.subscriber.next(crossing);
    return crossing;
  }
}

const nothing: readonly LevelWatch[] = [];

export class LevelIndex {
  private readonly longStops = new LevelHeap<LevelWatch>('below');
  private readonly longTargets = new LevelHeap<LevelWatch>('above');
  private readonly shortStops = new LevelHeap<LevelWatch>('above');
  private readonly shortTargets = new LevelHeap<LevelWatch>('below');

  get size(): number {
    const { longStops, longTargets, shortStops, shortTargets } = this;
    return longStops.size + longTargets.size + shortStops.size + shortTargets.size;
  }

  /** Levels are set on subscription and removed when it ends. */
  crossings$(watched: WatchedLevels): Observable<Crossing> {
    const isLong = watched.side === 'long';
    const stops = isLong ? this.longStops : this.shortStops;
    const targets = isLong ? this.longTargets : this.shortTargets;
    return new Observable<Crossing>((subscriber) => {
      const watch = new LevelWatch(watched, subscriber);
      const { stopLoss, takeProfit } = watched.exits;
      const stop = stopLoss === undefined ? undefined : stops.add(price(stopLoss), watch);
      const target = takeProfit === undefined ? undefined : targets.add(price(takeProfit), watch);
      return () => {
        if (stop !== undefined) stops.remove(stop);
        if (target !== undefined) targets.remove(target);
      };
    });
  }

  /** Those whose levels the quote crosses, in their order. Constant time where there are none. */
  crossed(quote: Quote): readonly LevelWatch[] {
    const { bid, ask } = quote;
    if (
      this.longStops.first > -bid &&
      this.longTargets.first > bid &&
      this.shortStops.first > ask &&
      this.shortTargets.first > -ask
    ) {
      return nothing;
    }
    const watches: LevelWatch[] = [];
    const noteStop = (watch: LevelWatch): void => {
      if (watch.note(true)) watches.push(watch);
    };
    const noteTarget = (watch: LevelWatch): void => {
      if (watch.note(false)) watches.push(watch);
    };
    this.longStops.forEachCrossed(bid, quote.bidExact, noteStop);
    this.longTargets.forEachCrossed(bid, quote.bidExact, noteTarget);
    this.shortStops.forEachCrossed(ask, quote.askExact, noteStop);
    this.shortTargets.forEachCrossed(ask, quote.askExact, noteTarget);
    return watches.length < 2 ? watches : watches.sort((a, b) => a.order - b.order);
  }
}
