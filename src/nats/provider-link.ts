// Calls to providers on NATS. What is called unreachable must never be delivered later, so nothing
// is handed to a connection that is down: the client would keep it, and send it on its return.
import {
  Match,
  RequestError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node';
import { replyBytesMax, requestDepthMax } from '#src/contracts/json';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { ProviderLink } from '#src/ports/bus';
import { brokerSubject, objectIn } from './provider-messages.ts';

/** A provider that asks for a longer rest is asked again after this one. */
const retryAfterMsMax = 300_000;
/** Characters of a provider's own words that an error shows. */
const shownCharsMax = 200;

/** `connected` gives the connection while it stands, and nothing while it is being restored. */
export function natsProviderLink(connected: () => NatsConnection | undefined): ProviderLink {
  const connectionFor = (subject: string): NatsConnection => {
    const connection = connected();
    if (connection === undefined) throw unreachable(subject, 'there is no connection to NATS');
    return connection;
  };
  return {
    async request(route, action, body, timeoutMs) {
      const subject = brokerSubject(route, action);
      const connection = connectionFor(subject);
      let reply: Msg;
      try {
        reply = await connection.request(subject, JSON.stringify(body), { timeout: timeoutMs });
      } catch (cause) {
        // Only the server's own word is certain. A refused publication is not: the client tells it
        // of the first request on the subject that waits, and that one may have been taken.
        const isUntaken = cause instanceof RequestError && cause.isNoResponders();
        throw isUntaken ? unreachable(subject, 'no responder', cause) : failed(subject, cause);
      }
      return bodyOf(subject, reply);
    },
    publish(route, action, body) {
      const subject = brokerSubject(route, action);
      const connection = connectionFor(subject);
      try {
        connection.publish(subject, JSON.stringify(body));
      } catch (cause) {
        throw failed(subject, cause);
      }
    },
  };
}

function bodyOf(subject: string, { headers, data }: Msg): object {
  const code = headerOf(headers, 'Nats-Service-Error-Code');
  const words = headerOf(headers, 'Nats-Service-Error') ?? '';
  if (code !== undefined || words !== '') {
    const error = `${subject}: the provider answered ${code ?? ''} ${words.slice(0, shownCharsMax)}`;
    if (code !== '429') throw new CloseoutError('broker_failed', error.trimEnd());
    const retryAfterMs = retryAfterIn(headers);
    throw new CloseoutError('broker_throttled', error.trimEnd(), {
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const body = objectIn(data, replyBytesMax);
  if (body !== undefined) return body;
  throw new CloseoutError(
    'broker_failed',
    `${subject}: the reply of ${data.length} bytes is no JSON object of at most ${replyBytesMax} ` +
      `bytes and ${requestDepthMax} levels`,
  );
}

/** Programs in other languages write header names in their own case. */
function headerOf(headers: MsgHdrs | undefined, name: string): string | undefined {
  return headers?.values(name, Match.IgnoreCase)[0];
}

function retryAfterIn(headers: MsgHdrs | undefined): number | undefined {
  const seconds = headerOf(headers, 'Retry-After')?.trim() ?? '';
  if (!/^\d+(\.\d+)?$/.test(seconds)) return undefined;
  return Math.min(retryAfterMsMax, Math.ceil(Number(seconds) * 1000));
}

function unreachable(subject: string, why: string, cause?: unknown): CloseoutError {
  const message = `${subject}: nobody took it: ${why}`;
  return new CloseoutError('broker_unreachable', message, { cause, retryable: true });
}

function failed(subject: string, cause: unknown): CloseoutError {
  return new CloseoutError('broker_failed', `${subject}: ${messageOf(cause)}`, { cause });
}
