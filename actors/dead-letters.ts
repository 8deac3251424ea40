// Dead letters: closes that failed three times. They are listed and alarmed until they are over.
import { failuresMax } from '#src/domain/close-steps';
import type { CloseIntent } from '#src/domain/closing';
import type { DeadLetterEnd } from '#src/domain/records';
import { noAccount } from '#src/domain/ids';
import type { Position } from '#src/domain/state';
import type { Cancel } from '#src/ports/clock';
import type { CoreContext } from './core-context.ts';

/** How often the alarm is raised while there are any. */
const alarmEveryMs = 60_000;

/** Lists the close from its third failure on; once. */
export function noteDeadLetter(
  core: CoreContext,
  position: Position,
  { closeId, reason }: CloseIntent,
  lastError: string,
  attempts: number,
): void {
  if (attempts < failuresMax || position.deadLetter === closeId) return;
  clearDeadLetter(core, position, 'superseded');
  const { positionId, accountId } = position;
  const body = { closeId, positionId, reason, attempts, lastError };
  core.metrics.count('dead_letters');
  const isUnknown = position.phase === 'unknown' || position.phase === 'pending';
  const what = isUnknown ? 'may have been executed, and nobody knows' : 'failed three times';
  core.logger.error({ accountId, ...body }, `dead letter: a close ${what}`);
  core.commit({ type: 'deadletter.added', accountId, body });
}

/** Takes the position's dead letter, if it has one, off the list. */
export function clearDeadLetter(
  core: CoreContext,
  { deadLetter, positionId, accountId }: Position,
  how: DeadLetterEnd,
  why: { readonly reason?: string; readonly by?: string } = {},
): void {
  if (deadLetter === undefined) return;
  const body = { closeId: deadLetter, positionId, how, ...why };
  core.commit({ type: 'deadletter.cleared', accountId, body });
}

/** Raises the alarm once a minute for as long as there is a dead letter. */
export class DeadLetterAlarm {
  private readonly core: CoreContext;
  private cancel: Cancel | undefined;

  constructor(core: CoreContext) {
    this.core = core;
  }

  /** Told of every change. */
  follow(): void {
    const { core } = this;
    if (core.state.deadLetters.size === 0) {
      this.stop();
      return;
    }
    if (this.cancel !== undefined) return;
    this.cancel = core.clock.at(core.clock.now() + alarmEveryMs, () => {
      this.cancel = undefined;
      core.turn(() => this.alarm());
    });
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private alarm(): void {
    const { core } = this;
    const { deadLetters } = core.state;
    const [oldest] = deadLetters.values();
    if (oldest === undefined) return;
    const body = { open: deadLetters.size, oldestSince: oldest.since };
    core.logger.error(body, 'dead letters are open');
    core.commit({ type: 'deadletter.alarmed', accountId: noAccount, body });
    this.follow();
  }
}
