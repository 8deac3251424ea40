// PositionCloser: turns a request into an intent a position, each position's errors its own.
import type { ActorRefFrom } from 'xstate';
import { positionCloserMachine } from '#machines/position-closer.machine';
import type { CloseRequest } from '#machines/position-closer.machine';
import { accountOf } from '#src/domain/apply';
import { failedResult, filledResult, intentOf } from '#src/domain/closing';
import type { CloseIntent, Fill } from '#src/domain/closing';
import { invariant, messageOf } from '#src/domain/errors';
import { decimal, text } from '#src/domain/money';
import { isLive, isUrgentCause, type Account, type Position } from '#src/domain/state';
import { paperFill } from '#src/prices/paper-fill';
import { isLessThere } from './close-call.ts';
import type { CoreContext } from './core-context.ts';

export type PositionCloserRef = ActorRefFrom<typeof positionCloserMachine>;

export function positionCloserLogic(core: CoreContext): typeof positionCloserMachine {
  const closer = new Closer(core);
  return positionCloserMachine.provide({
    actions: {
      closePositions: ({ event, self }) => {
        if (event.type !== 'close.requested') return;
        for (const positionId of event.positionIds) closer.close(positionId, event);
        if (closer.waits > 0) self.send({ type: 'close.waited' });
      },
      fillWaiting: ({ event, self }) => {
        if (event.type !== 'quote.taken') return;
        closer.fillWaiting(event.symbol);
        if (closer.waits === 0) self.send({ type: 'waits.ended' });
      },
    },
  });
}

class Closer {
  private readonly core: CoreContext;
  private readonly waiting = new Set<Position>();

  constructor(core: CoreContext) {
    this.core = core;
    const closing = [...core.state.positions.values()].filter((p) => p.phase === 'waiting');
    const requestedTs = (position: Position): number => position.intent?.requestedTs ?? 0;
    // In the order of the requests, as far as a restart knows it: ties are in tracking order.
    for (const position of closing.sort((a, b) => requestedTs(a) - requestedTs(b))) {
      this.wait(position);
    }
  }

  get waits(): number {
    return this.waiting.size;
  }

  close(positionId: string, request: CloseRequest): void {
    const position = this.core.state.positions.get(positionId);
    if (position === undefined) return;
    try {
      if (position.state === 'guarded') this.begin(position, request);
      else if (position.state === 'closing') this.join(position, request);
    } catch (error) {
      this.fail(position, request, error);
    }
  }

  /** Fills what waited for a quote of this symbol and has all its quotes now, in order. */
  fillWaiting(symbol: string): void {
    for (const position of [...this.core.markets.of(symbol).waiting]) {
      try {
        const at = position.intent?.at;
        const fill = this.fillOf(position, at);
        if (fill !== undefined) this.fill(position, position.intent as CloseIntent, fill);
      } catch (error) {
        this.core.logger.error(
          { positionId: position.positionId, error: messageOf(error) },
          'fill failed',
        );
        this.core.metrics.count('close_errors');
      }
    }
  }

  private begin(position: Position, request: CloseRequest): void {
    const { core } = this;
    const account = accountOf(core.state, position.accountId);
    core.metrics.count('closes_requested');
    if (isLive(account)) this.beginLive(position, account, request);
    else this.beginOnPaper(position, request);
  }

  /** To the provider, once it is durable; where less may be open there, that is looked at first. */
  private beginLive(
    position: Position,
    { route }: Account & { readonly route: string },
    { cause }: CloseRequest,
  ): void {
    const { live, clock } = this.core;
    invariant(live !== undefined, 'a LIVE account has providers');
    const { accountId } = position;
    const seen = { ...this.seen(position, undefined), route };
    const intent = intentOf(position, cause, clock.now(), seen);
    this.core.commit({ type: 'close.intended', accountId, body: { intent } });
    if (position.isInDoubt) live.closer.look(position, intent, 'wait');
    else if (isLessThere(this.core, position)) live.closer.look(position, intent, 'send');
    else live.closer.send(position, intent);
  }

  private beginOnPaper(position: Position, { cause, at }: CloseRequest): void {
    const { core } = this;
    const intent = intentOf(position, cause, core.clock.now(), this.seen(position, at));
    const fill = this.fillOf(position, at);
    if (fill !== undefined) {
      this.fill(position, intent, fill);
    } else {
      core.commit({ type: 'close.intended', accountId: position.accountId, body: { intent } });
      this.wait(position);
    }
  }

  /** A later reason joins the intent under way; a price that is known settles it. */
  private join(position: Position, { cause, at }: CloseRequest): void {
    const intent = position.intent as CloseIntent;
    const { reason, bulkId } = cause;
    const isMoreUrgent = isUrgentCause(cause) && !position.isUrgent;
    if (isMoreUrgent || !position.reasons.includes(reason)) {
      const { positionId, accountId } = position;
      const ofBulk = bulkId === undefined ? {} : { bulkId };
      const body = { positionId, closeId: intent.closeId, reason, ...ofBulk };
      this.core.commit({ type: 'close.joined', accountId, body });
      if (intent.route !== undefined) this.core.live?.closer.joined(position);
    }
    if (at === undefined) return;
    const fill = this.fillOf(position, at);
    if (fill !== undefined) this.fill(position, intent, fill);
  }

  private fill(position: Position, intent: CloseIntent, fill: Fill): void {
    const result = filledResult(intent, fill, this.core.clock.now());
    const reasons = position.intent === undefined ? [intent.reason] : [...position.reasons];
    const body = { intent, result, reasons };
    this.core.commit({ type: 'close.filled', accountId: position.accountId, body });
    this.core.metrics.count('closes_filled');
    this.unwait(position);
  }

  private fail(position: Position, { cause }: CloseRequest, error: unknown): void {
    const { core } = this;
    core.metrics.count('closes_failed');
    core.logger.error({ positionId: position.positionId, error: messageOf(error) }, 'close failed');
    if (position.state !== 'guarded' && position.state !== 'closing') return;
    const now = core.clock.now();
    const intent = position.intent ?? intentOf(position, cause, now, {});
    const result = failedResult(intent, messageOf(error), now);
    const doubt = position.isInDoubt ? { isInDoubt: true } : {};
    const body = { intent, result, reasons: [intent.reason], ...doubt };
    core.commit({ type: 'close.failed', accountId: position.accountId, body });
    this.unwait(position);
  }

  private fillOf(position: Position, at: string | undefined): Fill | undefined {
    const price = at === undefined ? undefined : decimal(at);
    return paperFill(position, this.core.markets.bookOf, price);
  }

  private seen(position: Position, at: string | undefined): Pick<CloseIntent, 'quote' | 'at'> {
    const { book } = this.core.markets.of(position.symbol);
    const { symbol: _symbol, ...quote } = book.mark();
    return {
      ...(book.hasQuote ? { quote } : {}),
      ...(at === undefined ? {} : { at: text(decimal(at)) }),
    };
  }

  private wait(position: Position): void {
    this.waiting.add(position);
    for (const symbol of symbolsOf(position)) this.core.markets.of(symbol).waiting.add(position);
  }

  private unwait(position: Position): void {
    if (!this.waiting.delete(position)) return;
    for (const symbol of symbolsOf(position)) this.core.markets.of(symbol).waiting.delete(position);
  }
}

function symbolsOf(position: Position): string[] {
  return [position.symbol, ...position.conversion.map((leg) => leg.symbol)];
}
