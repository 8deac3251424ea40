// Guards of markets at work: what their quotes measure, what is due between quotes, and when a market
// is open at all.
import { messageOf } from '#src/domain/errors';
import { noAccount } from '#src/domain/ids';
import type { ConditionLevel } from '#src/domain/market-conditions';
import { decimal, hundred, text } from '#src/domain/money';
import type { Quote } from '#src/domain/quote';
import { SessionCalendar, type SessionSpan } from '#src/domain/sessions';
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
  watchedBy,
} from './market-guard.actor.ts';
import type { Supervisor } from './supervisor.actor.ts';

/** A calendar that failed is asked again after this long. */
const askAgainMs = 60 * 60 * 1000;

export class MarketWatch {
  private readonly core: CoreContext;
  private readonly supervisor: Supervisor;
  private readonly calendars = new Map<string, SessionCalendar>();
  readonly feeds: Feeds;
  /** Symbols of which a quote outside their hours was told, since they closed. */
  private readonly warned = new Set<string>();

  constructor(core: CoreContext, supervisor: Supervisor) {
    this.core = core;
    this.supervisor = supervisor;
    this.feeds = new Feeds(core);
  }

  /** The symbol has a guard now, or another one. */
  guard(symbol: string): void {
    const { core, supervisor } = this;
    this.unguard(symbol);
    const guard = core.state.guards.get(symbol);
    if (guard === undefined) return;
    const market = core.markets.of(symbol);
    const { reject, feeds } = guard.record;
    // Before a start nobody listened: silence counts from there, also where nothing ever came.
    const { book } = market;
    const heardTs = book.isFresh ? book.ts : Math.max(book.ts, core.clock.now());
    market.meter = new MarketMeter(guard.record, heardTs);
    market.prints = reject && new PrintFilter(reject);
    market.feeds = feeds && new FeedChoice(feeds, guard.feed);
    supervisor.guardMarket(symbol, guard);
    awaitClearings(core, symbol, guard);
    this.watchStale(market);
    this.followWatched(market);
  }

  unguard(symbol: string): void {
    const market = this.core.markets.of(symbol);
    market.meter = undefined;
    this.dropHeld(market);
    market.prints = undefined;
    market.feeds = undefined;
    this.core.deadlines.remove(feedKey(symbol));
    forgetLatches(this.core, symbol);
    this.core.deadlines.remove(staleKey(symbol));
    this.supervisor.unguardMarket(symbol);
  }

  /** Nobody will confirm them any more. */
  dropHeld({ symbol, prints }: Market): void {
    const held = prints?.release().length ?? 0;
    if (held === 0) return;
    this.core.metrics.count('quotes_refused_bad_print', held);
    this.core.logger.warn({ symbol, held }, 'quotes that were held are dropped');
  }

  /** Step 5 of a quote: what was measured on it, before the book took it. */
  measured(market: Market, { ts }: Quote, readings: readonly Reading[]): void {
    const { meter, symbol } = market;
    if (meter === undefined) return;
    const wasQuoted = meter.lastTs > 0;
    meter.lastTs = ts;
    if (!wasQuoted) this.watchStale(market);
    if (readings.length === 0 && meter.watched.size === 0) return;
    for (const { gauge, ...reading } of readings) {
      this.tell(symbol, { type: `${gauge}.measured`, ts, ...reading });
    }
    // What was due before this step may have begun to be watched only then.
    for (const gauge of meter.watched) {
      if (readings.some((reading) => reading.gauge === gauge)) continue;
      this.tell(symbol, { type: `${gauge}.measured`, ts, level: undefined });
    }
    if (meter.watched.has('stale')) this.watchStale(market);
    this.lookForContradiction(market);
    this.followWatched(market);
  }

  /** Closes of a gap that wait are not sent where a quote was back near the price before it. */
  private lookForContradiction({ symbol, book }: Market): void {
    const guard = this.core.state.guards.get(symbol);
    const record = guard?.record.gap;
    if (record === undefined || record === false) return;
    if (guard?.gap === undefined || guard.gap.isContradicted) return;
    const before = decimal(guard.gap.before);
    const moved = book.mid().minus(before).abs().times(hundred);
    if (moved.gte(before.times(record.limit))) return;
    this.core.commit({ type: 'gap.contradicted', accountId: noAccount, body: { symbol } });
  }

  /** A quote while the market is closed by its calendar: it counts, and is told once. */
  outside({ symbol }: Market, { ts }: Quote): void {
    this.core.metrics.count('quotes_outside_session');
    if (this.warned.has(symbol)) return;
    this.warned.add(symbol);
    this.core.logger.warn(
      { symbol, ts },
      'a quote came while the market is closed by its calendar',
    );
  }

  /** The instrument is there, or has other sessions now. */
  followSessions(symbol: string): void {
    const { core } = this;
    const { sessions } = core.state.instruments.get(symbol)?.spec ?? {};
    this.calendars.delete(symbol);
    core.deadlines.remove(sessionKey(symbol));
    const isKnown = sessions !== undefined || core.state.closedMarkets.has(symbol);
    if (!isKnown) return;
    if (sessions !== undefined) {
      const calendar = this.trying(symbol, () => new SessionCalendar(sessions));
      if (calendar !== undefined) this.calendars.set(symbol, calendar);
    }
    // In a replay it is no time yet: its first quote tells.
    core.deadlines.set(sessionKey(symbol), core.clock.now(), deadlineRanks.session);
    const market = core.markets.of(symbol);
    if (market.meter !== undefined) this.watchStale(market);
  }

  /** Whether the market is open; it is where nothing says when, or where what says so has failed. */
  spanAt(symbol: string, ts: number): SessionSpan {
    const calendar = this.calendars.get(symbol);
    const span = calendar && this.trying(symbol, () => calendar.spanAt(ts));
    const until = calendar === undefined ? Infinity : ts + askAgainMs;
    return span ?? { isOpen: true, from: ts, until };
  }

  /** Does what is due, where it is of a market: false where it is of something else. */
  runDue({ key, ts }: Due): boolean {
    const latch = latchDue(key, ts);
    if (latch !== undefined) {
      this.tell(latch.symbol, latch.event);
      this.followWatched(this.core.markets.of(latch.symbol));
      return true;
    }
    const [kind, symbol = ''] = key.split(' ');
    if (kind === 'stale') this.lookWhetherStale(this.core.markets.of(symbol), ts);
    else if (kind === 'feed') this.feeds.look(this.core.markets.of(symbol));
    else if (kind === 'session') this.lookAtSession(symbol, this.core.clock.now());
    else return false;
    return true;
  }

  /** When it would be stale, no quote coming before; from the first quote on. */
  private watchStale({ symbol, meter }: Market, level: ConditionLevel = 'warning'): void {
    if (meter === undefined || meter.lastTs === 0 || meter.staleMs === Infinity) {
      this.core.deadlines.remove(staleKey(symbol));
      return;
    }
    this.awaitStale(symbol, this.staleAt(symbol, meter, level), level);
  }

  private awaitStale(symbol: string, due: number, level: ConditionLevel): void {
    const { core } = this;
    const key = staleKey(symbol);
    const order = orderOf(core, symbol, { gauge: 'stale', level }, 'due');
    if (due === Infinity) core.deadlines.remove(key);
    else core.deadlines.set(key, due, deadlineRanks.stale, order);
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
    const record = recordOf(this.core, symbol, 'stale');
    const limit = decimal(record?.limit ?? 0).times(level === 'critical' ? 2 : 1);
    this.tell(symbol, { type: 'stale.measured', level, ts, measured: text(limit) });
    this.followWatched(market);
    if (level === 'warning') this.watchStale(market, 'critical');
  }

  openAfter(symbol: string, ts: number, ms: number): number {
    const calendar = this.calendars.get(symbol);
    const found = calendar && this.trying(symbol, () => calendar.openAfter(ts, ms));
    return found ?? ts + ms;
  }

  /** Tells where the market has opened or closed, and waits for the next time. */
  private lookAtSession(symbol: string, ts: number): void {
    const { core } = this;
    const { isOpen, until } = this.spanAt(symbol, ts);
    const market = core.markets.of(symbol);
    if (isOpen === core.state.closedMarkets.has(symbol)) {
      core.commit({ type: 'session.changed', accountId: noAccount, body: { symbol, isOpen } });
      this.warned.delete(symbol);
    }
    market.isClosed = !isOpen;
    if (until < Infinity) core.deadlines.set(sessionKey(symbol), until, deadlineRanks.session);
  }

  /** Entries and staleness go by no calendar that fails; it is said, and the market counts as open. */
  private trying<T>(symbol: string, ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      this.core.metrics.count('session_calendar_errors');
      const told = { symbol, error: messageOf(error) };
      this.core.logger.error(told, 'the session calendar has failed: the market counts as open');
      return undefined;
    }
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

function staleKey(symbol: string): string {
  return `stale ${symbol}`;
}

function sessionKey(symbol: string): string {
  return `session ${symbol}`;
}
