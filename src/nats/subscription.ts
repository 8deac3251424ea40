// A subscription as something that must stay open.
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Open } from './kept-open.ts';

/** `take` is called with each message and must not throw: the client would stop reading. */
export function subscribed(
  connection: NatsConnection,
  subject: string,
  take: (message: Msg) => void,
): Open {
  const subscription = connection.subscribe(subject, {
    callback: (error, message) => {
      // An error ends the subscription, and whoever keeps it open hears of that.
      if (error === null) take(message);
    },
  });
  return {
    ended: subscription.closed,
    isOpen: () => !subscription.isClosed(),
    drain: () => subscription.drain(),
  };
}
