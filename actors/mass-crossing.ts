// A quote that reaches very many positions of a symbol. All of them are marked at once; then they are
// told in slices, each a turn of its own, and quotes of other symbols pass between them. Quotes of
// the symbol itself wait, and nothing else is done with a marked position before it was told.
import type { Quote } from '#src/domain/quote';
import { inOrder } from '#src/prices/level-index';
import type { LevelWatch } from '#src/prices/level-watch';
import type { Market } from '#src/prices/market';
import type { Core } from './core.ts';

/** Positions told in one turn: a few milliseconds of work. */
export const crossingsPerSliceMax = 256;

export interface MassCrossingOptions {
  /** Positions told in one turn; a quote that reaches no more is worked off at once. */
  readonly perSliceMax: number;
  /** Tells one position what the quote has reached of it. */
  readonly cross: (watch: LevelWatch, quote: Quote) => void;
  /** Quotes of the symbol wait from then on, and no longer. */
  readonly onHeld: (symbol: string) => void;
  readonly onReleased: (symbol: string) => void;
}

interface Crossing {
  readonly market: Market;
  readonly quote: Quote;
  /** In no order until the first turn after the quote's own, which is long enough as it is. */
  watches: readonly LevelWatch[];
  /** How many of them have had their turn. */
  told: number;
  /** The steps of the quote that follow. */
  readonly finish: () => void;
}

export class MassCrossings {
  private readonly core: Core;
  private readonly options: MassCrossingOptions;
  private readonly bySymbol = new Map<string, Crossing>();
  /** The position whose turn it is. */
  private telling: string | undefined;

  constructor(core: Core, options: MassCrossingOptions) {
    this.core = core;
    this.options = options;
    core.settleCrossing = (positionId) => this.settle(positionId);
  }

  /** Whether anything is marked and was not told yet. */
  get isBusy(): boolean {
    return this.bySymbol.size > 0;
  }

  isHeld(symbol: string): boolean {
    return this.bySymbol.has(symbol);
  }

  /** Takes over the crossings of a quote where they are too many for one turn. */
  takes(market: Market, quote: Quote, watches: readonly LevelWatch[], finish: () => void): boolean {
    if (watches.length <= this.options.perSliceMax) return false;
    this.bySymbol.set(market.symbol, { market, quote, watches, told: 0, finish });
    this.options.onHeld(market.symbol);
    this.core.metrics.count('mass_crossings');
    this.core.clock.soon(() => this.begin(market.symbol));
    return true;
  }

  /** Nothing is told any more. */
  stop(): void {
    this.bySymbol.clear();
  }

  /** Tells a position that is marked, before anything else is done with it. */
  settle(positionId: string): void {
    if (!this.isBusy || positionId === this.telling) return;
    const position = this.core.state.positions.get(positionId);
    const crossing = position && this.bySymbol.get(position.symbol);
    const watch = crossing?.market.levels.watchOf(positionId);
    if (crossing !== undefined && watch?.isNoted) this.options.cross(watch, crossing.quote);
  }

  private begin(symbol: string): void {
    const crossing = this.bySymbol.get(symbol);
    if (crossing === undefined) return;
    crossing.watches = inOrder(crossing.watches);
    this.tellSlice(symbol);
  }

  private tellSlice(symbol: string): void {
    const crossing = this.bySymbol.get(symbol);
    if (crossing === undefined) return;
    const { watches, quote, finish } = crossing;
    const end = Math.min(crossing.told + this.options.perSliceMax, watches.length);
    this.core.turn(() => {
      for (; crossing.told < end; crossing.told++) {
        const watch = watches[crossing.told] as LevelWatch;
        if (!watch.isNoted) continue;
        this.telling = watch.position.positionId;
        this.options.cross(watch, quote);
      }
      this.telling = undefined;
      if (end < watches.length) return;
      this.bySymbol.delete(symbol);
      finish();
    });
    if (end < watches.length) this.core.clock.soon(() => this.tellSlice(symbol));
    else this.options.onReleased(symbol);
  }
}
