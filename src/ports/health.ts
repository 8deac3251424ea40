// How the runtime fares: what it tells of itself over HTTP and in `runtime.status`.

/** One part of the runtime: a server that it needs, an actor, the journal, a route. */
export interface PartHealth {
  readonly isHealthy: boolean;
  /** Since when it is so: milliseconds since the epoch. */
  readonly since: number;
  /** What is wrong with it, or how it fares, for people. */
  readonly detail?: string;
}

/** Whether the runtime works (contract section 9, `/health`). */
export interface Health {
  /** `down`: it cannot do what it is there for; `degraded`: something is missing that it can spare. */
  readonly status: 'ok' | 'degraded' | 'down';
  readonly workers: {
    /** Whether every part is. */
    readonly isHealthy: boolean;
    readonly status: 'healthy' | 'degraded' | 'down';
    /** Whole seconds since the start. */
    readonly uptime: number;
    /** By name: `queueManager`, `priceMonitor`, `orderClosure`, `orderWorker` and more. */
    readonly components: Readonly<Record<string, PartHealth>>;
  };
}

/** What a runtime that is not ready waits for. */
export interface Awaited {
  readonly part: string;
  /** Since when it has been waited for: milliseconds since the epoch. */
  readonly since: number;
  readonly detail?: string;
}

/** Whether commands are taken and everything is guarded (contract section 9, `/ready`). */
export interface Readiness {
  readonly ready: boolean;
  /** Since when it is ready, or is not: milliseconds since the epoch. */
  readonly since: number;
  /** Empty when it is ready. */
  readonly waitingFor: readonly Awaited[];
}

/** A part, and whether nothing can be guarded without it. */
export interface Part extends PartHealth {
  readonly isVital?: boolean;
}

/**
 * The health of the whole, of its parts: `down` when a vital one is unhealthy, `degraded` when any
 * other is, else `ok`.
 */
export function healthOf(parts: Readonly<Record<string, Part>>, uptimeMs: number): Health {
  const unhealthy = Object.values(parts).filter(({ isHealthy }) => !isHealthy);
  const isHealthy = unhealthy.length === 0;
  const isDown = unhealthy.some(({ isVital }) => isVital === true);
  const status = isDown ? 'down' : 'degraded';
  const components = Object.entries(parts).map(([name, part]) => [name, told(part)] as const);
  return {
    status: isHealthy ? 'ok' : status,
    workers: {
      isHealthy,
      status: isHealthy ? 'healthy' : status,
      uptime: Math.floor(uptimeMs / 1000),
      components: Object.fromEntries(components),
    },
  };
}

/** Without whether it is vital, which is ours to know. */
function told({ isHealthy, since, detail }: Part): PartHealth {
  return { isHealthy, since, ...(detail === undefined ? {} : { detail }) };
}
