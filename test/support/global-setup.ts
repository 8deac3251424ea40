// What a test run stands on: NATS, Postgres and the recordings. Set up once, removed at the end.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import type { TestProject } from 'vitest/node';
import { findOrMakeRecordings } from './recordings/files.ts';
import { dropDatabases } from './servers/databases.ts';
import { startNatsServer } from './servers/nats-server.ts';
import { startPostgresServer } from './servers/postgres-server.ts';
import { installMissing, type ProgramName } from './servers/programs.ts';

/** A server's URL, or why there is none: tests that need it fail, the others run. */
export type Provided = { readonly url: string } | { readonly missing: string };

interface Service {
  readonly provided: Provided;
  readonly stop: () => Promise<void>;
}

async function provide(
  given: string | undefined,
  start: () => Promise<{ url: string; stop: () => Promise<void> }>,
): Promise<Service> {
  if (given !== undefined && given !== '') {
    return { provided: { url: given }, stop: () => Promise.resolve() };
  }
  try {
    const { url, stop } = await start();
    return { provided: { url }, stop };
  } catch (error) {
    const missing = error instanceof Error ? error.message : String(error);
    return { provided: { missing }, stop: () => Promise.resolve() };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { NATS_URL, DATABASE_URL } = process.env;
  const wanted: ProgramName[] = [];
  if (!NATS_URL) wanted.push('nats');
  if (!DATABASE_URL) wanted.push('postgres');
  installMissing(wanted);
  const [nats, postgres] = await Promise.all([
    provide(NATS_URL, startNatsServer),
    provide(DATABASE_URL, startPostgresServer),
  ]);
  const databasePrefix = `closeout_test_${randomUUID().slice(0, 8)}`;
  const recordings = findOrMakeRecordings();
  project.provide('nats', nats.provided);
  project.provide('postgres', postgres.provided);
  project.provide('databasePrefix', databasePrefix);
  project.provide('recordings', recordings.files);
  // A signal that nobody handles would end this process without its exit handlers.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => process.exit(1));

  return async () => {
    recordings.remove();
    if (DATABASE_URL) await dropDatabases(DATABASE_URL, databasePrefix);
    await Promise.all([nats.stop(), postgres.stop()]);
  };
}

declare module 'vitest' {
  export interface ProvidedContext {
    nats: Provided;
    postgres: Provided;
    databasePrefix: string;
    recordings: Readonly<Record<'XAUUSD' | 'EURUSD', string>>;
  }
}
