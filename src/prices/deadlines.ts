// What is due at a time: in order of the time, ties in the order in which they were set.

export type DeadlineKey = string;

export interface Due {
  readonly key: DeadlineKey;
  readonly ts: number;
}

/** Few at any time (one a market condition that holds), so a map is searched for the earliest. */
export class Deadlines {
  private readonly times = new Map<DeadlineKey, number>();
  /** The earliest time; `Infinity` where there is none. */
  next = Infinity;

  /** Sets or moves the deadline of a key. */
  set(key: DeadlineKey, ts: number): void {
    this.times.delete(key);
    this.times.set(key, ts);
    this.findNext();
  }

  remove(key: DeadlineKey): void {
    if (this.times.delete(key)) this.findNext();
  }

  /** Takes the earliest deadline at or before `ts`. */
  take(ts: number): Due | undefined {
    if (this.next > ts) return undefined;
    for (const [key, time] of this.times) {
      if (time !== this.next) continue;
      this.times.delete(key);
      this.findNext();
      return { key, ts: time };
    }
    return undefined;
  }

  private findNext(): void {
    this.next = Infinity;
    for (const time of this.times.values()) if (time < this.next) this.next = time;
  }
}
