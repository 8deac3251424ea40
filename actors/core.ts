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
import type { CoreContext } from './core-context.ts';
import { closeForBreach } from './drawdown-guard.actor.ts';
import { clearKey, clearsAt, parseClearKey } from './market-guard.actor.ts';
import { Supervisor, type Inspect } from './supervisor.actor.ts';

/** What one turn did, in order. */
export interface TurnEffects {
  readonly records: readonly JournalRecord[];
  readonly events: readonly RuntimeEvent[];
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
  /** Open and closing positions. */
  private readonly open = new Map<string, Position>();
  private readonly options: CoreOptions;
  private depth = 0;
  private records: JournalRecord[] = [];
  private events: RuntimeEvent[] = [];
  /** Breached accounts that may have become settled in this turn. */
  private readonly settling = new Set<Account>();
  private readonly outcomeWaiters = new Map<string, Set<() => void>>();
  private timer: { ts: number; cancel: Cancel } | undefined;

  constructor(options: CoreOptions) {
    this.options = options;
    this.state = options.state;
    this.clock = options.clock;
    this.ids = options.ids;
    this.metrics = options.metrics;
    this.logger = options.logger;
    this.supervisor = new Supervisor(this, options.inspect);
  }

  get system(): Actor<typeof supervisorMachine>['system'] {
    return this.supervisor.system;
  }

  /** Creates markets, watches and actors from the state, and makes up for a turn cut short. */
  arm(): void {
    this.supervisor.start();
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
        if (account.state === 'closing') this.finishClosing(account);
      }
    });
    this.supervisor.armed();
  }

  stop(): void {
    this.timer?.cancel();
    this.supervisor.stop();
  }

  /** Runs `work` as one turn: what it commits is delivered together when it ends. */
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
    if (this.depth === 1) this.deliver();
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

  requestClose(request: CloseRequest): void {
    this.supervisor.closer.send({ type: 'close.requested', ...request });
  }

  /** Calls `act` once, when the close under way of the position has its outcome. */
  onOutcome(positionId: string, act: () => void): Cancel {
    const waiters = this.outcomeWaiters.get(positionId) ?? new Set();
    waiters.add(act);
    this.outcomeWaiters.set(positionId, waiters);
    return () => void waiters.delete(act);
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
    if (this.options.deadlinesBy === 'timer') this.setTimer();
    if (this.records.length === 0) return;
    const effects = { records: this.records, events: this.events };
    this.records = [];
    this.events = [];
    this.options.deliver(effects);
  }

  private settle(account: Account): void {
    if (account.state !== 'closing' || account.closingCount > 0) return;
    this.tellGuard(
      () => this.supervisor.drawdownGuard(account.accountId),
      (guard) => guard.send({ type: 'closes.settled' }),
    );
  }

  private setTimer(): void {
    const { next } = this.deadlines;
    if (next === (this.timer?.ts ?? Infinity)) return;
    this.timer?.cancel();
    this.timer = undefined;
    if (next === Infinity) return;
    const cancel = this.clock.at(next, () => {
      this.timer = undefined;
      this.turn(() => this.runDeadlines(this.clock.now()));
    });
    this.timer = { ts: next, cancel };
  }

  /** What a change of state means to markets, watches and actors. */
  private follow(record: JournalRecord): void {
    const { state, supervisor } = this;
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
      case 'close.intended':
        supervisor.position(record.body.intent.positionId)?.send({ type: 'close.intended' });
        break;
      case 'close.filled':
        supervisor.position(record.body.intent.positionId)?.send({ type: 'close.filled' });
        this.leave(record.accountId, record.body.intent.positionId);
        break;
      case 'close.failed':
        supervisor.position(record.body.intent.positionId)?.send({ type: 'close.failed' });
        this.tellOutcome(record.body.intent.positionId);
        this.settling.add(accountOf(state, record.accountId));
        break;
      default:
        break;
    }
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

  private leave(accountId: string, positionId: string): void {
    this.supervisor.forgetPosition(positionId);
    const account = accountOf(this.state, accountId);
    this.settling.add(account);
    const position = this.open.get(positionId);
    this.open.delete(positionId);
    if (position !== undefined) this.markets.of(position.symbol).positions.delete(positionId);
    this.tellOutcome(positionId);
    const watch = this.watches.get(accountId);
    if (watch === undefined) return;
    watch.settle();
    if (position === undefined || account.rules.length === 0) return;
    watch.remove(position);
    this.markets.of(position.symbol).release(watch);
    for (const leg of position.conversion) this.markets.of(leg.symbol).release(watch);
  }

  private tellOutcome(positionId: string): void {
    const waiters = this.outcomeWaiters.get(positionId);
    if (waiters === undefined) return;
    this.outcomeWaiters.delete(positionId);
    for (const act of waiters) act();
  }

  /** A restart came between a breach and the closes that follow from it. */
  private finishClosing(account: Account): void {
    const { bookOf } = this.markets;
    const quoted = [...account.positions.values()].filter(
      (position) => position.state === 'guarded' && bookOf(position.symbol).hasQuote,
    );
    closeForBreach(this, account, quoted);
    this.settling.add(account);
  }
}
