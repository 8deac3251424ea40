// The sessions of all routes that closes are sent by: one a route, made when it is needed first.
import { routeIn } from '#src/domain/state';
import type { RouteRecord } from '#src/domain/route';
import type { Broker, BrokerCapabilities } from '#src/ports/broker';
import type { Chance } from '#src/ports/chance';
import { CloseoutError } from '#src/domain/errors';
import { BrokerSession } from './broker-session.ts';
import type { CoreContext } from './core-context.ts';
import type { Supervisor } from './supervisor.actor.ts';

export interface BrokerSessionsOptions {
  readonly core: CoreContext;
  readonly supervisor: Supervisor;
  readonly chance: Chance;
  /** The provider's adapter; undefined where nothing reaches it. */
  readonly brokerOf: (route: string) => Broker | undefined;
}

export class BrokerSessions {
  private readonly options: BrokerSessionsOptions;
  private readonly sessions = new Map<string, BrokerSession>();

  constructor(options: BrokerSessionsOptions) {
    this.options = options;
  }

  /** Throws `CloseoutError` `broker_unreachable` where no adapter reaches the route. */
  broker(route: string): Broker {
    const broker = this.options.brokerOf(route);
    if (broker !== undefined) return broker;
    const message = `no provider for route ${route}: neither in brokers nor a NATS to reach it on`;
    throw new CloseoutError('broker_unreachable', message, { retryable: true });
  }

  has(route: string): boolean {
    return this.options.brokerOf(route) !== undefined;
  }

  /** Whether it is known that the provider has no such call. */
  lacks(route: string, call: 'query' | 'positions' | 'orders' | 'account'): boolean {
    const broker = this.options.brokerOf(route);
    return broker !== undefined && broker[call] === undefined;
  }

  route(route: string): RouteRecord {
    return routeIn(this.options.core.state, route);
  }

  /** What the adapter declares; where it does not, what the route's settings say. */
  capabilities(route: string): BrokerCapabilities {
    return { ...this.route(route), ...this.options.brokerOf(route)?.capabilities };
  }

  of(route: string): BrokerSession {
    let session = this.sessions.get(route);
    if (session === undefined) {
      const { core, supervisor, chance } = this.options;
      const { clock, logger, metrics } = core;
      const place = supervisor.childOptions(`broker-session:${route}`);
      session = new BrokerSession({
        ...{ clock, chance, logger, metrics, place },
        route: () => this.route(route),
      });
      const made = session;
      supervisor.adopt(`broker-session:${route}`, () => made.restart());
      this.sessions.set(route, session);
    }
    return session;
  }

  all(): IterableIterator<[string, BrokerSession]> {
    return this.sessions.entries();
  }

  stop(): void {
    for (const session of this.sessions.values()) session.stop();
  }
}
