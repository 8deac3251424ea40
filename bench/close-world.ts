// A runtime on a real journal and a real Postgres, with positions to close.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { Subject } from 'rxjs';
import { createRuntime, isRefused, type QuoteInput, type Runtime } from '#src/index';
import { silentLogger } from '#src/ports/logger';
import { createDatabase } from '../test/support/servers/databases.ts';
import { InstantBroker } from './instant-broker.ts';

export type Mode = 'PAPER' | 'LIVE';

const symbol = 'XAUUSD';
const route = 'bench';
const accounts = 100;
/** So high that the route never makes a close wait. */
const rates = { ratePerSecond: 100_000, burst: 100_000, maxInFlight: 10_000 };
/** Once a day: no reconciliation falls into a measurement. */
const reconcileEveryS = 86_400;
const tracksAtOnce = 500;
let worlds = 0;

export interface NewPosition {
  readonly positionId: string;
  readonly side: 'long' | 'short';
  readonly exits?: { readonly stopLoss?: string; readonly takeProfit?: string };
  readonly stopLossId?: string;
  readonly takeProfitId?: string;
}

export interface Closed {
  readonly positionId: string;
  /** When the event came that tells of it, which is when it was durable. */
  readonly toldAtMs: number;
  /** When it was filled, by the runtime's clock. */
  readonly closedTs: number;
}

export class CloseWorld {
  readonly broker = new InstantBroker();
  readonly dataDir = mkdtempSync(join(tmpdir(), 'closeout-bench-'));
  private readonly quotes$ = new Subject<QuoteInput>();
  private readonly runtime: Runtime;
  private readonly databaseUrl: string;
  private tracked = 0;
  private readonly told: Closed[] = [];
  private whenTold: { readonly count: number; readonly resolve: () => void } | undefined;

  static async open(serverUrl: string, mode: Mode): Promise<CloseWorld> {
    const name = `closeout_bench_${process.pid}_${++worlds}`;
    const world = new CloseWorld(await createDatabase(serverUrl, name), mode);
    await world.runtime.start();
    return world;
  }

  private constructor(databaseUrl: string, mode: Mode) {
    this.databaseUrl = databaseUrl;
    this.runtime = createRuntime({
      settings: {
        CLOSEOUT_DATA_DIR: this.dataDir,
        CLOSEOUT_DATABASE_URL: databaseUrl,
        CLOSEOUT_HTTP_PORT: 0,
        instruments: [{ symbol, quoteCurrency: 'USD' }],
        accounts: Array.from({ length: accounts }, (_, i) => ({
          accountId: `a${i}`,
          currency: 'USD',
          balance: 1_000_000,
          preset: 'default',
          ...(mode === 'LIVE' ? { mode, route } : {}),
        })),
        routes: [{ route, ...rates }],
        reconcileEveryS,
      },
      brokers: { [route]: this.broker },
      quotes$: this.quotes$,
      logger: silentLogger,
    });
    this.runtime.events$.subscribe(({ event, positionId, closeTimestamp }) => {
      if (event !== 'position.closed') return;
      const closedTs = Number(closeTimestamp);
      this.told.push({ positionId: String(positionId), toldAtMs: performance.now(), closedTs });
      if (this.told.length === this.whenTold?.count) this.whenTold.resolve();
    });
  }

  /** Takes effect before it returns, as far as no journal is waited for. */
  quote(bid: string): void {
    this.broker.price = bid;
    this.quotes$.next({ symbol, bid, ask: bid });
  }

  report(orderId: string, price: string): void {
    this.broker.reports$.next({ order_id: orderId, ord_status: 'EXECUTED', avgpx: price });
  }

  /** Tracks positions, spread over the accounts, and waits until the ledger has them. */
  async track(positions: readonly NewPosition[]): Promise<void> {
    for (let at = 0; at < positions.length; at += tracksAtOnce) {
      const some = positions.slice(at, at + tracksAtOnce).map(async (position) => {
        const body = { symbol, quantity: 1, entryPrice: 1000, ...position };
        const account = `a${this.tracked++ % accounts}`;
        const reply = await this.runtime.commands.position.track(account, body);
        if (isRefused(reply)) throw new Error(reply.error.message);
      });
      await Promise.all(some);
    }
    await this.caughtUp();
  }

  /** The next closes, once so many were told; to be called before what makes them. */
  async nextClosed(count: number): Promise<readonly Closed[]> {
    this.told.length = 0;
    await new Promise<void>((resolve) => (this.whenTold = { count, resolve }));
    return this.told.slice();
  }

  /** Waits until the ledger has all that is durable. */
  async caughtUp(): Promise<void> {
    const waitOnce = () => this.runtime.commands.ledger.list('_', { limit: 1 });
    while (isRefused(await waitOnce()));
  }

  /** Closed positions in the ledger, as another program sees them. */
  async closedInLedger(): Promise<number> {
    const client = new Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      const found = await client.query<{ count: string }>(
        `select count(*) from reconciliation_log join positions using ("position_id")
         where event_type = 'position_closed' and state = 'closed'`,
      );
      return Number(found.rows[0]?.count);
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.runtime.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
