// The small world that most tests of commands stand in.
import { CoreHarness, type HarnessOptions } from '../support/core-harness.ts';

export const instruments = [
  { symbol: 'EURUSD', quoteCurrency: 'USD', contractSize: 100_000 },
  { symbol: 'XAUUSD', quoteCurrency: 'USD', contractSize: 100 },
  { symbol: 'USDJPY', quoteCurrency: 'JPY', contractSize: 100_000 },
];

/** `acc1` has the default rules, `acc2` none, `eur1` another currency. */
export const accounts = [
  { accountId: 'acc1', currency: 'USD', balance: 10_000, preset: 'default' as const },
  { accountId: 'acc2', currency: 'USD', balance: '5000.50' },
  { accountId: 'eur1', currency: 'EUR', balance: 1000 },
];

export function startWorld(options: HarnessOptions = {}): Promise<CoreHarness> {
  return CoreHarness.start({ settings: { instruments, accounts }, ...options });
}

/** A long of a tenth of a lot at 1.1 that nothing closes. */
export const long = { symbol: 'EURUSD', side: 'long', quantity: '0.1', entryPrice: '1.1' };

/** One open position: `p1` of acc1; `q1` of acc2 is another's, `c1` of acc1 is closed. */
export async function startPopulated(options: HarnessOptions = {}): Promise<CoreHarness> {
  const world = await startWorld(options);
  await world.ask('gw.acc1.position.track', { positionId: 'p1', ticket: 7001, ...long });
  await world.ask('gw.acc2.position.track', { positionId: 'q1', stopLossId: 'sl-1', ...long });
  await world.ask('gw.acc1.position.track', { positionId: 'c1', ...long });
  world.quote('EURUSD', '1.1000', '1.1001');
  await world.ask('gw.acc1.position.close', { positionId: 'c1' });
  return world;
}
