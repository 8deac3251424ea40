// The events that one notifier is to be told of: in order, one delivery at a time, tried again where
// that may help. Whatever the notifier does, it happens here and holds up nothing else.
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import type { Chance } from '#src/ports/chance';
import type { Clock } from '#src/ports/clock';
import type { Logger } from '#src/ports/logger';
import type { Metrics } from '#src/ports/metrics';
import type { Notifier } from '#src/ports/notifier';
import { QuietHours } from './quiet-hours.ts';
import { WaitingEvents } from './waiting-events.ts';

/** Events that wait for one notifier; with one more the oldest of those that matter least is dropped. */
export const notificationsQueuedMax = 1000;
/** A notifier that takes longer over one event is not waited for. */
export const deliveryMsMax = 60_000;
/** The wait before the second attempt is up to this, and doubles from there. */
const retryMsMin = 1000;
/** No wait is longer, whatever the other side asks for. */
export const retryMsMax = 60_000;
/** Lines of the same sort that one notifier may write: one in this time. */
const logEveryMs = 1000;

export interface NotificationTarget {
  readonly name: string;
  readonly notifier: Notifier;
  /** By name: what it is told of. */
  readonly events: ReadonlySet<string>;
  /** All where absent; `_` stands for what is of no account. */
  readonly accounts?: ReadonlySet<string> | undefined;
  /** Whether it is not told of halts of entries that are of a market's hours alone. */
  readonly hasQuietHours?: boolean;
  /** How often one event is tried. */
  readonly attempts: number;
}

export interface NotificationPorts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

interface Failure {
  readonly error: unknown;
}

export class NotificationLane {
  private readonly target: NotificationTarget;
  private readonly ports: NotificationPorts;
  private readonly quietHours: QuietHours | undefined;
  private readonly waiting = new WaitingEvents();
  private readonly loggedTs = new Map<string, number>();
  private isAtWork = false;
  private isStopped = false;
  private droppedCount = 0;
  private failedCount = 0;
  /** Ends what is waited for: a notifier's word, or the next attempt. */
  private giveUp = (): void => {};
  private onIdle = (): void => {};

  constructor(target: NotificationTarget, ports: NotificationPorts) {
    this.target = target;
    this.quietHours = target.hasQuietHours === true ? new QuietHours() : undefined;
    this.ports = ports;
  }

  /** Never throws, and calls the notifier later than in this turn. */
  take(event: RuntimeEvent): void {
    const { events, accounts } = this.target;
    if (!events.has(event.event) || accounts?.has(event.accountId) === false) return;
    if (this.quietHours?.keeps(event) === true) return;
    if (this.isStopped) {
      this.drop(event, 'it has stopped');
      return;
    }
    this.waiting.append(event);
    if (this.waiting.count > notificationsQueuedMax) {
      const least = this.waiting.dropLeast();
      if (least !== undefined) this.drop(least, 'too many wait');
    }
    if (this.isAtWork) return;
    this.isAtWork = true;
    this.ports.clock.soon(() => void this.work());
  }

  /** Resolves when nothing waits any more or `ms` have passed; what waits then is dropped. */
  async stop(ms: number): Promise<void> {
    const { clock } = this.ports;
    if (this.isAtWork) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.onIdle = resolve;
      const cancel = clock.at(clock.now() + ms, resolve);
      await promise;
      cancel();
    }
    this.isStopped = true;
    for (let event = this.next(); event !== undefined; event = this.next()) {
      this.drop(event, 'it has stopped');
    }
    this.giveUp();
    try {
      this.target.notifier.close?.();
    } catch (error) {
      const { name } = this.target;
      this.ports.logger.warn(
        { notifier: name, error: messageOf(error) },
        'a notifier did not close',
      );
    }
  }

  private async work(): Promise<void> {
    for (let event = this.next(); event !== undefined; event = this.next()) {
      await this.deliver(event);
      // A notifier that is done at once must not keep everything else from its turn.
      await new Promise<void>((resolve) => this.ports.clock.soon(resolve));
    }
    this.isAtWork = false;
    this.onIdle();
  }

  private next(): RuntimeEvent | undefined {
    return this.waiting.takeNext();
  }

  private async deliver(event: RuntimeEvent): Promise<void> {
    const { attempts } = this.target;
    for (let attempt = 1; !this.isStopped; attempt++) {
      if (attempt > 1) this.ports.metrics.count('notifications_repeated');
      const failure = await this.attempt(event);
      if (failure === undefined) {
        this.ports.metrics.count('notifications_sent');
        return;
      }
      if (this.isStopped) break;
      const { error } = failure;
      const isRetryable = error instanceof CloseoutError && error.retryable;
      if (!isRetryable || attempt >= attempts) {
        this.fail(event, attempt, error);
        return;
      }
      await this.pause(this.waitMs(attempt, error.retryAfterMs));
    }
    this.drop(event, 'it has stopped');
  }

  /** One call of the notifier: undefined where it has told it. Never rejects. */
  private async attempt(event: RuntimeEvent): Promise<Failure | undefined> {
    const { clock } = this.ports;
    const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
    this.giveUp = () => resolve({ error: new Error('it has stopped') });
    const cancel = clock.at(clock.now() + deliveryMsMax, () => {
      resolve({ error: new Error(`it did not say within ${deliveryMsMax} ms what became of it`) });
    });
    const told = async (): Promise<void> => {
      try {
        await this.target.notifier.notify(event);
        resolve(undefined);
      } catch (error) {
        resolve({ error });
      }
    };
    void told();
    const failure = await promise;
    cancel();
    return failure;
  }

  /** Full jitter, so that many that failed together do not come back together. */
  private waitMs(attempt: number, retryAfterMs = 0): number {
    const backoffMs = Math.min(retryMsMax, retryMsMin * 2 ** (attempt - 1));
    const asked = Number.isNaN(retryAfterMs) ? 0 : Math.min(retryMsMax, retryAfterMs);
    return Math.ceil(Math.max(asked, backoffMs * this.ports.chance.next()));
  }

  private async pause(ms: number): Promise<void> {
    const { clock } = this.ports;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.at(clock.now() + ms, resolve);
    this.giveUp = resolve;
    await promise;
    cancel();
  }

  private fail({ id, event, accountId }: RuntimeEvent, attempts: number, error: unknown): void {
    this.ports.metrics.count('notifications_failed');
    this.failedCount++;
    const about = { id, event, accountId, attempts, error: messageOf(error) };
    this.log('a notification failed', () => ({ ...about, failed: this.failedCount }));
  }

  private drop({ id, event, accountId }: RuntimeEvent, why: string): void {
    this.ports.metrics.count('notifications_dropped');
    this.droppedCount++;
    const about = { id, event, accountId, why };
    this.log('a notification was dropped', () => ({ ...about, dropped: this.droppedCount }));
  }

  /** Once in a while; the fields count all of the sort so far. */
  private log(message: string, fields: () => object): void {
    const now = this.ports.clock.now();
    if (now - (this.loggedTs.get(message) ?? -Infinity) < logEveryMs) return;
    this.loggedTs.set(message, now);
    this.ports.logger.error({ notifier: this.target.name, ...fields() }, message);
  }
}
