// Execution reports of providers: whose order it is, and what its execution means here. They may
// repeat, and come in any order.
import { executionReportOf } from '#src/contracts/provider';
import { accountOf } from '#src/domain/apply';
import { attemptOf, executionKeyOf, type CloseCause } from '#src/domain/closing';
import { counterpartCancelOf, type OrderRole } from '#src/domain/counterpart';
import { messageOf } from '#src/domain/errors';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import { partOfOrder } from '#src/domain/part-closes';
import type { CheckedReport } from '#src/domain/provider';
import type { Execution } from '#src/domain/provider-fill';
import { isLive, isOpen, linkKey, type Position } from '#src/domain/state';
import type { CoreContext } from './core-context.ts';
import type { CounterpartCanceler } from './counterpart-canceler.actor.ts';
import type { LiveCloser } from './live-closer.ts';

/** Malformed reports of a route are told of once in this time. */
const malformedLogMs = 1000;

/** A report, and the order that it is of. */
interface Found {
  readonly route: string;
  readonly report: CheckedReport;
  readonly reportKey: string;
  readonly position: Position;
  readonly role: OrderRole;
  /** Under which its fills are counted: for a close our own id, whatever the provider calls it. */
  readonly orderKey: string;
  /** What the report names: an order that we sent, one that was tracked, or the position itself. */
  readonly by: 'ours' | 'link' | 'position';
  /** It may tell of an attempt that is booked, or of the one under way. */
  readonly isAmbiguous: boolean;
}

export interface ReportTarget {
  readonly closer: Pick<LiveCloser, 'fills' | 'mayBeThere' | 'reject'>;
  readonly canceler: Pick<CounterpartCanceler, 'cancel'>;
  /** Compares the account with the provider, since something there is not as it is here. */
  readonly reconcile: (accountId: string) => void;
}

export class ExecutionReports {
  private readonly core: CoreContext;
  private readonly target: ReportTarget;
  /** One cancel is enough, also where a report changed nothing that could be on record. */
  private readonly cancelledFor = new WeakSet<Position>();
  /** When a malformed report of a route was last told of. */
  private readonly malformedAt = new Map<string, number>();

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
        this.malformed(route);
        return;
      }
      core.metrics.count('reports_received');
      core.turn(() => this.apply(route, report));
    } catch (error) {
      core.metrics.count('reports_failed');
      core.logger.error({ route, error: messageOf(error) }, 'an execution report failed');
    }
  }

  private malformed(route: string): void {
    const { metrics, clock, logger } = this.core;
    metrics.count('reports_malformed');
    const now = clock.now();
    if (now - (this.malformedAt.get(route) ?? -Infinity) < malformedLogMs) return;
    this.malformedAt.set(route, now);
    logger.warn({ route }, 'an execution report that is none');
  }

  private apply(route: string, report: CheckedReport): void {
    const { core } = this;
    const found = this.find(route, report);
    if (this.isRepeated(route, report, found)) {
      core.metrics.count('reports_repeated');
      return;
    }
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
        if (this.isExpected(found)) this.book(found, true);
        break;
      case 'PARTIALLY_FILLED':
        this.partially(found);
        break;
      case 'REJECTED':
      case 'CANCELED':
      case 'EXPIRED':
        this.ended(found);
        break;
      case 'NEW':
        break;
      default:
        core.metrics.count('reports_ignored');
    }
  }

  /** The order of an id: by our own ids first, then those that the position was tracked with. */
  private find(route: string, report: CheckedReport): Found | undefined {
    const { state } = this.core;
    const { order_id: orderId } = report;
    const ours = state.clientOrders.get(orderId);
    const linked = ours ?? state.orderLinks.get(linkKey(route, orderId));
    const position = state.positions.get(linked ?? orderId);
    if (position === undefined) return undefined;
    const account = accountOf(state, position.accountId);
    if (!isLive(account) || account.route !== route) return undefined;
    const base = { route, report, position };
    if (ours !== undefined) {
      const reportKey = reportKeyOf(route, report, orderId);
      const found = { ...base, reportKey, role: 'close', orderKey: orderId, by: 'ours' } as const;
      return { ...found, isAmbiguous: false };
    }
    const role = roleOf(position, orderId);
    const own = role === 'close' ? this.closeKeyOf(position, report) : orderId;
    const orderKey = own ?? orderId;
    return {
      ...base,
      reportKey: reportKeyOf(route, report, orderKey),
      role,
      orderKey,
      by: linked === undefined ? 'position' : 'link',
      isAmbiguous: own === undefined,
    };
  }

  /**
   * Under another id than ours: of which order the fills are counted. What is booked of an earlier
   * attempt may be told again under it; undefined where it may as well be news of a later one.
   */
  private closeKeyOf(position: Position, report: CheckedReport): string | undefined {
    const { state, intent, fills, result } = position;
    const { order_id: orderId, cumqty } = report;
    if (fills.has(orderId)) return orderId;
    const isClosed = state === 'closed';
    const current = isClosed ? result?.clientOrderId : intent?.clientOrderId;
    const ours = [...fills].filter(([key]) => this.core.state.clientOrders.has(key));
    if (!ours.some(([key]) => key !== current)) {
      // An order that is not out yet has no fills: the provider closed it by itself.
      const isOut = isClosed || this.target.closer.mayBeThere(position);
      return isOut ? (current ?? orderId) : orderId;
    }
    const told = ours.filter(([, { filled }]) => cumqty !== undefined && filled.gte(cumqty));
    const awaiting = told.find(([, { untold }]) => untold.gt(0));
    const [known] = awaiting ?? told[0] ?? [];
    return known ?? (isClosed ? current : undefined);
  }

  /** A price that was missing is no repeat. */
  private isRepeated(route: string, report: CheckedReport, found: Found | undefined): boolean {
    const { reportKeys } = this.core.state;
    const { order_id: orderId, avgpx } = report;
    const keys = new Set([orderId]);
    if (found !== undefined) {
      keys.add(found.orderKey);
      // It may have come before, when another attempt was the last one.
      if (found.by !== 'ours') for (const key of found.position.fills.keys()) keys.add(key);
      const fill = found.position.fills.get(found.orderKey);
      if (avgpx !== undefined && fill?.untold.gt(0) === true) return false;
    }
    return [...keys].some((key) => reportKeys.has(reportKeyOf(route, report, key)));
  }

  /**
   * An execution under the position's own id may be that of its entry: unless the side says that it
   * closes, or a close is under way, the provider's list of positions decides; and so it does where
   * it may tell of an earlier attempt.
   */
  private isExpected(found: Found): boolean {
    const { position, role, report, reportKey, by, isAmbiguous } = found;
    if (role !== 'close') return true;
    if (!isAmbiguous) {
      if (by !== 'position') return true;
      const side = sideOf(found);
      const isUnderWay = position.state !== 'guarded' || position.intent !== undefined;
      if (side === 'closes' || (side === undefined && isUnderWay)) return true;
    }
    if (!isOpen(position)) return false;
    const theirs = report.cumqty ?? text(position.remainingQuantity);
    const drift = { kind: 'unexpected_fill', ours: '0', theirs } as const;
    this.target.closer.fills.tellDrift(position, drift, reportKey);
    this.target.reconcile(position.accountId);
    return false;
  }

  /** Of a position that is closed only an order's last word counts, which tells all of it. */
  private partially(found: Found): void {
    if (found.report.cumqty === undefined || !isOpen(found.position)) return;
    if (this.isExpected(found)) this.book(found, false);
  }

  private book(found: Found, isFinal: boolean): void {
    const { route, position, role, reportKey } = found;
    const wasOpen = isOpen(position);
    const wasTold = linksOf(position).some((id) => position.fills.has(id));
    const cause = role === 'close' ? {} : { cause: causeOf(position, role) };
    const execution = executionOf(found);
    const { fills } = this.target.closer;
    const isNew = fills.take(position, execution, { isFinal, reportKey, ...cause });
    // While a part is open the other order still has something to protect.
    if (role === 'close' || !isNew || isOpen(position)) return;
    // What one of the two orders has closed the other has been cancelled for, or executed itself.
    if ((!wasOpen && wasTold) || this.cancelledFor.has(position)) return;
    this.cancelledFor.add(position);
    const cancel = counterpartCancelOf(position, role);
    if (cancel === undefined) {
      this.core.logger.info({ positionId: position.positionId }, 'no counterpart to cancel');
    } else this.target.canceler.cancel(route, cancel);
  }

  /** The provider will not execute the rest of it; what it did execute counts. */
  private ended(found: Found): void {
    const { position, role, orderKey, report, by } = found;
    const { positionId } = position;
    const status = report.ord_status.toLowerCase();
    if (role !== 'close') {
      if (report.cumqty !== undefined) this.book(found, false);
      if (!isOpen(position)) return;
      this.core.logger.warn({ positionId, role, status }, 'no longer protected at the provider');
      return;
    }
    const isUnderWay = isOfCloseUnderWay(found);
    const isClose = isUnderWay || by !== 'position' || sideOf(found) === 'closes';
    if (report.cumqty !== undefined && isClose && this.isExpected(found)) this.book(found, false);
    if (!isUnderWay) return;
    const { intent } = position;
    if (intent?.clientOrderId === orderKey) this.target.closer.reject(position, intent, status);
  }
}

/**
 * Whether the order that ended is the close under way, so that it is sent anew. Under another id
 * than ours it may be an order of before: then only the first attempt is believed to be it, once the
 * provider has said that it will report; the others are asked about anyway.
 */
function isOfCloseUnderWay(found: Found): boolean {
  const { intent, phase } = found.position;
  if (intent?.clientOrderId !== found.orderKey) return false;
  if (found.by === 'ours') return true;
  return phase === 'pending' && attemptOf(intent) === 1 && sideOf(found) !== 'opens';
}

/** What the side of a report says of an order, where it has one. */
function sideOf({ position, report }: Found): 'opens' | 'closes' | undefined {
  const side = report.side?.toLowerCase();
  if (side === undefined) return undefined;
  const closing = position.side === 'long' ? ['sell', 'short'] : ['buy', 'long'];
  return closing.includes(side) ? 'closes' : 'opens';
}

function linksOf({ stopLossId, takeProfitId }: Position): string[] {
  return [stopLossId, takeProfitId].filter((id) => id !== undefined);
}

function roleOf({ stopLossId, takeProfitId }: Position, orderId: string): OrderRole {
  if (orderId === stopLossId) return 'stoploss';
  return orderId === takeProfitId ? 'takeprofit' : 'close';
}

function executionOf(found: Found): Execution {
  const { avgpx } = found.report;
  const price = avgpx === undefined ? undefined : decimal(avgpx);
  return { orderKey: found.orderKey, filled: filledOf(found), price };
}

/** A report without a quantity is of all that the order was for. */
function filledOf({ position, orderKey, report: { cumqty }, by }: Found): Decimal {
  if (cumqty !== undefined) return decimal(cumqty);
  const { intent, fills, result, remainingQuantity } = position;
  const before = fills.get(orderKey)?.filled ?? zero;
  if (!isOpen(position)) return before.gt(0) ? before : decimal(result?.quantity ?? '0');
  const all = before.plus(remainingQuantity);
  if (intent?.clientOrderId === orderKey) {
    return Decimal.max(before, Decimal.min(decimal(intent.quantity), all));
  }
  // Of an attempt that is over, what it has filled is known; and for how much one of a part was.
  if (by === 'ours' && before.gt(0)) return before;
  const part = partOfOrder(position, orderKey)?.orders.get(orderKey);
  return part === undefined ? all : Decimal.min(part, all);
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
function reportKeyOf(route: string, report: CheckedReport, orderKey: string): string {
  const { exec_id: execId, order_id: orderId, ord_status: status, cumqty = '' } = report;
  return execId === undefined
    ? `${route}/${orderId}/${status}/${cumqty}`
    : executionKeyOf(route, orderKey, execId);
}
