// How the parts of a runtime fare, and what a runtime that is not ready waits for.
import type { Engine } from '#actors/engine';
import type { Part, Readiness } from '#src/ports/health';

export interface Surroundings {
  /** `ready` where commands are taken. */
  readonly phase: string;
  readonly phaseSince: number;
  readonly startedTs: number;
  /** Why the journal takes no more records. */
  readonly journalFailure: { readonly since: number; readonly detail: string } | undefined;
  /** The bus to other processes; undefined where there is none. */
  readonly nats: { readonly isConnected: boolean; readonly since: number } | undefined;
  /** The HTTP interface. */
  readonly http: Part;
}

/** By name; the first four are those of contract section 9. */
export function partsOf(around: Surroundings, engine: Engine | undefined): Record<string, Part> {
  const { phase, phaseSince, startedTs, journalFailure, nats, http } = around;
  const isArmed = engine !== undefined && (phase === 'ready' || phase === 'failed');
  const parts: Record<string, Part> = {
    queueManager:
      journalFailure === undefined
        ? { isHealthy: engine !== undefined, since: startedTs, isVital: true }
        : { isHealthy: false, isVital: true, ...journalFailure },
    priceMonitor: { isHealthy: isArmed, since: phaseSince, isVital: true, ...silentOf(engine) },
    orderClosure: closurePart(engine, startedTs),
    orderWorker: { isHealthy: isArmed, since: phaseSince, isVital: true, detail: phase },
    journal:
      journalFailure === undefined
        ? { isHealthy: true, since: startedTs }
        : { isHealthy: false, ...journalFailure },
    http,
  };
  if (nats !== undefined) {
    const detail = `${nats.isConnected ? 'connected' : 'away'} since ${iso(nats.since)}`;
    parts['nats'] = { isHealthy: nats.isConnected, since: nats.since, detail };
  }
  if (engine === undefined) return parts;
  parts['ledger'] = ledgerPart(engine, startedTs);
  for (const [route, session] of engine.live.sessions.all()) {
    const { state, since, waiting, inFlight, lastError } = session.status();
    const unreconciled = engine.live.reconciler.unreconciled.get(route);
    const detail = [
      `${state}, ${waiting} waiting, ${inFlight} in flight`,
      ...(unreconciled === undefined ? [] : [`not reconciled since ${iso(unreconciled)}`]),
      ...(state === 'passing' || lastError === undefined ? [] : [lastError]),
    ].join('; ');
    const isHealthy = state === 'passing' && unreconciled === undefined;
    parts[`broker:${route}`] = { isHealthy, since: unreconciled ?? since, detail };
  }
  return parts;
}

/** Symbols that are named as silent. */
const silentToldMax = 10;

/** Which symbols say nothing, for people: their guards tell of it, and the runtime itself is well. */
function silentOf(engine: Engine | undefined): Pick<Part, 'detail'> {
  const silent: string[] = [];
  for (const [symbol, { active }] of engine?.core.state.guards ?? []) {
    if (active.has('stale')) silent.push(symbol);
  }
  if (silent.length === 0) return {};
  const more = silent.length - silentToldMax;
  const named = silent.slice(0, silentToldMax).join(', ');
  return { detail: `no quotes of ${named}${more > 0 ? ` and ${more} more` : ''}` };
}

/** Closes: unhealthy while one needs a person, or is held back. */
function closurePart(engine: Engine | undefined, startedTs: number): Part {
  if (engine === undefined) return { isHealthy: false, since: startedTs, isVital: true };
  const { deadLetters } = engine.core.state;
  const [oldest] = deadLetters.values();
  const { held } = engine.outbox;
  if (held > 0) return { isHealthy: false, since: startedTs, detail: `${held} closes held back` };
  if (oldest === undefined) return { isHealthy: true, since: startedTs };
  return { isHealthy: false, since: oldest.since, detail: `${deadLetters.size} dead letters` };
}

function ledgerPart({ projector }: Engine, startedTs: number): Part {
  const { downSince, lag } = projector;
  if (downSince !== undefined) {
    return { isHealthy: false, since: downSince, detail: `down since ${iso(downSince)}` };
  }
  return { isHealthy: true, since: startedTs, detail: `${lag ?? 0} records behind` };
}

/** A database that is away does not keep a runtime from its work; everything named here does. */
export function readinessOf(around: Surroundings, engine: Engine | undefined): Readiness {
  const { phase, phaseSince, journalFailure, nats } = around;
  const waitingFor = [];
  if (phase !== 'ready' && phase !== 'failed') {
    waitingFor.push({ part: 'runtime', since: phaseSince, detail: phase });
  }
  if (journalFailure !== undefined) waitingFor.push({ part: 'journal', ...journalFailure });
  if (nats?.isConnected === false) {
    waitingFor.push({ part: 'nats', since: nats.since, detail: 'not connected' });
  }
  for (const [route, since] of engine?.live.reconciler.unreconciled ?? []) {
    const detail = 'the provider has not been compared with completely';
    waitingFor.push({ part: `broker:${route}`, since, detail });
  }
  const ready = waitingFor.length === 0;
  const since = ready
    ? Math.max(phaseSince, nats?.since ?? 0, engine?.live.reconciler.reconciledSince ?? 0)
    : Math.min(...waitingFor.map((one) => one.since));
  return { ready, since, waitingFor };
}

function iso(ts: number): string {
  return new Date(ts).toISOString();
}
