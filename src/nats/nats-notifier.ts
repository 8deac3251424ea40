// Notifications on a subject of NATS, over the connection of the bus.
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { notifySubject } from '#src/contracts/subjects';
import { CloseoutError, messageOf } from '#src/domain/errors';
import type { Notifier } from '#src/ports/notifier';
import { within } from './within.ts';

/** How long the server may take to say that it has what was published. */
const confirmMs = 5000;

const encoder = new TextEncoder();

/**
 * Publishes events on `subject` with `{account}` and `{event}` put in. The header `Nats-Msg-Id` is the
 * event's id, by which a stream of JetStream drops repeats. `connected` gives the connection while it
 * stands, and nothing while it is being restored.
 *
 * Resolves when the server has the event, whether or not anybody listens. Rejects with `CloseoutError`
 * `nats_unavailable` (retryable) where there is no connection or it was lost meanwhile,
 * `notification_failed` where the event cannot be published at all. A subject on which the runtime may
 * not publish is no rejection: the server says so later, in the log, as of every other.
 */
export function natsNotifier(
  connected: () => NatsConnection | undefined,
  subject: string,
): Notifier {
  return {
    async notify(event) {
      const connection = connected();
      if (connection === undefined) throw away('there is no connection to NATS');
      const about = headers();
      about.set('Nats-Msg-Id', event.id);
      const to = notifySubject(subject, event.accountId, event.event);
      try {
        connection.publish(to, encoder.encode(JSON.stringify(event)), { headers: about });
      } catch (cause) {
        throw new CloseoutError('notification_failed', `${to}: ${messageOf(cause)}`, { cause });
      }
      try {
        await within(confirmMs, connection.flush(), 'confirming a notification');
      } catch (cause) {
        throw away(messageOf(cause), cause);
      }
    },
  };
}

function away(why: string, cause?: unknown): CloseoutError {
  return new CloseoutError('nats_unavailable', why, { cause, retryable: true });
}
