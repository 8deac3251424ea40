// Postgres and NATS that freeze, and networks that are slow, reset or swallow everything: closes to
// a provider go on or wait, each is done once, and history has each once and in order.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { finished, kill, startRuntime } from '../e2e/world.ts';
import type { Proxy } from '../support/proxy.ts';
import { createDatabase } from '../support/servers/databases.ts';
import { startPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { backMsMax, calmWorld, type Calm } from './calm.ts';
import { accounts, routes } from './world.ts';

const testMsMax = 120_000;
/** Longer than any call is waited for. */
const outageMs = 1500;

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let databases = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** A calm world on a database of the Postgres of this file. */
async function onOwnPostgres(proxied: readonly ('nats' | 'database')[] = []): Promise<Calm> {
  return await calmWorld(await createDatabase(postgres.url, `outages_${++databases}`), proxied);
}

/**
 * Every position was closed once, here and at the provider, and told once, in a whole chain. What is
 * durable only while the bus is away is told to nobody: that is not owed.
 */
async function expectEachOnce(calm: Calm, isBusThere = true): Promise<void> {
  const { stub, operator, environment, heard } = calm.world;
  expect((await calm.history()).sort()).toEqual([...calm.positionIds].sort());
  const told = heard.once('position.closed').map((one) => String(one['positionId']));
  const owed = isBusThere ? calm.positionIds : told;
  expect(told.sort()).toEqual([...owed].sort());
  expect(new Set(told).size).toBe(told.length);
  expect(told.filter((id) => !calm.positionIds.includes(id))).toEqual([]);
  expect(told.length).toBeGreaterThan(calm.positionIds.length / 2);
  for (const { route } of routes) {
    const { orders, positions } = await stub.dump(route);
    expect(orders.filter(({ executions }) => executions !== 1)).toEqual([]);
    expect(orders.filter(({ resentAfterFill }) => resentAfterFill > 0)).toEqual([]);
    expect(positions.filter(({ left }) => left !== '0')).toEqual([]);
  }
  const reconciled = (await operator.do('_.reconciliation.run'))['accounts'] as {
    complete: boolean;
    drifts: object[];
  }[];
  expect(reconciled).toHaveLength(accounts.length - 1);
  for (const one of reconciled) expect(one).toMatchObject({ complete: true, drifts: [] });
  expect(await finished(['verify'], environment)).toMatchObject({ status: 0 });
}

/** An outage has its length: nothing tells its end but the clock. */
async function passed(ms: number): Promise<void> {
  const begun = performance.now();
  await until(() => performance.now() - begun >= ms, ms + 1000);
}

test(
  'Postgres that freezes delays history, never a close',
  async () => {
    const calm = await onOwnPostgres();
    const first = await calm.track('first', 1290);
    const second = await calm.track('second', 1280);
    calm.quote(1289);
    await calm.closed(first);
    postgres.pause();
    onTestFinished(() => postgres.resume());
    calm.quote(1279);
    await calm.closed(second);
    const third = await calm.track('third', 1270);
    calm.quote(1269);
    await calm.closed(third);
    postgres.resume();
    const history = await calm.history();
    expect(history.slice(0, first.length).sort()).toEqual([...first].sort());
    expect(history.slice(-third.length).sort()).toEqual([...third].sort());
    await expectEachOnce(calm);
  },
  testMsMax,
);

test(
  'a restart while Postgres is frozen guards first, and asks about what was under way',
  async () => {
    const calm = await onOwnPostgres();
    const { world } = calm;
    const first = await calm.track('first', 1290);
    const second = await calm.track('second', 1280);
    postgres.pause();
    onTestFinished(() => postgres.resume());
    calm.quote(1289);
    await world.publisher.follow();
    await kill(world.running);
    world.running = await startRuntime(world.environment);
    world.publisher.begin();
    await calm.closed(first);
    calm.quote(1279);
    await calm.closed(second);
    postgres.resume();
    await expectEachOnce(calm);
  },
  testMsMax,
);

test(
  'NATS that freezes, also in the middle of closes: levels stay armed, nothing is done twice',
  async () => {
    const calm = await onOwnPostgres();
    const { nats, publisher, operator } = calm.world;
    onTestFinished(() => nats.resume());
    // Some of these freezes come before the order, some before its answer.
    for (const [round, afterMs] of [0, 2, 5, 10, 20].entries()) {
      const stopLoss = 1290 - 10 * round;
      const own = await calm.track(`round${round}`, stopLoss);
      calm.quote(stopLoss - 1);
      await operator.nats.flush();
      await passed(afterMs);
      nats.pause();
      await passed(outageMs);
      nats.resume();
      await publisher.follow();
      await calm.closed(own, backMsMax);
    }
    await expectEachOnce(calm);
  },
  testMsMax,
);

interface Trouble {
  readonly what: string;
  readonly begin: (proxy: Proxy) => void;
  readonly end: (proxy: Proxy) => Promise<void>;
  /** How many rows of closes may have passed while it lasted. */
  readonly passingMax: number;
}

const resetting: Trouble = {
  what: 'resets its connections',
  begin: (proxy) => proxy.reset(),
  end: async () => {},
  passingMax: Infinity,
};
const swallowing: Trouble = {
  what: 'swallows everything, and then resets',
  begin: (proxy) => proxy.blackhole(),
  end: async (proxy) => {
    await proxy.restore();
    proxy.reset();
  },
  passingMax: 0,
};
const slow = (what: string, delayMs: number): Trouble => ({
  what,
  begin: (proxy) => proxy.delay(delayMs),
  end: (proxy) => proxy.restore(),
  passingMax: Infinity,
});

test.each([
  slow('is slow', 100),
  slow('is slower than an answer is waited for', 400),
  resetting,
  swallowing,
])(
  'a way to NATS that $what: each close is done once',
  async ({ begin, end }) => {
    const calm = await onOwnPostgres(['nats']);
    const { operator } = calm.world;
    const proxy = calm.way('nats');
    // Some of it comes before the order, some before its answer.
    for (const [round, afterMs] of [0, 5, 15].entries()) {
      const stopLoss = 1290 - 10 * round;
      const own = await calm.track(`round${round}`, stopLoss);
      calm.quote(stopLoss - 1);
      await operator.nats.flush();
      await passed(afterMs);
      begin(proxy);
      await passed(outageMs);
      await end(proxy);
      // A quote that came to nobody is followed by others.
      const isClosed = async (): Promise<boolean> => {
        calm.quote(stopLoss - 1);
        await calm.closed(own, 1000);
        return true;
      };
      await until(isClosed, backMsMax, 'closes after the return');
    }
    await expectEachOnce(calm, false);
  },
  testMsMax,
);

test.each([slow('is slow', 200), resetting, swallowing])(
  'a way to Postgres that $what: closes go on, and history has each once',
  async ({ begin, end, passingMax }) => {
    const calm = await onOwnPostgres(['database']);
    const proxy = calm.way('database');
    const rounds = 4;
    for (let round = 0; round < rounds; round++) {
      const stopLoss = 1290 - 10 * round;
      const own = await calm.track(`round${round}`, stopLoss);
      begin(proxy);
      calm.quote(stopLoss - 1);
      await calm.closed(own);
    }
    expect(await calm.closesInDatabase()).toBeLessThanOrEqual(passingMax);
    await end(proxy);
    await expectEachOnce(calm);
  },
  testMsMax,
);
