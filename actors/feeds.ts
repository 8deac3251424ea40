// Quotes as they arrive, before they wait for their turn: their sequence numbers are watched, and of
// two feeds of a symbol those of one count.
import { noAccount } from '#src/domain/ids';
import type { Quote } from '#src/domain/quote';
import { deadlineRanks } from '#src/prices/deadlines';
import type { FeedSwitch } from '#src/prices/feed-choice';
import { quoteFault, futureToleranceMs } from '#src/prices/hygiene';
import type { Market } from '#src/prices/market';
import { SequenceWatch } from '#src/prices/sequence';
import type { FeedSwitchReason } from '#src/domain/market-conditions';
import type { CoreContext } from './core-context.ts';

/** Feeds of a symbol whose sequence is watched. */
const sequencesMax = 16;

export class Feeds {
  private readonly core: CoreContext;

  constructor(core: CoreContext) {
    this.core = core;
  }

  /** Whether the quote counts, as far as its feed goes; one that hygiene will refuse does. */
  takes(quote: Quote): boolean {
    const market = this.core.markets.find(quote.symbol);
    if (market === undefined) return true;
    if (quote.seq !== undefined) seen(market, quote.feed ?? '', quote.seq);
    return market.feeds === undefined || this.isChosen(market, quote);
  }

  /** The feed that counts may be silent. */
  look(market: Market): void {
    const { core } = this;
    const { feeds } = market;
    if (feeds === undefined) return;
    const now = core.clock.now();
    const dueTs = this.silentAt(market, feeds.heardAt);
    const switched = dueTs <= now ? feeds.silent(now) : undefined;
    if (switched !== undefined) this.switched(market, switched, 'silent');
    this.lookAt(market, dueTs <= now ? this.silentAt(market, now) : dueTs);
  }

  private isChosen(market: Market, quote: Quote): boolean {
    const { clock, deadlines, metrics } = this.core;
    const { feeds, symbol } = market;
    const now = clock.now();
    if (feeds === undefined || quoteFault(quote, 0, now + futureToleranceMs) !== undefined) {
      return true;
    }
    const heard = feeds.heard(quote.feed, now);
    if (heard === 'counts') return true;
    if (heard === 'unknown') {
      metrics.count('quotes_of_no_feed');
      return false;
    }
    // Before a feed was ever heard it has that time from now on.
    const heardAt = feeds.heardAt === -Infinity ? now : feeds.heardAt;
    if (!deadlines.has(feedKey(symbol))) {
      this.core.turn(() => this.lookAt(market, this.silentAt(market, heardAt)));
    }
    if (heard === 'standby') {
      metrics.count('quotes_standby');
      return false;
    }
    this.core.turn(() => {
      this.switched(market, heard, heard.switchTo === 'primary' ? 'back' : 'silent');
    });
    return true;
  }

  private lookAt({ symbol }: Market, ts: number): void {
    // A market that does not open within sight is asked about at the next quote.
    if (ts < Infinity) this.core.deadlines.set(feedKey(symbol), ts, deadlineRanks.stale);
  }

  /** When the feed that counts would be silent, the market being open for so long. */
  private silentAt({ symbol }: Market, heardAt: number): number {
    const { fallbackAfterMs = 0 } = this.core.state.guards.get(symbol)?.record.feeds ?? {};
    if (heardAt === -Infinity) return this.core.clock.now();
    return this.core.marketWatch.openAfter(symbol, heardAt, fallbackAfterMs);
  }

  /** What one feed has held is none of the other's. */
  private switched(market: Market, { switchTo }: FeedSwitch, reason: FeedSwitchReason): void {
    const { core } = this;
    const { symbol } = market;
    const feed = core.state.guards.get(symbol)?.record.feeds?.[switchTo];
    if (feed === undefined) return;
    core.marketWatch.dropHeld(market);
    core.logger.warn({ symbol, feed, reason }, 'quotes of another feed count from now on');
    const body = { symbol, to: switchTo, feed, reason };
    core.commit({ type: 'feed.switched', accountId: noAccount, body });
  }
}

export function feedKey(symbol: string): string {
  return `feed ${symbol}`;
}

function seen({ sequences }: Market, feed: string, seq: number): void {
  let watch = sequences.get(feed);
  if (watch === undefined) {
    if (sequences.size >= sequencesMax) return;
    watch = new SequenceWatch();
    sequences.set(feed, watch);
  }
  watch.see(seq);
}
