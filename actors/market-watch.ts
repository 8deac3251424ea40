// Guards of markets at work: what their quotes measure, and what is due between quotes.
import {
  gaugeParts,
  gauges,
  isKept,
  type ConditionLevel,
  type GuardPart,
} from '#src/domain/market-conditions';
import { canonical } from '#src/domain/chain';
import { decimal, text } from '#src/domain/money';
import type { Quote } from '#src/domain/quote';
import { deadlineRanks, type Due } from '#src/prices/deadlines';
import { FeedChoice } from '#src/prices/feed-choice';
import type { Market } from '#src/prices/market';
import { MarketMeter, type Reading } from '#src/prices/market-meter';
import { PrintFilter } from '#src/prices/print-filter';
import type { MarketGuardEvent } from '#machines/market-guard.machine';
import type { CoreContext } from './core-context.ts';
import { feedKey, Feeds } from './feeds.ts';
import {
  awaitClearings,
  forgetLatches,
  latchDue,
  orderOf,
  recordOf,
  runsOf,
  watchedBy,
} from './market-guard.actor.ts';
import { MarketSessions } from './market-sessions.ts';
import type { Supervisor } from './supervisor.actor.ts';

/** How long it takes until a market is asked again when it opens. */
const lookAgainMs = 7 * 24 * 60 * 60 * 1000;

export class MarketWatch {
  private readonly core: CoreContext;
  private readonly supervisor: Supervisor;
  readonly feeds: Feeds;
  readonly sessions: MarketSessions;
  /** By symbol, the hours that are followed. */
  private readonly hours = new Map<string, string>();

  constructor(core: CoreContext, supervisor: Supervisor) {
    this.core = core;
    this.supervisor = supervisor;
    this.feeds = new Feeds(core);
    this.sessions = new MarketSessions(core);
  }

  /** The symbol has a guard now, or another one: of what that says as before nothing changes. */
  guard(symbol: string): void {
    const { core, supervisor } = this;
    const guard = core.state.guards.get(symbol);
    if (guard === undefined) return;
    const market = core.markets.of(symbol);
    const { record } = guard;
    const { meter: before } = market;
    const keeps = (part: GuardPart): boolean =>
      before !== undefined && isKept(part, before.guard, record);
    const kept = gauges.filter((gauge) => keeps(gaugeParts[gauge].condition));
    const runs = runsOf(supervisor.marketGuard(symbol), kept);
    this.forget(market, keeps);
    const lastTs = before?.lastTs ?? silentSince(core, market);
    market.meter = new MarketMeter(record, lastTs, before, kept);
    if (before === undefined && !market.book.isFresh) market.meter.resume(guard.active);
    const { reject, feeds } = record;
    market.prints ??= reject && new PrintFilter(reject);
    market.feeds ??= feeds && new FeedChoice(feeds, guard.feed);
    supervisor.guardMarket(symbol, guard, runs);
    awaitClearings(core, symbol, guard);
    if (!keeps('stale')) this.watchStale(market);
    this.followWatched(market);
  }

  unguard(symbol: string): void {
    const market = this.core.markets.of(symbol);
    this.forget(market, () => false);
    market.meter = undefined;
    this.supervisor.unguardMarket(symbol);
  }

  /** What a guard knew of the parts that are not kept. */
  private forget(market: Market, keeps: (part: GuardPart) => boolean): void {
    const { deadlines } = this.core;
    const { symbol } = market;
    const ended = gauges.filter((gauge) => !keeps(gaugeParts[gauge].condition));
    forgetLatches(this.core, symbol, ended);
    if (!keeps('stale')) deadlines.remove(staleKey(symbol));
    if (!keeps('feeds')) {
      market.feeds = undefined;
      deadlines.remove(feedKey(symbol));
    }
    if (keeps('reject') && keeps('feeds')) return;
    this.dropHeld(market);
    market.prints = undefined;
  }

  /** Nobody will confirm them any more. */
  dropHeld(market: Market): void {
    const { symbol } = market;
    const held = this.core.refuseHeld(market);
    if (held === 0) return;
    this.core.logger.warn({ symbol, held }, 'quotes that were held are dropped');
  }

  /** Step 5 of a quote: what was measured on it, before the book took it. */
  measured(market: Market, { ts }: Quote, readings: readonly Reading[]): void {
    const { meter, symbol } = market;
    if (meter === undefined) return;
    const heardAt = this.core.clock.now();
    const wasQuoted = meter.lastTs !== -Infinity;
    meter.take(heardAt, readings);
    if (!wasQuoted) this.watchStale(market);
    if (readings.length === 0 && meter.watched.size === 0) return;
    for (const { gauge, ...reading } of readings) {
      this.tell(symbol, { type: `${gauge}.measured`, ts, heardAt, ...reading });
    }
    // What was due before this step may have begun to be watched only then.
    for (const gauge of meter.watched) {
      if (readings.some((reading) => reading.gauge === gauge)) continue;
      this.tell(symbol, { type: `${gauge}.measured`, ts, heardAt, level: undefined });
    }
    if (meter.watched.has('stale')) this.watchStale(market);
    this.followWatched(market);
  }

  /** The instrument is there, or was put again: with other hours silence begins anew. */
  followSessions(symbol: string): void {
    const { core, hours } = this;
    const { sessions } = core.state.instruments.get(symbol)?.spec ?? {};
    const known = canonical(sessions ?? null);
    if (hours.get(symbol) === known) return;
    hours.set(symbol, known);
    this.sessions.follow(symbol);
    const market = core.markets.of(symbol);
    this.feeds.followSessions(market);
    const { meter } = market;
    if (meter === undefined || meter.lastTs === -Infinity) return;
    const now = core.clock.now();
    meter.lastTs = Math.max(meter.lastTs, now);
    const isActive = core.state.guards.get(symbol)?.active.has('stale') === true;
    if (!isActive) {
      meter.staleTold = undefined;
      this.tell(symbol, { type: 'stale.measured', level: undefined, ts: now, heardAt: now });
      this.followWatched(market);
    }
    this.watchStale(market);
  }

  openAfter(symbol: string, ts: number, ms: number): number {
    return this.sessions.openAfter(symbol, ts, ms);
  }

  /** Does what is due of a market. */
  runDue({ key, ts }: Due): void {
    const latch = latchDue(key, ts);
    if (latch !== undefined) {
      this.tell(latch.symbol, latch.event);
      this.followWatched(this.core.markets.of(latch.symbol));
      return;
    }
    const [kind, symbol = ''] = key.split(' ');
    const market = this.core.markets.of(symbol);
    if (kind === 'stale') this.lookWhetherStale(market, ts);
    else if (kind === 'feed') this.feeds.look(market);
    else if (kind === 'session') this.sessions.look(market);
  }

  /** When it would be stale, no quote coming before; from the first quote on. */
  private watchStale({ symbol, meter }: Market, level: ConditionLevel = 'warning'): void {
    if (meter === undefined || meter.lastTs === -Infinity || meter.staleMs === Infinity) {
      this.core.deadlines.remove(staleKey(symbol));
      return;
    }
    this.awaitStale(symbol, this.staleAt(symbol, meter, level), level);
  }

  private awaitStale(symbol: string, due: number, level: ConditionLevel): void {
    const { core } = this;
    const key = staleKey(symbol);
    const order = orderOf(core, symbol, { gauge: 'stale', level }, 'due');
    // A market that does not open within sight is looked at again.
    const at = due === Infinity ? core.clock.now() + lookAgainMs : due;
    core.deadlines.set(key, at, deadlineRanks.stale, order);
  }

  private staleAt(symbol: string, meter: MarketMeter, level: ConditionLevel): number {
    return this.openAfter(symbol, meter.lastTs, meter.staleMs * (level === 'critical' ? 2 : 1));
  }

  /** A deadline that was set before the last quote is set anew. */
  private lookWhetherStale(market: Market, ts: number): void {
    const { symbol, meter } = market;
    if (meter === undefined) return;
    const due = this.staleAt(symbol, meter, 'warning');
    if (due > ts) {
      this.awaitStale(symbol, due, 'warning');
      return;
    }
    const level = this.staleAt(symbol, meter, 'critical') <= ts ? 'critical' : 'warning';
    // It is told of a silence once, however often that is looked at.
    const isNews = meter.staleTold !== level && meter.staleTold !== 'critical';
    if (isNews) {
      meter.staleTold = level;
      const record = recordOf(this.core, symbol, 'stale');
      const limit = decimal(record?.limit ?? 0).times(level === 'critical' ? 2 : 1);
      const measured = text(limit);
      this.tell(symbol, { type: 'stale.measured', level, ts, heardAt: ts, measured });
      this.followWatched(market);
    }
    if (level === 'warning') this.watchStale(market, 'critical');
  }

  /** On each quote only what holds, or what is watched, is told to the guard. */
  private followWatched({ symbol, meter }: Market): void {
    const snapshot = this.supervisor.marketGuard(symbol)?.getSnapshot();
    if (snapshot !== undefined && meter !== undefined) meter.watched = watchedBy(snapshot.context);
  }

  private tell(symbol: string, event: MarketGuardEvent): void {
    this.supervisor.tellGuard(
      () => this.supervisor.marketGuard(symbol),
      (guard) => guard.send(event),
    );
  }
}

/**
 * Before there was a guard nobody listened: silence counts from there, also where nothing ever came. In a
 * replay it is no time yet.
 */
function silentSince({ clock }: CoreContext, { book }: Market): number {
  const now = clock.now();
  if (now === 0) return -Infinity;
  return Math.max(book.ts, now);
}

function staleKey(symbol: string): string {
  return `stale ${symbol}`;
}
