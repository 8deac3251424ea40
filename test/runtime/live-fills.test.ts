// Closes that are filled in parts, whoever tells of the parts and when: P&L adds up to the balance.
import { describe, expect, test } from 'vitest';
import { decimal, text, zero } from '#src/domain/money';
import type { ExecutionReport, OrderReply } from '#src/domain/provider';
import { account, answers, LiveWorld, rejects, says, silent } from './live-world.ts';

/** Σ pnl of the rows, which is what the balance moved by. */
async function sum(w: LiveWorld): Promise<string> {
  let pnl = zero;
  for (const row of await w.rows()) pnl = pnl.plus(decimal((row.metaData['pnl'] as string) ?? 0));
  return text(pnl.plus(account.balance));
}

const partial = (filledQuantity: string, price: string) =>
  says({ status: 'partiallyFilled', filledQuantity, price });
const filled = (filledQuantity: string, price: string) =>
  says({ status: 'filled', filledQuantity, price });

describe('what a part has left is sent under the next generation', () => {
  test.each([
    {
      name: 'two parts',
      close: [partial('0.5', '99'), filled('1.5', '98')],
      sent: ['1:2', '2:1.5'],
      rows: ['position_partially_closed 0 -0.5', 'position_closed 0 -3'],
    },
    {
      name: 'three parts, a rejection between',
      close: [partial('0.5', '99'), rejects, partial('1', '97'), filled('0.5', '103')],
      sent: ['1:2', '2:1.5', '3:1.5', '4:0.5'],
      rows: [
        'position_partially_closed 0 -0.5',
        'position_close_failed 2',
        'position_partially_closed 0 -3',
        'position_closed 0 1.5',
      ],
    },
    {
      name: 'the rest is gone',
      close: [partial('0.5', '99'), says({ status: 'gone' })],
      sent: ['1:2', '2:1.5'],
      rows: ['position_partially_closed 0 -0.5', 'position_closed 0'],
    },
    {
      name: 'the rest is not answered, and found by its id',
      close: [{ kind: 'partial', share: 0.25 } as const, silent],
      sent: ['1:2', '2:1.5'],
      rows: [
        'position_partially_closed 0 -0.5',
        'position_close_pending 1',
        'position_closed 0 -1.5',
      ],
    },
    {
      name: '`filled`, but of less than was asked for',
      close: [filled('1.25', '99'), filled('0.75', '99')],
      sent: ['1:2', '2:0.75'],
      rows: ['position_partially_closed 0 -1.25', 'position_closed 0 -0.75'],
    },
    {
      name: 'fees of each part',
      close: [
        says({ status: 'partiallyFilled', filledQuantity: '1', price: '99', fee: '0.1' }),
        says({ status: 'filled', price: '99', fee: '0.2', feeCurrency: 'USD' }),
      ],
      sent: ['1:2', '2:1'],
      rows: ['position_partially_closed 0 -1.1', 'position_closed 0 -1.2'],
    },
  ])('$name', async ({ close, sent, rows }) => {
    const w = await LiveWorld.start({ script: { close } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.quote(99);
    await w.run(5000);
    expect(w.sent()).toEqual(sent);
    expect(await w.story()).toEqual(rows);
    expect(w.balance()).toBe(await sum(w));
    const closed = (await w.rows()).filter((row) => row.metaData['positionId'] === 'p');
    // One close: one close id, whatever it took.
    expect(new Set(closed.map((row) => row.closeId)).size).toBe(1);
    expect(w.harness.eventNames('a').filter((name) => name === 'position.closed')).toHaveLength(1);
  });
});

test('thirds add up to the digit', async () => {
  const w = await LiveWorld.start({
    settings: { instruments: [{ symbol: 'X', quoteCurrency: 'USD', commissionRate: '0.000007' }] },
    script: { close: [partial('0.3333333', '99.33'), partial('0.7777', '98.7654321'), answers] },
  });
  await w.open('p');
  w.quote(100);
  expect(await w.close('p')).toMatchObject({ outcome: 'closed' });
  expect(w.balance()).toBe(await sum(w));
  expect(w.balance()).not.toBe('998');
});

describe('reports and replies tell of the same order, in any order', () => {
  const part: ExecutionReport = {
    ...{ order_id: '', ord_status: 'PARTIALLY_FILLED', avgpx: '99', cumqty: '0.5' },
  };
  const whole: ExecutionReport = {
    ...{ order_id: '', ord_status: 'EXECUTED', avgpx: '98', cumqty: '2' },
  };
  const reply: OrderReply = { status: 'filled', filledQuantity: '2', price: '98' };
  // The whole at 98 is −4, however much of it was told before at another average.
  test.each([
    { name: 'part, whole, reply', steps: [part, whole, reply] },
    { name: 'part, reply, whole', steps: [part, reply, whole] },
    { name: 'reply, part, whole', steps: [reply, part, whole] },
    { name: 'whole, part, reply', steps: [whole, part, reply] },
    { name: 'part, part, reply', steps: [part, part, reply] },
    { name: 'whole, reply, reply', steps: [whole, reply, whole] },
  ])('$name', async ({ steps }) => {
    const w = await LiveWorld.start();
    const answer = Promise.withResolvers<OrderReply>();
    w.play({ close: [says(answer.promise)] });
    await w.open('p');
    w.quote(100);
    const closing = w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    const [order] = w.provider.received;
    for (const step of steps) {
      if ('status' in step) answer.resolve(step);
      else w.provider.report({ ...step, order_id: order?.clientOrderId ?? '' });
      await w.run(20);
    }
    expect(await w.settled(closing)).toMatchObject({ outcome: 'closed' });
    expect(w.balance()).toBe('996');
    expect(await sum(w)).toBe('996');
    expect(w.provider.received).toHaveLength(1);
    expect(await w.records('drift.detected')).toEqual([]);
  });

  test('gone, of which a part was told before, is worth what the report says in the end', async () => {
    const w = await LiveWorld.start();
    const answer = Promise.withResolvers<OrderReply>();
    w.play({ close: [says(answer.promise)] });
    await w.open('p');
    w.quote(100);
    const closing = w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    const order_id = w.provider.received[0]?.clientOrderId ?? '';
    w.provider.report({ ...part, order_id });
    await w.run(20);
    answer.resolve({ status: 'gone' });
    await w.settled(closing);
    expect(w.balance()).toBe('999.5');
    w.provider.report({ ...whole, order_id });
    await w.run(20);
    expect(w.balance()).toBe('996');
    expect(await sum(w)).toBe('996');
  });
});

describe('without a rate the P&L follows', () => {
  const eur = { ...account, currency: 'EUR' };
  const instruments = [
    { symbol: 'X', quoteCurrency: 'USD' },
    { symbol: 'EURUSD', quoteCurrency: 'USD' },
    { symbol: 'Y', quoteCurrency: 'JPY' },
    { symbol: 'USDJPY', quoteCurrency: 'JPY' },
  ];

  test('when the rate comes', async () => {
    const w = await LiveWorld.start({ settings: { instruments, accounts: [eur] } });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p')).toMatchObject({ outcome: 'closed', closedPrice: '99' });
    expect(w.balance()).toBe('1000');
    w.quote('1.25', 'EURUSD');
    await w.run(20);
    expect(w.balance()).toBe('998.4');
    w.quote('1.5', 'EURUSD');
    await w.run(20);
    expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -1.6']);
    expect(w.harness.eventNames('a')).toContain('position.close-amended');
  });

  test('when the rate comes after a restart', async () => {
    const w = await LiveWorld.start({ settings: { instruments, accounts: [eur] } });
    await w.open('p');
    w.quote(100);
    await w.close('p');
    await w.killAndRestart();
    w.quote('1.25', 'EURUSD');
    await w.run(20);
    expect(w.balance()).toBe('998.4');
    expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -1.6']);
  });

  test('of a cross when both rates are there, and told once', async () => {
    const w = await LiveWorld.start({ settings: { instruments, accounts: [eur] } });
    await w.open('p', { symbol: 'Y' });
    w.quote(100, 'Y');
    await w.close('p');
    for (const price of [100, 101, 100]) w.quote(price, 'USDJPY');
    await w.run(20);
    expect(await w.story()).toEqual(['position_closed 0']);
    w.quote('1.25', 'EURUSD');
    await w.run(20);
    expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -0.016']);
    expect(w.balance()).toBe('999.984');
  });

  test.each([
    { name: 'parts of several orders', close: [partial('0.5', '99'), filled('1.5', '98')] },
    { name: 'parts of one order', close: [{ kind: 'pending', ms: 100, parts: 2 } as const] },
  ])('$name have all of it', async ({ close }) => {
    const w = await LiveWorld.start({ settings: { instruments, accounts: [eur] } });
    w.play({ close });
    await w.open('p');
    w.quote(100);
    await w.close('p');
    expect(w.balance()).toBe('1000');
    w.quote('1.25', 'EURUSD');
    await w.run(20);
    const usd = close.length === 2 ? '3.5' : '2';
    expect(w.balance()).toBe(text(decimal('1000').minus(decimal(usd).div('1.25'))));
  });

  test('one part without, the next with a rate', async () => {
    const w = await LiveWorld.start({ settings: { instruments, accounts: [eur] } });
    w.play({ close: [{ kind: 'pending', ms: 100, parts: 2 }] });
    await w.open('p');
    w.quote(100);
    const closing = w.ask('a.position.close', { positionId: 'p' });
    await w.run(150);
    w.quote('1.25', 'EURUSD');
    await w.settled(closing);
    expect(w.balance()).toBe('998.4');
  });
});
