// Which of two feeds of a symbol may count: what was heard of each, and when a change of them is due.
import type { GuardConditions } from '#src/contracts/guard';
import { openMs, type OpenMinutes } from './market-hours.ts';

export type Role = 'primary' | 'fallback';

type Feeds = NonNullable<GuardConditions['feeds']>;

export class FeedModel {
  readonly feeds: Feeds;
  private readonly hours: OpenMinutes | undefined;
  private readonly fallbackAfterMs: number;
  private readonly backAfterMs: number;
  /** As it is on record. */
  active: Role = 'primary';
  private heardTs: Record<Role, number> = { primary: -Infinity, fallback: -Infinity };
  /** Since when the primary is quoting without a pause, while the fallback counts. */
  private backSince = Infinity;
  private isSure = false;
  private startTs = 0;
  private switchedTs = 0;
  /** The first quote since the start. */
  private firstTs = Infinity;

  constructor(feeds: Feeds, hours: OpenMinutes | undefined) {
    this.feeds = feeds;
    this.hours = hours;
    this.fallbackAfterMs = feeds.fallbackAfterMs ?? 10_000;
    this.backAfterMs = feeds.backAfterMs ?? 30_000;
  }

  /** Before nobody listened. */
  restart(ts: number): void {
    this.startTs = ts;
    this.firstTs = Infinity;
    this.heardTs = { primary: -Infinity, fallback: -Infinity };
    this.backSince = Infinity;
  }

  /** The name of the feed that counts. */
  get name(): string {
    return this.feeds[this.active];
  }

  /** A quote has come, and is looked at next. */
  heard(feed: string | undefined, ts: number): void {
    const role: Role = feed === this.feeds.primary ? 'primary' : 'fallback';
    if (role === 'primary' && this.active === 'fallback') {
      if (ts - this.heardTs.primary >= this.fallbackAfterMs) this.backSince = ts;
    }
    this.firstTs = Math.min(this.firstTs, ts);
    const lastTs = Math.max(this.heardTs[this.active], this.firstTs, this.switchedTs);
    // Of the first quote of the other one since the start, the next one may be the first that counts.
    const wasHeard = this.heardTs[role] !== -Infinity;
    this.isSure = wasHeard && this.isSilentSince(lastTs, ts - 1) && role !== this.active;
    this.heardTs[role] = ts;
  }

  /** … and was looked at: what should have become of it. */
  fault(feed: string | undefined, ts: number): string | undefined {
    if (this.active === 'fallback' && feed === this.feeds.primary) {
      if (ts - this.backSince >= this.backAfterMs) return `${feed} is back, and does not count`;
    }
    if (this.isSure && feed !== this.name) return `${this.name} is silent, and counts`;
    return undefined;
  }

  /** Why a change of feeds is none that is due. */
  switchFault(to: Role, reason: string, ts: number): string | undefined {
    const from = this.active;
    if (to === from) return `${to} counts already`;
    if (reason === 'back') {
      if (to === 'primary' && ts - this.backSince >= this.backAfterMs) return undefined;
      return 'the primary has not been back for long enough';
    }
    if (!this.isSilentSince(this.heardTs[from], ts)) return `${from} is not silent`;
    return ts - this.heardTs[to] < this.fallbackAfterMs ? undefined : `${to} is silent`;
  }

  switched(to: Role, ts: number): void {
    this.active = to;
    this.switchedTs = ts;
    this.backSince = Infinity;
    // The primary stands by from now on: its next quote begins its return.
    if (to === 'fallback') this.heardTs.primary = -Infinity;
  }

  private isSilentSince(heardTs: number, ts: number): boolean {
    return openMs(this.hours, Math.max(heardTs, this.startTs), ts) >= this.fallbackAfterMs;
  }
}
