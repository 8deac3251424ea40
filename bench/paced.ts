// Quotes by a fixed schedule, however late the engine is: what is handed over late was due all the
// same, and latencies are taken from when it was due (the remedy for coordinated omission).
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Pace {
  readonly burstEveryMs: number;
  readonly isOver: () => boolean;
  readonly burst: (i: number, dueMs: number) => void;
  /** When the first burst is due; now, where it is not given. */
  readonly startedMs?: number;
  /**
   * Whether the thread may sleep until shortly before the next burst, where the engine has nothing to
   * do in between: thousands of empty turns would fill the heap, and their collection be measured.
   */
  readonly sleeps: boolean;
}

/** A sleep may last this much longer than it was to. */
const wakesBeforeMs = 0.15;
const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Calls `burst` for each burst when it is due, until told to stop. What has become due while the
 * engine was at work comes in one turn of the event loop, as a socket hands it over.
 */
export async function paced(pace: Pace): Promise<void> {
  const { burstEveryMs, isOver, burst, startedMs = performance.now(), sleeps } = pace;
  let i = 0;
  for (; !isOver(); await nextTurn()) {
    const dueCount = Math.floor((performance.now() - startedMs) / burstEveryMs) + 1;
    for (; i < dueCount && !isOver(); i++) burst(i, startedMs + i * burstEveryMs);
    if (!sleeps) continue;
    const sleepMs = startedMs + i * burstEveryMs - performance.now() - wakesBeforeMs;
    if (sleepMs > 0) Atomics.wait(asleep, 0, 0, sleepMs);
  }
}
