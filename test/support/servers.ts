// The servers of a test run, as its tests see them. Where one could not be had, asking for it fails.
import process from 'node:process';
import { inject } from 'vitest';
import type { Provided } from './global-setup.ts';
import { createDatabase } from './servers/databases.ts';

export { startNatsServer as startNats } from './servers/nats-server.ts';
export { startPostgresServer as startPostgres } from './servers/postgres-server.ts';

let databases = 0;

/** URL of the run's NATS server, which other test files use at the same time. */
export function natsUrl(): string {
  return urlOf(inject('nats'));
}

/** URL of the run's Postgres, which other test files use at the same time. */
export function databaseUrl(): string {
  return urlOf(inject('postgres'));
}

/** URL of a new empty database, which is dropped at the end of the run. */
export function freshDatabase(): Promise<string> {
  const name = `${inject('databasePrefix')}_${process.pid}_${++databases}`;
  return createDatabase(databaseUrl(), name);
}

function urlOf(provided: Provided): string {
  if ('url' in provided) return provided.url;
  throw new Error(provided.missing);
}
