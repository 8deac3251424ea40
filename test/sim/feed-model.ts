// Which of two feeds of a symbol may count: what was heard of each, and when a change of them is due.
import type { GuardConditions } from '#src/contracts/guard';
import { openMs, type OpenMinutes } from './market-hours.ts';

export type Role = 'primary' | 'fallback';

/** By how much a quote of the feed that stands by may be older than the last one that counted. */
const lateMsMax = 1000;

type Feeds = NonNullable<GuardConditions['feeds']>;

export class FeedModel {
  readonly feeds: Feeds;
  private readonly hours: OpenMinutes | undefined;
  private readonly fallbackAfterMs: number;
  private readonly backAfterMs: number;
  /** As it is on record. */
  active: Role = 'primary';
  private heardTs: Record<Role, number> = { primary: -Infinity, fallback: -Infinity };
  /** … by a quote that would have counted. */
  private levelTs: Record<Role, number> = { primary: -Infinity, fallback: -Infinity };
  /** How much older the quote is that is looked at than the last one that counted; 0 where it is none. */
  private lateMs = 0;
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
    this.levelTs = { primary: -Infinity, fallback: -Infinity };
    this.lateMs = 0;
    this.backSince = Infinity;
  }

  /** The name of the feed that counts. */
  get name(): string {
    return this.feeds[this.active];
  }

  /** A quote has come, and is looked at next. */
  heard(feed: string | undefined, ts: number, lateMs: number): void {
    const role: Role = feed === this.feeds.primary ? 'primary' : 'fallback';
    this.lateMs = Math.max(lateMs, 0);
    this.isSure = false;
    if (lateMs > (role === this.active ? 0 : lateMsMax)) return;
    if (role === 'primary' && this.active === 'fallback') {
      if (ts - this.heardTs.primary >= this.fallbackAfterMs) this.backSince = ts;
    }
    this.firstTs = Math.min(this.firstTs, ts);
    const lastTs = Math.max(this.heardTs[this.active], this.firstTs, this.switchedTs);
    // Of the first quote of the other one since the start, the next one may be the first that counts.
    const wasHeard = this.heardTs[role] !== -Infinity;
    const isSilent = this.isSilentSince(lastTs, ts - 1);
    this.isSure = lateMs <= 0 && wasHeard && isSilent && role !== this.active;
    this.heardTs[role] = ts;
    if (lateMs <= 0) this.levelTs[role] = ts;
  }

  /** … and was looked at: what should have become of it. */
  fault(feed: string | undefined, ts: number): string | undefined {
    const isLevel = this.lateMs === 0;
    this.lateMs = 0;
    if (isLevel && this.active === 'fallback' && feed === this.feeds.primary) {
      if (ts - this.backSince >= this.backAfterMs) return `${feed} is back, and does not count`;
    }
    if (this.isSure && feed !== this.name) return `${this.name} is silent, and counts`;
    return undefined;
  }

  /** Why a change of feeds is none that is due. */
  switchFault(to: Role, reason: string, ts: number): string | undefined {
    const from = this.active;
    if (to === from) return `${to} counts already`;
    if (this.lateMs > 0) return 'the quote that does it is older than the last one that counted';
    if (reason === 'back') {
      if (to === 'primary' && ts - this.backSince >= this.backAfterMs) return undefined;
      return 'the primary has not been back for long enough';
    }
    if (!this.isSilentSince(this.heardTs[from], ts)) return `${from} is not silent`;
    return ts - this.levelTs[to] < this.fallbackAfterMs ? undefined : `${to} is silent`;
  }

  switched(to: Role, ts: number): void {
    this.active = to;
    this.switchedTs = ts;
    this.backSince = Infinity;
    this.levelTs[to === 'primary' ? 'fallback' : 'primary'] = -Infinity;
    // The primary stands by from now on: its next quote begins its return.
    if (to === 'fallback') this.heardTs.primary = -Infinity;
  }

  private isSilentSince(heardTs: number, ts: number): boolean {
    return openMs(this.hours, Math.max(heardTs, this.startTs), ts) >= this.fallbackAfterMs;
  }
}
