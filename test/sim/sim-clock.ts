// The time of a simulated world: it stands still until it is moved, and then what is due happens in
// order. One heap for all who live in it, and a face for each runtime that ends with it.
import type { Cancel, Clock } from '#src/ports/clock';

interface Timer {
  readonly ts: number;
  readonly order: number;
  readonly act: () => void;
  isCancelled: boolean;
}

export class SimClock implements Clock {
  private ts: number;
  private order = 0;
  private readonly heap: Timer[] = [];
  private waiting: (() => void)[] = [];

  constructor(ts: number) {
    this.ts = ts;
  }

  now(): number {
    return this.ts;
  }

  at(ts: number, act: () => void): Cancel {
    const timer = { ts: Math.max(ts, this.ts), order: ++this.order, act, isCancelled: false };
    this.push(timer);
    return () => void (timer.isCancelled = true);
  }

  soon(act: () => void): void {
    this.waiting.push(act);
  }

  /** When the next thing is due; Infinity where there is none. */
  get next(): number {
    while (this.heap[0]?.isCancelled === true) this.pop();
    return this.waiting.length > 0 ? this.ts : (this.heap[0]?.ts ?? Infinity);
  }

  /** Does the next thing that is due at or before `ts`; false where there is none. */
  step(ts: number): boolean {
    if (this.waiting.length > 0) {
      const acts = this.waiting;
      this.waiting = [];
      for (const act of acts) act();
      return true;
    }
    if (this.next > ts) {
      this.ts = Math.max(this.ts, ts);
      return false;
    }
    const timer = this.pop();
    if (timer === undefined) return false;
    this.ts = timer.ts;
    timer.act();
    return true;
  }

  /**
   * A clock whose timers are nobody's once `isDead` says so; the next turn may be so many
   * milliseconds away, and turns keep their order.
   */
  faceOf(isDead: () => boolean, turnMs: () => number = () => 0): Clock {
    const guarded = (act: () => void) => (): void => {
      if (!isDead()) act();
    };
    let lastTurnTs = 0;
    return {
      now: () => this.ts,
      at: (ts, act) => this.at(ts, guarded(act)),
      soon: (act) => {
        lastTurnTs = Math.max(lastTurnTs, this.ts + turnMs());
        if (lastTurnTs > this.ts) this.at(lastTurnTs, guarded(act));
        else this.soon(guarded(act));
      },
    };
  }

  private push(timer: Timer): void {
    const { heap } = this;
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[i] = heap[parent] as Timer;
      i = parent;
    }
    heap[i] = timer;
  }

  private pop(): Timer | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) {
        child++;
      }
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[i] = heap[child] as Timer;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.ts < b.ts || (a.ts === b.ts && a.order < b.order);
}
