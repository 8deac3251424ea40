// What a provider lists of an account's positions: one call for all who ask before it goes out.
import { positionsReplyOf } from '#src/contracts/provider';
import { accountOf } from '#src/domain/apply';
import { messageOf } from '#src/domain/errors';
import { matchPositions } from '#src/domain/position-match';
import type { BrokerPosition } from '#src/domain/provider';
import type { Position } from '#src/domain/state';
import type { CallOutcome, Lane } from './broker-call.ts';
import type { BrokerSessions } from './broker-sessions.ts';
import type { CoreContext } from './core-context.ts';

export type BrokerView =
  | {
      readonly kind: 'listed';
      /** Whether what is not found is not there. */
      readonly isClear: (position: Position) => boolean;
      readonly find: Find;
    }
  /** This provider lists no positions. */
  | { readonly kind: 'unsupported' }
  /** Nobody took the question: the provider is away, or has no such call. */
  | { readonly kind: 'unreachable'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string };

type Find = (position: Position) => BrokerPosition | undefined;

type Answer = (view: BrokerView) => void;

export class PositionsAsker {
  private readonly core: CoreContext;
  private readonly sessions: BrokerSessions;
  /** Calls that were not sent yet, by account and lane. */
  private readonly waiting = new Map<string, Answer[]>();

  constructor(core: CoreContext, sessions: BrokerSessions) {
    this.core = core;
    this.sessions = sessions;
  }

  /** Answers with what is listed after now, within a turn. */
  ask(
    { route, accountId, lane }: { route: string; accountId: string; lane: Lane },
    answer: Answer,
  ): void {
    if (this.sessions.lacks(route, 'positions')) {
      answer({ kind: 'unsupported' });
      return;
    }
    const key = `${lane} ${accountId}`;
    const asking = this.waiting.get(key);
    if (asking !== undefined) {
      asking.push(answer);
      return;
    }
    const answers = [answer];
    this.waiting.set(key, answers);
    this.sessions.of(route).submit<unknown>({
      kind: 'positions',
      lane,
      run: async () => {
        this.waiting.delete(key);
        return await this.sessions.broker(route).positions?.({ accountId });
      },
      done: (outcome) => {
        this.waiting.delete(key);
        const view = this.viewOf(accountId, outcome);
        this.core.turn(() => {
          for (const tell of answers) this.tell(tell, view);
        });
      },
    });
  }

  /** What goes wrong with one is no reason to leave the next one waiting. */
  private tell(answer: Answer, view: BrokerView): void {
    try {
      answer(view);
    } catch (error) {
      this.core.metrics.count('close_errors');
      this.core.logger.error({ error: messageOf(error) }, 'an answer of a provider failed');
    }
  }

  private viewOf(accountId: string, outcome: CallOutcome<unknown>): BrokerView {
    if (outcome.kind === 'dropped') return { kind: 'failed', error: outcome.why };
    if (outcome.kind === 'unreachable') return outcome;
    if (outcome.kind !== 'reply') return { kind: 'failed', error: outcome.error };
    const reply = positionsReplyOf(outcome.reply);
    if (reply === undefined) return { kind: 'failed', error: 'the list of positions is none' };
    if ('status' in reply) return { kind: 'unsupported' };
    const doubts = { isUnsettled: () => false, isRecentlyClosed: () => false };
    const account = accountOf(this.core.state, accountId);
    const { theirsOf, unknown } = matchPositions(account, reply.positions, doubts);
    return {
      kind: 'listed',
      // A row that is nobody's may be a position whose ticket nobody has told.
      isClear: ({ ticket, symbol, side }) =>
        reply.complete &&
        (ticket !== undefined ||
          !unknown.some(({ theirs }) => theirs.symbol === symbol && theirs.side === side)),
      find: (position) => theirsOf.get(position),
    };
  }
}
