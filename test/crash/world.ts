// A world to crash: the runtime as a process, a NATS server of its own, a database, a stub provider
// with two routes, LIVE accounts on each of them and a PAPER account beside them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Quote } from '#src/domain/quote';
import {
  Heard,
  Operator,
  startRuntime,
  temporaryDirectory,
  type Environment,
  type Running,
} from '../e2e/world.ts';
import { Publisher } from '../e2e/publisher.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { Stub } from './stub.ts';
import type { RouteOptions } from './stub-types.ts';

export type NatsServer = Awaited<ReturnType<typeof startNats>>;

/** What the runtime waits for an answer of a provider: short, so that much is unknown. */
const timeoutMs = 300;
const contractSize = 10;
const startBalance = '1000000';

export const symbols = ['XAUUSD', 'XAGUSD'] as const;
export type SymbolName = (typeof symbols)[number];
/** Where the walk of each price begins. */
export const startPrices: Readonly<Record<SymbolName, number>> = { XAUUSD: 1300, XAGUSD: 900 };

/** One provider executes an id once, the other as often as it comes: there it must be asked. */
export const routes: readonly RouteOptions[] = [
  { route: 'once', isIdempotent: true },
  { route: 'asked', isIdempotent: false },
];

export interface CrashAccount {
  readonly accountId: string;
  readonly route: string | undefined;
}

export const accounts: readonly CrashAccount[] = [
  { accountId: 'once1', route: 'once' },
  { accountId: 'once2', route: 'once' },
  { accountId: 'asked1', route: 'asked' },
  { accountId: 'asked2', route: 'asked' },
  { accountId: 'paper', route: undefined },
];

export interface CrashWorldOptions {
  readonly seed: number;
  readonly faultRate: number;
  /** By way of which the runtime reaches the servers; directly where absent. */
  readonly way?: ((direct: { nats: string; database: string }) => Promise<Ways>) | undefined;
  /** A database server of the test's own; that of the run where absent. */
  readonly database?: string | undefined;
}

interface Ways {
  readonly nats: string;
  readonly database: string;
}

export interface CrashWorld {
  readonly nats: NatsServer;
  readonly environment: Environment;
  readonly operator: Operator;
  readonly publisher: Publisher;
  readonly heard: Heard;
  readonly stub: Stub;
  running: Running;
}

/** Everything up, the accounts there, on both sides, and a first quote of each symbol followed. */
export async function crashWorld(options: CrashWorldOptions): Promise<CrashWorld> {
  const { seed, faultRate, way } = options;
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const direct = { nats: nats.url, database: options.database ?? (await freshDatabase()) };
  const ways = way === undefined ? direct : await way(direct);
  const directory = temporaryDirectory();
  const config = join(directory, 'settings.json');
  writeFileSync(config, JSON.stringify(settings));
  const environment = {
    CLOSEOUT_NATS_URL: ways.nats,
    CLOSEOUT_DATABASE_URL: ways.database,
    CLOSEOUT_DATA_DIR: join(directory, 'data'),
    CLOSEOUT_CONFIG: config,
  };
  const operator = await Operator.at(nats.url);
  const publisher = new Publisher(operator);
  const heard = await Heard.by(operator);
  const stub = await Stub.start(operator, {
    natsUrl: nats.url,
    ...{ seed, routes, faultRate, timeoutMs, contractSize },
  });
  for (const { accountId, route } of accounts) {
    if (route !== undefined) await stub.account(route, accountId, startBalance);
  }
  const running = await startRuntime(environment);
  publisher.sendAtOnce(symbols.map((symbol) => quoteAt(symbol, startPrices[symbol])));
  await publisher.follow();
  return { nats, environment, operator, publisher, heard, stub, running };
}

const settings = {
  reconcileEveryS: 5,
  instruments: symbols.map((symbol) => ({ symbol, quoteCurrency: 'USD', contractSize })),
  accounts: accounts.map(({ accountId, route }) => ({
    ...{ accountId, currency: 'USD', balance: startBalance },
    ...(route === undefined ? {} : { mode: 'LIVE', route }),
  })),
  routes: routes.map(({ route, isIdempotent }) => ({
    ...{ route, timeoutMs, ratePerSecond: 1000, burst: 1000, idempotentByClientId: isIdempotent },
    closeByTicket: isIdempotent,
  })),
};

/** A quote of now, with two decimals. */
export function quoteAt(symbol: string, price: number): Quote {
  const bid = Math.round(price * 100) / 100;
  return { symbol, bid, ask: Math.round((price + 0.05) * 100) / 100, ts: Date.now() };
}

/** Equal at the start, to the cent and beyond. */
export const initialBalance = startBalance;
