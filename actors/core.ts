// The core: a quote or a command goes in, and every decision that follows from it is taken in the
// same turn, without an await. Out come records and events; the host makes them durable.
import type { Actor } from 'xstate';
import type { supervisorMachine } from '#machines/supervisor.machine';
import type { CloseRequest } from '#machines/position-closer.machine';
import { accountOf, apply, positionOf } from '#src/domain/apply';
import { numberedEvents, type RuntimeEvent } from '#src/domain/events';
import { partitionOf } from '#src/domain/ids';
import { recordVersion, type Draft, type JournalRecord } from '#src/domain/records';
import { isOpen, type Account, type Position, type State } from '#src/domain/state';
import type { Clock, Cancel } from '#src/ports/clock';
import type { Ids } from '#src/ports/ids';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import { Deadlines } from '#src/prices/deadlines';
import { EquityWatch } from '#src/prices/equity-watch';
import { Markets } from '#src/prices/market';
import { MarketMeter } from '#src/prices/market-meter';
import { BulkCloses } from './bulk-progress.ts';
import { CloseLog } from './close-log.ts';
import type { CoreContext, DurableAct } from './core-context.ts';
import { finishClosing } from './drawdown-guard.actor.ts';
import { clearKey, clearsAt, parseClearKey } from './market-guard.actor.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { Live, type LiveOptions } from './live.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
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
  readonly inspect?: Inspect | undefined;
  /** How providers are reached; absent where every account is on paper. */
  readonly live?: LiveOptions | undefined;
}

export class Core implements CoreContext {
  readonly state: State;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly markets = new Markets();
  readonly deadlines = new Deadlines();
  readonly supervisor: Supervisor;
  readonly watches = new Map<string, EquityWatch>();
  /** What LIVE accounts need; undefined where there can be none. */
  readonly live: Live | undefined;
  readonly closeLog: CloseLog;
  private readonly bulks: BulkCloses;
  /** Open and closing positions. */
  private readonly open = new Map<string, Position>();
  private readonly options: CoreOptions;
  private depth = 0;
  private records: JournalRecord[] = [];
  private events: RuntimeEvent[] = [];
  private acts: DurableAct[] = [];
  /** Breached accounts that may have become settled in this turn. */
  private readonly settling = new Set<Account>();
  private readonly outcomes = new OutcomeWaiters();
  /** Live, deadlines act at their own time; undefined where they act on quotes. */
  private readonly timer: DeadlineTimer | undefined;

  constructor(options: CoreOptions) {
    this.options = options;
    this.state = options.state;
    this.clock = options.clock;
    this.ids = options.ids;
    this.metrics = options.metrics;
    this.logger = options.logger;
    this.supervisor = new Supervisor(this, options.inspect);
    if (options.deadlinesBy === 'timer') {
      this.timer = new DeadlineTimer(this.clock, (now) => {
        this.turn(() => this.runDeadlines(now));
      });
    }
    this.closeLog = new CloseLog(this);
    this.bulks = new BulkCloses(this);
    this.live = options.live && new Live(this, this.supervisor, options.live);
  }

  get system(): Actor<typeof supervisorMachine>['system'] {
    return this.supervisor.system;
  }

  /** Creates markets, watches and actors from the state, and makes up for a turn cut short. */
  arm(): void {
    this.start();
    this.turn(() => {
      for (const symbol of this.state.instruments.keys()) this.markets.of(symbol);
      for (const mark of this.state.marks.values()) this.markets.of(mark.symbol).book.restore(mark);
      for (const symbol of this.state.guards.keys()) this.guardMarket(symbol);
      for (const account of this.state.accounts.values()) this.watchAccount(account);
      for (const position of this.state.positions.values()) {
        if (isOpen(position)) this.enter(position);
      }
      void this.supervisor.closer;
      for (const account of this.state.accounts.values()) {
        if (account.state !== 'closing') continue;
        finishClosing(this, account);
        this.settling.add(account);
      }
      this.bulks.arm();
      this.live?.arm();
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
    const accountId = draft.accountId;
    this.records.push(record);
    const events = numberedEvents(record, this.state.eventSeq.get(accountId) ?? 0);
    if (events.length > 0) this.events.push(...events);
    apply(this.state, record);
    this.follow(record);
  }

  afterDurable(act: DurableAct): void {
    this.acts.push(act);
  }

  requestClose(request: CloseRequest): void {
    this.supervisor.closer.send({ type: 'close.requested', ...request });
    const { bulkId, reason } = request.cause;
    if (bulkId !== undefined) this.bulks.began(bulkId, reason, request.positionIds);
  }

  /** Calls `act` once, when the close under way of the position has its outcome. */
  onOutcome(positionId: string, act: () => void): Cancel {
    return this.outcomes.wait(positionId, act);
  }

  /** What is due at or before `ts`, in order. */
  runDeadlines(ts: number): void {
    for (let due = this.deadlines.take(ts); due !== undefined; due = this.deadlines.take(ts)) {
      const { symbol, condition } = parseClearKey(due.key);
      this.supervisor.marketGuard(symbol)?.send({ type: `${condition}.cleared` });
    }
  }

  /** Sends to an actor; where that makes it fail, once more to the one made in its place. */
  tellGuard<T extends { getSnapshot(): { status: string } }>(
    find: () => T | undefined,
    send: (guard: T) => void,
  ): void {
    const guard = find();
    if (guard === undefined) return;
    send(guard);
    if (guard.getSnapshot().status !== 'error') return;
    const successor = find();
    if (successor !== undefined && successor !== guard) send(successor);
  }

  private deliver(): void {
    if (this.settling.size > 0) {
      for (const account of this.settling) this.settle(account);
      this.settling.clear();
    }
    this.timer?.set(this.deadlines.next);
    if (this.records.length === 0 && this.acts.length === 0) return;
    const effects = { records: this.records, events: this.events, acts: this.acts };
    this.records = [];
    this.events = [];
    this.acts = [];
    this.options.deliver(effects);
  }

  private settle(account: Account): void {
    if (account.state !== 'closing' || account.closingCount > 0) return;
    this.tellGuard(
      () => this.supervisor.drawdownGuard(account.accountId),
      (guard) => guard.send({ type: 'closes.settled' }),
    );
  }

  /** What a change of state means to markets, watches and actors. */
  private follow(record: JournalRecord): void {
    const { state, supervisor } = this;
    this.followClose(record);
    switch (record.type) {
      case 'instrument.put':
        this.markets.of(record.body.instrument.symbol);
        break;
      case 'guard.put':
        this.unguardMarket(record.body.guard.symbol);
        this.guardMarket(record.body.guard.symbol);
        break;
      case 'guard.removed':
        this.unguardMarket(record.body.symbol);
        break;
      case 'market.changed':
        if (record.body.level === 'clear') {
          this.deadlines.remove(clearKey(record.body.symbol, record.body.condition));
        }
        break;
      case 'account.created':
        this.watchAccount(accountOf(state, record.accountId));
        break;
      case 'account.halted':
      case 'account.resumed':
        supervisor.drawdownGuard(record.accountId)?.send({ type: record.type });
        this.watches.get(record.accountId)?.settle();
        break;
      case 'rule.breached':
        this.settling.add(accountOf(state, record.accountId));
        this.watches.get(record.accountId)?.settle();
        break;
      case 'account.adjusted':
      case 'rule.warned':
      case 'rule.recovered':
        this.watches.get(record.accountId)?.settle();
        break;
      case 'position.tracked':
        this.enter(positionOf(state, record.body.position.positionId));
        break;
      case 'position.amended':
        supervisor
          .position(record.body.positionId)
          ?.send({ type: 'position.amended', exits: record.body.exits });
        break;
      case 'position.untracked':
        supervisor.position(record.body.positionId)?.send({ type: 'position.untracked' });
        this.leave(record.accountId, record.body.positionId);
        break;
      case 'position.corrected': {
        const { positionId, exits } = record.body;
        this.revalue(record.accountId, positionId);
        if (exits !== undefined) {
          supervisor.position(positionId)?.send({ type: 'position.amended', exits });
        }
        break;
      }
      default:
        break;
    }
  }

  private followClose(record: JournalRecord): void {
    this.closeLog.follow(record);
    const { supervisor } = this;
    switch (record.type) {
      case 'close.intended': {
        const { positionId, route } = record.body.intent;
        supervisor.position(positionId)?.send({ type: record.type, isSent: route !== undefined });
        break;
      }
      case 'close.sent':
        supervisor.position(record.body.positionId)?.send({ type: record.type });
        break;
      case 'close.acknowledged':
      case 'close.unknown':
      case 'close.rejected':
        supervisor.position(record.body.intent.positionId)?.send({ type: record.type });
        break;
      case 'close.partially-filled':
        this.revalue(record.accountId, record.body.intent.positionId);
        break;
      case 'close.amended':
        this.watches.get(record.accountId)?.settle();
        break;
      case 'close.filled':
        supervisor.position(record.body.intent.positionId)?.send({ type: record.type });
        this.leave(record.accountId, record.body.intent.positionId);
        break;
      case 'close.failed':
        supervisor.position(record.body.intent.positionId)?.send({ type: record.type });
        this.outcomes.tell(record.body.intent.positionId);
        this.settling.add(accountOf(this.state, record.accountId));
        break;
      default:
        break;
    }
    this.live?.follow(record);
  }

  private guardMarket(symbol: string): void {
    const guard = this.state.guards.get(symbol);
    if (guard === undefined) return;
    this.markets.of(symbol).meter = new MarketMeter(guard.record);
    for (const [condition, { since }] of guard.active) {
      this.deadlines.set(clearKey(symbol, condition), clearsAt(since));
    }
    this.supervisor.guardMarket(symbol, guard);
  }

  private unguardMarket(symbol: string): void {
    this.markets.of(symbol).meter = undefined;
    this.deadlines.remove(clearKey(symbol, 'gap'));
    this.deadlines.remove(clearKey(symbol, 'spread'));
    this.supervisor.unguardMarket(symbol);
  }

  private watchAccount(account: Account): void {
    this.watches.set(account.accountId, new EquityWatch(account, this.markets.bookOf));
    this.supervisor.guardAccount(account);
  }

  private enter(position: Position): void {
    this.open.set(position.positionId, position);
    this.markets.of(position.symbol).positions.set(position.positionId, position);
    const watch = this.watches.get(position.accountId);
    if (watch !== undefined && watch.account.rules.length > 0) {
      watch.add(position);
      this.markets.of(position.symbol).hold(watch);
      for (const leg of position.conversion) this.markets.of(leg.symbol).hold(watch);
    }
    this.supervisor.guardPosition(position);
  }

  /** What is left of a position, or what was paid for it, has changed. */
  private revalue(accountId: string, positionId: string): void {
    const position = this.open.get(positionId);
    const watch = this.watches.get(accountId);
    if (position === undefined || watch === undefined) return;
    if (watch.account.rules.length > 0) {
      watch.remove(position);
      watch.add(position);
    }
    watch.settle();
  }

  private leave(accountId: string, positionId: string): void {
    this.supervisor.forgetPosition(positionId);
    const account = accountOf(this.state, accountId);
    this.settling.add(account);
    const position = this.open.get(positionId);
    this.open.delete(positionId);
    if (position !== undefined) this.markets.of(position.symbol).positions.delete(positionId);
    this.outcomes.tell(positionId);
    const watch = this.watches.get(accountId);
    if (watch === undefined) return;
    watch.settle();
    if (position === undefined || account.rules.length === 0) return;
    watch.remove(position);
    this.markets.of(position.symbol).release(watch);
    for (const leg of position.conversion) this.markets.of(leg.symbol).release(watch);
  }
}
