// Quotes in which nobody has looked for a peak yet outlive any number of short lives.
import { expect, test } from 'vitest';
import { CoreHarness } from '../support/core-harness.ts';
import { settled } from './acting.ts';
import { instruments, long } from './world.ts';

const rules = [{ id: 'r', anchor: 'peakEquity', limitPct: 50 }];
const accounts = ['euro', 'gold'].map((accountId) => {
  return { accountId, currency: 'USD', balance: 10_000, rules };
});

test('a peak is found after more restarts than the ring has parts', async () => {
  let world = await CoreHarness.start({ settings: { instruments, accounts }, peakQuotesMax: 256 });
  await world.ask('gw.euro.position.track', { ...long, quantity: 1 });
  await world.ask('gw.gold.position.track', { ...long, symbol: 'XAUUSD', entryPrice: 1300 });
  for (const bid of ['1.1', '1.1001', '1.1003', '1.1002']) world.quote('EURUSD', bid, bid);
  for (let life = 0; life < 12; life++) {
    world.quote('XAUUSD', 1300 + (life % 2), 1301);
    world.clock.advance(1000);
    await settled();
    await world.kill();
    world = await world.restart();
  }
  expect(await world.ask('gw.euro.account.get')).toMatchObject({ peakEquity: '10030' });
});

test('what a book said before a position was tracked is not seen because of a restart', async () => {
  let world = await CoreHarness.start({ settings: { instruments, accounts }, peakQuotesMax: 256 });
  await world.ask('gw.gold.position.track', { ...long, symbol: 'XAUUSD', entryPrice: 1300 });
  world.quote('EURUSD', '1.2', '1.2');
  await world.ask('gw.euro.position.track', { ...long, quantity: 1 });
  for (const bid of [1300, 1301]) world.quote('XAUUSD', bid, 1301);
  for (const bid of ['1.1', '1.1001']) {
    world.clock.advance(1000);
    await settled();
    await world.kill();
    world = await world.restart();
    world.quote('EURUSD', bid, bid);
  }
  expect(await world.ask('gw.euro.account.get')).toMatchObject({ peakEquity: '10010' });
});
