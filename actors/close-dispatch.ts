// The sending of a close: through the route's session, in the lane that it is worth.
import { attemptOf, type CloseIntent } from '#src/domain/closing';
import { hasMarketCleared } from '#src/domain/market-clearing';
import { manualReason, type Position } from '#src/domain/state';
import type { CallOutcome } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';
import {
  callClose,
  isLessThere,
  isNotTaken,
  isThrottled,
  isUnderWay,
  laneOf,
} from './close-call.ts';
import { recordFailed } from './close-records.ts';
import type { CloseTasks } from './close-tasks.ts';
import type { CoreContext } from './core-context.ts';
import { clearDeadLetter } from './dead-letters.ts';

export type NoReply = Exclude<CallOutcome<unknown>, { kind: 'reply' }>;

/** What follows from a reply, or from none. */
export interface CloseReplies {
  /** `isLast` where nothing has been begun since; `isSentAgain` where it was sent since. */
  onReply(
    position: Position,
    intent: CloseIntent,
    reply: unknown,
    isLast: boolean,
    isSentAgain?: boolean,
  ): void;
  onNoReply(position: Position, intent: CloseIntent, outcome: NoReply): void;
}

export class CloseDispatch {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly tasks: CloseTasks;
  private readonly replies: CloseReplies;

  constructor(
    core: CoreContext,
    sessions: BrokerSessions,
    tasks: CloseTasks,
    replies: CloseReplies,
  ) {
    this.core = core;
    this.sessions = sessions;
    this.tasks = tasks;
    this.replies = replies;
  }

  send(position: Position, intent: CloseIntent): void {
    const isLast = this.tasks.begin(intent);
    const { clientOrderId, route = '' } = intent;
    const isWanted = (): boolean => isLast() && isUnderWay(position, clientOrderId);
    // What may be there already is asked about as ever.
    const hasCleared = (): boolean =>
      !task.isDoubtful && !task.mayBeThere && this.hasCleared(position);
    const lane = laneOf(position);
    const task = this.tasks.of(intent);
    task.lane = lane;
    let nth = 0;
    this.sessions.of(route).submit<unknown>({
      kind: 'close',
      lane,
      isWanted: () => isWanted() && !hasCleared(),
      run: async () => {
        const { most, mayBeThere } = task;
        nth = ++task.sends;
        task.mayBeThere = true;
        task.isOut = true;
        task.lane = undefined;
        try {
          return await callClose(this.core, this.sessions, { position, intent, most, isWanted });
        } catch (error) {
          if (isNotTaken(error)) {
            task.sends--;
            task.mayBeThere = mayBeThere;
          }
          // Put back into its lane, it can still be passed on to another.
          if (isWanted() && isThrottled(error)) {
            task.lane = lane;
            task.isOut = false;
          }
          throw error;
        }
      },
      done: (outcome) => {
        task.isOut = false;
        this.core.turn(() => {
          if (outcome.kind === 'reply')
            this.replies.onReply(position, intent, outcome.reply, isLast());
          else if (isUnwanted(outcome) && isWanted()) this.cleared(position, intent);
          else if (isLast()) this.replies.onNoReply(position, intent, outcome);
        });
      },
      late: (reply) =>
        this.core.turn(() =>
          this.replies.onReply(position, intent, reply, false, task.sends > nth),
        ),
    });
  }

  /** An operator asks for it now, too: it is sent, whatever becomes of what it was asked for. */
  insist({ positionId, accountId, market }: Position, { closeId }: CloseIntent): void {
    if (market === undefined) return;
    const body = { positionId, closeId, reason: manualReason };
    this.core.commit({ type: 'close.joined', accountId, body });
  }

  private hasCleared(position: Position): boolean {
    // Where less is there than is known here, an earlier one may have been executed and lost.
    if (position.market === undefined || isLessThere(this.core, position)) return false;
    const { state, markets } = this.core;
    const { symbol } = position;
    return hasMarketCleared(state.guards.get(symbol), position, markets.of(symbol).seen());
  }

  /** What asked for it is over, and it was never sent: the position is guarded again. */
  private cleared(position: Position, intent: CloseIntent): void {
    const { core } = this;
    core.metrics.count('closes_cleared');
    // Attempts before it were refused, for certain.
    const again = attemptOf(intent) > 1 ? ' again' : '';
    recordFailed(core, position, intent, `it was not sent${again}: ${hadCleared}`, false);
    if (position.deadLetter !== intent.closeId) return;
    clearDeadLetter(core, position, 'superseded', { reason: hadCleared });
  }
}

/** Why a close is given up that was never sent. */
const hadCleared = 'the condition had cleared';

function isUnwanted(outcome: NoReply): boolean {
  return outcome.kind === 'dropped' && outcome.why === 'unwanted';
}
