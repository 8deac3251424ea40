// Quotes a second from NATS into a runtime, beside a bare subscription that only parses: on a server
// of its own, with the publisher in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { priceSubject } from '#src/contracts/subjects';
import { isRefused } from '#src/domain/refusals';
import { silentLogger } from '#src/ports/logger';
import { createRuntime, type Runtime } from '#src/runtime';
import { startNatsServer } from '../test/support/servers/nats-server.ts';
import { median, type Row } from './report.ts';
import { farPositions } from './worlds.ts';

const runs = 5;
const positions = 1_000;
const quotesPerRun = 200_000;
const symbol = 'XAUUSD';
/** One that no runtime subscribes to. */
const bareSubject = 'bare.prices';
const pollMs = 1;

export async function benchNats(): Promise<Row[]> {
  const server = await startNatsServer();
  const dataDir = mkdtempSync(join(tmpdir(), 'closeout-bench-'));
  try {
    return await measured(server.url, dataDir);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measured(url: string, dataDir: string): Promise<Row[]> {
  const runtime = await startedRuntime(url, dataDir);
  const bare = await connect({ servers: url });
  const publisher = await startPublisher(url);
  const bareRates: number[] = [];
  const runtimeRates: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const rates = [await bareRate(bare, publisher), await runtimeRate(runtime, publisher)] as const;
    // The first run warms up.
    if (run === 0) continue;
    bareRates.push(rates[0]);
    runtimeRates.push(rates[1]);
  }
  publisher.end();
  await bare.close();
  await runtime.stop();
  const bareMedian = median(bareRates);
  const runtimeMedian = median(runtimeRates);
  const conflated = runtime.status().counters['quotes_conflated'] ?? 0;
  return [
    { measure: 'a bare subscription with JSON.parse', unit: 'quotes/s', value: bareMedian },
    {
      measure: `from NATS into the runtime, ${positions} positions`,
      unit: 'quotes/s',
      value: runtimeMedian,
      versus: 'the bare subscription',
      ratio: runtimeMedian / bareMedian,
    },
    { measure: 'of them conflated in all runs', unit: 'quotes', value: conflated },
  ];
}

async function startedRuntime(url: string, dataDir: string): Promise<Runtime> {
  const scenario = farPositions(positions, symbol);
  const { instruments, accounts } = scenario;
  const runtime = createRuntime({
    settings: {
      ...{ CLOSEOUT_NATS_URL: url, CLOSEOUT_DATA_DIR: dataDir, CLOSEOUT_HTTP_PORT: 0 },
      ...{ instruments, accounts },
    },
    logger: silentLogger,
  });
  await runtime.start();
  for (const { accountId, ...position } of scenario.positions) {
    const reply = await runtime.commands.position.track(accountId, position);
    if (isRefused(reply)) throw new Error(reply.error.message);
  }
  return runtime;
}

interface Publisher {
  /** Publishes quotes on a subject; resolves when the server has them. */
  publish(count: number, subject: string): Promise<void>;
  end(): void;
}

async function startPublisher(url: string): Promise<Publisher> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve('./publisher.ts')), url],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  return {
    async publish(count, subject) {
      child.stdin.write(`${count} ${subject}\n`);
      await once(lines, 'line');
    },
    end: () => void child.stdin.end(),
  };
}

/** From the first to the last quote's arrival. */
async function bareRate(nats: NatsConnection, publisher: Publisher): Promise<number> {
  let count = 0;
  let startedMs = 0;
  let lastBid = 0;
  const rate = await new Promise<number>((resolve, reject) => {
    const subscription = nats.subscribe(bareSubject, {
      callback: (_error, message) => {
        if (count === 0) startedMs = performance.now();
        lastBid = (JSON.parse(message.string()) as { bid: number }).bid;
        if (++count < quotesPerRun) return;
        subscription.unsubscribe();
        resolve(perSecond(startedMs));
      },
    });
    nats
      .flush()
      .then(() => publisher.publish(quotesPerRun, bareSubject))
      .catch(reject);
  });
  if (!(lastBid > 0)) throw new Error('the last quote had no bid');
  return rate;
}

/** From the first arrival to the moment when the last quote has gone through all its steps. */
async function runtimeRate(runtime: Runtime, publisher: Publisher): Promise<number> {
  const takenBefore = taken(runtime);
  const published = publisher.publish(quotesPerRun, priceSubject(symbol));
  while (taken(runtime) === takenBefore) await pause(pollMs);
  const startedMs = performance.now();
  while (taken(runtime) < takenBefore + quotesPerRun) await pause(pollMs);
  const rate = perSecond(startedMs);
  await published;
  return rate;
}

/** Conflated quotes have been received too. */
function taken(runtime: Runtime): number {
  const { counters } = runtime.status();
  const refused = counters['quotes_refused'] ?? 0;
  if (refused > 0) throw new Error(`${refused} quotes were refused`);
  return (counters['quotes_accepted'] ?? 0) + (counters['quotes_conflated'] ?? 0);
}

function perSecond(startedMs: number): number {
  return (quotesPerRun * 1000) / (performance.now() - startedMs);
}
