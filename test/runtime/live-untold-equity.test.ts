// Equity while nobody has told at which price a provider closed: as the book said, until it is told.
import { describe, expect, test } from 'vitest';
import { account, answers, LiveWorld, says } from './live-world.ts';

const instruments = ['X', 'Y'].map((symbol) => ({ symbol, quoteCurrency: 'USD' }));
const trail = { id: 'trail', anchor: 'peakEquity', limitPct: 20 };

/** Ten lots of X and one of Y at 100, in an account of 1,000 that `trail` guards. */
async function twoSymbols(...replies: object[]): Promise<LiveWorld> {
  const w = await LiveWorld.start({
    settings: { instruments, accounts: [{ ...account, rules: [trail] }] },
  });
  await w.open('x', { symbol: 'X', quantity: '10', exits: { takeProfit: 150, stopLoss: 85 } });
  await w.open('y', { symbol: 'Y', quantity: '1' });
  w.play({ close: [...replies.map(says), answers], query: [says({ status: 'notFound' })] });
  w.quote(100);
  w.quote(100, 'Y');
  return w;
}

async function worth(w: LiveWorld): Promise<unknown[]> {
  const { balance, equity, peakEquity, state } = await w.settled(w.ask('a.account.get'));
  return [balance, equity, peakEquity, state];
}

async function told(w: LiveWorld, price: string): Promise<void> {
  const order_id = w.provider.received[0]?.clientOrderId ?? '';
  const report = { order_id, ord_status: 'EXECUTED', avgpx: price, cumqty: '10', exec_id: 'e' };
  w.harness.engine.live.reports.take('demo', report);
  await w.run(100);
}

describe.each([{ status: 'gone' }, { status: 'filled' }])('a close answered with %j', (reply) => {
  test('in profit breaches nothing, and the peak is what was reached', async () => {
    const w = await twoSymbols(reply);
    w.quote(150);
    await w.run(100);
    w.quote(100, 'Y');
    await w.run(100);
    expect(await worth(w)).toEqual(['1000', '1500', '1500', 'normal']);
    expect(w.stateOf('y')).toBe('guarded');
    await told(w, '149');
    // Nothing is counted twice once the balance moves.
    expect(await worth(w)).toEqual(['1490', '1490', '1500', 'normal']);
  });

  test('in loss makes no peak, and its loss counts', async () => {
    const w = await twoSymbols(reply);
    w.quote(85);
    await w.run(100);
    w.quote(150, 'Y');
    expect(await worth(w)).toEqual(['1000', '900', '1000', 'normal']);
    w.quote('50', 'Y');
    await w.run(100);
    // 850 from X, and 50 lost in Y: at the floor of 800.
    expect((await worth(w))[3]).toBe('halted');
    expect(w.stateOf('y')).toBe('closed');
  });

  test('counts after a kill as before', async () => {
    const w = await twoSymbols(reply);
    w.quote(150);
    await w.run(100);
    const before = await worth(w);
    await w.killAndRestart();
    expect(await worth(w)).toEqual(before);
    await told(w, '150');
    expect((await worth(w)).slice(0, 2)).toEqual(['1500', '1500']);
  });
});

test('of parts that are told one by one as much is estimated no more', async () => {
  const part = { status: 'partiallyFilled', filledQuantity: '4' };
  const w = await twoSymbols(part, { status: 'filled', filledQuantity: '6', price: '150' });
  w.quote(150);
  await w.run(100);
  const [balance, equity] = await worth(w);
  // The rest was filled at 150 and is booked.
  expect([balance, equity]).toEqual(['1300', '1500']);
  const order_id = w.provider.received[0]?.clientOrderId ?? '';
  const report = { order_id, ord_status: 'EXECUTED', avgpx: '140', cumqty: '4', exec_id: 'e' };
  w.harness.engine.live.reports.take('demo', report);
  await w.run(100);
  expect((await worth(w)).slice(0, 2)).toEqual(['1460', '1460']);
});
