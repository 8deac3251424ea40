// The ORM that the ledger speaks through: made when it is first needed, and anew after a failure
// that leaves its connections in doubt.
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Migrator } from '@mikro-orm/migrations';
import type { Options, SqlEntityManager, SqlMikroORM } from '@mikro-orm/postgresql';
import { silentLogger, type Logger } from '#src/ports/logger';
import { entities } from './entities.ts';
import { migrations } from './migrations/index.ts';
import { databaseOf, parsedUrl, unavailable } from './unavailable.ts';
import type { LedgerTarget } from './unavailable.ts';

/** Connecting takes no longer than this. */
const connectTimeoutMs = 5_000;

/** A statement that takes longer has failed. */
const statementTimeoutMs = 30_000;

/** The projector writes on one connection; lists are read on the others. */
const connectionsMax = 4;

const connectionIdleMs = 30_000;

export const migrationsTable = 'ledger_migrations';

export interface ConnectionOptions {
  readonly logger?: Logger | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly statementTimeoutMs?: number | undefined;
}

type Orm = SqlMikroORM;

const limitIdle = `select set_config('idle_in_transaction_session_timeout', ?, true)`;

export class Connection {
  readonly #target: LedgerTarget;
  readonly #options: ConnectionOptions;
  #orm: Promise<Orm> | undefined;

  constructor(target: LedgerTarget, options: ConnectionOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Throws `CloseoutError` `ledger_unavailable` for whatever fails in it. */
  async use<T>(work: (em: SqlEntityManager, orm: Orm) => Promise<T>): Promise<T> {
    const opening = (this.#orm ??= this.#create());
    try {
      const orm = await opening;
      return await work(orm.em.fork(), orm);
    } catch (error) {
      this.#drop(opening);
      throw unavailable(this.#target, error);
    }
  }

  /**
   * As `use`, in a transaction. Where this end of it falls silent, the server ends it too: its locks
   * would keep out the next attempt for as long as the server believes in the connection.
   */
  async transact<T>(work: (tx: SqlEntityManager, orm: Orm) => Promise<T>): Promise<T> {
    const { statementTimeoutMs: idleMs = statementTimeoutMs } = this.#options;
    return await this.use((em, orm) =>
      em.transactional(async (tx) => {
        if ('url' in this.#target) await tx.execute(limitIdle, [String(idleMs)]);
        return await work(tx, orm);
      }),
    );
  }

  /** Bounded, since a connection to a server that has gone may never end. */
  async close(): Promise<void> {
    const orm = await this.#orm?.catch(() => undefined);
    this.#orm = undefined;
    if (orm === undefined) return;
    const { connectTimeoutMs: timeoutMs = connectTimeoutMs } = this.#options;
    await Promise.race([orm.close(true), sleep(timeoutMs, undefined, { ref: false })]);
  }

  /**
   * The next call connects anew: a connection that hangs would stay in the pool. What was opened is
   * left to its own end, for which nobody waits. PGlite has no connections to lose.
   */
  #drop(opening: Promise<Orm>): void {
    const isShared = 'pgliteDirectory' in this.#target;
    if (this.#orm !== opening || isShared) return;
    this.#orm = undefined;
    const { logger = silentLogger } = this.#options;
    opening
      .then((orm) => orm.close(true))
      .catch((error: unknown) =>
        logger.debug({ err: error }, 'closing a failed connection failed'),
      );
  }

  async #create(): Promise<Orm> {
    return 'url' in this.#target
      ? await postgresOrm(this.#target.url, this.#options)
      : await pgliteOrm(this.#target.pgliteDirectory);
  }
}

const common = {
  entities,
  extensions: [Migrator],
  migrations: { migrationsList: migrations, tableName: migrationsTable, snapshot: false },
  /** The entities know nothing of the trigger that refuses changes. */
  schemaGenerator: { ignoreTriggers: true },
  /** Times are told in UTC, whatever zone this process or the server is in. */
  timezone: 'Z',
  ensureDatabase: false,
  logger: () => {},
} satisfies Partial<Options>;

async function postgresOrm(text: string, options: ConnectionOptions): Promise<Orm> {
  const url = parsedUrl(text);
  const { MikroORM } = await import('@mikro-orm/postgresql');
  return new MikroORM({
    ...common,
    dbName: databaseOf(url),
    driverOptions: {
      connectionString: text,
      application_name: 'closeout',
      connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
      query_timeout: options.statementTimeoutMs ?? statementTimeoutMs,
      idleTimeoutMillis: connectionIdleMs,
      max: connectionsMax,
      keepAlive: true,
    },
  });
}

async function pgliteOrm(directory: string): Promise<Orm> {
  await mkdir(directory, { recursive: true });
  const { MikroORM } = await import('@mikro-orm/pglite');
  return new MikroORM({ ...common, dbName: directory });
}
