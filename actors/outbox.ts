// What leaves the core: records to the journal first, then, once they are durable, events and
// answers, in order. Nothing leaves that a kill could undo.
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Journal } from '#src/ports/journal';
import type { Logger } from '#src/ports/logger';
import type { TurnEffects } from './core.ts';
import type { DurableAct } from './core-context.ts';

export interface OutboxOptions {
  readonly journal: Journal;
  /** Last `n` that is durable at the start. */
  readonly durableN: number;
  readonly publish: (event: RuntimeEvent) => void;
  /** Told after each durable group, with its last `n`. */
  readonly onDurable: (n: number) => void;
  /** Told once, when the journal takes no more records. */
  readonly onFailure: (error: CloseoutError) => void;
  readonly logger: Logger;
}

interface Waiter {
  readonly n: number;
  readonly act: (failure?: CloseoutError) => void;
}

export class Outbox {
  private readonly options: OutboxOptions;
  private readonly waiters: Waiter[] = [];
  private firstWaiter = 0;
  private deliveredN: number;
  private failure: CloseoutError | undefined;
  /** What follows records that are not durable yet, in order. */
  private readonly owed: { readonly n: number; readonly acts: readonly DurableAct[] }[] = [];
  private isActing = false;
  /** Acts that a failed journal keeps from being done. */
  held = 0;
  /** Last `n` that is durable, and whose events were published. */
  durableN: number;

  constructor(options: OutboxOptions) {
    this.options = options;
    this.durableN = options.durableN;
    this.deliveredN = options.durableN;
  }

  /** Records that are not durable yet. */
  get backlog(): number {
    return this.deliveredN - this.durableN;
  }

  deliver({ records, events, acts }: TurnEffects): void {
    const last = records.at(-1);
    if (last === undefined) {
      this.actOnceDurable(acts);
      return;
    }
    this.deliveredN = last.n;
    if (acts.length > 0) this.owed.push({ n: last.n, acts });
    if (this.failure !== undefined) {
      this.actUnrecorded();
      return;
    }
    this.append(records, () => {
      this.durableN = last.n;
      this.actDurable();
      for (const event of events) this.options.publish(event);
      this.options.onDurable(last.n);
      this.tellWaiters();
    });
  }

  private actOnceDurable(acts: readonly DurableAct[]): void {
    this.owed.push({ n: this.deliveredN, acts });
    if (this.failure !== undefined) this.actUnrecorded();
    else this.actDurable();
  }

  /** Each act once, also where one of them makes more of them durable at once: those come after it. */
  private actDurable(): void {
    if (this.isActing) return;
    this.isActing = true;
    try {
      for (let next = this.owed[0]; next !== undefined; next = this.owed[0]) {
        if (next.n > this.durableN) break;
        this.owed.shift();
        for (const { act } of next.acts) this.act(act);
      }
    } finally {
      this.isActing = false;
    }
  }

  /** Without a journal a close goes out only where a second one does no harm. */
  private actUnrecorded(): void {
    let held = 0;
    for (const { acts } of this.owed.splice(0)) {
      for (const { act, isSafeUnrecorded } of acts) {
        if (isSafeUnrecorded) this.act(act);
        else held++;
      }
    }
    if (held === 0) return;
    this.held += held;
    this.options.logger.error({ held: this.held }, 'without a journal, closes are held back');
  }

  private act(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.options.logger.error({ error: messageOf(error) }, 'what follows a record failed');
    }
  }

  /** A journal that cannot take a record has lost it, and what is in force is not what is written. */
  private append(records: TurnEffects['records'], whenDurable: () => void): void {
    try {
      this.options.journal.append(records, (error) => {
        if (error === undefined) whenDurable();
        else this.fail(error);
      });
    } catch (cause) {
      this.fail(new CloseoutError('journal_failed', messageOf(cause), { cause }));
    }
  }

  /** Calls `act` when all that was delivered so far is durable, or with why it never will be. */
  whenDurable(act: (failure?: CloseoutError) => void): void {
    if (this.failure !== undefined) act(this.failure);
    else if (this.durableN >= this.deliveredN) act();
    else this.waiters.push({ n: this.deliveredN, act });
  }

  private tellWaiters(): void {
    for (;;) {
      const waiter = this.waiters[this.firstWaiter];
      if (waiter === undefined || waiter.n > this.durableN) break;
      this.firstWaiter++;
      waiter.act();
    }
    if (this.firstWaiter === this.waiters.length) {
      this.waiters.length = 0;
      this.firstWaiter = 0;
    }
  }

  private fail(error: CloseoutError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const waiter of this.waiters.splice(this.firstWaiter)) waiter.act(error);
    this.waiters.length = 0;
    this.firstWaiter = 0;
    this.options.onFailure(error);
    this.actUnrecorded();
  }
}
