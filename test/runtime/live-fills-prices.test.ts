// Prices and fees that are told after the fill itself: what they come to does not depend on when.
import { expect, test } from 'vitest';
import { text, zero } from '#src/domain/money';
import { type LiveWorld, says } from './live-world.ts';
import { clientOrderId, drifts, reports, startReporting } from './reports-world.ts';

function untold(w: LiveWorld): string {
  return text(w.harness.core.state.positions.get('p')?.untold ?? zero);
}

test.each(['ours', 'position'])('a price that a report tells later under %s', async (by) => {
  const w = await startReporting({
    script: { close: [says({ status: 'filled' })], query: [says(0)] },
  });
  await w.open('p');
  expect((await w.close('p')).pnl).toBeUndefined();
  expect([w.balance(), untold(w)]).toEqual(['1000', '2']);
  const orderId = by === 'ours' ? clientOrderId(w) : 'p';
  const report = { order_id: orderId, ord_status: 'EXECUTED', side: 'SELL', cumqty: '2' };
  for (let i = 0; i < 2; i++) await reports(w, { ...report, avgpx: '90', exec_id: `e${i}` });
  expect([w.balance(), untold(w)]).toEqual(['980', '0']);
  expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -20']);
  expect(await drifts(w)).toEqual([]);
  await w.killAndRestart();
  expect([w.balance(), untold(w)]).toEqual(['980', '0']);
});

test('the price of a part, while the rest of it is open', async () => {
  const w = await startReporting({
    script: { close: [says({ status: 'pending' })], query: [says({ status: 'pending' })] },
  });
  await w.open('p');
  await w.close('p');
  const report = { order_id: clientOrderId(w), side: 'SELL' };
  await reports(w, { ...report, ord_status: 'PARTIALLY_FILLED', cumqty: '1' });
  expect([w.balance(), untold(w)]).toEqual(['1000', '1']);
  await reports(w, { ...report, ord_status: 'PARTIALLY_FILLED', cumqty: '1', avgpx: '98' });
  expect([w.balance(), untold(w), w.stateOf('p')]).toEqual(['998', '0', 'closing pending']);
  await reports(w, { ...report, ord_status: 'EXECUTED', cumqty: '2', avgpx: '97' });
  expect([w.balance(), untold(w), w.stateOf('p')]).toEqual(['994', '0', 'closed']);
});

test('the price of all of an order tells that of the part before it', async () => {
  const w = await startReporting({
    script: { close: [says({ status: 'pending' })], query: [says({ status: 'pending' })] },
  });
  await w.open('p');
  await w.close('p');
  const report = { order_id: clientOrderId(w), side: 'SELL' };
  await reports(w, { ...report, ord_status: 'PARTIALLY_FILLED', cumqty: '1' });
  await reports(w, { ...report, ord_status: 'EXECUTED', cumqty: '2', avgpx: '97' });
  expect([w.balance(), untold(w), w.stateOf('p')]).toEqual(['994', '0', 'closed']);
  expect(await drifts(w)).toEqual([]);
});

test.each(['the report', 'the reply'])('a fee counts where %s comes first', async (first) => {
  const reply = { status: 'filled', filledQuantity: '2', price: '99', fee: '0.5' };
  const w = await startReporting({ script: { close: [says(reply)] } });
  if (first === 'the report') {
    w.provider.behaviour = () => ({
      ...says(new Promise((done) => w.clock.at(w.clock.now() + 300, () => done(reply)))),
    });
  }
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(40);
  const report = { order_id: clientOrderId(w), ord_status: 'EXECUTED', side: 'SELL' };
  await reports(w, { ...report, cumqty: '2', avgpx: '99' });
  expect(w.balance()).toBe(first === 'the report' ? '998' : '997.5');
  await w.run(1000);
  expect([w.stateOf('p'), w.balance()]).toEqual(['closed', '997.5']);
  const { pnl, commission, quantity } = w.harness.core.state.positions.get('p')?.result ?? {};
  expect([pnl, commission, quantity]).toEqual(['-2.5', '0.5', '2']);
  expect(await drifts(w)).toEqual([]);
});
