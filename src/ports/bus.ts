// How commands and quotes come in from other processes, how events go out to them, and how providers
// are called.
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

/** What the bus delivers to once it has started. Nothing here ever throws or rejects. */
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

/** What providers' reports are delivered to, from the connection on. Never throws. */
export interface ReportHost {
  /**
   * An execution report of a provider: an object within the limits of `contracts/json.ts`, not yet
   * checked. What is no such object is counted and dropped before it gets here.
   */
  report(route: string, body: object): void;
}

/** Calls to providers, over whatever the bus is. */
export interface ProviderLink {
  /**
   * The reply, an object that was JSON, not yet checked. Rejects with `CloseoutError`:
   * - `broker_unreachable`: not connected, or no responder; certainly nobody took it, nor ever will;
   * - `broker_throttled`: the provider answered 429 (header `Nats-Service-Error-Code`);
   *   `retryAfterMs` from its header `Retry-After`, in seconds or fractions of them, where it is there;
   * - `broker_failed`: anything else, such as no reply in time, another error code, or a reply that is
   *   not JSON or too large; whether the provider took it is unknown.
   */
  request(route: string, action: string, body: object, timeoutMs: number): Promise<unknown>;
  /**
   * Fire and forget. Throws `CloseoutError` `broker_unreachable` where there is no connection, and
   * then it never leaves; `broker_failed` where it cannot be sent at all.
   */
  publish(route: string, action: string, body: object): void;
}

export interface Bus {
  /** Connects; from then on reports are delivered, and providers can be called. Called once. */
  connect(host: ReportHost): Promise<void>;
  /** Subscribes; from then on quotes and commands are delivered. Called once, connected. */
  start(host: BusHost): Promise<void>;
  /** Publishes an event; what is published while the bus is down is not owed. */
  publish(event: RuntimeEvent): void;
  /** Resolves when every event published so far has left this process. */
  flush(): Promise<void>;
  /** No commands and quotes any more; events and calls still leave, and reports still come. */
  stopReceiving(): Promise<void>;
  close(): Promise<void>;
}
