// Execution reports of closes: each filled unit is booked once, in whatever order it is told.
import { describe, expect, test } from 'vitest';
import { settledMs } from '#actors/reconciler';
import type { ExecutionReport } from '#src/domain/provider';
import { lost, rejects, says, type LiveWorld, type LiveWorldOptions } from './live-world.ts';
import {
  clientOrderId,
  drifts,
  executes,
  fills,
  reports,
  startReporting,
} from './reports-world.ts';

const pending = says({ status: 'pending' });
const links = { stopLossId: 'sl-1', takeProfitId: 'tp-1', closeOrderId: 'cl-1' };

/** `p` is being closed and the provider will report. */
async function closing(options: LiveWorldOptions = {}, more: object = {}): Promise<LiveWorld> {
  const w = await startReporting({ script: { close: [pending], query: [pending] }, ...options });
  await w.open('p', { ...links, ...more });
  w.harness.core.requestClose({ positionIds: ['p'], cause: { reason: 'stop_loss' } });
  w.harness.core.turn(() => {});
  await w.run(20);
  return w;
}

/** What a report says of the close under way. */
function of(w: LiveWorld, ord_status: string, more: Partial<ExecutionReport>): ExecutionReport {
  return { order_id: clientOrderId(w), ord_status, avgpx: '99', ...more };
}

describe('a close is reported by', () => {
  test.each([
    { by: 'our own id', orderId: clientOrderId },
    { by: 'closeOrderId', orderId: () => 'cl-1' },
    { by: 'the canonical id', orderId: () => 'p' },
  ])('$by, again by each of the others, and all of it is known', async ({ orderId }) => {
    const w = await closing();
    expect(w.stateOf('p')).toBe('closing pending');
    const report = { ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' };
    await reports(w, { ...report, order_id: orderId(w) });
    expect(w.stateOf('p')).toBe('closed');
    for (const other of [clientOrderId(w), 'cl-1', 'p']) {
      await reports(w, { ...report, order_id: other });
    }
    expect(await w.story()).toEqual(['position_close_pending 1', 'position_closed 0 -2']);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
    expect(w.provider.cancels).toEqual([]);
  });
});

describe('FILLED is EXECUTED', () => {
  test('and both are the same report', async () => {
    const w = await closing();
    const report = {
      order_id: clientOrderId(w),
      avgpx: 99,
      cumqty: 2,
      exec_id: undefined as never,
    };
    await reports(w, { ...report, ord_status: 'FILLED' });
    expect(w.stateOf('p')).toBe('closed');
    await reports(w, { ...report, ord_status: 'EXECUTED' });
    expect(w.harness.counter('reports_repeated')).toBe(1);
  });
});

describe('in any order', () => {
  test('a part is told after the whole', async () => {
    const w = await closing();
    await reports(w, of(w, 'EXECUTED', { cumqty: '2' }));
    await reports(w, of(w, 'PARTIALLY_FILLED', { cumqty: '0.5', avgpx: '98' }));
    expect(await w.story()).toEqual(['position_close_pending 1', 'position_closed 0 -2']);
    expect(fills(w)).toEqual({ [clientOrderId(w)]: '2' });
  });

  test('a smaller part is told after a larger one', async () => {
    const w = await closing();
    await reports(w, of(w, 'PARTIALLY_FILLED', { cumqty: '1.5' }));
    await reports(w, of(w, 'PARTIALLY_FILLED', { cumqty: '0.5' }));
    expect(fills(w)).toEqual({ [clientOrderId(w)]: '1.5' });
    await reports(w, of(w, 'EXECUTED', { cumqty: '2' }));
    expect(await w.story()).toEqual([
      'position_close_pending 1',
      'position_partially_closed 0 -1.5',
      'position_closed 0 -0.5',
    ]);
    expect(w.balance()).toBe('998');
  });

  test('parts at other prices come to the P&L of the average', async () => {
    const w = await closing();
    await reports(w, of(w, 'PARTIALLY_FILLED', { cumqty: '1', avgpx: '99' }));
    await reports(w, of(w, 'EXECUTED', { cumqty: '2', avgpx: '98' }));
    expect(w.balance()).toBe('996');
  });

  const filled = { status: 'filled', filledQuantity: '2', price: '99' };
  test.each([
    { name: 'the report before the reply', isReportFirst: true },
    { name: 'the reply before the report', isReportFirst: false },
  ])('$name', async ({ isReportFirst }) => {
    let reply: (value: unknown) => void = () => {};
    const w = await startReporting();
    w.provider.close = async () =>
      (await new Promise<unknown>((resolve) => (reply = resolve))) as never;
    await w.open('p', links);
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    const report = of(w, 'EXECUTED', { cumqty: '2' });
    if (isReportFirst) await reports(w, report);
    reply(filled);
    await w.run(20);
    if (!isReportFirst) await reports(w, report);
    expect(await answer).toMatchObject({ outcome: 'closed', pnl: '-2' });
    expect(await w.story()).toEqual(['position_closed 0 -2']);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  });

  test('a report of an attempt that is over counts for that one', async () => {
    const w = await closing({ script: { close: [rejects, pending], query: [pending] } });
    const first = clientOrderId(w);
    await w.run(1000);
    const second = clientOrderId(w);
    expect(second).not.toBe(first);
    // The provider rejected the first, and executed a part of it all the same.
    await reports(w, { order_id: first, ord_status: 'CANCELED', avgpx: '99', cumqty: '0.5' });
    expect(w.stateOf('p')).toBe('closing pending');
    expect(clientOrderId(w)).toBe(second);
    expect(fills(w)).toEqual({ [first]: '0.5' });
    await reports(w, of(w, 'EXECUTED', { cumqty: '1.5' }));
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  });

  test('a report without a quantity of an attempt that has filled its part adds nothing', async () => {
    const w = await closing({
      script: { close: [{ kind: 'partial', share: 0.5 }, pending], query: [pending] },
    });
    await w.run(100);
    const [first = ''] = w.provider.received.map((order) => order.clientOrderId);
    expect(w.sent()).toEqual(['1:2', '2:1']);
    await reports(w, { order_id: first, ord_status: 'EXECUTED', avgpx: '99' });
    expect(w.stateOf('p')).toBe('closing pending');
    expect(fills(w)).toEqual({ [first]: '1' });
  });
});

describe('without a quantity, an executed report is of all that the order was for', () => {
  test.each([
    { name: 'our close', orderId: clientOrderId, before: [] as string[] },
    { name: 'our close, a part of which was told', orderId: clientOrderId, before: ['0.5'] },
    { name: 'the stop', orderId: () => 'sl-1', before: [] },
    { name: 'the stop, a part of which was told', orderId: () => 'sl-1', before: ['0.5'] },
  ])('$name', async ({ orderId, before }) => {
    const w = await closing();
    const id = orderId(w);
    for (const cumqty of before) {
      await reports(w, { order_id: id, ord_status: 'PARTIALLY_FILLED', avgpx: '99', cumqty });
    }
    await reports(w, { order_id: id, ord_status: 'EXECUTED', avgpx: '99' });
    expect(w.stateOf('p')).toBe('closed');
    expect(w.balance()).toBe('998');
    await reports(w, { order_id: id, ord_status: 'EXECUTED', avgpx: '99', ts: 1 });
    expect(await drifts(w)).toEqual([]);
    expect(w.balance()).toBe('998');
  });

  test('our close, after the stop has filled a part of it: there is no overfill to tell', async () => {
    const w = await closing();
    await reports(w, {
      order_id: 'sl-1',
      ord_status: 'PARTIALLY_FILLED',
      avgpx: '99',
      cumqty: '1',
    });
    await reports(w, of(w, 'EXECUTED', {}));
    expect(w.stateOf('p')).toBe('closed');
    expect(await drifts(w)).toEqual([]);
    expect(w.balance()).toBe('998');
  });
});

describe('an order of ours that ended is sent anew', () => {
  test.each(['CANCELED', 'EXPIRED', 'REJECTED'])('%s', async (status) => {
    const w = await closing();
    const first = clientOrderId(w);
    await reports(w, { order_id: first, ord_status: status, exec_id: 'E1' });
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    // The same again is of the first attempt, and the second goes on.
    await reports(w, { order_id: first, ord_status: status, exec_id: 'E2' });
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(await w.story()).toEqual([
      'position_close_pending 1',
      'position_close_failed 2',
      'position_close_pending 1',
    ]);
    await reports(w, of(w, 'EXECUTED', { cumqty: '2' }));
    expect(w.balance()).toBe('998');
  });

  test('for what is left, where a part was executed', async () => {
    const w = await closing();
    await reports(w, of(w, 'CANCELED', { cumqty: '0.5' }));
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:1.5']);
    await reports(w, of(w, 'EXECUTED', { cumqty: '1.5' }));
    expect(w.balance()).toBe('998');
    expect(fills(w)).toMatchObject({ [clientOrderId(w)]: '1.5' });
  });

  test('not at all where all of it was executed before', async () => {
    const w = await closing();
    await reports(w, of(w, 'EXPIRED', { cumqty: '2' }));
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
  });

  test.each(['p', 'cl-1'])('by %s while it is pending, and once', async (orderId) => {
    const w = await closing();
    const report = { order_id: orderId, ord_status: 'REJECTED', exec_id: 'E1' };
    await reports(w, report);
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(w.stateOf('p')).toBe('closing pending');
    // The same report again, be it after a restart, is not of the second attempt.
    await reports(w, report);
    await w.killAndRestart();
    await reports(w, report);
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:2']);
  });

  test.each([
    { name: 'of an entry', report: { order_id: 'p', side: 'buy' } },
    { name: 'of another order while ours has no reply', report: { order_id: 'cl-1' }, first: lost },
    { name: 'of the position while ours has no reply', report: { order_id: 'p' }, first: lost },
  ])('not for a cancel $name', async ({ report, first = pending }) => {
    const w = await closing({ script: { close: [first], query: [pending] } });
    await reports(w, { ord_status: 'CANCELED', ...report });
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2']);
    expect(await w.story()).not.toContain('position_close_failed 2');
  });
});

describe('protective orders', () => {
  test('a part of the stop that was executed before it was cancelled counts', async () => {
    const w = await startReporting();
    await w.open('p', { ...links, exits: { takeProfit: 110 } });
    await reports(w, { order_id: 'sl-1', ord_status: 'CANCELED', avgpx: '99', cumqty: '0.5' });
    expect(fills(w)).toEqual({ 'sl-1': '0.5' });
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.balance()).toBe('999.5');
    expect(w.provider.cancels).toEqual([]);
  });

  test('one that ended without an execution leaves the position guarded here', async () => {
    const w = await startReporting();
    await w.open('p', { ...links, exits: { stopLoss: 99.5 } });
    await reports(w, { order_id: 'sl-1', ord_status: 'EXPIRED' });
    expect(w.stateOf('p')).toBe('guarded');
    w.quote(99);
    await w.run(100);
    expect(w.sent()).toEqual(['1:2']);
  });

  test('the stop fills a part while our close is in flight: each unit counts once', async () => {
    const w = await closing();
    await reports(w, { order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '99', cumqty: '0.5' });
    expect(w.stateOf('p')).toBe('closing pending');
    await reports(w, of(w, 'EXECUTED', { cumqty: '1.5', avgpx: '98' }));
    expect(w.stateOf('p')).toBe('closed');
    expect(w.balance()).toBe('996.5');
    expect(await drifts(w)).toEqual([]);
  });
});

describe('more than there is', () => {
  test('is an overfill, and only what was open is booked', async () => {
    const w = await closing();
    await reports(w, of(w, 'EXECUTED', { cumqty: '2.5' }));
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual(['overfill 2 2.5']);
    expect(w.harness.eventNames('a')).toContain('drift.detected');
  });

  test('of a closed position is told by the last word of its order', async () => {
    const w = await closing();
    w.provider.closeByItself('p');
    await reports(w, of(w, 'EXECUTED', { cumqty: '2' }));
    const stop = { order_id: 'sl-1', avgpx: '97' };
    await reports(w, { ...stop, ord_status: 'PARTIALLY_FILLED', cumqty: '1' });
    await reports(w, { ...stop, ord_status: 'EXECUTED', cumqty: '2', exec_id: 'S' });
    await reports(w, { ...stop, ord_status: 'EXECUTED', cumqty: '2', exec_id: 'S' });
    await w.killAndRestart();
    await reports(w, { ...stop, ord_status: 'EXECUTED', cumqty: '2', exec_id: 'S' });
    expect(await drifts(w)).toEqual(['fill_of_closed 0 2']);
    expect(w.balance()).toBe('998');
  });
});

describe('an execution under the canonical id that nothing here asked for', () => {
  async function guarded(): Promise<LiveWorld> {
    const w = await startReporting();
    await w.open('p', { ...links, exits: { stopLoss: 99.5 } });
    return w;
  }

  const entry = { order_id: 'p', avgpx: '100', cumqty: '2' };
  test.each([
    { name: 'may be the entry', report: { ...entry, ord_status: 'EXECUTED' } },
    { name: 'may be a part of it', report: { ...entry, ord_status: 'PARTIALLY_FILLED' } },
    { name: 'is the entry', report: { ...entry, ord_status: 'EXECUTED', side: 'buy' } },
  ])('$name: it is told, the provider is asked, and nothing is booked', async ({ report }) => {
    const w = await guarded();
    await reports(w, { ...report, exec_id: 'E1' });
    await reports(w, { ...report, exec_id: 'E1' });
    await w.killAndRestart();
    await reports(w, { ...report, exec_id: 'E1' });
    expect(await drifts(w)).toEqual(['unexpected_fill 0 2']);
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.balance()).toBe('1000');
    expect(w.harness.counter('reconciliations')).toBeGreaterThan(0);
    w.quote(99);
    await w.run(100);
    expect(w.balance()).toBe('998');
  });

  test('is what the list of positions says that it is: the position is gone', async () => {
    const w = await startReporting({ route: { driftPolicy: 'adopt' } });
    await w.open('p', links);
    await w.run(settledMs);
    w.provider.closeByItself('p');
    await reports(w, { ...entry, ord_status: 'EXECUTED' });
    expect(w.stateOf('p')).toBe('closed');
    expect(await drifts(w)).toEqual(['unexpected_fill 0 2', 'unknown_there 2 -']);
  });

  test.each(['sell', 'SELL', 'short'])('closes where its side does: %s', async (side) => {
    const w = await guarded();
    await reports(w, { ...entry, side, avgpx: '99', ord_status: 'PARTIALLY_FILLED', cumqty: '1' });
    await reports(w, { ...entry, side, avgpx: '99', ord_status: 'EXECUTED' });
    await reports(w, { ...entry, side, avgpx: '99', ord_status: 'EXECUTED' });
    expect(w.stateOf('p')).toBe('closed');
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
    expect(w.sent()).toEqual([]);
  });

  test('closes a short where it buys', async () => {
    const w = await startReporting();
    await w.open('p', { side: 'short' });
    await reports(w, { ...entry, side: 'buy', avgpx: '101', ord_status: 'EXECUTED' });
    expect(w.balance()).toBe('998');
  });

  test('is no fill of the close under way where its side opens', async () => {
    const w = await closing();
    await reports(w, { ...entry, side: 'buy', ord_status: 'EXECUTED' });
    expect(w.stateOf('p')).toBe('closing pending');
    expect(w.balance()).toBe('1000');
    expect(await drifts(w)).toEqual(['unexpected_fill 0 2']);
  });

  test('by closeOrderId it is the close', async () => {
    const w = await guarded();
    await executes(w, 'cl-1');
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.story()).toEqual(['position_closed 0 -2']);
    expect((await w.rows())[0]?.metaData).toMatchObject({ closeReason: 'manual' });
    expect(w.provider.cancels).toEqual([]);
  });
});
