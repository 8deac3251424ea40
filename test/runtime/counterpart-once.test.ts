// The counterpart cancel goes out once, where there is something to cancel, and in nobody's way.
import { describe, expect, test } from 'vitest';
import { says } from './live-world.ts';
import {
  bracket,
  bracketed,
  drifts,
  executes,
  reports,
  startReporting,
  targetCancel,
} from './reports-world.ts';

describe('no cancel', () => {
  test('where the route has no protectiveCancels', async () => {
    const w = await bracket({ route: { protectiveCancels: false } });
    await executes(w, 'sl-1');
    expect(w.stateOf('p')).toBe('closed');
    expect(w.provider.calls).not.toContain('cancel');
    expect(w.harness.counter('tp_cancel_requests')).toBe(0);
  });

  test('of a PAPER account, whose route is for later: its reports are of nobody', async () => {
    const w = await startReporting({
      settings: {
        accounts: [
          { accountId: 'a', currency: 'USD', balance: 1000, mode: 'PAPER', route: 'demo' },
        ],
      },
    });
    await w.open('p', bracketed);
    await executes(w, 'sl-1');
    expect(w.stateOf('p')).toBe('guarded');
    expect(w.harness.counter('reports_unknown')).toBe(1);
    expect(w.provider.cancels).toEqual([]);
  });

  test('while a part is open: it is guarded, and its target protects it', async () => {
    const w = await bracket();
    await executes(w, 'sl-1', { cumqty: '0.5' });
    expect(w.stateOf('p')).toBe('guarded');
    expect(await w.ask('a.position.get', { positionId: 'p' })).toMatchObject({
      remainingQuantity: '1.5',
      quantity: '2',
    });
    expect(w.provider.cancels).toEqual([]);
    expect(await w.story()).toEqual(['position_partially_closed 0 -0.5']);
    w.quote(99);
    await w.run(100);
    expect(w.sent()).toEqual(['2:1.5']);
    expect(w.balance()).toBe('998');
    expect(w.excess()).toEqual([]);
  });
});

describe('the cancel goes out once, by whichever report it is that closes the position', () => {
  const stop = (ord_status: string, cumqty: string) => ({
    ...{ order_id: 'sl-1', avgpx: '99', ord_status, cumqty },
  });
  test.each([
    { name: 'two parts', told: [stop('PARTIALLY_FILLED', '1'), stop('EXECUTED', '2')] },
    {
      name: 'two parts, turned around',
      told: [stop('EXECUTED', '2'), stop('PARTIALLY_FILLED', '1')],
    },
    { name: 'the last part first', told: [stop('PARTIALLY_FILLED', '2'), stop('EXECUTED', '2')] },
    { name: 'cancelled when it was filled', told: [stop('CANCELED', '2'), stop('EXECUTED', '2')] },
  ])('$name', async ({ told }) => {
    const w = await bracket();
    w.provider.closeByItself('p');
    for (const report of told) await reports(w, report);
    expect(w.provider.cancels).toEqual([targetCancel]);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  });

  test('after the close was known as gone, by two reports', async () => {
    const w = await bracket({ script: { close: [says({ status: 'gone' })] } });
    await w.close('p');
    expect(w.provider.cancels).toEqual([]);
    await reports(w, stop('PARTIALLY_FILLED', '1'));
    await reports(w, stop('EXECUTED', '2'));
    expect(w.provider.cancels).toEqual([targetCancel]);
    expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -2']);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  });
});

test('after the close was known as gone, by a report that has no price', async () => {
  const w = await bracket({ script: { close: [says({ status: 'gone' })] } });
  await w.close('p');
  const executed = { order_id: 'sl-1', ord_status: 'EXECUTED', cumqty: '2' };
  await reports(w, { ...executed, exec_id: 'E1' });
  await reports(w, { ...executed, exec_id: 'E1' });
  expect(w.provider.cancels).toEqual([targetCancel]);
  expect(await drifts(w)).toEqual([]);
  await reports(w, { ...executed, exec_id: 'E2', avgpx: '99' });
  expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -2']);
  expect(w.provider.cancels).toEqual([targetCancel]);
});

describe('a cancel', () => {
  test('is sent when what it follows from is durable', async () => {
    const w = await bracket();
    w.provider.closeByItself('p');
    w.journal.isHeld = true;
    await reports(w, { order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
    expect(w.stateOf('p')).toBe('closed');
    expect(w.provider.cancels).toEqual([]);
    w.journal.isHeld = false;
    w.journal.flush();
    await w.run(20);
    expect(w.provider.cancels).toEqual([targetCancel]);
  });

  test('goes out where the journal is broken, since a second one does no harm', async () => {
    const w = await bracket();
    w.journal.break();
    await executes(w, 'sl-1');
    expect(w.provider.cancels).toEqual([targetCancel]);
  });

  test('that is not answered takes no place from a close', async () => {
    const w = await bracket({ route: { maxInFlight: 1 } });
    await w.open('q', { exits: { stopLoss: 99.5 } });
    w.provider.cancelCounterpart = () => new Promise(() => {});
    await executes(w, 'sl-1');
    expect(w.harness.counter('tp_cancel_requests')).toBe(1);
    w.quote(99);
    await w.run(20);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('q')).toBe('closed');
  });

  test('that waits for the rate of the route lets closes pass', async () => {
    const w = await bracket({ route: { ratePerSecond: 1, burst: 1 } });
    await w.open('r', { stopLossId: 'sl-2', takeProfitId: 'tp-2' });
    await w.open('q', { exits: { stopLoss: 99.5 } });
    await executes(w, 'sl-1');
    w.provider.closeByItself('r');
    await reports(w, { order_id: 'sl-2', ord_status: 'EXECUTED', avgpx: '99', cumqty: '2' });
    w.quote(99);
    expect(w.provider.calls).toEqual(['cancel']);
    await w.run(3000);
    expect(w.provider.calls).toEqual(['cancel', 'close', 'cancel']);
    expect(w.provider.cancels.map((cancel) => cancel.takeprofit_id)).toEqual(['tp-1', 'tp-2']);
  });
});
