// The way of a close to a provider and back: send, and on any doubt ask before sending again
// (contract section 6). Every step is a record; what is kept here is only what waits.
import { orderReplyOf } from '#src/contracts/provider';
import { executionOf, hasProgressed, replyKeyOf } from '#src/domain/close-execution';
import { backoffMs, failuresMax, isResendSafe, otherSide } from '#src/domain/close-steps';
import { attemptOf, type CloseIntent } from '#src/domain/closing';
import { Decimal, decimal, text, zero } from '#src/domain/money';
import { isSuperseded } from '#src/domain/part-closes';
import type { OrderReply } from '#src/domain/provider';
import { isRiskClose, type Position } from '#src/domain/state';
import type { Chance } from '#src/ports/chance';
import type { BrokerSessions } from './broker-sessions.ts';
import { foundDrift, isOnOtherSide, isUnderWay, laneOf, mustBeOnRecord } from './close-call.ts';
import { CloseDispatch, type CloseReplies, type NoReply } from './close-dispatch.ts';
import {
  recordClamped,
  recordFailed,
  recordGone,
  recordNext,
  recordPartGone,
  recordPending,
  recordRejected,
  recordSent,
  recordUnknown,
} from './close-records.ts';
import { CloseQuestions, type CloseAnswers, type OrElse } from './close-questions.ts';
import { CloseTasks } from './close-tasks.ts';
import type { CloseSender, CoreContext } from './core-context.ts';
import { noteDeadLetter } from './dead-letters.ts';
import { Fills } from './fills.ts';

/** A provider that took a close, and then reports nothing, is asked about it. */
const pendingCheckMs = 10_000;

/** Why a part is given up that another close waits for. */
const superseded = 'all that is left is being closed';

export class LiveCloser implements CloseSender, CloseAnswers, CloseReplies {
  readonly fills: Fills;
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly chance: Chance;
  private readonly questions: CloseQuestions;
  private readonly tasks: CloseTasks;
  private readonly dispatcher: CloseDispatch;

  constructor(core: CoreContext, sessions: BrokerSessions, chance: Chance) {
    this.core = core;
    this.sessions = sessions;
    this.chance = chance;
    this.fills = new Fills(core, (position, intent) => this.rest(position, intent));
    this.tasks = new CloseTasks(core.clock);
    this.questions = new CloseQuestions(core, sessions, this.tasks, this);
    this.dispatcher = new CloseDispatch(core, sessions, this.tasks, this);
  }

  /** Closes that are on their way, or wait to be tried again. */
  get inFlight(): number {
    return this.tasks.size;
  }

  /** When the close of a position is tried next; undefined while it waits for an answer. */
  nextAttemptAt(positionId: string): number | undefined {
    return this.tasks.find(positionId)?.nextAttemptAt;
  }

  /** Takes up what was under way before a restart: nothing is sent before it was asked about. */
  arm(): void {
    for (const position of this.core.state.positions.values()) {
      const { intent } = position;
      if (intent?.route === undefined) continue;
      const isUnsent = mustBeOnRecord(this.sessions, intent) && !position.wasSent;
      if (position.phase === 'sending' && !isUnsent) {
        recordUnknown(this.core, position, intent, 'restarted before its outcome was known', 0);
      }
      if (position.isInDoubt) this.tasks.of(intent).isDoubtful = true;
      this.tasks.of(intent).mayBeThere = !isUnsent;
      this.takeUp(position);
    }
  }

  stop(): void {
    this.tasks.stop();
  }

  /** Sends an intent that was just committed, once it is durable. */
  send(position: Position, intent: CloseIntent): void {
    const { clientOrderId } = intent;
    this.tasks.of(intent);
    const { idempotentByClientId } = this.sessions.capabilities(intent.route ?? '');
    this.core.afterDurable({
      // A part that nobody has on record would be taken off twice: by a list, and by its reply.
      isSafeUnrecorded: idempotentByClientId && intent.isPart !== true,
      act: () => {
        if (isUnderWay(position, clientOrderId)) this.dispatch(position, intent);
      },
    });
  }

  /** Looks at what is open there before it sends an intent that was just committed. */
  look(position: Position, intent: CloseIntent, orElse: OrElse): void {
    this.tasks.of(intent).isDoubtful = true;
    this.questions.positions(position, intent, true, orElse);
  }

  /** The close of this id, where one is given, has its outcome: nothing waits for it any more. */
  settled(positionId: string, closeId?: string): void {
    this.tasks.end(positionId, closeId);
  }

  mayBeThere(position: Position): boolean {
    return this.tasks.mayBeThere(position);
  }

  /** Tries a close that waits now, and even where a second send is not known to be safe. */
  retryNow(position: Position): void {
    const { intent, phase } = position;
    if (intent === undefined) return;
    const task = this.tasks.of(intent);
    const isInDoubt = phase === 'sending' && task.isDoubtful;
    task.isForced = phase === 'unknown' || phase === 'pending' || isInDoubt;
    this.dispatcher.insist(position, intent);
    if (task.nextAttemptAt !== undefined) this.takeUp(position);
  }

  /** A close that a guard has joined passes those that wait for less. */
  joined(position: Position): void {
    const { intent, phase } = position;
    const lane = this.tasks.find(position.positionId)?.lane;
    if (intent !== undefined && phase === 'rejected' && isSuperseded(position)) {
      this.giveUp(position, intent, superseded);
      return;
    }
    if (intent === undefined || lane === undefined || lane === laneOf(position)) return;
    this.dispatch(position, intent);
  }

  /** Gives up a close as an operator says: the position is guarded again, and perhaps closed. */
  giveUp(position: Position, intent: CloseIntent, why: string): void {
    const { phase } = position;
    const { isDoubtful, isOut } = this.tasks.of(intent);
    const isSent = phase === 'unknown' || phase === 'pending' || isOut;
    recordFailed(this.core, position, intent, why, isSent || (phase === 'sending' && isDoubtful));
  }

  gone(position: Position, intent: CloseIntent): void {
    recordGone(this.core, position, intent);
  }

  /** A report says that the order was not executed, or will not be any more: which send of it? */
  reject(position: Position, intent: CloseIntent, why: string): void {
    const isSentAgain = this.tasks.of(intent).sends > 1;
    // Of the last send the reply will tell, or the question that follows where there is none.
    if (isSentAgain && position.phase === 'sending') return;
    if (isSentAgain && position.phase === 'unknown') this.questions.ask(position, intent);
    else this.rejected(position, intent, why);
  }

  /** Definitely not executed, or not any more: the next attempt takes the next generation. */
  private rejected(position: Position, intent: CloseIntent, why: string): void {
    if (position.phase === 'rejected') return;
    const error = why === '' ? 'rejected by the provider' : why;
    const after = { ...position, phase: 'rejected' as const, failures: position.failures + 1 };
    // One record an outcome: the last is `close.failed`, but where a letter counts the rejections.
    const isLast = this.isOver(after) && position.deadLetter !== intent.closeId;
    if (isLast) this.core.metrics.count('closes_rejected');
    else recordRejected(this.core, position, intent, error);
    this.failed(isLast ? after : position, intent, error);
  }

  /** The next step of a close that waits. */
  private takeUp(position: Position): void {
    const { intent, phase } = position;
    if (intent === undefined) return;
    if (phase === 'unknown' || phase === 'pending') this.questions.ask(position, intent);
    else if (phase === 'sending' && !this.tasks.of(intent).isDoubtful) {
      this.dispatch(position, intent);
    } else if (phase === 'sending' || position.failures >= failuresMax) {
      // By then it is worth asking whether there is anything left to close.
      this.questions.positions(position, intent, true);
    } else this.core.turn(() => this.again(position, intent));
  }

  private dispatch(position: Position, intent: CloseIntent): void {
    if (isOnOtherSide(this.core, position)) {
      this.tasks.begin(intent);
      this.core.turn(() => this.rejected(position, intent, otherSide));
    } else this.dispatcher.send(position, intent);
  }

  /** A reply counts whenever it comes, be it after others were asked for what it says. */
  onReply(
    position: Position,
    intent: CloseIntent,
    raw: unknown,
    isLast: boolean,
    isSentAgain = false,
  ): void {
    const reply = orderReplyOf(raw);
    if (reply === undefined) {
      const no = { kind: 'unknown', error: 'the reply of the provider is none' } as const;
      if (isLast) this.onNoReply(position, intent, no);
    } else if (isSentAgain && (reply.status === 'rejected' || reply.status === 'pending')) {
      // That it was not executed is said of an earlier send; the last one may be.
      this.core.metrics.count('closes_late_replies');
    } else if (isUnderWay(position, intent.clientOrderId)) {
      this.settle(position, intent, reply);
    } else if (reply.status === 'filled' || reply.status === 'partiallyFilled') {
      const options = { isFinal: false, of: intent, reportKey: replyKeyOf(intent, reply) };
      this.fills.take(position, executionOf(intent, reply), options);
    }
  }

  onNoReply(position: Position, intent: CloseIntent, outcome: NoReply): void {
    if (outcome.kind === 'dropped') return;
    const { error } = outcome;
    this.tasks.of(intent).isForced = false;
    if (outcome.kind === 'unreachable') {
      // Not executed this time; of the time before nobody knows.
      if (this.tasks.of(intent).isDoubtful) recordUnknown(this.core, position, intent, error, 0);
      this.miss(position, intent, error);
      return;
    }
    this.core.metrics.count('closes_unknown');
    recordUnknown(this.core, position, intent, error, 1);
    const failures = this.failuresOf(position);
    noteDeadLetter(this.core, position, intent, error, failures);
    if (failures === 1) this.questions.ask(position, intent);
    else this.later(position, intent, backoffMs(failures, this.chance.next()));
  }

  /** What the provider said of the order: in reply to it, or when it was asked. */
  settle(position: Position, intent: CloseIntent, reply: OrderReply): void {
    const { core } = this;
    this.tasks.of(intent).isForced = false;
    switch (reply.status) {
      case 'filled':
      case 'partiallyFilled': {
        const quantity = this.tasks.of(intent).most ?? intent.quantity;
        const execution = executionOf({ ...intent, quantity }, reply);
        this.fills.take(position, execution, {
          isFinal: true,
          reportKey: replyKeyOf(intent, reply),
        });
        return;
      }
      case 'gone':
        this.gone(position, intent);
        return;
      case 'rejected':
        this.rejected(position, intent, [reply.code, reply.message].filter(Boolean).join(' '));
        return;
      case 'pending':
        if (position.phase === 'rejected') return;
        if (position.phase === 'pending') this.stillPending(position, intent);
        else {
          recordPending(core, position, intent);
          this.later(position, intent, pendingCheckMs);
        }
    }
  }

  /** Less is there than here, of which the part under way may have closed some. */
  clampTo(position: Position, intent: CloseIntent, theirs: string, isOurs: boolean): void {
    const { partLeft } = position;
    if (!isOurs || partLeft === undefined) this.clamp(position, decimal(theirs), zero);
    else {
      const missing = position.remainingQuantity.minus(theirs);
      const executed = Decimal.min(missing, partLeft);
      if (missing.gt(executed)) this.clamp(position, decimal(theirs), executed);
      recordPartGone(this.core, position, intent, executed);
    }
  }

  /** Nobody has told why: a person must know. */
  private clamp(position: Position, there: Decimal, executed: Decimal): void {
    const ours = text(position.remainingQuantity.minus(executed));
    const theirs = text(there);
    const known = foundDrift(this.core, position, 'quantity');
    if (known?.ours !== ours || known.theirs !== theirs) {
      this.fills.tellDrift(position, { kind: 'quantity', ours, theirs });
    }
    recordClamped(this.core, position, text(there.plus(executed)));
  }

  resend(position: Position, intent: CloseIntent, wasNeverThere: boolean, isWhole: boolean): void {
    const { phase } = position;
    if (phase === 'pending' && !wasNeverThere) {
      this.stillPending(position, intent);
      return;
    }
    if (phase === 'rejected') {
      this.again(position, intent);
      return;
    }
    const task = this.tasks.of(intent);
    if (wasNeverThere && phase !== 'pending') task.isDoubtful = false;
    if (phase === 'sending') {
      task.isForced = false;
      this.send(position, intent);
      return;
    }
    const can = this.sessions.capabilities(intent.route ?? '');
    // Who had it, and never had it, is not to be believed.
    const isNew = wasNeverThere && phase !== 'pending';
    const isByTicket = position.ticket !== undefined;
    // A part that is closed twice closes too much, and leaves the position open all the same.
    const isPart = intent.isPart === true;
    const asked = { wasNeverThere: isNew, isWhole: isWhole && !isPart, isByTicket };
    if (!task.isForced && !isResendSafe(can, asked)) {
      if (isSuperseded(position) && isResendSafe(can, { ...asked, isWhole: true })) {
        this.giveUp(position, intent, superseded);
        return;
      }
      const error = 'its outcome is unknown, and nothing makes a second send safe';
      const attempts = Math.max(failuresMax, this.failuresOf(position));
      noteDeadLetter(this.core, position, intent, error, attempts);
      this.miss(position, intent, error);
      return;
    }
    // A part may come late to who says that he never had it; under its own id it comes once.
    const isSentFirst = isPart && isSuperseded(position) && can.idempotentByClientId;
    if (isNew && !task.isForced && !isSentFirst && this.isOver(position)) {
      recordFailed(this.core, position, intent, 'the provider never had it', false);
      return;
    }
    // Under the same id it is the order of which the list has told something already.
    if (isPart && !can.idempotentByClientId && position.fills.has(intent.clientOrderId)) {
      this.again(position, intent);
      return;
    }
    task.isForced = false;
    this.core.metrics.count('closes_resent');
    recordSent(this.core, position, intent, attemptOf(intent) + 1);
    this.send(position, position.intent ?? intent);
  }

  /** Taken long ago, and not reported: it is asked about again, and in the end alarmed. */
  private stillPending(position: Position, intent: CloseIntent): void {
    this.tasks.of(intent).misses++;
    const error = 'the provider took it, and does not report';
    noteDeadLetter(this.core, position, intent, error, this.failuresOf(position));
    this.later(position, intent, pendingCheckMs);
  }

  /** What is left, under the next generation. */
  private again(position: Position, intent: CloseIntent): void {
    if (isSuperseded(position)) this.giveUp(position, intent, superseded);
    else this.send(position, recordNext(this.core, position, intent));
  }

  /** What a fill has left; where it was in doubt, what is there is looked at before. */
  private rest(position: Position, intent: CloseIntent): void {
    if (isSuperseded(position)) {
      recordFailed(this.core, position, intent, superseded, this.tasks.of(intent).isDoubtful);
      return;
    }
    const isCrumb = !hasProgressed(position, intent);
    const isDoubtful = isCrumb || this.tasks.of(intent).isDoubtful;
    const next = recordNext(this.core, position, intent);
    this.tasks.of(next).isDoubtful = isDoubtful;
    if (isCrumb) this.miss(position, next, 'next to nothing of it was filled');
    else if (isDoubtful) this.questions.positions(position, next, true);
    else this.send(position, next);
  }

  /** The provider could not be reached, or asked: nothing is known that was not known before. */
  miss(position: Position, intent: CloseIntent, error: string): void {
    this.tasks.of(intent).misses++;
    this.failed(position, intent, error);
  }

  private failed(position: Position, intent: CloseIntent, error: string): void {
    const failures = this.failuresOf(position);
    noteDeadLetter(this.core, position, intent, error, failures);
    const isUndecided = position.phase === 'unknown' || position.phase === 'pending';
    if (!isUndecided && this.isOver(position)) this.giveUp(position, intent, error);
    else this.later(position, intent, backoffMs(failures, this.chance.next()));
  }

  /** An operator's close is left after its attempts; any other is tried for as long as it takes. */
  private isOver(position: Position): boolean {
    if (isSuperseded(position)) return true;
    return this.failuresOf(position) >= failuresMax && !isRiskClose(position);
  }

  failuresOf(position: Position): number {
    return position.failures + (this.tasks.find(position.positionId)?.misses ?? 0);
  }

  private later(position: Position, intent: CloseIntent, waitMs: number): void {
    this.tasks.later(intent, waitMs, () => {
      if (isUnderWay(position, intent.clientOrderId)) this.takeUp(position);
    });
  }
}
