// Who is told of what happens beside those that listen to the bus: a webhook, a pager, a chat.
import type { RuntimeEvent } from '#src/domain/events';

/**
 * Is told of events, one at a time and in order, each once its record is durable.
 *
 * Promised is *at least once* for as long as the runtime runs: a retry, and a restart that cannot know
 * what was told before it, tell again, with the same `id`. Not promised is that all of them arrive. What
 * a notifier keeps failing to deliver is left; when too many wait, the oldest are; and what waited in
 * memory when the process was killed may be lost. The events themselves are in the journal and the ledger.
 */
export interface Notifier {
  /**
   * Names of events, or patterns (`*`, `guard.*`), that it wants. Read once; of a notifier that the
   * settings declare, the settings say so instead.
   */
  readonly events?: readonly string[];
  /**
   * Resolves when the other side has the event. Rejecting means that it was not delivered: with a
   * `CloseoutError` that is `retryable` it is tried again, not before its `retryAfterMs` where there is
   * one; with anything else, or by throwing, the event is left. A call that takes longer than a minute
   * is left too, whatever comes of it. Nothing waits for it but the next event of the same notifier.
   */
  notify(event: RuntimeEvent): Promise<void>;
  /** Gives up what is under way; nothing is told any more. */
  close?(): void;
}
