// The providers of a simulated world: one of each kind, as far as what they can do goes.
import type { FakeProvider } from '../support/fake-provider.ts';
import type { BrokerCapabilities } from '#src/ports/broker';

export interface RouteKind {
  readonly name: string;
  readonly can: Pick<
    BrokerCapabilities,
    'idempotentByClientId' | 'queryByClientId' | 'closeByTicket' | 'reduceOnly'
  >;
  /** Executes whatever comes, be it open or not. */
  readonly isNetting: boolean;
  /** Has stops and targets of its own, and reports them. */
  readonly hasStops: boolean;
}

const none = {
  idempotentByClientId: false,
  queryByClientId: false,
  closeByTicket: false,
  reduceOnly: false,
};

export const routeKinds: readonly RouteKind[] = [
  {
    name: 'tickets',
    can: { ...none, idempotentByClientId: true, queryByClientId: true, closeByTicket: true },
    isNetting: false,
    hasStops: true,
  },
  {
    name: 'netting',
    can: { ...none, idempotentByClientId: true, queryByClientId: true },
    isNetting: true,
    hasStops: false,
  },
  {
    name: 'asks',
    can: { ...none, queryByClientId: true, closeByTicket: true },
    isNetting: false,
    hasStops: true,
  },
  { name: 'mute', can: { ...none, closeByTicket: true }, isNetting: false, hasStops: false },
  { name: 'blind', can: none, isNetting: false, hasStops: false },
];

export interface Route extends RouteKind {
  readonly accountId: string;
  readonly provider: FakeProvider;
  readonly isIdempotent: boolean;
}
