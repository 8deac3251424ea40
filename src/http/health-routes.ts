// `GET /health` and `GET /ready`: how the runtime fares, told even where everything else is down.
import type { FastifyInstance } from 'fastify';
import type { Health, Readiness } from '#src/ports/health';

export interface HealthSource {
  health(): Health;
  readiness(): Readiness;
  /** Of this program, as `/health` tells it. */
  readonly version: string;
}

/**
 * `/health` is 200 for as long as the process answers at all, whatever its body says: it is for who
 * would otherwise kill it. `/ready` is 200 or 503. Of both, `since` goes out as ISO-8601 text in
 * UTC: whoever looks here is a person with curl and a clock, and every program can parse it.
 */
export function addHealthRoutes(server: FastifyInstance, source: HealthSource): void {
  server.get('/health', (_request, reply) => {
    void reply.send(healthBody(source.health(), source.version));
  });
  server.get('/ready', (_request, reply) => {
    const readiness = source.readiness();
    void reply.code(readiness.ready ? 200 : 503).send(readinessBody(readiness));
  });
}

function healthBody({ status, workers }: Health, version: string): object {
  const components = Object.entries(workers.components).map(([name, part]) => [name, dated(part)]);
  return { status, version, workers: { ...workers, components: Object.fromEntries(components) } };
}

function readinessBody(readiness: Readiness): object {
  return { ...dated(readiness), waitingFor: readiness.waitingFor.map(dated) };
}

function dated<T extends { readonly since: number }>(value: T): Omit<T, 'since'> {
  return { ...value, since: new Date(value.since).toISOString() };
}
