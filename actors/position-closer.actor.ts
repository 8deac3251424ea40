// PositionCloser: turns a request into an intent a position, each position's errors its own. One
// close of a position is under way at a time; what comes behind one of a part waits for its outcome.
import {
  positionCloserMachine,
  type CloseRequest,
  type PositionCloserEvent,
} from '#machines/position-closer.machine';
import { accountOf } from '#src/domain/apply';
import { demandOf } from '#src/domain/apply-parts';
import { asLeft, bookOf, failedResult, filledResult, intentOf } from '#src/domain/closing';
import type { CloseIntent, Fill } from '#src/domain/closing';
import { invariant, messageOf } from '#src/domain/errors';
import { Decimal, decimal, text } from '#src/domain/money';
import { rungLeftOf, unclaimedOf, wholeOf } from '#src/domain/part-closes';
import { isLive, isOpen, isUrgentCause, type CloseDemand, type Position } from '#src/domain/state';
import { paperFill } from '#src/prices/paper-fill';
import { isLessThere } from './close-call.ts';
import type { CoreContext } from './core-context.ts';
import { tableLogic, type TableLogic } from './table-logic.ts';
import { WaitingCloses } from './waiting-closes.ts';

export type PositionCloserLogic = TableLogic<undefined, PositionCloserEvent>;

export function positionCloserLogic(core: CoreContext): PositionCloserLogic {
  const closer = new Closer(core);
  return tableLogic<undefined, PositionCloserEvent>({
    machine: positionCloserMachine,
    keyOf: ({ type }) => type,
    act: (_action, { event, self }) => {
      switch (event?.type) {
        case 'close.requested':
          for (const positionId of event.positionIds) closer.close(positionId, event);
          break;
        case 'part.ended':
          closer.next(event.positionId);
          break;
        case 'quote.taken':
          closer.fillWaiting(event.symbol);
          if (closer.waits === 0) self.send({ type: 'waits.ended' });
          return;
        default:
          return;
      }
      if (closer.waits > 0) self.send({ type: 'close.waited' });
    },
  });
}

class Closer {
  private readonly core: CoreContext;
  private readonly waiting: WaitingCloses;

  constructor(core: CoreContext) {
    this.core = core;
    this.waiting = new WaitingCloses(core);
  }

  get waits(): number {
    return this.waiting.size;
  }

  close(positionId: string, request: CloseRequest): void {
    const position = this.core.state.positions.get(positionId);
    if (position === undefined) return;
    try {
      if (position.state === 'guarded') this.ask(position, request);
      else if (position.state === 'closing') this.join(position, request);
    } catch (error) {
      const { cause } = request;
      const now = this.core.clock.now();
      this.fail(position, wholeOf(position) ?? intentOf(position, cause, now, {}), error);
    }
  }

  /** The first of those that wait behind a close that has its outcome. */
  next(positionId: string): void {
    const position = this.core.state.positions.get(positionId);
    if (position === undefined || !isOpen(position) || position.intent !== undefined) return;
    const { queued, behind } = position;
    // What a guard wants gone is not kept waiting by parts of it; on paper there is no wait.
    const isFirst = behind?.isUrgent !== true || !this.isLive(position);
    const intent = isFirst ? queued[0] : queued.at(-1);
    if (intent === undefined) return;
    try {
      this.begin(position, asLeft(intent, position));
    } catch (error) {
      this.fail(position, intent, error);
    }
  }

  /** Fills what waited for a quote of this symbol and has all its quotes now, in order. */
  fillWaiting(symbol: string): void {
    for (const { position, closeId } of this.waiting.of(symbol)) {
      try {
        const { intent } = position;
        if (intent === undefined) this.next(position.positionId);
        else if (intent.closeId === closeId) {
          const fill = this.fillOf(position, intent);
          if (fill !== undefined) this.fill(position, intent, fill);
        }
      } catch (error) {
        this.core.logger.error(
          { positionId: position.positionId, error: messageOf(error) },
          'fill failed',
        );
        this.core.metrics.count('close_errors');
      }
    }
  }

  /** A close of a position that is guarded, be a part of it under way or not. */
  private ask(position: Position, request: CloseRequest): void {
    const { core } = this;
    const { cause } = request;
    // What is left of a rung may be less, where an earlier close of it was given up half-way.
    const quantity = cause.rung === undefined ? request.quantity : rungLeftOf(position, cause.rung);
    const asked = quantity && Decimal.min(unclaimedOf(position), decimal(quantity));
    // All of it is being closed by parts that wait: nothing is left for this one.
    if (asked && asked.lte(0)) return;
    const part = asked && asked.lt(position.remainingQuantity) ? asked : undefined;
    core.metrics.count('closes_requested');
    const seen = this.seen(position, request);
    const intent = intentOf(position, cause, core.clock.now(), seen, part);
    if (position.intent === undefined && position.queued.length === 0) {
      this.begin(position, intent);
      return;
    }
    // What has happened waits for nothing.
    const fill = request.at === undefined ? undefined : this.fillOf(position, intent);
    if (fill === undefined) this.queue(position, intent);
    else this.fill(position, intent, fill);
  }

  private begin(position: Position, intent: CloseIntent): void {
    const { core } = this;
    const { accountId } = position;
    if (intent.route !== undefined) {
      core.commit({ type: 'close.intended', accountId, body: { intent } });
      this.send(position, intent);
      return;
    }
    const fill = this.fillOf(position, intent);
    if (fill !== undefined) {
      this.fill(position, intent, fill);
    } else {
      core.commit({ type: 'close.intended', accountId, body: { intent } });
      this.waiting.add(position, intent);
    }
  }

  private send(position: Position, intent: CloseIntent): void {
    const { live } = this.core;
    invariant(live !== undefined, 'a LIVE account has providers');
    if (position.isInDoubt) live.closer.look(position, intent, 'wait');
    else if (isLessThere(this.core, position)) live.closer.look(position, intent, 'send');
    else live.closer.send(position, intent);
  }

  private queue(position: Position, intent: CloseIntent): void {
    const { accountId } = position;
    this.core.commit({ type: 'close.queued', accountId, body: { intent } });
    if (intent.route === undefined) this.waiting.add(position, intent);
    else if (intent.isPart !== true) this.core.live?.closer.joined(position);
  }

  /** A later reason joins the close of all that is left; a price that is known settles it. */
  private join(position: Position, request: CloseRequest): void {
    const { cause, at, quantity } = request;
    if (at !== undefined && quantity !== undefined && position.remainingQuantity.gt(quantity)) {
      if (this.fillPart(position, request)) return;
    }
    const whole = wholeOf(position);
    invariant(whole !== undefined, 'what is closing has a close of all that is left');
    const { reason, bulkId, market } = cause;
    const { reasons, isUrgent, ...asked } = this.demandOf(position, whole);
    const isMoreUrgent = isUrgentCause(cause) && !isUrgent;
    // What a market guard alone has asked for may clear; what anybody else asks for does not.
    const insists = market === undefined && asked.market !== undefined;
    const isOtherGap =
      market?.before !== undefined &&
      asked.market?.some((one) => one.before === market.before) === false;
    if (isMoreUrgent || insists || isOtherGap || !reasons.includes(reason)) {
      const { positionId, accountId } = position;
      const body = {
        ...{ positionId, closeId: whole.closeId, reason },
        ...(bulkId !== undefined && { bulkId }),
        ...(market !== undefined && { market }),
      };
      this.core.commit({ type: 'close.joined', accountId, body });
      if (whole.route !== undefined) this.core.live?.closer.joined(position);
    }
    if (at === undefined) return;
    const fill = this.fillOf(position, { ...whole, at });
    if (fill !== undefined) this.fill(position, whole, fill);
  }

  /** Records the close of a part that has happened, of what is being closed; true where it is. */
  private fillPart(position: Position, { cause, at, quantity }: CloseRequest): boolean {
    const seen = this.seen(position, { cause, at });
    const part = decimal(quantity ?? position.remainingQuantity);
    const intent = intentOf(position, cause, this.core.clock.now(), seen, part);
    const fill = this.fillOf(position, intent);
    if (fill !== undefined) this.fill(position, intent, fill);
    return fill !== undefined;
  }

  private fill(position: Position, intent: CloseIntent, fill: Fill): void {
    const { core } = this;
    const { accountId } = position;
    const filled = this.quantityOf(position, intent);
    const isAll = filled.eq(position.remainingQuantity);
    const quantity = text(filled);
    const result = { ...filledResult(intent, fill, core.clock.now()), quantity };
    const reasons = [...this.demandOf(position, intent).reasons];
    const mark = { orderKey: intent.clientOrderId, filled: quantity };
    if (!isAll) {
      const body = { intent, result, reasons, fill: mark };
      core.commit({ type: 'close.partially-filled', accountId, body });
      core.metrics.count('closes_partially_filled');
    } else {
      // Where it was closed in parts, each is counted.
      const counted = position.fills.size === 0 ? {} : { fill: mark };
      const body = { intent, result, reasons, ...counted };
      core.commit({ type: 'close.filled', accountId, body });
      core.metrics.count('closes_filled');
    }
    this.waiting.drop(position);
  }

  private fail(position: Position, intent: CloseIntent, error: unknown): void {
    const { core } = this;
    core.metrics.count('closes_failed');
    core.logger.error({ positionId: position.positionId, error: messageOf(error) }, 'close failed');
    if (!isOpen(position)) return;
    const result = failedResult(intent, messageOf(error), core.clock.now());
    const doubt = position.isInDoubt ? { isInDoubt: true } : {};
    const body = { intent, result, reasons: [intent.reason], ...doubt };
    core.commit({ type: 'close.failed', accountId: position.accountId, body });
    this.waiting.drop(position);
  }

  private fillOf(position: Position, intent: CloseIntent): Fill | undefined {
    const { at } = intent;
    const price = at === undefined ? undefined : decimal(at);
    const quantity = this.quantityOf(position, intent);
    return paperFill(position, this.core.markets.bookOf, price, quantity);
  }

  /** How much an intent closes on paper, as things stand now. */
  private quantityOf({ remainingQuantity }: Position, intent: CloseIntent): Decimal {
    if (intent.isPart !== true) return remainingQuantity;
    return Decimal.min(remainingQuantity, decimal(intent.quantity));
  }

  /** Why a close is asked for, by all who have. */
  private demandOf(position: Position, close: CloseIntent): CloseDemand {
    const { intent, behind } = position;
    if (intent?.closeId === close.closeId) return position;
    return behind !== undefined && close.isPart !== true ? behind : demandOf(close);
  }

  private isLive({ accountId }: Position): boolean {
    return isLive(accountOf(this.core.state, accountId));
  }

  private seen(
    position: Position,
    { cause, at }: Pick<CloseRequest, 'cause'> & { at?: string | undefined },
  ): Pick<CloseIntent, 'quote' | 'at' | 'route'> {
    const market = this.core.markets.of(position.symbol);
    const { book } = market;
    const quote = cause.onQuote ? market.decidingQuote() : bookOf(book.mark());
    const account = accountOf(this.core.state, position.accountId);
    return {
      ...(book.hasQuote ? { quote } : {}),
      ...(at === undefined ? {} : { at: text(decimal(at)) }),
      ...(isLive(account) ? { route: account.route } : {}),
    };
  }
}
