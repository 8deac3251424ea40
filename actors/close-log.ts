// What the log says of closes: one line each as long as there are few, and once a minute how many.
import type { JournalRecord } from '#src/domain/records';
import type { Cancel } from '#src/ports/clock';
import type { CoreContext } from './core-context.ts';

/** Lines of closes in one second; the rest is counted and told in one. */
const linesPerSecondMax = 50;
const statsEveryMs = 60_000;

export class CloseLog {
  private readonly core: CoreContext;
  private readonly startedTs: number;
  /** Close ids that were counted, and have no outcome yet. */
  private readonly underWay = new Set<string>();
  private second = 0;
  private lines = 0;
  private unsaid = 0;
  private processed = 0;
  private closed = 0;
  private failed = 0;
  private elapsedMs = 0;
  private cancel: Cancel | undefined;

  constructor(core: CoreContext) {
    this.core = core;
    this.startedTs = core.clock.now();
  }

  /** Logs `close.stats` once a minute from now on. */
  start(): void {
    const { clock } = this.core;
    this.cancel = clock.at(clock.now() + statsEveryMs, () => {
      this.stats();
      this.start();
    });
  }

  stop(): void {
    this.cancel?.();
  }

  follow(record: JournalRecord): void {
    switch (record.type) {
      case 'close.intended': {
        const { intent } = record.body;
        if (!this.underWay.has(intent.closeId)) this.received(intent.closeId, record);
        break;
      }
      case 'close.filled':
        this.succeeded(record);
        break;
      case 'close.partially-filled': {
        const { positionId, closeId, isPart } = record.body.intent;
        const position = this.core.state.positions.get(positionId);
        // The last of what a part was for: the close is over, the position is not.
        if (isPart && position?.intent?.closeId !== closeId) this.succeeded(record);
        break;
      }
      case 'close.failed': {
        const { closeId, positionId, errorMessage } = record.body.result;
        this.failed++;
        this.underWay.delete(closeId);
        this.line(
          { accountId: record.accountId, positionId, closeId, errorMessage },
          'close.failed',
        );
        break;
      }
      case 'account.halted':
      case 'account.resumed':
      case 'runtime.paused':
      case 'runtime.resumed':
      case 'deadletter.retried':
        this.core.logger.warn({ accountId: record.accountId, ...record.body }, record.type);
        break;
      case 'close.unknown':
      case 'close.rejected':
        this.unsettled(record);
        break;
      case 'deadletter.cleared':
        this.core.logger.info({ accountId: record.accountId, ...record.body }, record.type);
        break;
      case 'rule.breached':
        this.core.logger.warn({ accountId: record.accountId, ...record.body }, 'guard.breached');
        break;
      default:
        break;
    }
  }

  private unsettled({
    accountId,
    type,
    body,
  }: Extract<JournalRecord, { type: 'close.unknown' | 'close.rejected' }>): void {
    const { closeId, positionId, attempts, clientOrderId, errorMessage } = body.result;
    const fields = { accountId, positionId, closeId, clientOrderId, attempts, errorMessage };
    this.line(fields, type);
  }

  private received(
    closeId: string,
    record: Extract<JournalRecord, { type: 'close.intended' }>,
  ): void {
    const { positionId, reason, triggerPrice, clientOrderId, ...intent } = record.body.intent;
    const { symbol, side, quantity } = intent;
    this.processed++;
    this.underWay.add(closeId);
    const { accountId } = record;
    this.line(
      {
        ...{ accountId, positionId, closeId, clientOrderId, reason, triggerPrice },
        ...{ symbol, side, quantity },
      },
      'close.received',
    );
  }

  private succeeded({
    accountId,
    ts,
    body: { intent, result },
  }: Extract<JournalRecord, { type: 'close.filled' | 'close.partially-filled' }>): void {
    const { closeId, positionId, closeReason, closedPrice, triggerPrice, pnl } = result;
    const { symbol, side } = intent;
    const what = { symbol, side, quantity: result.quantity, triggerPrice };
    const isGone = closedPrice === undefined ? { isGone: true } : {};
    if (!this.underWay.delete(closeId)) this.processed++;
    // From the intent, which a restart keeps.
    const elapsedMs = ts - intent.requestedTs;
    this.closed++;
    this.elapsedMs += elapsedMs;
    this.line(
      {
        ...{ accountId, positionId, closeId, reason: closeReason, closedPrice, elapsedMs, pnl },
        ...what,
        ...isGone,
      },
      'close.succeeded',
    );
  }

  private line(fields: object, message: string): void {
    const second = Math.floor(this.core.clock.now() / 1000);
    if (second !== this.second) {
      this.tellUnsaid();
      this.second = second;
      this.lines = 0;
    }
    if (this.lines++ < linesPerSecondMax) this.core.logger.info(fields, message);
    else this.unsaid++;
  }

  private tellUnsaid(): void {
    if (this.unsaid === 0) return;
    this.core.logger.info({ lines: this.unsaid }, 'close lines left out: see the ledger');
    this.unsaid = 0;
  }

  private stats(): void {
    this.tellUnsaid();
    const { clock, metrics, logger } = this.core;
    const counters = metrics.counters();
    const uptimeS = Math.round((clock.now() - this.startedTs) / 1000);
    const { processed, closed, failed } = this;
    logger.info(
      {
        ...{ processed, closed, failed },
        slCancels: counters['sl_cancel_requests'] ?? 0,
        tpCancels: counters['tp_cancel_requests'] ?? 0,
        typeIds: counters['order_type_identifications'] ?? 0,
        uptimeS,
        ratePerS: Math.round((processed / Math.max(1, uptimeS)) * 1000) / 1000,
        avgMs: closed === 0 ? 0 : Math.round((this.elapsedMs / closed) * 1000) / 1000,
      },
      'close.stats',
    );
  }
}
