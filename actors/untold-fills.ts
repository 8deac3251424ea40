// Closes that are known only to be gone: the provider is asked, a few times, at which price.
import { queryReplyOf } from '#src/contracts/provider';
import { executionOf } from '#src/domain/close-execution';
import { backoffMs } from '#src/domain/close-steps';
import { accountOf } from '#src/domain/apply';
import { isLive, type Position } from '#src/domain/state';
import type { Cancel } from '#src/ports/clock';
import type { Chance } from '#src/ports/chance';
import type { CallOutcome } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';
import type { CoreContext } from './core-context.ts';
import type { Fills } from './fills.ts';

/** Questions about one close; then only a report can tell. */
const questionsMax = 12;

/** Questions in a row without an answer, after which a route is asked one at a time. */
const unansweredInARowMax = 5;

interface RouteAnswers {
  unansweredInARow: number;
  asked: number;
}

export class UntoldFills {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  private readonly fills: Fills;
  private readonly chance: Chance;
  private readonly timers = new Map<string, Cancel>();
  private readonly answers = new Map<string, RouteAnswers>();

  constructor(core: CoreContext, sessions: BrokerSessions, fills: Fills, chance: Chance) {
    this.core = core;
    this.sessions = sessions;
    this.fills = fills;
    this.chance = chance;
  }

  /** Asks from now on, where the provider can be asked about orders. */
  follow(position: Position): void {
    if (position.state !== 'closed' || position.untold.lte(0)) return;
    const account = accountOf(this.core.state, position.accountId);
    if (!isLive(account) || position.result === undefined) return;
    const { route } = account;
    const can = this.sessions.capabilities(route);
    if (!can.queryByClientId || this.sessions.lacks(route, 'query')) return;
    this.later(position, route, 1);
  }

  stop(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private later(position: Position, route: string, question: number): void {
    const { clock } = this.core;
    const { positionId } = position;
    this.timers.get(positionId)?.();
    const dueTs = clock.now() + backoffMs(question, this.chance.next());
    const cancel = clock.at(dueTs, () => {
      this.timers.delete(positionId);
      this.ask(position, route, question);
    });
    this.timers.set(positionId, cancel);
  }

  private ask(position: Position, route: string, question: number): void {
    const clientOrderId = position.result?.clientOrderId;
    if (clientOrderId === undefined || position.untold.lte(0)) return;
    const answers = this.answersOf(route);
    if (answers.unansweredInARow >= unansweredInARowMax && answers.asked > 0) {
      this.again(position, route, question);
      return;
    }
    answers.asked++;
    const take = (outcome: CallOutcome<unknown>): void => {
      this.core.turn(() => this.onAnswer(position, route, question, outcome));
    };
    this.sessions.of(route).submit<unknown>({
      kind: 'query',
      lane: 'read',
      run: async () => await this.sessions.broker(route).query?.({ clientOrderId }),
      done: (outcome) => {
        answers.asked--;
        if (outcome.kind === 'reply') answers.unansweredInARow = 0;
        else if (outcome.kind !== 'dropped') answers.unansweredInARow++;
        take(outcome);
      },
      late: (reply) => take({ kind: 'reply', reply }),
    });
  }

  private onAnswer(
    position: Position,
    route: string,
    question: number,
    outcome: CallOutcome<unknown>,
  ): void {
    const { result, untold } = position;
    if (result === undefined || untold.lte(0)) return;
    if (outcome.kind === 'dropped' && outcome.why === 'stopped') return;
    const reply = outcome.kind === 'reply' ? queryReplyOf(outcome.reply) : undefined;
    if (reply?.status === 'filled' || reply?.status === 'partiallyFilled') {
      this.fills.take(position, executionOf(result, reply), { isFinal: false });
      return;
    }
    const isOver = reply !== undefined && reply.status !== 'pending';
    if (!isOver) this.again(position, route, question);
  }

  private again(position: Position, route: string, question: number): void {
    if (question < questionsMax) this.later(position, route, question + 1);
  }

  private answersOf(route: string): RouteAnswers {
    let answers = this.answers.get(route);
    if (answers === undefined) {
      answers = { unansweredInARow: 0, asked: 0 };
      this.answers.set(route, answers);
    }
    return answers;
  }
}
