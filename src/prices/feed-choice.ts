// Which of two feeds of a symbol counts. One is active at a time: its quotes make the book, and
// those of the other stand by. Both change places in two cases only:
// - Failover: the active feed has said nothing for `fallbackAfterMs` of open market, and the other
//   one has been heard within that time, or else when it is heard next.
// - Return: the fallback is active, and the primary has quoted for `backAfterMs` without a pause of
//   `fallbackAfterMs` or more; the quote that completes it is the first that counts.
//
// A quote that is older than the last one that counted would be refused by hygiene, so it is no sign
// of life of the active feed, and completes no change. The other feed is heard by it all the same
// where it is older by `behindMsMax` at the most: two feeds are never exactly level, and the book
// moves with the active one. A feed that sends what it has kept, or whose clock is behind, is not
// heard, and so never takes the place of one whose quotes count.
//
// How to use it: tell `heard` of every good quote, before anything else is done with it; it counts
// where the answer is `counts` or a switch. Keep one deadline, `fallbackAfterMs` of open market
// after `silentFrom` or after the last change, and tell `silent` when it is reached. The
// caller alone knows when the market is open: a pause of the primary is in plain time, so that a
// closed market begins its return anew. All times come in, from one clock that never goes back.

import type { FeedRole, FeedSwitchReason } from '#src/domain/market-conditions';

export interface FeedsConfig {
  /** Ids of two different feeds. */
  readonly primary: string;
  readonly fallback: string;
  /** For how long a feed says nothing to be silent; at it, it is. */
  readonly fallbackAfterMs: number;
  /** For how long the primary has to have quoted before it counts again. */
  readonly backAfterMs: number;
}

/** The feed that is active from now on, and why. */
export interface FeedSwitch {
  readonly switchTo: FeedRole;
  readonly reason: FeedSwitchReason;
}

/**
 * `standby`: of the feed that is not active. `behind`: of that feed too, and so old that it is no sign
 * of life. `unknown`: of neither, and it has no effect.
 */
export type Heard = 'counts' | 'standby' | 'behind' | 'unknown' | FeedSwitch;

/** How far a quote of the feed that stands by may be behind the last one that counted. */
const behindMsMax = 1000;

const never = -Infinity;

export class FeedChoice {
  private readonly config: FeedsConfig;
  private role: FeedRole;
  private activeHeardAt = never;
  private standbyHeardAt = never;
  /** By a quote that would have counted. */
  private standbyLevelAt = never;
  /** The first quote of a standby feed since it paused last or became the standby. */
  private standbySince = never;
  /** Whether the active feed was told to be silent and has not been heard since. */
  private isSilent = false;

  /** `active` is the one that was active before a restart, at first the primary. */
  constructor(config: FeedsConfig, active: FeedRole) {
    this.config = config;
    this.role = active;
  }

  /**
   * Since when the active feed says nothing: it was heard last then, or the other one was heard first,
   * where it never was. `-Infinity` before either.
   */
  get silentFrom(): number {
    return this.activeHeardAt;
  }

  get active(): FeedRole {
    return this.role;
  }

  /**
   * A good quote of a feed, `undefined` for one that names none, that came at `now`. With a switch it
   * counts too. `behindMs` is by how much it is older than the last quote that counts, or waits to: up
   * to 0 hygiene takes it.
   */
  heard(feed: string | undefined, now: number, behindMs: number): Heard {
    const role = this.roleOf(feed);
    if (role === undefined) return 'unknown';
    if (role !== this.role) return this.heardStandby(now, behindMs);
    if (behindMs <= 0) {
      this.activeHeardAt = now;
      this.isSilent = false;
    }
    return 'counts';
  }

  /**
   * The active feed has said nothing for `fallbackAfterMs` of open market. Answers the switch, where
   * the other feed can take over at once; the caller's deadline then runs for that one. One that
   * was told too early, the feed having been heard since, has no effect.
   */
  silent(now: number): FeedSwitch | undefined {
    if (this.isWithin(this.activeHeardAt, now)) return undefined;
    if (this.isWithin(this.standbyLevelAt, now)) return this.switch('silent');
    this.isSilent = true;
    return undefined;
  }

  private heardStandby(now: number, behindMs: number): Heard {
    if (behindMs > behindMsMax) return 'behind';
    if (!this.isWithin(this.standbyHeardAt, now)) this.standbySince = now;
    this.standbyHeardAt = now;
    if (this.activeHeardAt === never) this.activeHeardAt = now;
    if (behindMs > 0) return 'standby';
    this.standbyLevelAt = now;
    if (this.isSilent) return this.switch('silent');
    const isBack = this.role === 'fallback' && now - this.standbySince >= this.config.backAfterMs;
    return isBack ? this.switch('back') : 'standby';
  }

  private switch(reason: FeedSwitchReason): FeedSwitch {
    this.activeHeardAt = this.standbyLevelAt;
    this.standbyHeardAt = never;
    this.standbyLevelAt = never;
    this.isSilent = false;
    this.role = this.role === 'primary' ? 'fallback' : 'primary';
    return { switchTo: this.role, reason };
  }

  private roleOf(feed: string | undefined): FeedRole | undefined {
    if (feed === this.config.primary) return 'primary';
    return feed === this.config.fallback ? 'fallback' : undefined;
  }

  private isWithin(heardAt: number, now: number): boolean {
    return now - heardAt < this.config.fallbackAfterMs;
  }
}
