// How commands and quotes come in from other processes, and how events go out to them.
import type { RuntimeEvent } from '#src/domain/events';
import type { Quote } from '#src/domain/quote';

/** A command as it arrives; `resource` and `action` are not yet known to exist. */
export interface CommandMessage {
  readonly client: string;
  /** `_` for commands of no account. */
  readonly accountId: string;
  readonly resource: string;
  readonly action: string;
  /** The body as it came: text to be parsed, or a value of the same process. */
  readonly body: Uint8Array | { readonly value: unknown };
  readonly messageId?: string | undefined;
  /** `Closeout-Deadline` as it came, not yet validated. */
  readonly deadline?: string | undefined;
}

/** What the bus delivers to. Nothing here ever throws or rejects. */
export interface BusHost {
  /** Milliseconds since the epoch: the `ts` of a quote that has none. */
  now(): number;
  quote(quote: Quote): void;
  /** A message on a price subject that is no quote at all, such as one that is not JSON. */
  malformedQuote(symbol: string): void;
  /**
   * The answer: the reply, or a refusal as `{error}`. A list longer than `replyBytesMax` stops
   * early, with `nextCursor`; a bulk result keeps 500 of its results.
   */
  command(message: CommandMessage, replyBytesMax: number): Promise<object>;
}

export interface Bus {
  /** Connects and subscribes; from then on quotes and commands are delivered. */
  start(host: BusHost): Promise<void>;
  /** Publishes an event; what is published while the bus is down is not owed. */
  publish(event: RuntimeEvent): void;
  /** Resolves when every event published so far has left this process. */
  flush(): Promise<void>;
  /** No commands and quotes any more; events still leave. */
  stopReceiving(): Promise<void>;
  close(): Promise<void>;
}
