// What leaves the core: records to the journal first, then, once they are durable, events and
// answers, in order. Nothing leaves that a kill could undo.
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Journal } from '#src/ports/journal';
import type { TurnEffects } from './core.ts';

export interface OutboxOptions {
  readonly journal: Journal;
  /** Last `n` that is durable at the start. */
  readonly durableN: number;
  readonly publish: (event: RuntimeEvent) => void;
  /** Told after each durable group, with its last `n`. */
  readonly onDurable: (n: number) => void;
  /** Told once, when the journal takes no more records. */
  readonly onFailure: (error: CloseoutError) => void;
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

  deliver({ records, events }: TurnEffects): void {
    const last = records.at(-1);
    if (last === undefined) return;
    this.deliveredN = last.n;
    this.append(records, () => {
      this.durableN = last.n;
      for (const event of events) this.options.publish(event);
      this.options.onDurable(last.n);
      this.tellWaiters();
    });
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
  }
}
