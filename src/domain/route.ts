// A route: how a provider is reached, how fast, and what it can do (contract section 8).

export type DriftPolicy = 'alarm' | 'adopt' | 'close';

/** A route as it is given; what is absent has its default. */
export interface RouteSpec {
  route: string;
  timeoutMs?: number | undefined;
  ratePerSecond?: number | undefined;
  burst?: number | undefined;
  maxInFlight?: number | undefined;
  idempotentByClientId?: boolean | undefined;
  closeByTicket?: boolean | undefined;
  queryByClientId?: boolean | undefined;
  reduceOnly?: boolean | undefined;
  batchCancel?: boolean | undefined;
  protectiveCancels?: boolean | undefined;
  driftPolicy?: DriftPolicy | undefined;
}

/** A route as it is stored and answered. */
export interface RouteRecord {
  route: string;
  /** No reply within it means that the outcome is unknown. */
  timeoutMs: number;
  /** Calls a second in the long run, of all kinds together. */
  ratePerSecond: number;
  /** Calls at once after a rest. */
  burst: number;
  /** Calls that wait for their reply at the same time. */
  maxInFlight: number;
  /** The provider executes a `clientOrderId` once, however often it is sent. */
  idempotentByClientId: boolean;
  /** A close names the ticket, and closes nothing else. */
  closeByTicket: boolean;
  /** The provider can be asked what became of a `clientOrderId`. */
  queryByClientId: boolean;
  /** A close never opens or turns a position. */
  reduceOnly: boolean;
  batchCancel: boolean;
  /** The stop is cancelled when the target was executed there, and the other way round. */
  protectiveCancels: boolean;
  /** What is done about a difference between the provider's positions and ours. */
  driftPolicy: DriftPolicy;
}

/** What a route has that nothing names. */
export const routeDefaults: Omit<RouteRecord, 'route'> = {
  timeoutMs: 2000,
  ratePerSecond: 100,
  burst: 200,
  maxInFlight: 32,
  idempotentByClientId: true,
  closeByTicket: true,
  queryByClientId: true,
  reduceOnly: false,
  batchCancel: false,
  protectiveCancels: true,
  driftPolicy: 'alarm',
};

export function routeOf(spec: RouteSpec): RouteRecord {
  const given = Object.entries(spec).filter(([, value]) => value !== undefined);
  return { ...routeDefaults, ...(Object.fromEntries(given) as Partial<RouteRecord> & RouteSpec) };
}
