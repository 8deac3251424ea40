// A clock of which a test takes one turn at a time.
import { ManualClock } from '../support/manual-clock.ts';

export class StepClock extends ManualClock {
  private acts: (() => void)[] = [];

  override soon(act: () => void): void {
    this.acts.push(act);
  }

  /** One turn of the event loop: what waits now, not what that brings about. */
  step(): void {
    for (const act of this.acts.splice(0)) act();
  }

  override turn(): void {
    while (this.acts.length > 0) this.step();
  }
}
