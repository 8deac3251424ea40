// A provider in another process, behind the bus: each call is a request on `broker.<route>.<call>`
// (contract section 8). Reports do not come through here: the bus delivers those of all routes.
import type { Broker } from '#src/ports/broker';
import type { ProviderLink } from '#src/ports/bus';

/** How long a reply is waited for, though the call has long counted as unknown. */
const lateMsDefault = 30_000;

export interface NatsBrokerOptions {
  readonly link: ProviderLink;
  readonly route: string;
  /**
   * A reply within it still resolves: late news of a close beats none. The caller has a deadline of
   * its own, the route's `timeoutMs`.
   */
  readonly lateMs?: number;
}

/**
 * What calls resolve to is what the provider said, unchecked; what they reject with is the link's
 * `broker_unreachable`, `broker_throttled` or `broker_failed`.
 *
 * A provider may leave an optional call without a responder, which looks as one that is away does:
 * both reject with `broker_unreachable`. Only who sees that it answers other calls meanwhile can
 * tell that it does not have this one.
 */
export function natsBroker({ link, route, lateMs = lateMsDefault }: NatsBrokerOptions): Broker {
  const ask = async <Reply>(action: string, body: object): Promise<Reply> =>
    (await link.request(route, action, body, lateMs)) as Reply;
  return {
    close: (order) => ask('close', order),
    query: (request) => ask('query', request),
    positions: (request) => ask('positions', request),
    orders: (request) => ask('orders', request),
    account: (request) => ask('account', request),
    // Async, so that what cannot be sent rejects.
    cancelCounterpart: async (request) => link.publish(route, 'cancel', request),
  };
}
