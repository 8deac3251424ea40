// Quotes as they arrive, before they wait for their turn: their sequence numbers are watched, and of
// two feeds of a symbol those of one count.
import { noAccount } from '#src/domain/ids';
import type { Quote } from '#src/domain/quote';
import { deadlineRanks } from '#src/prices/deadlines';
import type { FeedChoice, FeedSwitch } from '#src/prices/feed-choice';
import { quoteFault, futureToleranceMs } from '#src/prices/hygiene';
import type { Market } from '#src/prices/market';
import { SequenceWatch } from '#src/prices/sequence';
import type { CoreContext } from './core-context.ts';

/**
 * Feeds of a symbol whose sequence is watched: the first ones, and those that its guard names in any
 * case. Quotes of further ones are counted as `sequences_unwatched`.
 */
const sequencesMax = 16;

/** A market that does not open as far as its calendar looks ahead is asked about again after this long. */
const askAgainMs = 60 * 60 * 1000;

export class Feeds {
  private readonly core: CoreContext;

  constructor(core: CoreContext) {
    this.core = core;
  }

  /**
   * Whether the quote counts, as far as its feed goes; one that hygiene will refuse does. `waitingTs`
   * is that of the last quote of the symbol that waits for its turn, 0 where none does: the book
   * does not know it yet.
   */
  takes(quote: Quote, waitingTs: number): boolean {
    const market = this.core.markets.find(quote.symbol);
    if (market === undefined) return true;
    if (quote.seq !== undefined) this.watchSequence(market, quote.feed ?? '', quote.seq);
    const { feeds } = market;
    if (feeds === undefined) return true;
    return this.isChosen(quote, market, feeds, Math.max(market.book.ts, waitingTs));
  }

  /** The feed that counts may be silent. */
  look(market: Market): void {
    const { feeds } = market;
    if (feeds === undefined) return;
    const now = this.core.clock.now();
    const dueTs = this.silentAt(market, feeds.silentFrom);
    const switched = dueTs <= now ? feeds.silent(now) : undefined;
    if (switched !== undefined) this.switched(market, switched);
    this.lookAt(market, dueTs <= now ? this.silentAt(market, now) : dueTs);
  }

  /** The market has other hours: silence counts by these. */
  followSessions(market: Market): void {
    const { feeds, symbol } = market;
    if (feeds === undefined || !this.core.deadlines.has(feedKey(symbol))) return;
    this.lookAt(market, this.silentAt(market, feeds.silentFrom));
  }

  private isChosen(quote: Quote, market: Market, feeds: FeedChoice, lastTs: number): boolean {
    const { clock, deadlines, metrics } = this.core;
    const now = clock.now();
    // What is wrong with it by itself.
    if (quoteFault(quote, 0, now + futureToleranceMs) !== undefined) return true;
    const heard = feeds.heard(quote.feed, now, lastTs - quote.ts);
    if (heard === 'counts') return true;
    if (heard === 'unknown') {
      metrics.count('quotes_of_no_feed');
      return false;
    }
    if (heard === 'behind') {
      metrics.count('quotes_standby');
      metrics.count('quotes_standby_behind');
      return false;
    }
    if (!deadlines.has(feedKey(market.symbol))) {
      this.core.turn(() => this.lookAt(market, this.silentAt(market, feeds.silentFrom)));
    }
    if (heard === 'standby') {
      metrics.count('quotes_standby');
      return false;
    }
    this.core.turn(() => this.switched(market, heard));
    return true;
  }

  /** A market that does not open within sight is asked about again: that is no work for each quote. */
  private lookAt({ symbol }: Market, ts: number): void {
    const { clock, deadlines } = this.core;
    const at = ts === Infinity ? clock.now() + askAgainMs : ts;
    deadlines.set(feedKey(symbol), at, deadlineRanks.feed);
  }

  /** When the feed that counts would be silent, the market being open for so long. */
  private silentAt({ symbol }: Market, from: number): number {
    const { fallbackAfterMs = 0 } = this.core.state.guards.get(symbol)?.record.feeds ?? {};
    return this.core.marketWatch.openAfter(symbol, from, fallbackAfterMs);
  }

  /** What one feed has held is none of the other's. */
  private switched(market: Market, { switchTo, reason }: FeedSwitch): void {
    const { core } = this;
    const { symbol } = market;
    const feed = core.state.guards.get(symbol)?.record.feeds?.[switchTo];
    if (feed === undefined) return;
    core.marketWatch.dropHeld(market);
    core.logger.warn({ symbol, feed, reason }, 'quotes of another feed count from now on');
    const body = { symbol, to: switchTo, feed, reason };
    core.commit({ type: 'feed.switched', accountId: noAccount, body });
  }

  private watchSequence({ symbol, sequences }: Market, feed: string, seq: number): void {
    let watch = sequences.get(feed);
    if (watch === undefined) {
      if (sequences.size >= sequencesMax && !this.makesPlace(symbol, sequences, feed)) {
        this.core.metrics.count('sequences_unwatched');
        return;
      }
      watch = new SequenceWatch();
      sequences.set(feed, watch);
    }
    watch.see(seq);
  }

  /** For a feed that the guard names, the first one that it does not name is forgotten. */
  private makesPlace(symbol: string, sequences: Map<string, SequenceWatch>, feed: string): boolean {
    const { primary, fallback } = this.core.state.guards.get(symbol)?.record.feeds ?? {};
    const isNamed = (one: string): boolean => one === primary || one === fallback;
    if (!isNamed(feed)) return false;
    const other = [...sequences.keys()].find((one) => !isNamed(one));
    return other !== undefined && sequences.delete(other);
  }
}

export function feedKey(symbol: string): string {
  return `feed ${symbol}`;
}
