// What a provider said was too much of: no call of that sort is sent before it is over.
import type { CloseoutError } from '#src/domain/errors';
import type { Cancel, Clock } from '#src/ports/clock';
import type { CallGroup } from './broker-call.ts';

/** How long nothing is sent after a provider said that it was too much, unless it says how long. */
const throttleMsDefault = 1000;
/** Not 0, so that a provider that says "at once" is not called again within the same turn. */
const throttleMsMin = 1;
const throttleMsMax = 60_000;

export function throttleMsOf(error: CloseoutError): number {
  const asked = error.retryAfterMs ?? throttleMsDefault;
  if (Number.isNaN(asked)) return throttleMsDefault;
  return Math.min(Math.max(Math.ceil(asked), throttleMsMin), throttleMsMax);
}

interface Throttle {
  readonly until: number;
  readonly cancel: Cancel;
}

export class Throttles {
  private readonly clock: Clock;
  private readonly onOver: () => void;
  private readonly throttles = new Map<CallGroup, Throttle>();

  constructor(clock: Clock, onOver: () => void) {
    this.clock = clock;
    this.onOver = onOver;
  }

  isOpen(group: CallGroup): boolean {
    // Timers of one moment fire in any order: what counts is the time.
    return (this.throttles.get(group)?.until ?? 0) <= this.clock.now();
  }

  /** When the last of them is over; undefined where there is none. */
  get until(): number | undefined {
    if (this.throttles.size === 0) return undefined;
    return Math.max(...[...this.throttles.values()].map(({ until }) => until));
  }

  /** Of several the longest counts. */
  begin(group: CallGroup, ms: number): void {
    const until = this.clock.now() + ms;
    const running = this.throttles.get(group);
    if (running !== undefined && until <= running.until) return;
    running?.cancel();
    const cancel = this.clock.at(until, () => {
      this.throttles.delete(group);
      this.onOver();
    });
    this.throttles.set(group, { until, cancel });
  }

  stop(): void {
    for (const { cancel } of this.throttles.values()) cancel();
    this.throttles.clear();
  }
}
