// A calm world: a provider that makes no mistakes, and positions whose stops a quote will cross.
import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import type { LedgerRow } from '#src/domain/ledger-rows';
import { proxyTo, type Proxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';
import { accounts, crashWorld, quoteAt, type CrashWorld } from './world.ts';

const symbol = 'XAUUSD';
const entryPrice = '1300';
/** Longer than the longest pause between two attempts to come back. */
export const backMsMax = 45_000;
/** A close to the provider, and its answer, while everything that matters for it works. */
const closeMsMax = 5000;

type Proxies = Partial<Record<'nats' | 'database', Proxy>>;

/** A world whose runtime reaches these servers by way of a proxy. */
export async function calmWorld(
  database: string,
  proxied: readonly ('nats' | 'database')[],
): Promise<Calm> {
  const proxies: Proxies = {};
  const world = await crashWorld({
    ...{ seed: 1, faultRate: 0, database },
    way: async (direct) => {
      const ways = { ...direct };
      for (const name of proxied) {
        const proxy = await proxyTo(direct[name]);
        onTestFinished(() => proxy.cut());
        proxies[name] = proxy;
        ways[name] = proxy.url;
      }
      return ways;
    },
  });
  return new Calm(world, database, proxies);
}

export class Calm {
  readonly world: CrashWorld;
  private readonly database: string;
  private readonly proxies: Proxies;
  /** All that were tracked. */
  readonly positionIds: string[] = [];

  constructor(world: CrashWorld, database: string, proxies: Proxies) {
    this.world = world;
    this.database = database;
    this.proxies = proxies;
  }

  way(name: 'nats' | 'database'): Proxy {
    const proxy = this.proxies[name];
    if (proxy === undefined) throw new Error(`no proxy on the way to ${name}`);
    return proxy;
  }

  /** A long position in every account, LIVE on both routes and on paper. */
  async track(name: string, stopLoss: number): Promise<string[]> {
    const { stub, operator } = this.world;
    const own: string[] = [];
    for (const { accountId, route } of accounts) {
      const positionId = `${name}-${accountId}`;
      const terms = { symbol, side: 'long', quantity: '1', entryPrice } as const;
      const named =
        route === undefined
          ? {}
          : { ticket: await stub.open(route, { positionId, accountId, ...terms }) };
      const body = { positionId, ...terms, ...named, exits: { stopLoss } };
      await operator.do(`${accountId}.position.track`, body, `track-${positionId}`);
      own.push(positionId);
    }
    this.positionIds.push(...own);
    return own;
  }

  quote(price: number): void {
    this.world.publisher.sendAtOnce([quoteAt(symbol, price)]);
  }

  /** Resolves once the runtime says that each of them is closed. */
  async closed(positionIds: readonly string[], ms = closeMsMax): Promise<void> {
    const { operator } = this.world;
    const isClosed = async (): Promise<boolean> => {
      const all = await operator.list<{ positionId: string; state: string }>('_.position.list', {
        state: 'all',
      });
      const closed = all.filter(({ state }) => state === 'closed');
      const ids = new Set(closed.map(({ positionId }) => positionId));
      return positionIds.every((id) => ids.has(id));
    };
    await until(isClosed, ms, `${positionIds.join(', ')} closed`);
  }

  /** Positions of the rows of closes, in the order of the ledger, once it has all of them. */
  async history(): Promise<string[]> {
    const { operator } = this.world;
    const eventType = 'position_closed';
    let rows: LedgerRow[] = [];
    const isWhole = async (): Promise<boolean> => {
      rows = await operator.list<LedgerRow>('_.ledger.list', { eventType });
      return rows.length >= this.positionIds.length;
    };
    await until(isWhole, backMsMax, 'history complete');
    return rows.map(({ metaData }) => String(metaData['positionId']));
  }

  /** How many closes the database itself knows, whoever can reach it. */
  async closesInDatabase(): Promise<number> {
    const client = new Client({ connectionString: this.database });
    await client.connect();
    try {
      const text = `select from reconciliation_log where event_type = 'position_closed'`;
      return (await client.query(text)).rowCount ?? 0;
    } finally {
      await client.end();
    }
  }
}
