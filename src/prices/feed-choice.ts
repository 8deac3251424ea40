// Which of two feeds of a symbol counts. One is active at a time: its quotes make the book, and
// those of the other stand by. Both change places in two cases only:
// - Failover: the active feed has said nothing for `fallbackAfterMs` of open market, and the other
//   one has been heard within that time, or else when it is heard next.
// - Return: the fallback is active, and the primary has quoted for `backAfterMs` without a pause of
//   `fallbackAfterMs` or more; the quote that completes it is the first that counts.
//
// How to use it: tell `heard` of every good quote, before anything else is done with it; it counts
// where the answer is `counts` or a switch. Keep one deadline, `fallbackAfterMs` of open market
// after the active feed was last heard or became active, and tell `silent` when it is reached. The
// caller alone knows when the market is open: a pause of the primary is in plain time, so that a
// closed market begins its return anew. All times come in, from one clock that never goes back.

import type { FeedRole } from '#src/domain/market-conditions';

export interface FeedsConfig {
  /** Ids of two different feeds. */
  readonly primary: string;
  readonly fallback: string;
  /** For how long a feed says nothing to be silent; at it, it is. */
  readonly fallbackAfterMs: number;
  /** For how long the primary has to have quoted before it counts again. */
  readonly backAfterMs: number;
}

/** The feed that is active from now on. */
export interface FeedSwitch {
  readonly switchTo: FeedRole;
}

/** `standby`: of the feed that is not active. `unknown`: of neither, and it has no effect. */
export type Heard = 'counts' | 'standby' | 'unknown' | FeedSwitch;

const switchToPrimary: FeedSwitch = { switchTo: 'primary' };
const switchToFallback: FeedSwitch = { switchTo: 'fallback' };

const never = -Infinity;

export class FeedChoice {
  private readonly config: FeedsConfig;
  private role: FeedRole;
  private activeHeardAt = never;
  private standbyHeardAt = never;
  /** The first quote of a standby feed since it paused last or became the standby. */
  private standbySince = never;
  /** Whether the active feed was told to be silent and has not been heard since. */
  private isSilent = false;

  /** `active` is the one that was active before a restart, at first the primary. */
  constructor(config: FeedsConfig, active: FeedRole) {
    this.config = config;
    this.role = active;
  }

  /** When the active feed was heard last; `-Infinity` before. */
  get heardAt(): number {
    return this.activeHeardAt;
  }

  get active(): FeedRole {
    return this.role;
  }

  /** A good quote of a feed, `undefined` for one that names none. With a switch it counts too. */
  heard(feed: string | undefined, ts: number): Heard {
    const role = this.roleOf(feed);
    if (role === undefined) return 'unknown';
    if (role !== this.role) return this.heardStandby(ts);
    this.activeHeardAt = ts;
    this.isSilent = false;
    return 'counts';
  }

  /**
   * The active feed has said nothing for `fallbackAfterMs` of open market. Answers the switch, where
   * the other feed can take over at once; the caller's deadline then runs for that one. One that
   * was told too early, the feed having been heard since, has no effect.
   */
  silent(now: number): FeedSwitch | undefined {
    if (this.isHeardWithin(this.activeHeardAt, now)) return undefined;
    if (this.isHeardWithin(this.standbyHeardAt, now)) return this.switch();
    this.isSilent = true;
    return undefined;
  }

  private heardStandby(ts: number): Heard {
    if (!this.isHeardWithin(this.standbyHeardAt, ts)) this.standbySince = ts;
    this.standbyHeardAt = ts;
    const isBack = this.role === 'fallback' && ts - this.standbySince >= this.config.backAfterMs;
    return this.isSilent || isBack ? this.switch() : 'standby';
  }

  private switch(): FeedSwitch {
    const heardAt = this.standbyHeardAt;
    this.standbyHeardAt = never;
    this.activeHeardAt = heardAt;
    this.isSilent = false;
    this.role = this.role === 'primary' ? 'fallback' : 'primary';
    return this.role === 'primary' ? switchToPrimary : switchToFallback;
  }

  private roleOf(feed: string | undefined): FeedRole | undefined {
    if (feed === this.config.primary) return 'primary';
    return feed === this.config.fallback ? 'fallback' : undefined;
  }

  private isHeardWithin(heardAt: number, now: number): boolean {
    return now - heardAt < this.config.fallbackAfterMs;
  }
}
