// All that LIVE accounts need: sessions with their providers, closes, reports, reconciliation.
import type { CloseIntent } from '#src/domain/closing';
import type { JournalRecord } from '#src/domain/records';
import type { Position } from '#src/domain/state';
import type { Market } from '#src/prices/market';
import type { Broker } from '#src/ports/broker';
import type { Chance } from '#src/ports/chance';
import { BrokerSessions } from './broker-sessions.ts';
import type { CoreContext } from './core-context.ts';
import { CounterpartCanceler } from './counterpart-canceler.actor.ts';
import { clearDeadLetter, DeadLetterAlarm } from './dead-letters.ts';
import { ExecutionReports } from './execution-reports.ts';
import { LiveCloser } from './live-closer.ts';
import { Reconciler } from './reconciler.ts';
import type { Supervisor } from './supervisor.actor.ts';
import { UntoldFills } from './untold-fills.ts';

export interface LiveOptions {
  readonly chance: Chance;
  /** The provider's adapter of a route; undefined where nothing reaches it. */
  readonly brokerOf: (route: string) => Broker | undefined;
}

export class Live {
  readonly sessions: BrokerSessions;
  readonly closer: LiveCloser;
  readonly reports: ExecutionReports;
  readonly reconciler: Reconciler;
  private readonly core: CoreContext;
  private readonly alarm: DeadLetterAlarm;
  private readonly untold: UntoldFills;

  constructor(core: CoreContext, supervisor: Supervisor, { chance, brokerOf }: LiveOptions) {
    this.core = core;
    this.sessions = new BrokerSessions({ core, supervisor, chance, brokerOf });
    this.closer = new LiveCloser(core, this.sessions, chance);
    this.reconciler = new Reconciler(core, this.sessions, this.closer);
    const canceler = new CounterpartCanceler(core, supervisor, this.sessions);
    this.reports = new ExecutionReports(core, {
      closer: this.closer,
      canceler,
      reconcile: (accountId) => this.reconciler.runNow(accountId),
    });
    this.alarm = new DeadLetterAlarm(core);
    this.untold = new UntoldFills(core, this.sessions, this.closer.fills, chance);
  }

  /** Within a turn, when every position is guarded. */
  arm(): void {
    this.closer.arm();
    this.alarm.follow();
    for (const position of this.core.state.positions.values()) {
      this.awaitRate(position.positionId);
      this.untold.follow(position);
    }
  }

  /** Gives closes that waited for a rate of this market their P&L. */
  price(market: Market): void {
    for (const position of [...market.unpriced]) {
      if (this.closer.fills.price(position)) market.unpriced.delete(position);
    }
  }

  stop(): void {
    this.alarm.stop();
    this.untold.stop();
    this.reconciler.stop();
    this.closer.stop();
    this.sessions.stop();
  }

  /** Told of every record, once it is applied. */
  follow(record: JournalRecord): void {
    this.reconciler.follow(record);
    switch (record.type) {
      case 'close.filled':
        this.closed(record.body.intent.positionId);
        break;
      case 'close.failed':
        this.closer.settled(record.body.intent.positionId, record.body.intent.closeId);
        break;
      case 'close.partially-filled':
        this.partClosed(record.body.intent);
        break;
      case 'close.amended':
        this.awaitRate(record.body.positionId);
        break;
      case 'position.untracked':
        this.untracked(record.body.positionId);
        break;
      case 'deadletter.added':
      case 'deadletter.cleared':
        this.alarm.follow();
        break;
      default:
        break;
    }
  }

  /** A close of a part may have come to its end by it. */
  private partClosed({ positionId, closeId }: CloseIntent): void {
    const position = this.core.state.positions.get(positionId);
    if (position === undefined) return;
    this.awaitRate(positionId);
    if (position.intent !== undefined) return;
    this.closer.settled(positionId, closeId);
    if (position.deadLetter === closeId) clearDeadLetter(this.core, position, 'closed');
  }

  private closed(positionId: string): void {
    this.closer.settled(positionId);
    const position: Position | undefined = this.core.state.positions.get(positionId);
    if (position === undefined) return;
    clearDeadLetter(this.core, position, 'closed');
    this.awaitRate(positionId);
    this.untold.follow(position);
  }

  /** Nobody guards it any more, and its dead letter is nobody's. */
  private untracked(positionId: string): void {
    this.closer.settled(positionId);
    for (const { closeId, accountId, ...letter } of this.core.state.deadLetters.values()) {
      if (letter.positionId !== positionId) continue;
      const body = { closeId, positionId, how: 'untracked' as const };
      this.core.commit({ type: 'deadletter.cleared', accountId, body });
      return;
    }
  }

  private awaitRate(positionId: string): void {
    const position = this.core.state.positions.get(positionId);
    if (position === undefined || position.unpriced.length === 0) return;
    for (const leg of position.conversion) this.core.markets.of(leg.symbol).unpriced.add(position);
  }
}
