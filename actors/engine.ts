// The engine of a live runtime: the core with all that feeds it and all that it feeds.
import { movesEquity } from '#src/domain/apply';
import type { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Quote } from '#src/domain/quote';
import type { State } from '#src/domain/state';
import type { Broker } from '#src/ports/broker';
import type { Chance } from '#src/ports/chance';
import type { Cancel, Clock } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { Journal } from '#src/ports/journal';
import type { Ledger } from '#src/ports/ledger';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { RestingOrders } from '#src/ports/resting-orders';
import type { RingChunk } from '#src/prices/account-peaks';
import { QuoteInbox } from '#src/prices/quote-inbox';
import { invariant, messageOf } from '#src/domain/errors';
import { Core } from './core.ts';
import { noteMarks } from './marks.ts';
import { LedgerProjector } from './ledger-projector.actor.ts';
import { Outbox } from './outbox.ts';
import type { Live } from './live.ts';
import { PriceFeed } from './price-feed.ts';
import { publishedNote } from './recovery.ts';
import type { Inspect } from './supervisor.actor.ts';

/** How often books, peaks and published events are noted: with the journal's own delay within a second. */
const noteEveryMs = 750;
/** How often a stop looks whether the last close has its outcome. */
const settleCheckMs = 20;
const msPerS = 1000;

export interface EngineOptions {
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Opens the ledger where it was not there at start. */
  readonly reopenLedger: (() => Promise<void>) | undefined;
  /** What the journal's records add up to, and the last of them. */
  readonly state: State;
  /** See `Recovered`. */
  readonly ring: readonly RingChunk[];
  readonly durableN: number;
  /** Counts the starts of the data directory. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly inspect: Inspect | undefined;
  readonly chance: Chance;
  /** The provider's adapter of a route; undefined where nothing reaches it. */
  readonly brokerOf: (route: string) => Broker | undefined;
  /** Seconds between two reconciliations. */
  readonly reconcileEveryS: number;
  /** Takes each event once its record is durable. */
  readonly publish: (event: RuntimeEvent) => void;
  /** Resolves when every event published so far has left this process. */
  readonly flush: () => Promise<void>;
  /** Positions told of a crossing in one turn; see `crossingsPerSliceMax`. */
  readonly crossingsPerSlice?: number | undefined;
  /** Quotes that are kept for looking for peaks of accounts later; see `QuoteRing`. */
  readonly peakQuotesMax?: number | undefined;
  /** Whoever keeps orders that wait in the market. */
  readonly orders?: RestingOrders | undefined;
  /** Told once, when the journal takes no more records. */
  readonly onFailure: (error: CloseoutError) => void;
}

export class Engine {
  readonly core: Core;
  readonly feed: PriceFeed;
  readonly outbox: Outbox;
  readonly projector: LedgerProjector;
  readonly live: Live;
  private readonly inbox: QuoteInbox;
  private readonly options: EngineOptions;
  private cancelNoting: Cancel = () => {};
  private isStopped = false;
  private isNotingSoon = false;

  constructor(options: EngineOptions) {
    this.options = options;
    const { journal, ledger, clock, logger, metrics, publish, durableN } = options;
    this.outbox = new Outbox({
      journal,
      durableN,
      publish,
      onDurable: (n) => this.projector.recordsWritten(n),
      onFailure: options.onFailure,
      logger,
    });
    const { state, ring, ids, epoch, inspect } = options;
    this.core = new Core({
      ...{ state, ring, clock, ids, metrics, logger, epoch, inspect },
      deadlinesBy: 'timer',
      peakQuotesMax: options.peakQuotesMax,
      deliver: (effects) => {
        this.outbox.deliver(effects);
        // Behind such a record the quotes before it are asked for no peak: it is noted with the record.
        if (effects.records.some(({ type }) => movesEquity(type))) this.notePeaks();
      },
      live: { chance: options.chance, brokerOf: options.brokerOf },
      orders: options.orders,
    });
    invariant(this.core.live !== undefined, 'a live core reaches providers');
    this.live = this.core.live;
    const reopen = options.reopenLedger;
    const projected = { journal, ledger, reopen, clock, logger, metrics };
    this.projector = new LedgerProjector(this.core.supervisor, projected);
    this.feed = new PriceFeed(this.core, {
      noteSoon: () => this.noteSoon(),
      slices: {
        crossingsPerSlice: options.crossingsPerSlice,
        hold: (symbol) => this.inbox.hold(symbol),
        release: (symbol) => this.inbox.release(symbol),
        putBack: (quotes) => this.inbox.putBack(quotes),
      },
    });
    this.inbox = new QuoteInbox({
      take: (quote) => {
        if (!this.isStopped) this.feed.take(quote);
      },
      isAcceptable: (quote, lastTs) => this.isAcceptable(quote, lastTs),
      soon: (act) => clock.soon(act),
      onConflated: (dropped) => metrics.count('quotes_conflated', dropped),
    });
    for (const name of ['quotes_conflated', 'actor_restarts']) metrics.count(name, 0);
  }

  /** Quotes that wait for their turn. */
  get waiting(): number {
    return this.inbox.waiting;
  }

  /**
   * Asks the providers what they hold, for one timeout at the most, then guards everything that the
   * state holds; from then on quotes count.
   */
  async arm(): Promise<void> {
    const { core, live, options } = this;
    core.start();
    const reconcile = await live.reconciler.atStart();
    core.turn(() => {
      core.arm();
      reconcile();
    });
    live.reconciler.start(options.reconcileEveryS * msPerS);
    core.closeLog.start();
    this.projector.recordsWritten(options.durableN);
    this.noteLater();
  }

  quote(quote: Quote): void {
    if (this.isStopped) return;
    const waitingTs = this.inbox.lastTsOf(quote.symbol);
    if (this.core.marketWatch.feeds.takes(quote, waitingTs)) this.inbox.push(quote);
  }

  /** Waits until every close has its outcome, all is durable, published and in the ledger, for `waitMs` at the most. */
  async settle(waitMs: number): Promise<void> {
    const { clock, logger } = this.options;
    await this.closesSettled(waitMs);
    this.noteMarks();
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + waitMs, resolve);
      this.outbox.whenDurable(() => {
        cancel();
        resolve();
      });
    });
    await this.notePublished();
    if (await this.projector.caughtUp(waitMs)) return;
    logger.warn({ lag: this.projector.lag }, 'the ledger catches up at the next start');
  }

  /** Waits for crossings and for closes at providers, at most `waitMs`; the next start goes on. */
  private async closesSettled(waitMs: number): Promise<void> {
    const { clock, logger } = this.options;
    const { closer } = this.live;
    const isSettled = (): boolean => closer.inFlight === 0 && !this.feed.isBusy;
    if (isSettled()) return;
    const endTs = clock.now() + waitMs;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isSettled() || clock.now() >= endTs) resolve();
        else clock.at(clock.now() + settleCheckMs, look);
      };
      look();
    });
    if (isSettled()) return;
    logger.warn({ closes: closer.inFlight }, 'closes are under way: the next start takes them up');
  }

  /** Ends everything; the journal and the ledger are their owner's to close. */
  stop(): void {
    this.isStopped = true;
    this.cancelNoting();
    this.feed.stop();
    this.projector.stop();
    this.core.stop();
  }

  private isAcceptable(quote: Quote, lastTs: number): boolean {
    const fault = this.feed.faultAfter(quote, lastTs);
    if (fault !== undefined) this.feed.refuse(quote, fault);
    return fault === undefined;
  }

  private noteLater(): void {
    const { clock } = this.options;
    this.cancelNoting = clock.at(clock.now() + noteEveryMs, () => {
      if (this.isStopped) return;
      this.noteMarks();
      void this.notePublished();
      this.noteLater();
    });
  }

  /** After this turn, so that what it has recorded is appended before. */
  private noteSoon(): void {
    if (this.isNotingSoon) return;
    this.isNotingSoon = true;
    this.options.clock.soon(() => {
      this.isNotingSoon = false;
      if (!this.isStopped) this.noteMarks();
    });
  }

  private notePeaks(): void {
    const marks = { quotes: [], peaks: this.feed.takePeaks(), trails: [], ring: undefined };
    noteMarks(this.options.journal, marks, this.core.state.n);
  }

  private noteMarks(): void {
    noteMarks(this.options.journal, this.feed.takeMarks(), this.core.state.n);
  }

  /** Which events need not be told again after a restart; an unreachable bus leaves them owed. */
  private async notePublished(): Promise<void> {
    const n = this.outbox.durableN;
    try {
      await this.options.flush();
      this.options.journal.note(publishedNote, String(n));
    } catch (error) {
      this.options.logger.debug({ error: messageOf(error) }, 'events are not flushed');
    }
  }
}
