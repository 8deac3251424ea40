// Whose order a report is of: looked up by route, and of nobody where it is of nobody.
import { describe, expect, test } from 'vitest';
import type { ExecutionReport } from '#src/domain/provider';
import type { LiveWorld } from './live-world.ts';
import { account } from './live-world.ts';
import { keptLog, reports, startReporting, withRoutes } from './reports-world.ts';

const links = { stopLossId: 'sl-1', takeProfitId: 'tp-1', closeOrderId: 'cl-1' };

/** Changes nothing wherever it is of a position. */
const news = { ord_status: 'NEW' };

describe('the type of an order', () => {
  test.each([
    { orderId: 'sl-1', type: 'stoploss' },
    { orderId: 'tp-1', type: 'takeprofit' },
    { orderId: 'cl-1', type: 'close' },
    { orderId: 'p', type: 'close' },
    { orderId: 'nobody', type: 'unknown' },
    { orderId: '__proto__', type: 'unknown' },
  ])('$orderId is $type', async ({ orderId, type }) => {
    const { logger, lines } = keptLog();
    const w = await startReporting({ harness: { logger } });
    await w.open('p', links);
    await reports(w, { ...news, order_id: orderId });
    const identified = lines.filter((line) => line.message === 'close.orderTypeIdentified');
    expect(identified).toEqual([
      { route: 'demo', orderId, status: 'NEW', type, message: 'close.orderTypeIdentified' },
    ]);
    expect(w.harness.counter('order_type_identifications')).toBe(1);
    expect(w.harness.counter('reports_unknown')).toBe(type === 'unknown' ? 1 : 0);
  });
});

test('a report of an unknown order changes nothing', async () => {
  const w = await startReporting();
  await w.open('p', links);
  const before = await w.records('close.filled');
  await reports(w, { order_id: 'nobody', ord_status: 'EXECUTED', avgpx: '1', cumqty: '2' });
  expect(await w.records('close.filled')).toEqual(before);
  expect(w.harness.counter('reports_unknown')).toBe(1);
});

describe('routes', () => {
  async function twoRoutes(): Promise<LiveWorld> {
    const w = await startReporting(
      withRoutes({
        other: { close: async () => await Promise.resolve({ status: 'gone' }) },
        settings: { accounts: [account, { ...account, accountId: 'b', route: 'other' }] },
      }),
    );
    await w.open('p', links);
    // Ids of provider orders are unique per route, and the same on another one.
    await w.open('q', { ...links, accountId: 'b' });
    return w;
  }

  const executed = { ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' };
  test.each([
    { route: 'demo', orderId: 'sl-1', closed: 'p' },
    { route: 'other', orderId: 'sl-1', closed: 'q' },
    { route: 'demo', orderId: 'q', closed: undefined },
    { route: 'other', orderId: 'p', closed: undefined },
    { route: 'third', orderId: 'sl-1', closed: undefined },
    { route: '', orderId: 'sl-1', closed: undefined },
  ])('$orderId on route $route is of $closed', async ({ route, orderId, closed }) => {
    const w = await twoRoutes();
    const report = { ...executed, order_id: orderId, side: 'sell' };
    w.harness.engine.live.reports.take(route, report);
    await w.run(20);
    for (const id of ['p', 'q']) expect(w.stateOf(id)).toBe(id === closed ? 'closed' : 'guarded');
    expect(w.harness.counter('reports_unknown')).toBe(closed === undefined ? 1 : 0);
  });

  test('our own id counts on its own route alone', async () => {
    const w = await twoRoutes();
    w.provider.behaviour = () => ({ kind: 'say', reply: { status: 'pending' } });
    void w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    const [order] = w.provider.received;
    const report = { ...executed, order_id: order?.clientOrderId ?? '' };
    w.harness.engine.live.reports.take('other', report);
    await w.run(20);
    expect(w.stateOf('p')).toBe('closing pending');
    w.harness.engine.live.reports.take('demo', report);
    await w.run(20);
    expect(w.stateOf('p')).toBe('closed');
  });

  test('the same exec_id on two routes is two executions', async () => {
    const w = await twoRoutes();
    for (const route of ['demo', 'other']) {
      const report = { ...executed, order_id: 'sl-1', exec_id: 'E1' };
      w.harness.engine.live.reports.take(route, report);
    }
    await w.run(20);
    expect([w.stateOf('p'), w.stateOf('q')]).toEqual(['closed', 'closed']);
  });
});

describe('what is no report is counted and logged', () => {
  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  test.each<[string, unknown]>([
    ['null', null],
    ['text', 'sl-1 EXECUTED'],
    ['a list', [{ order_id: 'sl-1', ord_status: 'EXECUTED' }]],
    ['nothing in it', {}],
    ['no order', { ord_status: 'EXECUTED' }],
    ['no status', { order_id: 'sl-1' }],
    ['a price that is none', { order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: 'x' }],
    ['a negative quantity', { order_id: 'sl-1', ord_status: 'EXECUTED', cumqty: -1 }],
    ['what cannot be read', hostile],
  ])('%s', async (_name, raw) => {
    const w = await startReporting();
    await w.open('p', links);
    expect(() => w.harness.engine.live.reports.take('demo', raw)).not.toThrow();
    await w.run(20);
    const { harness } = w;
    expect(harness.counter('reports_malformed') + harness.counter('reports_failed')).toBe(1);
    expect(w.stateOf('p')).toBe('guarded');
  });
});

describe('other statuses are counted and ignored', () => {
  test.each(['PENDING_NEW', 'REPLACED', 'STOPPED', 'executed', 'DONE_FOR_DAY'])(
    '%s',
    async (status) => {
      const w = await startReporting();
      await w.open('p', links);
      await reports(w, { order_id: 'sl-1', ord_status: status, avgpx: '99', cumqty: '2' });
      expect(w.harness.counter('reports_ignored')).toBe(1);
      expect(w.stateOf('p')).toBe('guarded');
      expect(w.provider.cancels).toEqual([]);
    },
  );
});

test('a report may come with keys that are not known, and numbers as numbers', async () => {
  const w = await startReporting();
  await w.open('p', links);
  const report = {
    ...{ order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: 99, cumqty: 2, ts: 7 },
    venue: { name: 'x' },
    side: null,
  } as unknown as ExecutionReport;
  await reports(w, report);
  expect(w.balance()).toBe('998');
});

test('a report of a position that was untracked is of nobody', async () => {
  const w = await startReporting();
  await w.open('p', links);
  await w.ask('a.position.untrack', { positionId: 'p', reason: 'moved' });
  for (const orderId of ['p', 'sl-1', 'cl-1']) {
    await reports(w, { order_id: orderId, ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
  }
  expect(w.harness.counter('reports_unknown')).toBe(3);
  expect(w.balance()).toBe('1000');
});
