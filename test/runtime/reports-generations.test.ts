// Reports under other ids than ours, while a close is in its second attempt or later.
import { expect, test } from 'vitest';
import { answers, LiveWorld, says, type LiveWorldOptions } from './live-world.ts';
import { drifts, fills, keptLog, reports, startReporting } from './reports-world.ts';

/** The first attempt closes half, and then what is left of it waits, or is on its way. */
async function halfClosed(
  options: LiveWorldOptions,
  second: 'waits' | 'is out',
): Promise<LiveWorld> {
  const w = await startReporting(options);
  let closes = 0;
  w.provider.behaviour = (call) => {
    if (call !== 'close') return answers;
    if (closes++ === 0) return { kind: 'partial', share: 0.5 };
    return second === 'is out' ? { kind: 'late', ms: 300, executes: 'last' } : answers;
  };
  await w.open('p', { closeOrderId: 'cl-1', exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(40);
  expect(w.stateOf('p')).toBe('closing sending');
  return w;
}

const throttled = { route: { ratePerSecond: 1, burst: 1 } } as const;

test.each([
  ['waits', 'p', 'PARTIALLY_FILLED'],
  ['waits', 'p', 'EXECUTED'],
  ['waits', 'cl-1', 'PARTIALLY_FILLED'],
  ['waits', 'cl-1', 'EXECUTED'],
  ['is out', 'p', 'PARTIALLY_FILLED'],
  ['is out', 'p', 'EXECUTED'],
] as const)(
  'while the second attempt %s, the first told under %s as %s counts once',
  async (second, orderId, status) => {
    const w = await halfClosed(second === 'waits' ? throttled : {}, second);
    const report = { order_id: orderId, ord_status: status, side: 'SELL', avgpx: '99' };
    await reports(w, { ...report, cumqty: '1' });
    expect(w.stateOf('p')).toBe('closing sending');
    await w.run(5000);
    expect(w.stateOf('p')).toBe('closed');
    expect([...w.provider.held.keys()]).toEqual([]);
    expect(w.sent('p')).toEqual(['1:2', '2:1']);
    expect(w.balance()).toBe('998');
    expect(await drifts(w)).toEqual([]);
  },
);

test('what may be of either attempt is not booked, and told of', async () => {
  const w = await halfClosed({}, 'is out');
  await reports(w, { order_id: 'p', ord_status: 'EXECUTED', side: 'SELL', avgpx: '99' });
  expect(w.stateOf('p')).toBe('closing sending');
  expect(await drifts(w)).toEqual(['unexpected_fill 0 1']);
  await w.run(5000);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.balance()).toBe('998');
});

test('a fill under another id is not that of an order that is not out yet', async () => {
  const w = await startReporting({ route: { ratePerSecond: 1, burst: 1 } });
  await w.open('first', { exits: { stopLoss: 99.5 } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(40);
  expect(w.sent('p')).toEqual([]);
  w.provider.closeByItself('p', '1');
  const report = { order_id: 'p', ord_status: 'PARTIALLY_FILLED', side: 'SELL', avgpx: '99' };
  await reports(w, { ...report, cumqty: '1' });
  expect(fills(w)).toEqual({ p: '1' });
  await w.run(10_000);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.sent('p')).toEqual(['1:1']);
  expect(w.excess()).toEqual([]);
});

test('executions that a provider numbers for each order by itself are all booked', async () => {
  const fill = { status: 'filled', price: '99', execId: '1' };
  const replies = [
    { ...fill, filledQuantity: '1' },
    { ...fill, filledQuantity: '1' },
  ];
  const w = await LiveWorld.start({ script: { close: replies.map(says) } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(1000);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.sent()).toEqual(['1:2', '2:1']);
});

test('a provider that fills crumbs is not asked without end', async () => {
  const crumb = says({ status: 'filled', filledQuantity: '0.000001', price: '99', execId: '1' });
  const w = await LiveWorld.start({ script: { close: [crumb] } });
  await w.open('p', { exits: { stopLoss: 99.5 } });
  w.quote(100);
  w.quote(99);
  await w.run(60_000);
  expect(w.sent().length).toBeGreaterThan(3);
  expect(w.sent().length).toBeLessThan(20);
  expect(w.deadLetters()).toEqual(['p']);
});

test('malformed reports are told of once a second', async () => {
  const { logger, lines } = keptLog();
  const w = await LiveWorld.start({ harness: { logger } });
  const malformed = (): number => lines.filter(({ message }) => message.endsWith('is none')).length;
  const { reports: target } = w.harness.engine.live;
  for (let i = 0; i < 100; i++) target.take('demo', { order_id: 7 });
  expect(malformed()).toBe(1);
  expect(w.harness.counter('reports_malformed')).toBe(100);
  await w.run(1000);
  target.take('demo', {});
  expect(malformed()).toBe(2);
});
