// Execution reports of providers: whose order it is, and what its execution means here. They may
// repeat, and come in any order.
import { executionReportOf } from '#src/contracts/provider';
import { accountOf } from '#src/domain/apply';
import type { CloseCause } from '#src/domain/closing';
import { counterpartCancelOf, type OrderRole } from '#src/domain/counterpart';
import { messageOf } from '#src/domain/errors';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import type { CheckedReport } from '#src/domain/provider';
import type { Execution } from '#src/domain/provider-fill';
import { isOpen, linkKey, type Position } from '#src/domain/state';
import type { CoreContext } from './core-context.ts';
import type { CounterpartCanceler } from './counterpart-canceler.actor.ts';
import type { LiveCloser } from './live-closer.ts';

interface Found {
  readonly position: Position;
  readonly role: OrderRole;
  /** Under which its fills are counted: for a close our own id, whatever the provider calls it. */
  readonly orderKey: string;
  /** The report names the position itself, not one of its orders. */
  readonly isCanonical: boolean;
}

export interface ReportTarget {
  readonly closer: Pick<LiveCloser, 'fills' | 'reject'>;
  readonly canceler: Pick<CounterpartCanceler, 'cancel'>;
  /** Compares the account with the provider, since something there is not as it is here. */
  readonly reconcile: (accountId: string) => void;
}

export class ExecutionReports {
  private readonly core: CoreContext;
  private readonly target: ReportTarget;

  constructor(core: CoreContext, target: ReportTarget) {
    this.core = core;
    this.target = target;
  }

  /** Takes what came from a route, whatever it is; never throws. */
  take(route: string, raw: unknown): void {
    const { core } = this;
    try {
      const report = executionReportOf(raw);
      if (report === undefined) {
        core.metrics.count('reports_malformed');
        core.logger.warn({ route }, 'an execution report that is none');
        return;
      }
      core.metrics.count('reports_received');
      core.turn(() => this.apply(route, report));
    } catch (error) {
      core.metrics.count('reports_failed');
      core.logger.error({ route, error: messageOf(error) }, 'an execution report failed');
    }
  }

  private apply(route: string, report: CheckedReport): void {
    const { core } = this;
    const reportKey = reportKeyOf(route, report);
    if (core.state.reportKeys.has(reportKey)) {
      core.metrics.count('reports_repeated');
      return;
    }
    const found = this.find(route, report.order_id);
    const { order_id: orderId, ord_status: status } = report;
    core.metrics.count('order_type_identifications');
    core.logger.info(
      { route, orderId, status, type: found?.role ?? 'unknown' },
      'close.orderTypeIdentified',
    );
    if (found === undefined) {
      core.metrics.count('reports_unknown');
      return;
    }
    switch (status) {
      case 'EXECUTED':
        this.executed(route, found, report, reportKey);
        break;
      case 'PARTIALLY_FILLED':
        this.partially(found, report, reportKey);
        break;
      case 'REJECTED':
      case 'CANCELED':
      case 'EXPIRED':
        this.ended(found, report, reportKey);
        break;
      case 'NEW':
        break;
      default:
        core.metrics.count('reports_ignored');
    }
  }

  /** The order of an id: by our own ids first, then those that the position was tracked with. */
  private find(route: string, orderId: string): Found | undefined {
    const { state } = this.core;
    const ours = state.clientOrders.get(orderId);
    const linked = ours ?? state.orderLinks.get(linkKey(route, orderId));
    const position = state.positions.get(linked ?? orderId);
    if (position === undefined) return undefined;
    if (accountOf(state, position.accountId).route !== route) return undefined;
    const isCanonical = linked === undefined;
    if (ours !== undefined) return { position, role: 'close', orderKey: orderId, isCanonical };
    const role = roleOf(position, orderId);
    const { intent, result } = position;
    const closeKey = intent?.clientOrderId ?? result?.clientOrderId ?? orderId;
    return { position, role, orderKey: role === 'close' ? closeKey : orderId, isCanonical };
  }

  private executed(route: string, found: Found, report: CheckedReport, reportKey: string): void {
    const { position, role } = found;
    const { closer, canceler } = this.target;
    if (role === 'close') {
      if (this.isExpected(found, report, reportKey)) {
        const cause = position.intent === undefined ? { reason: 'manual' } : undefined;
        const more = cause === undefined ? {} : { cause };
        const execution = executionOf(found, report);
        closer.fills.take(position, execution, { isFinal: true, reportKey, ...more });
      }
      return;
    }
    const execution = executionOf(found, report);
    const cause = causeOf(position, role);
    const isNew = closer.fills.take(position, execution, { isFinal: true, cause, reportKey });
    // The other order has nothing to protect any more; while a part is open it still has.
    if (!isNew || isOpen(position)) return;
    const cancel = counterpartCancelOf(position, role);
    if (cancel === undefined) {
      this.core.logger.info({ positionId: position.positionId }, 'no counterpart to cancel');
    } else canceler.cancel(route, cancel);
  }

  /**
   * An execution under the position's own id, where no close is under way, may be that of its entry:
   * unless the side says that it closes, the provider's list of positions decides.
   */
  private isExpected(found: Found, report: CheckedReport, reportKey: string): boolean {
    const { position, isCanonical } = found;
    if (!isCanonical || position.state !== 'guarded') return true;
    const side = report.side?.toLowerCase();
    const closing = position.side === 'long' ? ['sell', 'short'] : ['buy', 'long'];
    if (side !== undefined && closing.includes(side)) return true;
    const theirs = report.cumqty ?? text(position.remainingQuantity);
    const drift = { kind: 'unexpected_fill', ours: '0', theirs } as const;
    this.target.closer.fills.tellDrift(position, drift, reportKey);
    this.target.reconcile(position.accountId);
    return false;
  }

  private partially(found: Found, report: CheckedReport, reportKey: string): void {
    if (report.cumqty === undefined) return;
    const { position, role } = found;
    const more = role === 'close' ? {} : { cause: causeOf(position, role) };
    const options = { isFinal: false, reportKey, ...more };
    this.target.closer.fills.take(position, executionOf(found, report), options);
  }

  /** The provider will not execute the rest of it. */
  private ended(found: Found, report: CheckedReport, reportKey: string): void {
    const { position, role, orderKey } = found;
    const { positionId } = position;
    const status = report.ord_status.toLowerCase();
    if (role !== 'close') {
      this.core.logger.warn({ positionId, role, status }, 'no longer protected at the provider');
      return;
    }
    if (position.intent?.clientOrderId !== orderKey) return;
    this.partially(found, report, reportKey);
    const { intent } = position;
    if (intent?.clientOrderId === orderKey) this.target.closer.reject(position, intent, status);
  }
}

function roleOf({ stopLossId, takeProfitId }: Position, orderId: string): OrderRole {
  if (orderId === stopLossId) return 'stoploss';
  return orderId === takeProfitId ? 'takeprofit' : 'close';
}

/** A report without a quantity is of all that the order was for. */
function executionOf({ position, orderKey }: Found, { avgpx, cumqty }: CheckedReport): Execution {
  const price = avgpx === undefined ? undefined : decimal(avgpx);
  if (cumqty !== undefined) return { orderKey, filled: decimal(cumqty), price };
  const { intent, fills, result, remainingQuantity } = position;
  const before = fills.get(orderKey)?.filled ?? zero;
  if (intent?.clientOrderId === orderKey) {
    return { orderKey, filled: Decimal.max(before, decimal(intent.quantity)), price };
  }
  if (isOpen(position)) return { orderKey, filled: before.plus(remainingQuantity), price };
  const told = before.gt(0) ? before : decimal(result?.quantity ?? '0');
  return { orderKey, filled: told, price };
}

function causeOf(position: Position, role: 'stoploss' | 'takeprofit'): CloseCause {
  const isStop = role === 'stoploss';
  const triggerPrice = isStop ? position.exits.stopLoss : position.exits.takeProfit;
  return {
    reason: isStop ? 'stop_loss' : 'take_profit',
    ...(triggerPrice === undefined ? {} : { triggerPrice }),
  };
}

/** A report with an `exec_id` is the same wherever that is; without one, by what it says. */
function reportKeyOf(route: string, report: CheckedReport): string {
  const { exec_id: execId, order_id: orderId, ord_status: status, cumqty = '' } = report;
  return execId === undefined
    ? `${route}/${orderId}/${status}/${cumqty}`
    : `${route}/exec/${execId}`;
}
