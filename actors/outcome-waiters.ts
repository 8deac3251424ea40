// Who waits for the outcome of a position's close, such as the answer to a command.
import type { Cancel } from '#src/ports/clock';

export class OutcomeWaiters {
  private readonly waiters = new Map<string, Set<() => void>>();

  /** Calls `act` once, when the position is told about. */
  wait(positionId: string, act: () => void): Cancel {
    const own = this.waiters.get(positionId) ?? new Set();
    own.add(act);
    this.waiters.set(positionId, own);
    return () => void own.delete(act);
  }

  tell(positionId: string): void {
    const own = this.waiters.get(positionId);
    if (own === undefined) return;
    this.waiters.delete(positionId);
    for (const act of own) act();
  }
}
