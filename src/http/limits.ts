// How much one client may ask for, and how long it may take: nobody holds anything for ever.
import { requestBytesMax } from '#src/contracts/json';

export interface HttpLimits {
  /** Connections at once; one more is closed as it comes. */
  readonly connectionsMax: number;
  /** Requests of one connection: the last answer says `Connection: close`, and one more cuts it. */
  readonly connectionRequestsMax: number;
  /** Bytes of a request's first line, with its URL, and its headers: 431 beyond. */
  readonly headBytesMax: number;
  /** Bytes of a body: 413 beyond. */
  readonly bodyBytesMax: number;
  /** From the connection, or the answer before, until the headers are there: 408 beyond. */
  readonly headTimeoutMs: number;
  /** From the first byte of a request until its last one is there: 408 beyond. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves, such as one whose client reads no answer, is cut. */
  readonly silenceTimeoutMs: number;
  /** A connection without a request is closed; Node adds a second. */
  readonly keepAliveMs: number;
  /** How often the two timeouts of a request are looked at. */
  readonly checkIntervalMs: number;
}

export const httpLimits: HttpLimits = {
  connectionsMax: 256,
  connectionRequestsMax: 10_000,
  headBytesMax: 8 * 1024,
  bodyBytesMax: requestBytesMax,
  headTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  silenceTimeoutMs: 30_000,
  keepAliveMs: 5000,
  checkIntervalMs: 1000,
};
