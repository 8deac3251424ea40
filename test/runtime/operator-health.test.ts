// /health and /ready of a real runtime, as somebody with curl sees them while things go wrong.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { BrokerPositions } from '#src/domain/provider';
import type { Broker } from '#src/ports/broker';
import { proxyTo } from '../support/proxy.ts';
import { freshDatabase, startNats } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { liveRuntime, temporaryDirectory, type Live, type LiveOptions } from './live.ts';
import { refusalOf } from './refusals.ts';
import { keptLog } from './reports-world.ts';

const testMsMax = 60_000;
/** Longer than any pause between two attempts to come back. */
const backMsMax = 20_000;

interface Awaited {
  readonly part: string;
  readonly since: string;
  readonly detail?: string;
}

interface Ready {
  readonly status: number;
  readonly ready: boolean;
  readonly since: string;
  readonly waitingFor: readonly Awaited[];
}

interface Health {
  readonly status: string;
  readonly version: string;
  readonly workers: {
    readonly isHealthy: boolean;
    readonly status: string;
    readonly uptime: number;
    readonly components: Record<string, { isHealthy: boolean; since: string; detail?: string }>;
  };
}

interface Watched extends Live {
  /** Undefined until the port is open. */
  port(): number | undefined;
  readonly ready: () => Promise<Ready>;
  readonly health: () => Promise<Health>;
}

async function watched({ settings, ...options }: LiveOptions = {}): Promise<Watched> {
  const { logger, lines } = keptLog();
  const live = await liveRuntime({
    ...options,
    logger,
    settings: {
      CLOSEOUT_HTTP_PORT: 0,
      CLOSEOUT_DATABASE_URL: await freshDatabase(),
      ...settings,
    },
  });
  onTestFinished(() => live.runtime.stop());
  const port = (): number | undefined => {
    const line = lines.find(({ message }) => message === 'HTTP: /health and /ready');
    return line?.['port'] as number | undefined;
  };
  const get = async (path: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${await until(port)}${path}`);
  return {
    ...live,
    port,
    ready: async () => {
      const response = await get('/ready');
      return { ...((await response.json()) as Ready), status: response.status };
    },
    health: async () => (await (await get('/health')).json()) as Health,
  };
}

/** Each part that is waited for, with the time since when as one. */
function waitingFor({ waitingFor: parts }: Ready): string[] {
  for (const { since } of parts) expect(Date.parse(since)).toBeGreaterThan(Date.now() - 60_000);
  return parts.map(({ part }) => part);
}

/** What is told once it is so. */
async function once<T>(tell: () => Promise<T>, isSo: (told: T) => boolean): Promise<T> {
  const { told } =
    (await until(async () => {
      const now = await tell();
      return isSo(now) ? { told: now } : undefined;
    }, backMsMax)) ?? {};
  if (told === undefined) throw new Error('until resolves with what is truthy');
  return told;
}

const isoMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test(
  'a runtime that has started is ready, each of its parts is well, and its port is told',
  async () => {
    const w = await watched();
    await w.runtime.start();
    const late = await w.ready();
    expect(late).toMatchObject({ status: 200, ready: true, waitingFor: [] });
    expect(late.since).toMatch(isoMs);
    const ok = await w.health();
    expect(ok).toMatchObject({ status: 'ok', workers: { isHealthy: true, status: 'healthy' } });
    for (const name of ['queueManager', 'priceMonitor', 'orderClosure', 'orderWorker', 'ledger']) {
      expect(ok.workers.components[name]).toMatchObject({ isHealthy: true });
    }
    expect(w.runtime.status().components['http']).toMatchObject({ detail: `port ${w.port()}` });
  },
  testMsMax,
);

test(
  'symbols that say nothing are named, the first ten of them, and the runtime is well',
  async () => {
    const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`);
    const stale = { limit: '0.02', clearAfterMs: 0 };
    const quiet = { gap: false, spread: false, liquidity: false, stale } as const;
    const w = await watched({
      settings: {
        instruments: symbols.map((symbol) => ({ symbol, quoteCurrency: 'USD' })),
        accounts: [],
        marketGuards: Object.fromEntries(symbols.map((symbol) => [symbol, quiet])),
      },
    });
    await w.runtime.start();
    const ten = symbols.slice(0, 10).join(', ');
    const told = await once(w.health, ({ workers }) =>
      `${workers.components['priceMonitor']?.detail}`.endsWith(' 2 more'),
    );
    expect(told).toMatchObject({ status: 'ok' });
    expect(told.workers.components['priceMonitor']).toMatchObject({
      isHealthy: true,
      detail: `no quotes of ${ten} and 2 more`,
    });
  },
  testMsMax,
);

test(
  'a provider that does not answer at start: red while it is waited for, then red for its route',
  async () => {
    const directory = await temporaryDirectory();
    let answer: (positions: BrokerPositions) => void = () => {};
    let asked = 0;
    let isSilent = false;
    const broker: Broker = {
      close: async () => await Promise.resolve({ status: 'gone' }),
      positions: async () => {
        asked++;
        if (!isSilent) return await Promise.resolve({ complete: true, positions: [] });
        return await new Promise((resolve) => (answer = resolve));
      },
    };
    const options: LiveOptions = {
      directory,
      brokers: { demo: broker },
      settings: {
        CLOSEOUT_DATABASE_URL: await freshDatabase(),
        routes: [{ route: 'demo', timeoutMs: 1500 }],
        accounts: [
          { accountId: 'live1', currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' },
        ],
      },
    };
    const first = await watched(options);
    await first.runtime.start();
    expect(await first.ready()).toMatchObject({ status: 200 });
    await first.runtime.stop();

    isSilent = true;
    asked = 0;
    const w = await watched(options);
    const starting = w.runtime.start();
    await until(() => asked > 0);
    const early = await w.ready();
    expect(early.status).toBe(503);
    expect(waitingFor(early).toSorted()).toEqual(['broker:demo', 'runtime']);
    expect(early.waitingFor[0]).toMatchObject({ detail: 'starting', since: early.since });
    expect((await w.health()).status).toBe('down');
    await starting;
    const started = await w.ready();
    expect(started.status).toBe(503);
    expect(waitingFor(started)).toEqual(['broker:demo']);
    // It guards and answers all the same; only who asks whether it is ready is told no.
    expect(refusalOf(await w.runtime.commands.account.get('live1'))).toBe('ok');
    expect((await w.health()).status).toBe('degraded');
    const route = (await w.health()).workers.components['broker:demo'];
    expect(route).toMatchObject({ isHealthy: false });
    expect(route?.detail).toContain(`not reconciled since ${started.since}`);

    answer({ complete: true, positions: [] });
    isSilent = false;
    await w.runtime.commands.reconciliation.run('live1', {});
    expect(await w.ready()).toMatchObject({ status: 200, waitingFor: [] });
    expect((await w.health()).status).toBe('ok');
  },
  testMsMax,
);

test(
  'NATS away: not ready, and since when; back: ready',
  async () => {
    const server = await startNats();
    onTestFinished(() => server.stop());
    const proxy = await proxyTo(server.url);
    onTestFinished(() => proxy.cut());
    const w = await watched({ settings: { CLOSEOUT_NATS_URL: proxy.url } });
    await w.runtime.start();
    expect(await w.ready()).toMatchObject({ status: 200 });
    const lostAt = Date.now();
    await proxy.cut();
    const away = await once(w.ready, ({ status }) => status === 503);
    expect(waitingFor(away)).toEqual(['nats']);
    expect(Date.parse(away.since)).toBeGreaterThanOrEqual(lostAt - 1);
    const health = await w.health();
    expect(health.workers.components['nats']).toMatchObject({
      isHealthy: false,
      since: away.since,
    });
    expect(refusalOf(await w.runtime.commands.account.get('acc1'))).toBe('ok');
    await proxy.restore();
    await until(async () => (await w.ready()).status === 200, backMsMax, 'ready again');
    expect((await w.health()).status).toBe('ok');
  },
  testMsMax,
);

test(
  'Postgres away: degraded, and ready all the same',
  async () => {
    const proxy = await proxyTo(await freshDatabase());
    onTestFinished(() => proxy.cut());
    const w = await watched({ settings: { CLOSEOUT_DATABASE_URL: proxy.url } });
    await w.runtime.start();
    expect((await w.health()).status).toBe('ok');
    await proxy.cut();
    await w.runtime.commands.account.halt('acc1', { reason: 'something for the ledger' });
    const away = await once(w.health, ({ status }) => status === 'degraded');
    expect(away.workers.components['ledger']).toMatchObject({ isHealthy: false });
    expect(away.workers.components['ledger']?.detail).toMatch(/^down since \d{4}-/);
    expect(await w.ready()).toMatchObject({ status: 200, ready: true, waitingFor: [] });
    await proxy.restore();
    await until(async () => (await w.health()).status === 'ok', backMsMax, 'the ledger back');
  },
  testMsMax,
);

test(
  'a journal that takes no records: down and not ready, since when and why',
  async () => {
    const directory = await temporaryDirectory();
    const w = await watched({ directory });
    await w.runtime.start();
    expect(await w.ready()).toMatchObject({ status: 200 });
    const brokenAt = Date.now();
    const db = new DatabaseSync(join(directory, 'journal.sqlite'));
    db.exec('drop table links');
    db.close();
    void w.runtime.commands.account.halt('acc1', { reason: 'something to record' });
    const red = await once(w.ready, ({ status }) => status === 503);
    expect(waitingFor(red)).toEqual(['journal']);
    expect(Date.parse(red.since)).toBeGreaterThanOrEqual(brokenAt);
    expect(red.waitingFor[0]?.detail).toBeTruthy();
    const health = await w.health();
    expect(health).toMatchObject({ status: 'down', workers: { isHealthy: false } });
    expect(health.workers.components['journal']).toMatchObject({ isHealthy: false });
    expect(health.workers.components['queueManager']).toMatchObject({ isHealthy: false });
    expect(refusalOf(await w.runtime.commands.account.get('acc1'))).toBe('503 not_ready');
  },
  testMsMax,
);

test(
  'the port is closed when the runtime has stopped, and one that is taken costs no guarding',
  async () => {
    const first = await watched();
    await first.runtime.start();
    const port = first.port() ?? 0;
    const second = await watched({ settings: { CLOSEOUT_HTTP_PORT: port } });
    await second.runtime.start();
    expect(second.runtime.status().state).toBe('ready');
    expect(second.runtime.status().components['http']).toMatchObject({ isHealthy: false });
    expect(refusalOf(await second.runtime.commands.account.get('acc1'))).toBe('ok');
    await first.runtime.stop();
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
  },
  testMsMax,
);
