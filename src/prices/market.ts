// The room of one symbol: its book, its levels, its meter, and who is moved by its quotes.
import { bookOf, type SeenQuote } from '#src/domain/closing';
import type { SeenMarket } from '#src/domain/market-clearing';
import type { Position } from '#src/domain/state';
import { AccountPeaks } from './account-peaks.ts';
import { BandIndex } from './band-index.ts';
import type { FeedChoice } from './feed-choice.ts';
import { LevelIndex } from './level-index.ts';
import type { LevelWatch } from './level-watch.ts';
import type { MarketMeter } from './market-meter.ts';
import type { PrintFilter } from './print-filter.ts';
import { QuoteBook } from './quote-book.ts';
import { RateLevels } from './rate-levels.ts';
import type { SequenceWatch } from './sequence.ts';

export class Market {
  readonly symbol: string;
  readonly book: QuoteBook;
  readonly levels: LevelIndex;
  /** Levels of other symbols that hold only while this one's mid stays in a band. */
  readonly rates = new RateLevels<LevelWatch>();
  /** Open and closing positions in the symbol, in tracking order. */
  readonly positions = new Map<string, Position>();
  /** Closes that wait for a quote of this symbol, in the order of their requests. */
  readonly waiting = new Set<Position>();
  /** Closed at a price whose P&L needs a rate of this symbol that is not known yet. */
  readonly unpriced = new Set<Position>();
  /** Accounts that hang on the symbol, and how far its quotes may go before they are looked at. */
  readonly bands = new BandIndex();
  meter: MarketMeter | undefined;
  /** Holds quotes that jump too far, where the guard says so. */
  prints: PrintFilter | undefined;
  /** Whose quotes count, where the guard names two feeds. */
  feeds: FeedChoice | undefined;
  /** By its calendar: quotes count all the same. */
  isClosed = false;
  /** By feed, the empty text for quotes that name none: what was left out and what came twice. */
  readonly sequences = new Map<string, SequenceWatch>();
  /** The last record before the last quote. */
  lastN = 0;
  /**
   * How many positions had been tracked when the last quote came, where it was held, or waited, before
   * it counted: for later ones it does not. `Infinity` for one that counted as it came.
   */
  lastTracked = Infinity;

  constructor(symbol: string, markets: Pick<Markets, 'bookOf' | 'ratesOf' | 'isTraced'>) {
    this.symbol = symbol;
    this.book = new QuoteBook(symbol);
    this.levels = new LevelIndex(markets.bookOf, markets.ratesOf, markets.isTraced);
  }

  /** As the last quote has left it, for whoever asks whether a condition has cleared. */
  seen(): SeenMarket {
    const { book, meter } = this;
    const { ts, isFresh } = book;
    const mid = book.hasQuote ? book.mid() : undefined;
    return {
      ...{ mid, ts, isFresh },
      levelOf: (gauge) => meter?.levelOf(gauge),
      isMeasured: (gauge) => meter?.unmeasured.has(gauge) === false,
    };
  }

  /** The last quote, as what it decides tells of it. */
  decidingQuote(): SeenQuote {
    const { lastN: n, lastTracked: tracked } = this;
    return {
      ...bookOf(this.book.mark()),
      n,
      ...(tracked === Infinity ? {} : { tracked }),
      ...this.levels.takeMoved(),
    };
  }

  /**
   * Whether a position was tracked only after the quote had come that is worked on, which counts late
   * then and not for it. `quoted` is the symbol of that quote, undefined between quotes.
   */
  leavesOut({ order }: Pick<Position, 'order'>, quoted: string | undefined): boolean {
    return quoted === this.symbol && order >= this.lastTracked;
  }
}

interface MarketsOptions {
  readonly isTraced?: boolean;
  /** Quotes that are kept for looking for peaks of accounts later; a power of two, at least 256. */
  readonly peakQuotesMax?: number | undefined;
}

/** All markets, one a symbol that is an instrument. */
export class Markets {
  private readonly bySymbol = new Map<string, Market>();
  /** Whether a restart has to find the peaks of trailing stops again. */
  readonly isTraced: boolean;
  readonly peaks: AccountPeaks;
  readonly bookOf = (symbol: string): QuoteBook => this.of(symbol).book;
  readonly ratesOf = (symbol: string): RateLevels<LevelWatch> => this.of(symbol).rates;

  constructor({ isTraced = false, peakQuotesMax }: MarketsOptions = {}) {
    this.isTraced = isTraced;
    this.peaks = new AccountPeaks({ quotesMax: peakQuotesMax });
  }

  find(symbol: string): Market | undefined {
    return this.bySymbol.get(symbol);
  }

  of(symbol: string): Market {
    let market = this.bySymbol.get(symbol);
    if (market === undefined) {
      market = new Market(symbol, this);
      this.bySymbol.set(symbol, market);
    }
    return market;
  }

  all(): IterableIterator<Market> {
    return this.bySymbol.values();
  }
}
