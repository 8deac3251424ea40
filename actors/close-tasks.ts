// What waits about closes at providers: one thing a position at a time, a call or a timer.
import type { CloseIntent } from '#src/domain/closing';
import type { Position } from '#src/domain/state';
import type { Cancel, Clock } from '#src/ports/clock';
import type { Lane } from './broker-call.ts';

export interface CloseTask {
  readonly closeId: string;
  readonly clientOrderId: string;
  /** Failures that are not on record: the provider could not be reached, or asked. */
  misses: number;
  /** When it is tried again, while it waits for that. */
  nextAttemptAt: number | undefined;
  cancelTimer: Cancel;
  /** Counts what was begun: what an earlier step brings is not news any more. */
  step: number;
  /** How often it was sent and may have been taken: replies to other sends than the last are old. */
  sends: number;
  /** Whether it is out, and neither answered nor given up on. */
  isOut: boolean;
  /** An operator has taken it on himself that it may be sent a second time. */
  isForced: boolean;
  /**
   * An earlier send of it, or of the attempt before it, may have been executed and not told: what is
   * there is looked at before more is sent, and nobody to take it is not yet "not executed".
   */
  isDoubtful: boolean;
  /** It was sent, now or perhaps before a start: it may be on its way, whatever the provider says. */
  mayBeThere: boolean;
  /** The lane in which it waits to be sent; undefined where it does not, or is out. */
  lane: Lane | undefined;
  /** No more than this is asked for: the provider lists less than is left here. */
  most: string | undefined;
}

export class CloseTasks {
  private readonly clock: Clock;
  private readonly tasks = new Map<string, CloseTask>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get size(): number {
    return this.tasks.size;
  }

  find(positionId: string): CloseTask | undefined {
    return this.tasks.get(positionId);
  }

  /** The task of an intent; that of the attempt before it ends. */
  of({ positionId, closeId, clientOrderId }: CloseIntent): CloseTask {
    const before = this.tasks.get(positionId);
    if (before?.clientOrderId === clientOrderId) return before;
    before?.cancelTimer();
    const task: CloseTask = {
      ...{ closeId, clientOrderId },
      misses: before?.closeId === closeId ? before.misses : 0,
      nextAttemptAt: undefined,
      cancelTimer: () => {},
      step: 0,
      sends: 0,
      isOut: false,
      isForced: false,
      isDoubtful: false,
      mayBeThere: false,
      lane: undefined,
      most: undefined,
    };
    this.tasks.set(positionId, task);
    return task;
  }

  /** Begins the next step of it; the answer says whether that is still the last one. */
  begin(intent: CloseIntent): () => boolean {
    const task = this.of(intent);
    task.cancelTimer();
    task.nextAttemptAt = undefined;
    task.lane = undefined;
    const step = ++task.step;
    return () => this.tasks.get(intent.positionId) === task && task.step === step;
  }

  /** Acts after a while, unless another step is begun before. */
  later(intent: CloseIntent, waitMs: number, act: () => void): void {
    const isLast = this.begin(intent);
    const task = this.of(intent);
    task.nextAttemptAt = this.clock.now() + waitMs;
    task.cancelTimer = this.clock.at(task.nextAttemptAt, () => {
      task.nextAttemptAt = undefined;
      if (isLast()) act();
    });
  }

  /** Whether the order of a position may have come to the provider, be it before a restart. */
  mayBeThere({ positionId, phase, wasSent }: Position): boolean {
    return phase !== 'sending' || wasSent || (this.tasks.get(positionId)?.sends ?? 0) > 0;
  }

  /** Ends the task of a position, of this close only where one is given. */
  end(positionId: string, closeId?: string): void {
    const task = this.tasks.get(positionId);
    if (closeId !== undefined && task?.closeId !== closeId) return;
    task?.cancelTimer();
    this.tasks.delete(positionId);
  }

  stop(): void {
    for (const task of this.tasks.values()) task.cancelTimer();
    this.tasks.clear();
  }
}
