// The way of a quote: hygiene, then the steps of contract section 2, each finished before the next.
import { messageOf } from '#src/domain/errors';
import { text } from '#src/domain/money';
import type { Quote } from '#src/domain/quote';
import { AccountJudge } from './account-judge.ts';
import type { EquityWatch } from '#src/prices/equity-watch';
import type { Logger } from '#src/ports/logger';
import { futureToleranceMs, isBadSize, quoteFault, type QuoteFault } from '#src/prices/hygiene';
import { inOrder } from '#src/prices/level-index';
import type { LevelWatch } from '#src/prices/level-watch';
import type { Market } from '#src/prices/market';
import type { PrintFilter } from '#src/prices/print-filter';
import { trailMarkOf } from '#src/prices/trail-marks';
import type { Core } from './core.ts';
import type { Marks, NotedPeak } from './marks.ts';
import { crossingsPerSliceMax, MassCrossings } from './mass-crossing.ts';
import { closeReached } from './position.actor.ts';

/** Least time between two log lines of one symbol and reason, or of one account. */
const logEveryMs = 1000;
/** Symbols and reasons whose last log line is remembered; beyond it all are forgotten. */
const logKeysMax = 10_000;

export interface PriceFeedOptions {
  /** Recorded quotes: no quote is in the future, and deadlines act on quotes. */
  readonly isReplay?: boolean;
  /** Steps 1 and 2 of a replay: called with the time of an accepted quote before it counts. */
  readonly beforeQuote?: (ts: number) => void;
  /** A replay: how many positions it tracks up to a time; see `Market.lastTracked`. */
  readonly trackedBy?: (ts: number) => number;
  /** Live: so many peaks have moved that they should be noted after this turn. */
  readonly noteSoon?: () => void;
  /** Live: a quote that reaches very many positions is worked off in slices. */
  readonly slices?: SliceOptions;
}

export interface SliceOptions {
  readonly crossingsPerSlice?: number | undefined;
  /** Quotes of a symbol must wait from the first on, and no longer from the second on. */
  readonly hold: (symbol: string) => void;
  readonly release: (symbol: string) => void;
}

export class PriceFeed {
  private readonly core: Core;
  private readonly isReplay: boolean;
  private readonly beforeQuote: ((ts: number) => void) | undefined;
  private readonly trackedBy: ((ts: number) => number) | undefined;
  private readonly noteSoon: (() => void) | undefined;
  private readonly massCrossings: MassCrossings | undefined;
  /** By symbol: quotes that are confirmed, and come next, behind a crossing that is worked off. */
  private readonly confirmed = new Map<string, readonly Quote[]>();
  /** Of quotes that were not worked on when they came: how many positions were tracked by then. */
  private readonly trackedAt = new WeakMap<Quote, number>();
  /** Whether the quote that is worked on is one of them. */
  private isLate = false;
  private readonly loggedAt = new Map<string, number>();
  /** Counts how often accounts were looked at. */
  readonly accountJudge: AccountJudge;
  /** Accounts that the quote has to be told to. */
  private readonly concerned = new Set<EquityWatch>();
  accepted = 0;
  refused = 0;

  constructor(core: Core, options: PriceFeedOptions = {}) {
    this.core = core;
    this.accountJudge = new AccountJudge(core);
    this.isReplay = options.isReplay ?? false;
    this.beforeQuote = options.beforeQuote;
    this.trackedBy = options.trackedBy;
    this.noteSoon = options.noteSoon;
    core.refuseHeld = (market) => this.refuseHeld(market);
    const { slices } = options;
    this.massCrossings =
      slices &&
      new MassCrossings(core, {
        perSliceMax: slices.crossingsPerSlice ?? crossingsPerSliceMax,
        cross: (watch, quote) => this.cross(watch, quote),
        onHeld: slices.hold,
        onReleased: (symbol) => this.goOn(symbol, slices.release),
      });
  }

  /** Whether positions that a quote has reached were not told of it yet. */
  get isBusy(): boolean {
    return this.massCrossings?.isBusy ?? false;
  }

  /** What was reached and not told is left as it was before its quote. */
  stop(): void {
    this.massCrossings?.stop();
    this.confirmed.clear();
  }

  /** Takes a quote; false where hygiene refused it, and then it has had no effect. */
  take(quote: Quote): boolean {
    const market = this.core.markets.find(quote.symbol);
    const fault = quoteFault(quote, market?.book.ts, this.latestTs());
    if (fault !== undefined || market === undefined) {
      this.refuse(quote, fault ?? 'unknown_symbol');
      return false;
    }
    const { prints } = market;
    if (prints !== undefined && !prints.isUsual(quote, market.book)) {
      return this.takeJump(quote, market, prints);
    }
    this.accept(quote, market);
    return true;
  }

  /** A quote that is held, or that tells of those that are: false where it does not count itself. */
  private takeJump(quote: Quote, market: Market, prints: PrintFilter): boolean {
    const { counted, refused, isHeld } = prints.take(quote, market.book);
    if (isHeld) {
      this.core.metrics.count('quotes_held');
      this.trackedAt.set(quote, this.core.state.positionsTracked);
    }
    for (const { quote: one, reason } of refused) this.refuse(one, reason);
    this.acceptAll(counted, market);
    return counted.includes(quote);
  }

  /** Nobody asks again whether they count; but what one has reached may be too much for one turn. */
  private acceptAll(quotes: readonly Quote[], market: Market): void {
    for (const [i, quote] of quotes.entries()) {
      if (this.massCrossings?.isHeld(market.symbol) === true) {
        this.putAside(quotes.slice(i), market);
        return;
      }
      this.isLate = this.trackedAt.has(quote);
      try {
        this.accept(quote, market);
      } finally {
        this.isLate = false;
      }
    }
  }

  private putAside(quotes: readonly Quote[], market: Market): void {
    this.confirmed.set(market.symbol, quotes);
    for (const quote of quotes) {
      if (!this.trackedAt.has(quote)) {
        this.trackedAt.set(quote, this.core.state.positionsTracked);
      }
    }
  }

  /** A crossing is worked off: what was confirmed with its quote comes before what came later. */
  private goOn(symbol: string, release: (symbol: string) => void): void {
    const quotes = this.confirmed.get(symbol) ?? [];
    this.confirmed.delete(symbol);
    try {
      this.acceptAll(quotes, this.core.markets.of(symbol));
    } finally {
      if (this.massCrossings?.isHeld(symbol) === false) release(symbol);
    }
  }

  private accept(quote: Quote, market: Market): void {
    this.accepted++;
    this.core.beginTurn();
    try {
      this.count(quote, market);
    } finally {
      this.core.endTurn();
    }
  }

  /** Why a quote would be refused if it came after one of `lastTs`; nothing is counted. */
  faultAfter(quote: Quote, lastTs: number): QuoteFault | undefined {
    const book = this.core.markets.find(quote.symbol)?.book;
    const confirmedTs = this.confirmed.get(quote.symbol)?.at(-1)?.ts ?? lastTs;
    return quoteFault(quote, book && Math.max(book.ts, lastTs, confirmedTs), this.latestTs());
  }

  /** Nobody will confirm what is held of a market any more: it is refused; how many that were. */
  refuseHeld({ prints }: Market): number {
    const held = prints?.release().length ?? 0;
    this.refused += held;
    if (held > 0) this.core.metrics.count('quotes_refused_bad_print', held);
    return held;
  }

  /** A quote that never became one, such as a message that is not JSON. */
  refuse(quote: { readonly symbol: string }, reason: QuoteFault | 'malformed'): void {
    this.refused++;
    this.core.metrics.count(`quotes_refused_${reason}`);
    this.logAtTimes(`${reason} ${quote.symbol}`, (logger) => {
      logger.warn({ ...quote, reason }, 'quote refused');
    });
  }

  /**
   * What quotes alone have changed since it was asked last: books and peaks. Nothing while a quote
   * is being worked off: what it decides may not be on record yet.
   */
  takeMarks(): Marks {
    if (this.isBusy) return { quotes: [], peaks: [], trails: [], ring: undefined };
    const markets = [...this.core.markets.all()];
    const quotes = markets.filter(({ book }) => book.isUnnoted).map(({ book }) => book.mark());
    const moved = markets.filter(({ levels }) => levels.isUnnoted);
    const trails = moved.map(trailMarkOf);
    for (const { book, levels } of markets) {
      book.isUnnoted = false;
      levels.noted();
    }
    return { quotes, peaks: this.takePeaks(), trails, ring: this.core.markets.peaks.takeChunk() };
  }

  /** Peaks of accounts that have moved since they were taken last. */
  takePeaks(): NotedPeak[] {
    const { moved } = this.core.markets.peaks;
    const taken = [...moved].map(({ accountId, peak, peakMoved }) => ({
      accountId,
      peak: text(peak),
      ts: peakMoved.ts,
    }));
    moved.clear();
    return taken;
  }

  private logAtTimes(key: string, log: (logger: Logger) => void): void {
    const { logger, clock } = this.core;
    const now = clock.now();
    if (now - (this.loggedAt.get(key) ?? -Infinity) < logEveryMs) return;
    if (this.loggedAt.size >= logKeysMax) this.loggedAt.clear();
    this.loggedAt.set(key, now);
    log(logger);
  }

  private latestTs(): number {
    return this.isReplay ? Infinity : this.core.clock.now() + futureToleranceMs;
  }

  private count(quote: Quote, market: Market): void {
    const { core } = this;
    const { book } = market;
    if (this.beforeQuote !== undefined) this.beforeQuote(quote.ts);
    else if (core.rollovers.next <= quote.ts) core.rollovers.runUntil(quote.ts);
    if (isBadSize(quote.bidSize) || isBadSize(quote.askSize)) core.metrics.count('quotes_bad_size');
    core.quote = quote.symbol;
    market.lastN = core.state.n;
    market.lastTracked = this.trackedBefore(quote);
    market.bands.begin();
    // Until then what hangs on the symbol was worth nothing.
    if (!book.hasQuote) this.settlePeaks(market);
    const readings = market.meter?.measure(quote, book);
    book.take(quote);
    if (market.waiting.size > 0) {
      core.supervisor.closer.send({ type: 'quote.taken', symbol: quote.symbol });
    }
    if (market.unpriced.size > 0) core.live?.price(market);
    for (const watch of market.rates.reached(book)) watch.renew();
    if (this.isReplay && core.deadlines.next <= quote.ts) core.runDeadlines(quote.ts);
    if (readings !== undefined) core.marketWatch.measured(market, quote, readings);
    if (market.isClosed) core.marketWatch.sessions.outside(market, quote);
    const watches = market.levels.reached(quote, market.lastTracked);
    if (watches.length > 0 && this.massCrossings !== undefined) {
      const finish = (): void => this.finish(quote, market);
      if (this.massCrossings.takes(market, quote, watches, finish)) {
        // Quotes of other symbols find this price: peaks are looked for in the same order.
        core.markets.peaks.append(quote, core.state.n);
        core.quote = undefined;
        return;
      }
    }
    for (const watch of inOrder(watches)) this.cross(watch, quote);
    this.finish(quote, market);
    core.markets.peaks.append(quote, core.state.n);
  }

  /** When every exit that it has reached is asked for: peaks move, and accounts are looked at. */
  private finish(quote: Quote, market: Market): void {
    const { levels, bands } = market;
    this.core.quote = quote.symbol;
    levels.advance(quote, market.lastN, market.lastTracked);
    if (levels.isTraceFull) this.noteSoon?.();
    if (bands.isLeft(quote.bid, quote.ask)) this.guardAccounts(quote, market);
    bands.end();
    this.core.quote = undefined;
  }

  /** `Infinity` for a quote that is worked on as it comes: it counts for all that is there. */
  private trackedBefore(quote: Quote): number {
    if (!this.isLate) return Infinity;
    return this.trackedBy?.(quote.ts) ?? this.trackedAt.get(quote) ?? Infinity;
  }

  /** In the order in which they were created. */
  private guardAccounts(quote: Quote, market: Market): void {
    const { concerned } = this;
    market.bands.collect(quote.bid, quote.ask, concerned);
    if (concerned.size === 0) return;
    const watches = [...concerned];
    concerned.clear();
    if (watches.length > 1) watches.sort((a, b) => a.account.order - b.account.order);
    for (const watch of watches) this.guardAccount(watch, market);
  }

  private settlePeaks({ bands }: Market): void {
    const { peaks } = this.core.markets;
    for (const { watch } of bands.holds()) peaks.settle(watch);
  }

  /** What goes wrong with one position is no reason to leave the next one open. */
  private cross(watch: LevelWatch, quote: Quote): void {
    try {
      this.tell(watch, quote);
    } catch (error) {
      const { positionId } = watch.position;
      this.contained('crossing_errors', { positionId }, error, 'exits could not be looked at');
    }
  }

  /** A crossing whose actor does not act on it, because it failed, is closed without it. */
  private tell(watch: LevelWatch, quote: Quote): void {
    const { position } = watch;
    const reached = watch.tell(quote);
    const [due] = reached.closes;
    if (due === undefined || position.state !== 'guarded') return;
    if (due.rung !== undefined && position.progress.rungs?.includes(due.rung)) return;
    this.core.metrics.count('crossings_rescued');
    closeReached(this.core, position, reached);
  }

  /** What goes wrong with one account is no reason to leave the next one unguarded. */
  private guardAccount(watch: EquityWatch, market: Market): void {
    try {
      this.accountJudge.look(watch, market);
    } catch (error) {
      // It is looked at again on the next quote.
      watch.changed();
      const { accountId } = watch.account;
      this.contained('account_guard_errors', { accountId }, error, 'an account was not judged');
    }
  }

  private contained(counter: string, of: object, error: unknown, message: string): void {
    this.core.metrics.count(counter);
    this.logAtTimes(`${counter} ${JSON.stringify(of)}`, (logger) => {
      logger.error({ ...of, error: messageOf(error) }, message);
    });
  }
}
