// What many gateways do: orders and last prices in Redis, and a BullMQ job every two seconds that
// checks each order against the last price of its symbol.
import { setTimeout as pause } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { latencyHistogram, type Latencies } from '../latency.ts';
import { startRedisServer } from './redis-server.ts';

export const polledOrders = 10_000;
export const pollEveryMs = 2_000;
const symbols = 100;
/** Orders that the falling price of one symbol crosses, one after the other. */
const crossings = 600;
const crossingEveryMs = 20;
const ordersPerRead = 1_000;
/** So long the last crossing may take: two polls. */
const lastDecisionMs = 2 * pollEveryMs;
const fallingSymbol = 'FALLING';
const firstPrice = 1_000;

interface Order {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly stop: number;
  readonly target: number;
}

export interface PollerResult {
  /** Orders checked a second while a poll was at work. */
  readonly checkedPerSecond: number;
  /** From the time at which a price crossed a level, by the schedule, to the decision to close. */
  readonly latencies: Latencies;
}

/** Undefined where the machine has no redis-server. */
export async function benchPoller(): Promise<PollerResult | undefined> {
  const server = await startRedisServer();
  if (server === undefined) return undefined;
  const redis = new Redis({ path: server.path });
  try {
    await placeOrders(redis);
    return await new Poller(redis, server.path).run();
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

class Poller {
  private readonly redis: Redis;
  private readonly polls: Queue;
  private readonly closes: Queue;
  private readonly worker: Worker;
  private readonly decided = new Set<string>();
  private readonly latencies = latencyHistogram();
  private startedMs = 0;
  private checked = 0;
  private busyMs = 0;

  constructor(redis: Redis, path: string) {
    this.redis = redis;
    const connection = { path, maxRetriesPerRequest: null };
    this.polls = new Queue('polls', { connection });
    this.closes = new Queue('closes', { connection });
    this.worker = new Worker('polls', () => this.poll(), { connection });
  }

  async run(): Promise<PollerResult> {
    await this.worker.waitUntilReady();
    await this.polls.upsertJobScheduler('poll', { every: pollEveryMs });
    await this.letFall();
    const endMs = performance.now() + lastDecisionMs;
    while (this.decided.size < crossings && performance.now() < endMs) await pause(crossingEveryMs);
    await this.worker.close();
    await this.polls.close();
    await this.closes.close();
    if (this.decided.size !== crossings)
      throw new Error(`${this.decided.size} closes were decided`);
    return {
      checkedPerSecond: (this.checked * 1000) / this.busyMs,
      latencies: this.latencies.result(),
    };
  }

  /** The price goes by its schedule; where a write comes late, the next one says more. */
  private async letFall(): Promise<void> {
    this.startedMs = performance.now();
    for (let at = 0; at < crossings;) {
      await pause(crossingEveryMs);
      const elapsedMs = performance.now() - this.startedMs;
      at = Math.min(crossings, Math.floor(elapsedMs / crossingEveryMs));
      if (at > 0) await this.redis.hset('prices', fallingSymbol, String(levelOf(at - 1)));
    }
  }

  private async poll(): Promise<void> {
    const startedMs = performance.now();
    const prices = await this.redis.hgetall('prices');
    const due: string[] = [];
    let cursor = '0';
    do {
      const [next, found] = await this.redis.hscan('orders', cursor, 'COUNT', ordersPerRead);
      cursor = next;
      for (let i = 0; i < found.length; i += 2) {
        const order = JSON.parse(found[i + 1] ?? '') as Order;
        this.checked++;
        if (isDue(order, Number(prices[order.symbol]))) due.push(found[i] ?? '');
      }
    } while (cursor !== '0');
    this.busyMs += performance.now() - startedMs;
    await this.decide(due);
  }

  private async decide(orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    const nowMs = performance.now();
    for (const orderId of orderIds) {
      if (this.decided.has(orderId)) continue;
      this.decided.add(orderId);
      const crossedMs = this.startedMs + (Number(orderId) + 1) * crossingEveryMs;
      this.latencies.record(nowMs - crossedMs);
    }
    await this.closes.addBulk(orderIds.map((orderId) => ({ name: 'close', data: { orderId } })));
    await this.redis.hdel('orders', ...orderIds);
  }
}

function isDue({ side, stop, target }: Order, last: number): boolean {
  return side === 'long' ? last <= stop || last >= target : last >= stop || last <= target;
}

/** The level of the order that is crossed as the `i`th. */
function levelOf(i: number): number {
  return firstPrice - 1 - i / 10;
}

async function placeOrders(redis: Redis): Promise<void> {
  const orders = new Map<string, string>();
  const prices = new Map([[fallingSymbol, String(firstPrice)]]);
  for (let i = 0; i < polledOrders; i++) {
    const isCrossed = i < crossings;
    const symbol = isCrossed ? fallingSymbol : `S${i % symbols}`;
    const stop = isCrossed ? levelOf(i) : 100;
    const order: Order = { symbol, side: 'long', stop, target: 10_000 };
    orders.set(String(i), JSON.stringify(order));
    if (!isCrossed) prices.set(symbol, String(firstPrice));
  }
  await redis.hset('orders', orders);
  await redis.hset('prices', prices);
}
