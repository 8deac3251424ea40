// Booking what providers say was executed: each part once, whoever tells it and however often.
import { accountOf } from '#src/domain/apply';
import {
  filledResult,
  goneResult,
  intentOf,
  type CloseCause,
  type CloseIntent,
  type CloseResult,
  type FillMark,
} from '#src/domain/closing';
import type { Drift } from '#src/domain/drift';
import { Decimal, decimal, text } from '#src/domain/money';
import { isOrderOf, partOfOrder, wholeOf } from '#src/domain/part-closes';
import {
  bookedFill,
  laterToldOf,
  newFillOf,
  worthOf,
  type Execution,
  type MidOf,
  type NewFill,
} from '#src/domain/provider-fill';
import type { Position } from '#src/domain/state';
import { estimateOf } from './close-records.ts';
import type { CoreContext } from './core-context.ts';
import { recordDrift } from './drift-record.ts';

export interface TakeOptions {
  /** Nothing more of this order will be executed: what is left of the close is sent anew. */
  readonly isFinal: boolean;
  /** Why the provider closed it, where that was not our order. */
  readonly cause?: CloseCause;
  /** The close that the order was of, which may have been given up since. */
  readonly of?: CloseIntent;
  readonly reportKey?: string | undefined;
}

export class Fills {
  private readonly core: CoreContext;
  private readonly sendRest: (position: Position, intent: CloseIntent) => void;

  /** `sendRest` sends what a final partial fill has left of the close under way. */
  constructor(core: CoreContext, sendRest: (position: Position, intent: CloseIntent) => void) {
    this.core = core;
    this.sendRest = sendRest;
  }

  /** True where something of it was new. */
  take(position: Position, execution: Execution, options: TakeOptions): boolean {
    if (position.state === 'untracked') return false;
    const isTold = this.isTold(options);
    const isAmended = this.amendBefore(position, execution, options);
    if (position.state === 'closed') {
      return (!isTold && this.afterClose(position, execution, options)) || isAmended;
    }
    const isNew = !isTold && newFillOf(position, execution) !== undefined;
    if (isNew) this.book(position, execution, options);
    const { intent, fills } = position;
    // What a report has told of already may be all that this order will ever fill.
    if (options.isFinal && intent !== undefined && intent.clientOrderId === execution.orderKey) {
      const isBooked = fills.has(execution.orderKey);
      if (isBooked && position.remainingQuantity.gt(0)) this.sendRest(position, intent);
    }
    return isNew || isAmended;
  }

  /** A difference in what was executed of a position. */
  tellDrift(position: Position, drift: Drift, reportKey?: string): void {
    const { accountId, positionId, symbol, ticket } = position;
    const named = { positionId, symbol, ...(ticket === undefined ? {} : { ticket }), ...drift };
    recordDrift(this.core, accountOf(this.core.state, accountId), named, reportKey);
  }

  /** Gives parts that wait for a rate their P&L; true where none waits any more. */
  price(position: Position): boolean {
    const { state } = this.core;
    const account = accountOf(state, position.accountId);
    const mids: MidOf = (symbol) => this.mid(symbol);
    for (let part = position.unpriced[0]; part !== undefined; part = position.unpriced[0]) {
      const { orderKey, fee, feeCurrency } = part;
      const [quantity, price] = [decimal(part.quantity), decimal(part.price)];
      const charged = fee === undefined ? {} : { fee: decimal(fee), feeCurrency };
      const told = { orderKey, filled: quantity, price, ...charged };
      const worth = worthOf(state, account, position, told, mids, { quantity });
      if (worth === undefined || position.result === undefined) return false;
      const { pnl, commission } = worth;
      const { positionId, accountId, reasons } = position;
      const result = resultBefore(position, orderKey) ?? position.result;
      const priced = { quantity: part.quantity, closedPrice: part.price };
      const complete = { ...result, ...priced, pnl: text(pnl), commission: text(commission) };
      const body = { positionId, result: complete, reasons: [...reasons], priced: orderKey };
      this.core.commit({ type: 'close.amended', accountId, body });
    }
    return true;
  }

  private book(
    position: Position,
    execution: Execution,
    { cause, of, reportKey }: TakeOptions,
  ): void {
    const { core } = this;
    const { accountId } = position;
    const account = accountOf(core.state, accountId);
    const fill = bookedFill(core.state, account, position, execution, (s) => this.mid(s));
    const isAll = fill.quantity.eq(position.remainingQuantity);
    const intent = this.intentFor(position, execution, cause, of, isAll);
    const isUnderWay = position.intent?.closeId === intent.closeId;
    const most = isUnderWay ? position.partLeft : undefined;
    const asked = Decimal.min(position.remainingQuantity, most ?? position.remainingQuantity);
    const executed = fill.quantity.plus(fill.excess);
    if (executed.gt(asked)) {
      const [ours, theirs] = [text(asked), text(executed)];
      this.tellDrift(position, { kind: 'overfill', ours, theirs });
    }
    const result = resultOf(intent, fill, core.clock.now());
    const mark = markOf(execution, reportKey);
    const reasons = isUnderWay ? [...position.reasons] : [];
    if (isAll && !isUnderWay && intent === wholeOf(position)) {
      reasons.push(...(position.behind?.reasons ?? []));
    }
    if (!reasons.includes(intent.reason)) reasons.push(intent.reason);
    const isPriced = fill.pnl !== undefined;
    const estimate = isPriced ? {} : estimateOf(core, position, fill.quantity);
    core.metrics.count(isAll ? 'closes_filled' : 'closes_partially_filled');
    core.commit({
      type: isAll ? 'close.filled' : 'close.partially-filled',
      accountId,
      body: { intent, result, reasons, fill: mark, ...estimate },
    });
  }

  private isTold({ reportKey }: Pick<TakeOptions, 'reportKey'>): boolean {
    return reportKey !== undefined && this.core.state.reportKeys.has(reportKey);
  }

  /**
   * The close under way, or one that the provider made by itself. What closes all that is left is
   * that of all that is left, where there is one; of a part only what its own orders filled.
   */
  private intentFor(
    position: Position,
    { orderKey }: Execution,
    cause: CloseCause | undefined,
    of: CloseIntent | undefined,
    isAll: boolean,
  ): CloseIntent {
    const intent = (isAll ? wholeOf(position) : undefined) ?? intentOfOrder(position, orderKey, of);
    if (intent !== undefined) return cause === undefined ? intent : causedBy(intent, cause);
    const { core } = this;
    const { book } = core.markets.of(position.symbol);
    const { symbol: _symbol, ...quote } = book.mark();
    const { route } = accountOf(core.state, position.accountId);
    return intentOf(position, cause ?? { reason: 'manual' }, core.clock.now(), {
      ...(book.hasQuote ? { quote } : {}),
      ...(route === undefined ? {} : { route }),
    });
  }

  /** A fill of what is closed: its price, where that was missing; else something is wrong. */
  private afterClose(
    position: Position,
    execution: Execution,
    { reportKey }: TakeOptions,
  ): boolean {
    const more = newFillOf(position, execution);
    if (more === undefined) return false;
    // Of what was gone, and is of no order yet.
    let { untold } = position;
    for (const fill of position.fills.values()) untold = untold.minus(fill.untold);
    if (untold.gt(0) && execution.price !== undefined) {
      this.amend(position, execution, untold, reportKey);
    }
    const excess = more.minus(untold);
    if (excess.gt(0)) {
      const drift = { kind: 'fill_of_closed', ours: '0', theirs: text(excess) } as const;
      this.tellDrift(position, drift, reportKey);
    }
    return true;
  }

  /** What is told now of a part that was closed without a price. */
  private amend(
    position: Position,
    execution: Execution,
    untold: Decimal,
    reportKey: string | undefined,
  ): void {
    const { state } = this.core;
    const account = accountOf(state, position.accountId);
    const mids: MidOf = (symbol) => this.mid(symbol);
    const fill = bookedFill(state, account, position, execution, mids, untold);
    this.commitAmended(position, fill, markOf(execution, reportKey));
  }

  /** What is told now of what this order filled before: its price, or another fee. */
  private amendBefore(
    position: Position,
    execution: Execution,
    { reportKey }: TakeOptions,
  ): boolean {
    const { state } = this.core;
    const before = position.fills.get(execution.orderKey);
    const account = accountOf(state, position.accountId);
    const mids: MidOf = (symbol) => this.mid(symbol);
    const later = laterToldOf(state, account, position, execution, mids);
    if (before === undefined || later === undefined) return false;
    const { orderKey, filled, fee, feeCurrency } = execution;
    const isAll = filled.eq(before.filled);
    const told = { orderKey, filled: before.filled, price: execution.price };
    const charged = isAll && fee !== undefined ? { fee, feeCurrency } : {};
    this.commitAmended(position, later, markOf({ ...told, ...charged }, reportKey));
    return true;
  }

  private commitAmended(position: Position, fill: NewFill, mark: FillMark): void {
    const { positionId, accountId, reasons } = position;
    const before = resultBefore(position, mark.orderKey) ?? position.result;
    const result = amendedResult(before, fill);
    if (result === undefined) return;
    const body = { positionId, result, reasons: [...reasons], fill: mark };
    this.core.commit({ type: 'close.amended', accountId, body });
  }

  private mid(symbol: string): Decimal | undefined {
    const { book } = this.core.markets.of(symbol);
    return book.hasQuote ? book.mid() : undefined;
  }
}

/** The close that an order is of, as far as it is known: the one under way, unless it is another's. */
function intentOfOrder(
  position: Position,
  orderKey: string,
  of: CloseIntent | undefined,
): CloseIntent | undefined {
  const { intent } = position;
  const part = partOfOrder(position, orderKey)?.intent;
  const isOwn =
    intent?.isPart === true
      ? isOrderOf(position, intent, orderKey)
      : part === undefined || part.closeId === intent?.closeId;
  if (intent !== undefined && isOwn) return intent;
  return of ?? (part && { ...part, clientOrderId: orderKey });
}

/** The last result of the close that an order was of, where that was one of a part. */
function resultBefore({ fills, parts }: Position, orderKey: string): CloseResult | undefined {
  const { partId } = fills.get(orderKey) ?? {};
  return partId === undefined ? undefined : parts?.get(partId)?.last;
}

/** The same close, for another reason than that for which it was asked. */
function causedBy(intent: CloseIntent, cause: CloseCause): CloseIntent {
  const { triggerPrice: _level, ruleId: _rule, breachId: _breach, ...rest } = intent;
  const { observed: _observed, floor: _floor, ...same } = rest;
  return { ...same, ...cause };
}

function markOf(execution: Execution, reportKey: string | undefined): FillMark {
  const { orderKey, filled, fee, feeCurrency } = execution;
  return {
    orderKey,
    filled: text(filled),
    ...(fee === undefined ? {} : { fee: text(fee) }),
    ...(feeCurrency === undefined ? {} : { feeCurrency }),
    ...(reportKey === undefined ? {} : { reportKey }),
  };
}

/** The result of a close as far as this part of it goes. */
function amendedResult(result: CloseResult | undefined, fill: NewFill): CloseResult | undefined {
  if (result === undefined || fill.price === undefined) return undefined;
  const { price, pnl, commission } = fill;
  const worth = pnl === undefined || commission === undefined ? {} : { pnl, commission };
  const { pnl: _pnl, commission: _commission, errorMessage: _error, ...base } = result;
  // The last outcome may be that a later order was rejected; this part was filled.
  const outcome = { success: true, outcome: 'closed' } as const;
  return { ...base, ...outcome, quantity: text(fill.quantity), closedPrice: price, ...worth };
}

function resultOf(intent: CloseIntent, fill: NewFill, ts: number): CloseResult {
  const { price, pnl, commission } = fill;
  const quantity = text(fill.quantity);
  if (price !== undefined && pnl !== undefined && commission !== undefined) {
    return { ...filledResult(intent, { price, pnl, commission }, ts), quantity };
  }
  const result = { ...goneResult(intent, ts), quantity };
  return price === undefined ? result : { ...result, closedPrice: price };
}
