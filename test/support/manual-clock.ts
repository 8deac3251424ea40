// A clock that stands still until it is moved: what is due happens then, in order, at its own time.
import type { Cancel, Clock } from '#src/ports/clock';

interface Timer {
  readonly ts: number;
  readonly act: () => void;
}

export class ManualClock implements Clock {
  private ts: number;
  /** In the order in which they were set. */
  private readonly timers = new Set<Timer>();
  private waiting: (() => void)[] = [];

  constructor(ts: number) {
    this.ts = ts;
  }

  now(): number {
    return this.ts;
  }

  at(ts: number, act: () => void): Cancel {
    const timer = { ts, act };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  soon(act: () => void): void {
    this.waiting.push(act);
  }

  /** Timers that are set and not due. */
  get pending(): number {
    return this.timers.size;
  }

  /** Ends the turn: runs what was to come soon, and what that brings about. */
  turn(): void {
    while (this.waiting.length > 0) {
      const acts = this.waiting;
      this.waiting = [];
      for (const act of acts) act();
    }
  }

  /** Moves by `ms`; timers run on the way, the earliest first, ties as they were set. */
  advance(ms: number): void {
    const end = this.ts + ms;
    this.turn();
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.timers.delete(next);
      this.ts = Math.max(this.ts, next.ts);
      next.act();
      this.turn();
    }
    this.ts = end;
  }

  private next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.ts <= end && (first === undefined || timer.ts < first.ts)) first = timer;
    }
    return first;
  }
}
