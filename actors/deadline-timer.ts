// The one timer behind all deadlines of the core: set for the next of them.
import type { Cancel, Clock } from '#src/ports/clock';

export class DeadlineTimer {
  private readonly clock: Clock;
  private readonly act: (now: number) => void;
  private isStopped = false;
  private current: { readonly ts: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, act: (now: number) => void) {
    this.clock = clock;
    this.act = act;
  }

  /** `ts` is that of the next deadline; `Infinity` where there is none. */
  set(ts: number): void {
    if (this.isStopped || ts === (this.current?.ts ?? Infinity)) return;
    this.cancel();
    if (ts === Infinity) return;
    const cancel = this.clock.at(ts, () => {
      this.current = undefined;
      this.act(this.clock.now());
    });
    this.current = { ts, cancel };
  }

  /** For good: what still comes back to a stopped core sets no deadline any more. */
  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  private cancel(): void {
    this.current?.cancel();
    this.current = undefined;
  }
}
