// The way of a quote: hygiene, then the steps of contract section 2, each finished before the next.
import { dueExit } from '#src/domain/exits';
import { messageOf } from '#src/domain/errors';
import { text } from '#src/domain/money';
import type { Quote } from '#src/domain/quote';
import type { QuoteMark } from '#src/domain/records';
import { judge, needsPeak } from '#src/domain/rules';
import type { Account } from '#src/domain/state';
import type { EquityWatch } from '#src/prices/equity-watch';
import type { Logger } from '#src/ports/logger';
import { futureToleranceMs, quoteFault, type QuoteFault } from '#src/prices/hygiene';
import type { LevelWatch } from '#src/prices/level-index';
import type { Market } from '#src/prices/market';
import type { Measurement } from '#src/prices/market-meter';
import type { Core } from './core.ts';
import { closeForBreach } from './drawdown-guard.actor.ts';
import { clearKey, clearsAt } from './market-guard.actor.ts';

/** Least time between two log lines of one symbol and reason, or of one account. */
const logEveryMs = 1000;
/** Symbols and reasons whose last log line is remembered; beyond it all are forgotten. */
const logKeysMax = 10_000;

export interface PriceFeedOptions {
  /** Recorded quotes: no quote is in the future, and deadlines act on quotes. */
  readonly isReplay?: boolean;
  /** Step 2 of a replay: called with the time of an accepted quote before it counts. */
  readonly beforeQuote?: (ts: number) => void;
}

export class PriceFeed {
  private readonly core: Core;
  private readonly isReplay: boolean;
  private readonly beforeQuote: ((ts: number) => void) | undefined;
  private readonly loggedAt = new Map<string, number>();
  /** Accounts whose peak moved since the marks were taken last. */
  private readonly movedPeaks = new Set<Account>();
  accepted = 0;
  refused = 0;

  constructor(core: Core, options: PriceFeedOptions = {}) {
    this.core = core;
    this.isReplay = options.isReplay ?? false;
    this.beforeQuote = options.beforeQuote;
  }

  /** Takes a quote; false where hygiene refused it, and then it has had no effect. */
  take(quote: Quote): boolean {
    const market = this.core.markets.find(quote.symbol);
    const fault = quoteFault(quote, market?.book.ts, this.latestTs());
    if (fault !== undefined || market === undefined) {
      this.refuse(quote, fault ?? 'unknown_symbol');
      return false;
    }
    this.accepted++;
    this.core.beginTurn();
    try {
      this.count(quote, market);
    } finally {
      this.core.endTurn();
    }
    return true;
  }

  /** Why a quote would be refused if it came after one of `lastTs`; nothing is counted. */
  faultAfter(quote: Quote, lastTs: number): QuoteFault | undefined {
    const book = this.core.markets.find(quote.symbol)?.book;
    return quoteFault(quote, book && Math.max(book.ts, lastTs), this.latestTs());
  }

  /** A quote that never became one, such as a message that is not JSON. */
  refuse(quote: { readonly symbol: string }, reason: QuoteFault | 'malformed'): void {
    this.refused++;
    this.core.metrics.count(`quotes_refused_${reason}`);
    this.logAtTimes(`${reason} ${quote.symbol}`, (logger) => {
      logger.warn({ ...quote, reason }, 'quote refused');
    });
  }

  /** What quotes alone have changed since it was asked last: books and peaks. */
  takeMarks(): { quotes: QuoteMark[]; peaks: { accountId: string; peak: string }[] } {
    const books = [...this.core.markets.all()].map((market) => market.book);
    const quotes = books.filter((book) => book.isUnnoted).map((book) => book.mark());
    for (const book of books) book.isUnnoted = false;
    const peaks = [...this.movedPeaks].map(({ accountId, peak }) => ({
      accountId,
      peak: text(peak),
    }));
    this.movedPeaks.clear();
    return { quotes, peaks };
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
    this.beforeQuote?.(quote.ts);
    const holders = market.holders();
    const measurements = market.meter?.measure(quote, book);
    book.take(quote);
    if (market.waiting.size > 0) {
      core.supervisor.closer.send({ type: 'quote.taken', symbol: quote.symbol });
    }
    if (market.unpriced.size > 0) core.live?.price(market);
    if (this.isReplay && core.deadlines.next <= quote.ts) core.runDeadlines(quote.ts);
    if (measurements !== undefined) {
      for (const measurement of measurements) this.tellMarketGuard(quote.symbol, measurement);
    }
    for (const watch of market.levels.crossed(quote)) this.cross(watch);
    for (const watch of holders) this.guardAccount(watch, market);
  }

  private tellMarketGuard(symbol: string, { condition, level, measured }: Measurement): void {
    const { core } = this;
    core.deadlines.set(clearKey(symbol, condition), clearsAt(core.clock.now()));
    core.tellGuard(
      () => core.supervisor.marketGuard(symbol),
      (guard) => guard.send({ type: `${condition}.held`, level, measured }),
    );
  }

  /** A crossing whose actor does not act on it, because it failed, is closed without it. */
  private cross(watch: LevelWatch): void {
    const crossing = watch.tell();
    const position = this.core.state.positions.get(watch.positionId);
    if (position?.state !== 'guarded') return;
    const cause = dueExit(position.exits, crossing);
    if (cause === undefined) return;
    this.core.metrics.count('crossings_rescued');
    this.core.requestClose({ positionIds: [position.positionId], cause });
  }

  /** What goes wrong with one account is no reason to leave the next one unguarded. */
  private guardAccount(watch: EquityWatch, market: Market): void {
    try {
      this.evaluate(watch, market);
    } catch (error) {
      const { accountId } = watch.account;
      this.core.metrics.count('account_guard_errors');
      this.logAtTimes(`account ${accountId}`, (logger) => {
        logger.error({ accountId, error: messageOf(error) }, 'an account could not be judged');
      });
    }
  }

  private evaluate(watch: EquityWatch, market: Market): void {
    const { account } = watch;
    if (account.halt?.by === 'breach') this.closeLate(account, market);
    if (watch.isQuiet()) return;
    if (account.halt?.by !== 'breach') this.judge(watch);
    if (needsPeak(account.rules)) this.movePeak(watch);
    watch.settleJudged();
  }

  private judge(watch: EquityWatch): void {
    const { core } = this;
    const { account } = watch;
    const equity = watch.equity();
    const verdict = judge(account.rules, account.peak, equity, account.warned);
    const observed = text(equity);
    const find = () => core.supervisor.drawdownGuard(account.accountId);
    if (verdict.breach !== undefined) {
      const finding = verdict.breach;
      core.tellGuard(find, (guard) => guard.send({ type: 'rule.breached', finding, observed }));
      return;
    }
    const { recovered } = verdict;
    if (recovered.length > 0) {
      const isLast = recovered.length === account.warned.size && verdict.warnings.length === 0;
      core.tellGuard(find, (guard) =>
        guard.send({ type: 'rules.recovered', ruleIds: recovered, observed, isLast }),
      );
    }
    for (const finding of verdict.warnings) {
      core.tellGuard(find, (guard) => guard.send({ type: 'rule.warned', finding, observed }));
    }
  }

  /** The one change of state that is not a record of its own: it is noted once a second. */
  private movePeak(watch: EquityWatch): void {
    const equity = watch.equity();
    if (equity.lte(watch.account.peak)) return;
    watch.account.peak = equity;
    this.movedPeaks.add(watch.account);
  }

  /** After a breach: what was tracked later, or had no quote then, closes on its symbol's quote. */
  private closeLate(account: Account, market: Market): void {
    if (account.positions.size === account.closingCount) return;
    const late = [...account.positions.values()].filter(
      (position) => position.state === 'guarded' && position.symbol === market.symbol,
    );
    if (late.length > 0) closeForBreach(this.core, account, late);
  }
}
