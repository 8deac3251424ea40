// Waiting in tests: poll with a deadline, never sleep.
import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 5;

/**
 * Resolves with the first truthy value of `predicate`, asked every few milliseconds.
 * Throws after `deadlineMs`, with what it waited for and the last error of the predicate, if any.
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  deadlineMs = 10_000,
  what = 'the condition',
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await predicate();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`${what} was not true within ${deadlineMs} ms`, { cause });
    }
    await pause(pollMs);
  }
}
