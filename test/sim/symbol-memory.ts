// What a simulated world remembers of one market: the guard that is on record, how its conditions stand,
// and which of its quotes count.
import type { GuardRecord } from '#src/domain/market-conditions';
import type { Quote } from '#src/domain/quote';
import { FeedModel } from './feed-model.ts';
import type { OpenMinutes } from './market-hours.ts';
import { Standing } from './market-standing.ts';
import type { Sides } from './market-terms.ts';
import type { MadeMarket } from './made-markets.ts';
import { PrintModel } from './print-model.ts';
import { SequenceModel } from './sequence-model.ts';

type Counted = Sides & { readonly quote: Quote };

export class SymbolMemory {
  readonly hours: OpenMinutes | undefined;
  standing: Standing;
  prints = new PrintModel<Counted>(undefined);
  feeds: FeedModel | undefined;
  private guard: GuardRecord | undefined;
  readonly sequences = new SequenceModel();
  /** Those that count now, in their order. */
  counts: Quote[] = [];
  /** The mid before the last gap that was told. */
  gapBefore: string | undefined;
  isClosed = false;

  constructor(symbol: string, { hours }: MadeMarket) {
    this.hours = hours;
    this.standing = new Standing(symbol, undefined, hours);
  }

  /** It is guarded so from now on, or by nothing. */
  put(guard: GuardRecord | undefined, ts: number): void {
    const before = this.guard;
    this.guard = guard;
    this.standing = this.standing.replacedBy(guard, ts);
    const isSame = (part: 'reject' | 'feeds'): boolean =>
      JSON.stringify(before?.[part]) === JSON.stringify(guard?.[part]);
    if (!isSame('reject') || !isSame('feeds')) this.prints = new PrintModel(guard?.reject);
    if (isSame('feeds')) return;
    const { feeds } = this;
    this.feeds = guard?.feeds && new FeedModel(guard.feeds, this.hours);
    this.feeds?.restart(ts);
    if (this.feeds === undefined || feeds === undefined) return;
    const { primary, fallback } = this.feeds.feeds;
    const areSame = primary === feeds.feeds.primary && fallback === feeds.feeds.fallback;
    if (areSame) this.feeds.active = feeds.active;
  }
}
