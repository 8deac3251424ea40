// When markets are open, by the calendars of their instruments: entries and staleness go by it, exits
// never do.
import { messageOf } from '#src/domain/errors';
import { noAccount } from '#src/domain/ids';
import type { SessionsSpec } from '#src/domain/instrument';
import type { Quote } from '#src/domain/quote';
import { SessionCalendar, type SessionSpan } from '#src/domain/sessions';
import { deadlineRanks } from '#src/prices/deadlines';
import type { Market } from '#src/prices/market';
import type { CoreContext } from './core-context.ts';

/** A calendar that failed, or could not even be made, is asked again after this long. */
const askAgainMs = 60 * 60 * 1000;

export class MarketSessions {
  private readonly core: CoreContext;
  private readonly calendars = new Map<string, SessionCalendar>();
  /** When a calendar that could not be made was tried last. */
  private readonly failedAt = new Map<string, number>();
  /** Symbols of which a quote outside their hours was told, since they closed. */
  private readonly warned = new Set<string>();

  constructor(core: CoreContext) {
    this.core = core;
  }

  /** The instrument is there, or has other sessions now. */
  follow(symbol: string): void {
    const { core } = this;
    const { sessions } = core.state.instruments.get(symbol)?.spec ?? {};
    this.calendars.delete(symbol);
    this.failedAt.delete(symbol);
    core.deadlines.remove(sessionKey(symbol));
    if (sessions === undefined && !core.state.closedMarkets.has(symbol)) return;
    if (sessions !== undefined) this.make(symbol, sessions);
    // In a replay it is no time yet: its first quote tells.
    core.deadlines.set(sessionKey(symbol), core.clock.now(), deadlineRanks.session);
  }

  /** Tells where the market has opened or closed, and waits for the next time. */
  look(market: Market): void {
    const { core } = this;
    const { symbol } = market;
    const now = core.clock.now();
    const { sessions } = core.state.instruments.get(symbol)?.spec ?? {};
    const failedAt = this.failedAt.get(symbol) ?? Infinity;
    if (sessions !== undefined && failedAt + askAgainMs <= now) this.make(symbol, sessions);
    const { isOpen, until } = this.spanAt(symbol, now);
    if (isOpen === core.state.closedMarkets.has(symbol)) {
      core.commit({ type: 'session.changed', accountId: noAccount, body: { symbol, isOpen } });
      this.warned.delete(symbol);
    }
    market.isClosed = !isOpen;
    if (until < Infinity) core.deadlines.set(sessionKey(symbol), until, deadlineRanks.session);
  }

  /** When the market has been open for so long since then. */
  openAfter(symbol: string, ts: number, ms: number): number {
    const calendar = this.calendars.get(symbol);
    const found = calendar && this.trying(symbol, () => calendar.openAfter(ts, ms));
    return found ?? ts + ms;
  }

  /** A quote while the market is closed by its calendar: it counts, and is told once. */
  outside({ symbol }: Market, { ts }: Quote): void {
    const { metrics, logger } = this.core;
    metrics.count('quotes_outside_session');
    if (this.warned.has(symbol)) return;
    this.warned.add(symbol);
    logger.warn({ symbol, ts }, 'a quote came while the market is closed by its calendar');
  }

  /** It is open where nothing says when, or where what says so has failed. */
  private spanAt(symbol: string, ts: number): SessionSpan {
    const calendar = this.calendars.get(symbol);
    const span = calendar && this.trying(symbol, () => calendar.spanAt(ts));
    const hasFailed = calendar !== undefined || this.failedAt.has(symbol);
    return span ?? { isOpen: true, from: ts, until: hasFailed ? ts + askAgainMs : Infinity };
  }

  private make(symbol: string, sessions: SessionsSpec): void {
    const calendar = this.trying(symbol, () => new SessionCalendar(sessions));
    if (calendar === undefined) {
      this.failedAt.set(symbol, this.core.clock.now());
      return;
    }
    this.failedAt.delete(symbol);
    this.calendars.set(symbol, calendar);
  }

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
}

function sessionKey(symbol: string): string {
  return `session ${symbol}`;
}
