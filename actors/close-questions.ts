// What became of a close whose outcome is not known: the provider is asked by id, then by position.
import { queryReplyOf } from '#src/contracts/provider';
import { failuresMax, listedAs, otherSide } from '#src/domain/close-steps';
import { attemptOf, type CloseIntent } from '#src/domain/closing';
import type { OrderReply } from '#src/domain/provider';
import type { Position } from '#src/domain/state';
import type { CallOutcome } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';
import { isUnderWay, laneOf } from './close-call.ts';
import type { CloseTasks } from './close-tasks.ts';
import type { CoreContext } from './core-context.ts';
import { PositionsAsker, type BrokerView } from './positions-asker.ts';

/** What follows from an answer. */
export interface CloseAnswers {
  /** The provider said what became of the order. */
  settle(position: Position, intent: CloseIntent, reply: OrderReply): void;
  gone(position: Position, intent: CloseIntent): void;
  /** Nothing was learned. */
  miss(position: Position, intent: CloseIntent, error: string): void;
  /** Less is there than here; `isOurs` where the part under way may have closed it. */
  clampTo(position: Position, intent: CloseIntent, theirs: string, isOurs: boolean): void;
  /** It is open; `isExact` where closing what is left here leaves nothing there. */
  resend(position: Position, intent: CloseIntent, wasNeverThere: boolean, isExact: boolean): void;
  failuresOf(position: Position): number;
}

/** What is done where the provider does not list for sure what is open. */
export type OrElse = 'wait' | 'send';

interface Asked {
  readonly wasNeverThere: boolean;
  readonly orElse: OrElse;
}

export class CloseQuestions {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly tasks: CloseTasks;
  private readonly answers: CloseAnswers;
  private readonly asker: PositionsAsker;

  constructor(
    core: CoreContext,
    sessions: BrokerSessions,
    tasks: CloseTasks,
    answers: CloseAnswers,
  ) {
    this.core = core;
    this.sessions = sessions;
    this.tasks = tasks;
    this.answers = answers;
    this.asker = new PositionsAsker(core, sessions);
  }

  /** By id first, then by position: nothing is sent before the provider has said something. */
  ask(position: Position, intent: CloseIntent): void {
    const { clientOrderId, route = '' } = intent;
    this.tasks.of(intent).isDoubtful = true;
    const can = this.sessions.capabilities(route);
    if (!can.queryByClientId || this.sessions.lacks(route, 'query')) {
      this.positions(position, intent, false);
      return;
    }
    const isLast = this.tasks.begin(intent);
    this.sessions.of(route).submit<unknown>({
      kind: 'query',
      lane: laneOf(position),
      isWanted: () => isLast() && isUnderWay(position, clientOrderId),
      run: async () => await this.sessions.broker(route).query?.({ clientOrderId }),
      done: (outcome) => {
        if (!isLast()) return;
        this.core.turn(() => this.onAnswer(position, intent, outcome));
      },
    });
  }

  private onAnswer(position: Position, intent: CloseIntent, outcome: CallOutcome<unknown>): void {
    if (outcome.kind === 'dropped') return;
    const answer = outcome.kind === 'reply' ? queryReplyOf(outcome.reply) : undefined;
    // The order tells its price, so it is asked about more than once; then what is open may tell.
    const isLeft =
      outcome.kind === 'unreachable' || this.answers.failuresOf(position) >= failuresMax;
    const reply = answer ?? (isLeft ? ({ status: 'unsupported' } as const) : undefined);
    if (reply === undefined) {
      this.answers.miss(position, intent, 'the provider did not say what became of the close');
    } else if (reply.status === 'notFound' || reply.status === 'unsupported') {
      this.positions(position, intent, reply.status === 'notFound');
    } else this.answers.settle(position, intent, reply);
  }

  /** What the provider lists; `wasNeverThere` where it said that it never had the order. */
  positions(
    position: Position,
    intent: CloseIntent,
    wasNeverThere: boolean,
    orElse: OrElse = 'wait',
  ): void {
    const isLast = this.tasks.begin(intent);
    const { accountId } = position;
    this.asker.ask({ route: intent.route ?? '', accountId, lane: laneOf(position) }, (view) => {
      if (!isLast() || !isUnderWay(position, intent.clientOrderId)) return;
      // What was not sent yet is sent where an operator has said so meanwhile.
      const isForced = position.phase === 'sending' && this.tasks.of(intent).isForced;
      const asked = { wasNeverThere, orElse: isForced ? 'send' : orElse } as const;
      this.core.turn(() => this.onPositions(position, intent, asked, view));
    });
  }

  private onPositions(
    position: Position,
    intent: CloseIntent,
    asked: Asked,
    view: BrokerView,
  ): void {
    const { wasNeverThere, orElse } = asked;
    if (view.kind === 'listed') {
      this.onListed(position, intent, asked, view);
      return;
    }
    const can = this.sessions.capabilities(intent.route ?? '');
    const isNone = view.kind === 'unreachable' && (wasNeverThere || can.idempotentByClientId);
    if (view.kind === 'unsupported' || isNone || orElse === 'send') {
      this.answers.resend(position, intent, wasNeverThere, false);
    } else {
      this.answers.miss(position, intent, view.error);
    }
  }

  private onListed(
    position: Position,
    intent: CloseIntent,
    { wasNeverThere, orElse }: Asked,
    { isClear, find }: Extract<BrokerView, { kind: 'listed' }>,
  ): void {
    const listed = listedAs(position, find(position), isClear(position));
    switch (listed.kind) {
      case 'gone':
        this.answers.gone(position, intent);
        return;
      case 'unclear':
        if (orElse === 'send' && listed.error !== otherSide) {
          this.answers.resend(position, intent, wasNeverThere, false);
          return;
        }
        this.answers.miss(position, intent, listed.error);
        return;
      case 'less': {
        const isUndecided = position.phase === 'unknown' || position.phase === 'pending';
        const isOurs = isUndecided && !wasNeverThere;
        // What is missing there our own order may have closed, and its reply will tell the price.
        if (isOurs && intent.isPart !== true) this.tasks.of(intent).most = listed.quantity;
        else {
          // Who never had the order may have had it since, and before this list.
          const isRest = position.phase === 'sending' && this.isRestInDoubt(intent);
          this.answers.clampTo(position, intent, listed.quantity, isUndecided || isRest);
        }
        if (!isUnderWay(position, intent.clientOrderId)) return;
        this.answers.resend(position, intent, wasNeverThere, false);
        return;
      }
      case 'there':
        this.answers.resend(position, intent, wasNeverThere, listed.isExact);
    }
  }

  /** Of a part: an attempt before this one may have been executed further than was told. */
  private isRestInDoubt(intent: CloseIntent): boolean {
    return attemptOf(intent) > 1 && this.tasks.of(intent).isDoubtful;
  }
}
