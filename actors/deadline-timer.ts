// The one timer behind all deadlines of the core: set for the next of them.
import type { Cancel, Clock } from '#src/ports/clock';

export class DeadlineTimer {
  private readonly clock: Clock;
  private readonly act: (now: number) => void;
  private current: { readonly ts: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, act: (now: number) => void) {
    this.clock = clock;
    this.act = act;
  }

  /** `ts` is that of the next deadline; `Infinity` where there is none. */
  set(ts: number): void {
    if (ts === (this.current?.ts ?? Infinity)) return;
    this.stop();
    if (ts === Infinity) return;
    const cancel = this.clock.at(ts, () => {
      this.current = undefined;
      this.act(this.clock.now());
    });
    this.current = { ts, cancel };
  }

  stop(): void {
    this.current?.cancel();
    this.current = undefined;
  }
}
