// The counterpart cancel: a stop or target that was executed at the provider closes the position
// here, and the other of the two is cancelled there.
import { describe, expect, test } from 'vitest';
import { CloseoutError } from '#src/domain/errors';
import type { CounterpartCancel } from '#src/domain/provider';
import type { LiveWorld } from './live-world.ts';
import {
  bracket,
  closedReason,
  drifts,
  executes,
  keptLog,
  reports,
  startReporting,
  stopCancel,
  targetCancel,
} from './reports-world.ts';

test('stop executed', async () => {
  const { logger, lines } = keptLog();
  const w = await bracket({ harness: { logger } });
  await executes(w, 'sl-1');
  expect(w.stateOf('p')).toBe('closed');
  expect(await w.story()).toEqual(['position_closed 0 -2']);
  expect(await closedReason(w)).toEqual(['stop_loss']);
  const [row] = await w.rows();
  expect(row?.metaData).toMatchObject({ triggerPrice: '99.5', closedPrice: '99', quantity: '2' });
  expect(w.balance()).toBe('998');
  expect(w.sent()).toEqual([]);
  expect(w.provider.cancels).toEqual([targetCancel]);
  expect(w.harness.counter('tp_cancel_requests')).toBe(1);
  expect(w.harness.counter('sl_cancel_requests')).toBe(0);
  expect(w.harness.counter('order_type_identifications')).toBe(1);
  const identified = { orderId: 'sl-1', type: 'stoploss', message: 'close.orderTypeIdentified' };
  expect(lines).toContainEqual(expect.objectContaining(identified));
  expect(lines).toContainEqual({ route: 'demo', ...targetCancel, message: 'close.cancelSent' });
});

test('target executed', async () => {
  const w = await bracket({ provider: { priceOf: () => '110.5' } });
  await executes(w, 'tp-1', { avgpx: '110.5' });
  expect(await closedReason(w)).toEqual(['take_profit']);
  const [row] = await w.rows();
  expect(row?.metaData).toMatchObject({ triggerPrice: '110', closedPrice: '110.5', pnl: '21' });
  expect(w.sent()).toEqual([]);
  expect(w.provider.cancels).toEqual([stopCancel]);
  expect(w.harness.counter('sl_cancel_requests')).toBe(1);
  expect(w.harness.counter('tp_cancel_requests')).toBe(0);
});

test('the cancel of a short names its side', async () => {
  const w = await bracket({}, { side: 'short', exits: {} });
  w.provider.closeByItself('p');
  await reports(w, { order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '101', cumqty: '2' });
  expect(w.provider.cancels).toEqual([{ ...targetCancel, order_type: 'SELL' }]);
  expect(w.balance()).toBe('998');
});

test('manual close: no cancel', async () => {
  const w = await bracket({ script: { close: [{ kind: 'pending', ms: 400, parts: 1 }] } });
  expect(await w.close('p')).toMatchObject({ outcome: 'closed', closeReason: 'manual', pnl: '-2' });
  expect(await w.story()).toEqual(['position_close_pending 1', 'position_closed 0 -2']);
  expect(w.provider.cancels).toEqual([]);
  expect(w.harness.counter('sl_cancel_requests')).toBe(0);
  expect(w.harness.counter('tp_cancel_requests')).toBe(0);
  expect(w.harness.counter('order_type_identifications')).toBe(1);
});

describe('counterpart missing: the close is as ever', () => {
  test.each([
    { executed: 'sl-1', more: { takeProfitId: undefined }, reason: 'stop_loss' },
    { executed: 'tp-1', more: { stopLossId: undefined }, reason: 'take_profit' },
  ])('$executed', async ({ executed, more, reason }) => {
    const w = await bracket({}, more);
    await executes(w, executed);
    expect(await closedReason(w)).toEqual([reason]);
    expect(w.balance()).toBe('998');
    expect(w.provider.cancels).toEqual([]);
    expect(w.provider.calls.filter((call) => call === 'cancel')).toEqual([]);
  });
});

describe('provider against local flow: our stop is in flight while the provider executes its own', () => {
  test.each([
    { name: 'the report comes first', first: 'report' },
    { name: 'our `gone` comes first', first: 'reply' },
  ])('$name', async ({ first }) => {
    let reply: (value: unknown) => void = () => {};
    const w = await bracket();
    w.provider.close = async (order) => {
      w.provider.received.push(order);
      return (await new Promise<unknown>((resolve) => (reply = resolve))) as never;
    };
    w.quote(99);
    await w.run(100);
    expect(w.stateOf('p')).toBe('closing sending');
    if (first === 'report') {
      await executes(w, 'sl-1');
      reply({ status: 'gone' });
      await w.run(3000);
    } else {
      w.provider.closeByItself('p');
      reply({ status: 'gone' });
      await w.run(3000);
      await executes(w, 'sl-1');
    }
    expect(w.stateOf('p')).toBe('closed');
    expect(await closedReason(w)).toEqual(['stop_loss']);
    expect(w.balance()).toBe('998');
    expect(w.sent()).toEqual(['1:2']);
    expect(w.provider.cancels).toEqual([targetCancel]);
    expect(await drifts(w)).toEqual([]);
  });
});

test('lookup error: logged and counted, not retried, and the next report is handled', async () => {
  const { logger, lines } = keptLog();
  const w = await bracket({ harness: { logger } });
  const { positions } = w.harness.core.state;
  const get = positions.get.bind(positions);
  positions.get = () => {
    throw new Error('the index is broken');
  };
  w.provider.report({ order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
  positions.get = get;
  await w.run(5000);
  expect(w.harness.counter('reports_failed')).toBe(1);
  const failed = { route: 'demo', error: 'the index is broken' };
  expect(lines).toContainEqual({ ...failed, message: 'an execution report failed' });
  expect(w.stateOf('p')).toBe('guarded');
  expect(w.provider.cancels).toEqual([]);

  await executes(w, 'sl-1');
  expect(w.stateOf('p')).toBe('closed');
  expect(w.provider.cancels).toEqual([targetCancel]);
});

describe('provider error: logged and counted, not retried, the close unaffected', () => {
  const faults: { name: string; cancel: LiveWorld['provider']['cancelCounterpart'] | undefined }[] =
    [
      { name: 'it rejects', cancel: () => Promise.reject(new Error('no')) },
      {
        name: 'it throws',
        cancel: () => {
          throw new Error('no');
        },
      },
      {
        name: 'nobody is there',
        cancel: () => Promise.reject(new CloseoutError('broker_unreachable', 'no')),
      },
      { name: 'it says nothing', cancel: () => new Promise(() => {}) },
      { name: 'there is no such call', cancel: undefined },
    ];
  test.each(faults)('$name', async ({ cancel }) => {
    const { logger, lines } = keptLog();
    let calls = 0;
    const counted = cancel && ((request: CounterpartCancel) => (calls++, cancel(request)));
    const w = await bracket({ harness: { logger } });
    Object.defineProperty(w.provider, 'cancelCounterpart', { value: counted });
    await executes(w, 'sl-1');
    expect(w.stateOf('p')).toBe('closed');
    await w.run(30_000, 500);
    expect(calls).toBe(cancel === undefined ? 0 : 1);
    expect(w.harness.counter('counterpart_cancels_failed')).toBe(1);
    expect(w.harness.counter('tp_cancel_requests')).toBe(1);
    expect(lines.filter((line) => line.message === 'close.cancelFailed')).toHaveLength(1);
    expect(lines.filter((line) => line.message === 'close.cancelSent')).toEqual([]);
    expect(await w.story()).toEqual(['position_closed 0 -2']);
  });

  test('however many cancels a provider refuses, closes go out at once', async () => {
    const w = await startReporting();
    w.provider.cancelCounterpart = () => Promise.reject(new Error('no'));
    for (let i = 0; i < 10; i++) {
      await w.open(`p${i}`, { stopLossId: `sl-${i}`, takeProfitId: `tp-${i}` });
      w.provider.closeByItself(`p${i}`);
      await reports(w, { order_id: `sl-${i}`, ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
    }
    expect(w.harness.counter('counterpart_cancels_failed')).toBe(10);
    await w.open('q', { exits: { stopLoss: 99.5 } });
    w.quote(99);
    await w.run(0);
    expect(w.sent()).toEqual(['1:2']);
  });
});

describe('the same report twice', () => {
  const executed = { order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' };
  test.each([
    { name: 'with the same exec_id', exec_id: 'E1' },
    { name: 'without one: same order, status and quantity', exec_id: undefined },
  ])('$name', async ({ exec_id: execId }) => {
    const w = await bracket();
    const report = { ...executed, exec_id: execId } as never;
    w.provider.closeByItself('p');
    await reports(w, report);
    await reports(w, report);
    expect(w.harness.counter('reports_repeated')).toBe(1);
    await w.killAndRestart();
    await reports(w, report);
    expect(w.harness.counter('reports_repeated')).toBe(1);
    expect(await w.story()).toEqual(['position_closed 0 -2']);
    expect(w.balance()).toBe('998');
    expect(w.provider.cancels).toEqual([targetCancel]);
    expect(await drifts(w)).toEqual([]);
  });

  test('under another exec_id it tells nothing new', async () => {
    const w = await bracket();
    await executes(w, 'sl-1', { exec_id: 'E1' });
    await reports(w, { ...executed, exec_id: 'E2' });
    await w.killAndRestart();
    await reports(w, { ...executed, exec_id: 'E3' });
    expect(w.provider.cancels).toEqual([targetCancel]);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  });
});

test("the target's report before the stop's cancel is answered", async () => {
  const w = await bracket();
  const asked: CounterpartCancel[] = [];
  let answer: () => void = () => {};
  w.provider.cancelCounterpart = async (cancel) => {
    asked.push(cancel);
    await new Promise<void>((resolve) => (answer = resolve));
  };
  await executes(w, 'sl-1');
  await reports(w, { order_id: 'tp-1', ord_status: 'EXECUTED', avgpx: '110', cumqty: '2' });
  answer();
  await w.run(1000);
  // Both were executed: somebody closed more than there was, which is told, and nothing is left.
  expect(asked).toEqual([targetCancel]);
  expect(await drifts(w)).toEqual(['fill_of_closed 0 2']);
  expect(await w.story('p')).toEqual(['position_closed 0 -2', 'drift_detected 1']);
  expect(w.balance()).toBe('998');
});

test("the target's cancelled report is no news", async () => {
  const { logger, lines } = keptLog();
  const w = await bracket({ harness: { logger } });
  await executes(w, 'sl-1');
  await reports(w, { order_id: 'tp-1', ord_status: 'CANCELED', cumqty: 0 });
  expect(w.provider.cancels).toEqual([targetCancel]);
  expect(lines.filter((line) => line.message.includes('protected'))).toEqual([]);
  expect(await w.story()).toEqual(['position_closed 0 -2']);
});

test('an actor that fails is made anew: its close stands, and the next cancel is sent', async () => {
  const w = await bracket();
  await w.open('r', { stopLossId: 'sl-2', takeProfitId: 'tp-2' });
  const count = w.harness.metrics.count.bind(w.harness.metrics);
  w.harness.metrics.count = (name, by) => {
    if (name === 'tp_cancel_requests') throw new Error('no such counter');
    count(name, by);
  };
  await executes(w, 'sl-1');
  w.harness.metrics.count = count;
  expect(w.stateOf('p')).toBe('closed');
  expect(w.harness.counter('actor_restarts')).toBe(1);
  w.provider.closeByItself('r');
  await reports(w, { order_id: 'sl-2', ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
  expect(w.provider.cancels.map((cancel) => cancel.takeprofit_id)).toEqual(['tp-2']);
});
