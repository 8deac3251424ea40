// Everything of one symbol that waits for a price, both sides. It finds whom a quote may concern, in
// constant time where that is nobody; what it does with a position is decided exactly in the domain.
import { Observable } from 'rxjs';
import type { SeenQuote } from '#src/domain/closing';
import type { Reached } from '#src/domain/due-exits';
import type { Price } from '#src/domain/price';
import type { Quote } from '#src/domain/quote';
import type { Position } from '#src/domain/state';
import type { BookOf } from './exposure.ts';
import { LevelWatch, type RatesOf } from './level-watch.ts';
import { SideLevels } from './side-levels.ts';

const nobody: readonly LevelWatch[] = [];

export class LevelIndex {
  readonly longs: SideLevels;
  readonly shorts: SideLevels;
  /** Whether a peak has moved since the peaks were noted last. */
  isUnnoted = false;
  private readonly watches = new Map<string, LevelWatch>();
  private readonly bookOf: BookOf;
  private readonly ratesOf: RatesOf;

  /** `isTraced` where a restart has to find the peaks again. */
  constructor(bookOf: BookOf, ratesOf: RatesOf, isTraced = false) {
    this.longs = new SideLevels('long', isTraced);
    this.shorts = new SideLevels('short', isTraced);
    this.bookOf = bookOf;
    this.ratesOf = ratesOf;
  }

  get size(): number {
    return this.longs.size + this.shorts.size;
  }

  /**
   * What quotes reach of a position, while it is subscribed to; one subscription a position. Its
   * levels are those of its exits as they stand then, and are set anew by `renew`.
   */
  crossings$(position: Position): Observable<Reached> {
    const levels = position.side === 'long' ? this.longs : this.shorts;
    const { bookOf, ratesOf } = this;
    return new Observable<Reached>((subscriber) => {
      const watch = new LevelWatch(position, { levels, bookOf, ratesOf }, subscriber);
      this.watches.set(position.positionId, watch);
      watch.set();
      return () => {
        watch.clear();
        if (this.watches.get(position.positionId) === watch) {
          this.watches.delete(position.positionId);
        }
      };
    });
  }

  /** What the position waits for has changed: a part was closed, a stop was moved. */
  renew(positionId: string): void {
    this.watches.get(positionId)?.renew();
  }

  /** Best closing price of a position since its trailing stop was armed; undefined before. */
  peakOf(position: Position): Price | undefined {
    const watch = this.watches.get(position.positionId);
    return watch === undefined ? position.peak : watch.peak;
  }

  watchOf(positionId: string): LevelWatch | undefined {
    return this.watches.get(positionId);
  }

  /**
   * Those whom the quote may concern: all of them are marked. In no order, see {@link inOrder}. Without
   * those that were tracked after so many others: they were not there when the quote came.
   */
  reached(quote: Quote, tracked = Infinity): readonly LevelWatch[] {
    const { longs, shorts } = this;
    const { bid, ask } = quote;
    if (longs.isQuiet(bid) && shorts.isQuiet(ask)) return nobody;
    const watches: LevelWatch[] = [];
    const note = (watch: LevelWatch): void => {
      if (watch.isNoted || watch.order >= tracked) return;
      watch.isNoted = true;
      watches.push(watch);
    };
    longs.forEachReached(bid, quote.bidExact, note);
    shorts.forEachReached(ask, quote.askExact, note);
    return watches;
  }

  /**
   * Peaks move, when all that the quote has reached was told. `lastN` is the last record before the
   * quote: trailing stops of a later one are armed by the next quote, and so are those of positions
   * that were tracked after so many others.
   */
  advance({ bid, ask, bidExact, askExact }: Quote, lastN: number, tracked = Infinity): void {
    const hasMoved = this.longs.advance(bid, bidExact, lastN, tracked);
    if (this.shorts.advance(ask, askExact, lastN, tracked) || hasMoved) this.isUnnoted = true;
  }

  /** Whether so much has moved that the peaks should be noted now. */
  get isTraceFull(): boolean {
    return this.longs.trace?.isFull === true || this.shorts.trace?.isFull === true;
  }

  /** What has moved peaks since they were noted or told of, for the one who puts it on record. */
  takeMoved(): Pick<SeenQuote, 'moved'> {
    const [long, short] = [this.longs.trace?.take(), this.shorts.trace?.take()];
    if (long === undefined && short === undefined) return {};
    return { moved: { ...(long && { long }), ...(short && { short }) } };
  }

  /** The peaks are noted as they stand. */
  noted(): void {
    this.isUnnoted = false;
    this.longs.trace?.clear();
    this.shorts.trace?.clear();
  }
}

/** Of more than so many a comparison function is the slow way to sort. */
const fewWatches = 64;
/** Their orders may be spread over so many times their number for each to have a place. */
const spreadMax = 64;

/** In the order of tracking; many are put each in the place of its order, which no other has. */
export function inOrder(watches: readonly LevelWatch[]): readonly LevelWatch[] {
  if (watches.length < 2) return watches;
  let least = Infinity;
  let most = -Infinity;
  for (const { order } of watches) {
    if (order < least) least = order;
    if (order > most) most = order;
  }
  const spread = most - least + 1;
  if (watches.length <= fewWatches || spread > spreadMax * watches.length) {
    return watches.toSorted((a, b) => a.order - b.order);
  }
  const places = new Int32Array(spread);
  for (let i = 0; i < watches.length; i++) places[(watches[i] as LevelWatch).order - least] = i + 1;
  const sorted: LevelWatch[] = [];
  for (const place of places) if (place > 0) sorted.push(watches[place - 1] as LevelWatch);
  return sorted;
}
