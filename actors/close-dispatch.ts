// The sending of a close: through the route's session, in the lane that it is worth.
import type { CloseIntent } from '#src/domain/closing';
import type { Position } from '#src/domain/state';
import type { CallOutcome } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';
import { callClose, isNotTaken, isThrottled, isUnderWay, laneOf } from './close-call.ts';
import type { CloseTasks } from './close-tasks.ts';
import type { CoreContext } from './core-context.ts';

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
    const lane = laneOf(position);
    const task = this.tasks.of(intent);
    task.lane = lane;
    let nth = 0;
    this.sessions.of(route).submit<unknown>({
      kind: 'close',
      lane,
      isWanted,
      run: async () => {
        const { most } = task;
        nth = ++task.sends;
        task.isOut = true;
        task.lane = undefined;
        try {
          return await callClose(this.core, this.sessions, { position, intent, most, isWanted });
        } catch (error) {
          if (isNotTaken(error)) task.sends--;
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
          else if (isLast()) this.replies.onNoReply(position, intent, outcome);
        });
      },
      late: (reply) =>
        this.core.turn(() =>
          this.replies.onReply(position, intent, reply, false, task.sends > nth),
        ),
    });
  }
}
