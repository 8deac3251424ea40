// The core: a quote or a command goes in, and every decision that follows from it is taken in the
// same turn, without an await. Out come records and events; the host makes them durable.
import type { CloseRequest } from '#machines/position-closer.machine';
import type { PositionEvent } from '#machines/position.machine';
import { apply, movesEquity } from '#src/domain/apply';
import { messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import { partitionOf } from '#src/domain/ids';
import { recordVersion, type Draft, type JournalRecord } from '#src/domain/records';
import type { State } from '#src/domain/state';
import type { Clock, Cancel } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { RestingOrders } from '#src/ports/resting-orders';
import type { RingChunk } from '#src/prices/account-peaks';
import { Deadlines } from '#src/prices/deadlines';
import { Markets, type Market } from '#src/prices/market';
import { BulkCloses } from './bulk-progress.ts';
import { CloseLog } from './close-log.ts';
import { Consequences } from './consequences.ts';
import type { CoreContext, DurableAct } from './core-context.ts';
import { DayRollovers, lateQuotesMs } from './day-rollovers.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { accountOfGrace } from './drawdown-guard.actor.ts';
import { closeExpired, positionOfExpiry } from './position.actor.ts';
import { Live, type LiveOptions } from './live.ts';
import { MarketWatch } from './market-watch.ts';
import { Supervisor, type Inspect } from './supervisor.actor.ts';

/** What one turn did, in order. */
export interface TurnEffects {
  readonly records: readonly JournalRecord[];
  readonly events: readonly RuntimeEvent[];
  /** What follows once the records are durable. */
  readonly acts: readonly DurableAct[];
}

export interface CoreOptions {
  readonly state: State;
  /** After a restart: quotes in which peaks of accounts are found. */
  readonly ring?: readonly RingChunk[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Counts the starts of the data directory. */
  readonly epoch: number;
  /** Called at the end of every turn that changed something. */
  readonly deliver: (effects: TurnEffects) => void;
  /** Deadlines act at their own time (live) or on quotes (replay). */
  readonly deadlinesBy: 'timer' | 'quote';
  /** Quotes that are kept for looking for peaks of accounts later; see `QuoteRing`. */
  readonly peakQuotesMax?: number | undefined;
  readonly inspect?: Inspect | undefined;
  /** How providers are reached; absent where every account is on paper. */
  readonly live?: LiveOptions | undefined;
  /** Whoever keeps orders that wait in the market. */
  readonly orders?: RestingOrders | undefined;
}

export class Core implements CoreContext {
  readonly state: State;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly markets: Markets;
  readonly deadlines = new Deadlines();
  readonly rollovers: DayRollovers;
  readonly orders: RestingOrders | undefined;
  readonly supervisor: Supervisor;
  readonly marketWatch: MarketWatch;
  quote: string | undefined;
  /** What LIVE accounts need; undefined where there can be none. */
  readonly live: Live | undefined;
  readonly closeLog: CloseLog;
  private readonly bulks: BulkCloses;
  /** Does what a quote has reached of a position, where it was not told yet; see `MassCrossings`. */
  settleCrossing: (positionId: string) => void = () => {};
  /** See `CoreContext`; whoever takes the quotes does it. */
  refuseHeld: (market: Market) => number = () => 0;
  private readonly consequences: Consequences;
  private readonly options: CoreOptions;
  private depth = 0;
  private records: JournalRecord[] = [];
  private events: RuntimeEvent[] = [];
  private acts: DurableAct[] = [];
  /** Live, deadlines act at their own time; undefined where they act on quotes. */
  private readonly timer: DeadlineTimer | undefined;

  constructor(options: CoreOptions) {
    this.options = options;
    this.state = options.state;
    this.clock = options.clock;
    this.ids = options.ids;
    this.metrics = options.metrics;
    this.logger = options.logger;
    // Where deadlines have timers, a process may end and begin again.
    const { deadlinesBy, peakQuotesMax } = options;
    this.markets = new Markets({ isTraced: deadlinesBy === 'timer', peakQuotesMax });
    const isWhole = this.markets.peaks.restore(options.ring ?? []);
    if (!isWhole)
      this.logger.error({}, 'noted quotes cannot be read: peaks of accounts may be low');
    this.orders = options.orders;
    this.rollovers = new DayRollovers(this);
    this.supervisor = new Supervisor(this, options.inspect);
    this.marketWatch = new MarketWatch(this, this.supervisor);
    this.consequences = new Consequences(this, this.supervisor);
    if (options.deadlinesBy === 'timer') {
      this.timer = new DeadlineTimer(this.clock, (now) => {
        this.turn(() => this.runDue(now));
      });
    }
    this.closeLog = new CloseLog(this);
    this.bulks = new BulkCloses(this);
    this.live = options.live && new Live(this, this.supervisor, options.live);
  }

  get system(): Supervisor['system'] {
    return this.supervisor.system;
  }

  /** Creates markets, watches and actors from the state, and makes up for a turn cut short. */
  arm(): void {
    this.start();
    this.turn(() => {
      this.consequences.arm();
      this.bulks.arm();
      this.live?.arm();
      // What was due while nobody looked comes first.
      if (this.timer !== undefined) this.runDue(this.clock.now());
    });
    this.supervisor.armed();
  }

  /** The actor system runs from then on; `arm` sees to it too. */
  start(): void {
    this.supervisor.start();
  }

  stop(): void {
    this.timer?.stop();
    this.bulks.stop();
    this.closeLog.stop();
    this.live?.stop();
    this.supervisor.stop();
  }

  turn<T>(work: () => T): T {
    this.beginTurn();
    try {
      return work();
    } finally {
      this.endTurn();
    }
  }

  /** As `turn`, for the one caller that a function a quote is too many; `endTurn` must follow. */
  beginTurn(): void {
    this.depth++;
  }

  endTurn(): void {
    // What leaves may bring a turn of its own, where the journal is durable at once.
    if (this.depth === 1)
      do this.deliver();
      while (this.records.length > 0 || this.acts.length > 0);
    this.depth--;
  }

  commit(draft: Draft): void {
    this.beforeChange(draft);
    const partition = partitionOf(draft.accountId);
    const record: JournalRecord = {
      ...draft,
      n: this.state.n + 1,
      v: recordVersion,
      partition,
      epoch: this.options.epoch,
      seq: (this.state.partitionSeq[partition] ?? 0) + 1,
      ts: this.clock.now(),
    };
    this.records.push(record);
    const events = apply(this.state, record);
    if (events.length > 0) this.events.push(...events);
    this.closeLog.follow(record);
    this.consequences.follow(record);
    this.live?.follow(record);
  }

  /** Brings the peak of an account up to the last quote that is finished. */
  settlePeak(accountId: string): void {
    try {
      this.consequences.settlePeak(accountId);
    } catch (error) {
      // What cannot be valued keeps nothing from being closed.
      this.metrics.count('account_guard_errors');
      this.logger.error({ accountId, error: messageOf(error) }, 'a peak was not looked for');
    }
  }

  /**
   * What a quote has reached of a position comes before what else is done with it; and a peak is
   * looked for before what it is measured by changes. A day that is due begins before that, too,
   * unless a quote changes it: that one began the days that are due for it.
   */
  private beforeChange({ type, body, accountId }: Draft): void {
    if (movesEquity(type)) {
      const isByItself = this.timer !== undefined && this.quote === undefined;
      if (isByItself) this.rollovers.runUntil(this.clock.now());
      this.settlePeak(accountId);
    }
    switch (type) {
      case 'position.amended':
      case 'position.corrected':
      case 'position.untracked':
        this.settleCrossing(body.positionId);
        break;
      default:
        break;
    }
  }

  afterDurable(act: DurableAct): void {
    this.acts.push(act);
  }

  requestClose(request: CloseRequest): void {
    for (const positionId of request.positionIds) this.settleCrossing(positionId);
    this.supervisor.closer.send({ type: 'close.requested', ...request });
    const { bulkId, reason, market } = request.cause;
    if (market !== undefined) this.metrics.count('market_closes', request.positionIds.length);
    if (bulkId !== undefined) this.bulks.began(bulkId, reason, request.positionIds);
  }

  tellPosition(positionId: string, event: PositionEvent): void {
    this.supervisor.position(positionId)?.send(event);
  }

  /** Calls `act` once, when the close under way of the position has its outcome. */
  onOutcome(positionId: string, act: () => void): Cancel {
    return this.consequences.outcomes.wait(positionId, act);
  }

  /** Days and deadlines at or before `ts`, in the order of their times; a day begins first. */
  private runDue(ts: number): void {
    const { rollovers, deadlines } = this;
    for (;;) {
      const next = Math.min(rollovers.next + lateQuotesMs, deadlines.next);
      if (next > ts) return;
      // Of several days that nobody saw begin, the last one before what else is due.
      if (rollovers.next + lateQuotesMs <= deadlines.next)
        rollovers.runUntil(Math.min(ts - lateQuotesMs, deadlines.next));
      else this.runDeadlines(next);
    }
  }

  /** Deadlines at or before `ts`, in order. */
  runDeadlines(ts: number): void {
    for (let due = this.deadlines.take(ts); due !== undefined; due = this.deadlines.take(ts)) {
      const positionId = positionOfExpiry(due.key);
      if (positionId !== undefined) {
        this.supervisor.position(positionId)?.send({ type: 'deadline.passed' });
        // An actor that failed on it has not asked.
        closeExpired(this, positionId);
        continue;
      }
      const accountId = accountOfGrace(due.key);
      if (accountId !== undefined) {
        this.supervisor.tellGuard(
          () => this.supervisor.drawdownGuard(accountId),
          (guard) => guard.send({ type: 'grace.ended' }),
        );
        continue;
      }
      this.marketWatch.runDue(due);
    }
  }

  private deliver(): void {
    this.consequences.settle();
    this.timer?.set(Math.min(this.deadlines.next, this.rollovers.next + lateQuotesMs));
    if (this.records.length === 0 && this.acts.length === 0) return;
    const effects = { records: this.records, events: this.events, acts: this.acts };
    this.records = [];
    this.events = [];
    this.acts = [];
    this.options.deliver(effects);
  }
}
