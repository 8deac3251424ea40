// Tells notifiers of events, beside everything else: no quote, close or answer waits for one.
import type { RuntimeEvent } from '#src/domain/events';
import { NotificationLane, type NotificationPorts } from './notification-lane.ts';
import type { NotificationTarget } from './notification-lane.ts';

/** How long a stop waits for what is still to be told. */
export const notificationsStopMs = 3000;

export class Notifications {
  private readonly lanes: readonly NotificationLane[];

  constructor(targets: readonly NotificationTarget[], ports: NotificationPorts) {
    this.lanes = targets.map((target) => new NotificationLane(target, ports));
  }

  /** An event whose record is durable. Never throws, and returns before any notifier is called. */
  take(event: RuntimeEvent): void {
    for (const lane of this.lanes) lane.take(event);
  }

  /** Resolves within `notificationsStopMs`; what could not be told until then is dropped. */
  async stop(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.stop(notificationsStopMs)));
  }
}
