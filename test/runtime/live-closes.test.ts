// Closes of LIVE accounts: durable before they are sent, sent once, and told as they are.
import { describe, expect, test } from 'vitest';
import type { OrderReply } from '#src/domain/provider';
import type { Behaviour } from '../support/fake-provider.ts';
import { answers, LiveWorld, lost, rejects, says, silent, unreachable } from './live-world.ts';

describe('an intent is durable before it is sent', () => {
  const routes = [
    { queryByClientId: true, idempotentByClientId: true },
    { queryByClientId: true, idempotentByClientId: false },
    { queryByClientId: false, idempotentByClientId: false },
  ];
  test.each(routes)('%o', async (capabilities) => {
    const w = await LiveWorld.start({ provider: { capabilities } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    w.quote(100);
    w.journal.isHeld = true;
    w.quote(99);
    await w.run(1000);
    expect(w.stateOf('p')).toBe('closing sending');
    expect(w.sent()).toEqual([]);
    expect(w.provider.calls.filter((call) => call === 'close')).toEqual([]);

    w.journal.isHeld = false;
    w.journal.flush();
    await w.run(100);
    expect(w.sent()).toEqual(['1:2']);
    expect(await w.story()).toEqual(['position_closed 0 -2']);
    expect(w.balance()).toBe('998');
  });

  test.each(routes)('%o, in a journal that is durable at once', async (capabilities) => {
    const w = await LiveWorld.start({ provider: { capabilities } });
    await w.open('p', { exits: { stopLoss: 99.5 } });
    await w.run(1000);
    w.journal.isInstant = true;
    w.quote(100);
    w.quote(99);
    await w.run(100);
    expect(w.sent()).toEqual(['1:2']);
    expect(await w.story()).toEqual(['position_closed 0 -2']);
  });
});

describe('what the provider replies is what is told', () => {
  interface Case {
    readonly name: string;
    readonly reply: Behaviour;
    readonly answer: object;
    readonly state: string;
    readonly rows: readonly string[];
    readonly sent: readonly string[];
    readonly balance: string;
  }
  const closed = { outcome: 'closed', success: true, quantity: '2', closeReason: 'manual' };
  const once = { state: 'closed', rows: ['position_closed 0 -2'], sent: ['1:2'], balance: '998' };
  test.each<Case>([
    {
      name: 'filled',
      reply: answers,
      answer: { ...closed, closedPrice: '99', pnl: '-2', attempts: 1 },
      ...once,
    },
    {
      name: 'filled, with neither quantity nor price',
      reply: says({ status: 'filled' }),
      answer: closed,
      ...once,
      rows: ['position_closed 0'],
      balance: '1000',
    },
    {
      name: 'filled, with a fee',
      reply: says({ status: 'filled', price: '99', fee: '0.5' }),
      answer: { ...closed, pnl: '-2.5', commission: '0.5' },
      ...once,
      rows: ['position_closed 0 -2.5'],
      balance: '997.5',
    },
    {
      name: 'gone',
      reply: says({ status: 'gone' }),
      answer: closed,
      ...once,
      rows: ['position_closed 0'],
      balance: '1000',
    },
    {
      name: 'pending',
      reply: says({ status: 'pending' }),
      answer: { outcome: 'pending', success: false },
      state: 'closing pending',
      rows: ['position_close_pending 1'],
      sent: ['1:2'],
      balance: '1000',
    },
    {
      name: 'unreachable once',
      reply: unreachable,
      answer: { ...closed, attempts: 1 },
      ...once,
      sent: ['1:2', '1:2'],
    },
    {
      name: 'too many calls, once',
      reply: { kind: 'throttled', retryAfterMs: 300 },
      answer: { ...closed, attempts: 1 },
      ...once,
      sent: ['1:2', '1:2'],
    },
    {
      name: 'rejected once',
      reply: rejects,
      answer: { ...closed, attempts: 2 },
      ...once,
      rows: ['position_close_failed 2', 'position_closed 0 -2'],
      sent: ['1:2', '2:2'],
    },
    {
      name: 'more than there is',
      reply: says({ status: 'filled', filledQuantity: '3', price: '99' }),
      answer: { ...closed, pnl: '-2' },
      ...once,
      rows: ['drift_detected 1', 'position_closed 0 -2'],
    },
    ...[
      says({ status: 'done?' }),
      says('filled'),
      says(null),
      says({ status: 'filled', price: '-1' }),
      says({ status: 'partiallyFilled' }),
    ].map((reply) => ({
      name: `garbage ${JSON.stringify(reply)}`,
      reply,
      answer: { ...closed, attempts: 2 },
      ...once,
      rows: ['position_close_pending 1', 'position_closed 0 -2'],
      sent: ['1:2', '1:2'],
    })),
  ])('$name', async ({ reply, answer, state, rows, sent, balance }) => {
    const w = await LiveWorld.start({ script: { close: [reply, answers] } });
    await w.open('p');
    w.quote(100);
    expect(await w.close('p')).toMatchObject(answer);
    expect(w.stateOf('p')).toBe(state);
    expect(await w.story()).toEqual(rows);
    expect(w.sent()).toEqual(sent);
    expect(w.balance()).toBe(balance);
    expect(w.excess()).toEqual([]);
  });
});

test('a close that is pending is told when the report comes', async () => {
  const w = await LiveWorld.start({ script: { close: [{ kind: 'pending', ms: 500, parts: 1 }] } });
  await w.open('p');
  expect(await w.close('p')).toMatchObject({ outcome: 'closed', pnl: '-2' });
  expect(await w.story()).toEqual(['position_close_pending 1', 'position_closed 0 -2']);
  expect(w.sent()).toEqual(['1:2']);
});

test('a pending close whose report was lost is asked about', async () => {
  const pending = says({ status: 'pending' });
  const w = await LiveWorld.start({
    script: {
      close: [pending],
      query: [pending, says({ status: 'filled', filledQuantity: '2', price: '98' })],
    },
  });
  await w.open('p');
  expect(await w.close('p')).toMatchObject({ outcome: 'pending' });
  await w.run(11_000);
  expect(w.stateOf('p')).toBe('closing pending');
  await w.run(10_000);
  expect(w.stateOf('p')).toBe('closed');
  expect(w.balance()).toBe('996');
  expect(w.sent()).toEqual(['1:2']);
});

describe('a pending close that the provider has forgotten', () => {
  test.each([
    { name: 'is sent again under its id', idempotentByClientId: true, sent: ['1:2', '1:2'] },
    { name: 'is alarmed where that is not safe', idempotentByClientId: false, sent: ['1:2'] },
  ])('$name', async ({ idempotentByClientId, sent }) => {
    const w = await LiveWorld.start({
      provider: { capabilities: { idempotentByClientId, closeByTicket: false }, isNetting: true },
      script: { close: [says({ status: 'pending' }), answers] },
    });
    await w.open('p');
    await w.close('p');
    await w.run(60_000, 200);
    expect(w.sent()).toEqual(sent);
    expect(w.stateOf('p')).toBe(idempotentByClientId ? 'closed' : 'closing pending');
    expect(w.deadLetters()).toEqual(idempotentByClientId ? [] : ['p']);
  });
});

describe('a reply after the timeout still counts', () => {
  test.each<{ name: string; query: Behaviour; rows: string[]; close: Behaviour }>([
    {
      name: 'filled, while it is asked about',
      query: silent,
      rows: ['position_close_pending 1', 'position_closed 0 -2'],
      close: { kind: 'late', ms: 2500, executes: 'first' },
    },
    {
      name: 'filled, while the next question waits',
      query: { kind: 'fail', executes: false },
      rows: ['position_close_pending 1', 'position_closed 0 -2'],
      close: { kind: 'late', ms: 2050, executes: 'first' },
    },
    {
      name: 'filled, after the query told of it',
      query: answers,
      rows: ['position_close_pending 1', 'position_closed 0 -2'],
      close: { kind: 'late', ms: 2500, executes: 'first' },
    },
  ])('$name', async ({ query, rows, close }) => {
    const w = await LiveWorld.start({ script: { close: [close], query: [query] } });
    await w.open('p');
    await w.close('p');
    await w.run(1000);
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.story()).toEqual(rows);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.balance()).toBe('998');
  });

  test('rejected: the next attempt is under the next generation', async () => {
    const w = await LiveWorld.start();
    await w.open('p');
    const reply = Promise.withResolvers<OrderReply>();
    w.play({ close: [says(reply.promise), answers], query: [lost] });
    await w.close('p');
    await w.run(100);
    expect(w.stateOf('p')).toBe('closing unknown');
    reply.resolve({ status: 'rejected', code: 'late' });
    await w.run(1000);
    expect(w.sent()).toEqual(['1:2', '2:2']);
    expect(await w.story()).toEqual([
      'position_close_pending 1',
      'position_close_failed 2',
      'position_closed 0 -2',
    ]);
  });
});

describe('a reply after the position was closed by something else', () => {
  test.each([
    { name: 'gone', reply: { status: 'gone' }, drifts: [] },
    { name: 'rejected', reply: { status: 'rejected', code: 'none' }, drifts: [] },
    { name: 'pending', reply: { status: 'pending' }, drifts: [] },
    { name: 'garbage', reply: { status: 7 }, drifts: [] },
    {
      name: 'filled: somebody closed more than there was, and is told',
      reply: { status: 'filled', filledQuantity: '2', price: '98' },
      drifts: [{ kind: 'fill_of_closed', ours: '0', theirs: '2' }],
    },
  ])('$name', async ({ reply, drifts }) => {
    const late = Promise.withResolvers<OrderReply>();
    const w = await LiveWorld.start();
    w.play({ close: [says(late.promise)] });
    await w.open('p', { stopLossId: 'sl-1', exits: { stopLoss: 99.5 } });
    w.quote(100);
    const answer = w.ask('a.position.close', { positionId: 'p' });
    await w.run(100);
    const { price = '' } = w.provider.closeByItself('p') ?? {};
    w.provider.report({ order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: price, cumqty: '2' });
    expect(await w.settled(answer)).toMatchObject({ outcome: 'closed', closeReason: 'stop_loss' });
    late.resolve(reply as OrderReply);
    await w.run(3000);
    expect(w.balance()).toBe('998');
    const told = (await w.records('drift.detected')).map((record) => record.body.drift);
    expect(told).toMatchObject(drifts);
    expect(told).toHaveLength(drifts.length);
    const closed = (await w.story('p')).filter((row) => row.startsWith('position_closed'));
    expect(closed).toEqual(['position_closed 0 -2']);
  });
});

test('a position that is gone is closed without a price, and has it when a report tells', async () => {
  const w = await LiveWorld.start({ script: { close: [says({ status: 'gone' })] } });
  await w.open('p', { stopLossId: 'sl-1' });
  await w.close('p');
  w.provider.report({ order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '97', cumqty: '2' });
  await w.run(20);
  expect(await w.story()).toEqual(['position_closed 0', 'position_close_amended 0 -6']);
  expect(w.balance()).toBe('994');
  w.provider.report({ order_id: 'sl-1', ord_status: 'EXECUTED', avgpx: '97', cumqty: '2' });
  await w.run(20);
  expect(w.balance()).toBe('994');
});

test('asked for twice it is one close, and asked again it tells how that stands', async () => {
  const w = await LiveWorld.start({
    script: { close: [{ kind: 'late', ms: 1000, executes: 'first' }] },
  });
  await w.open('p');
  w.quote(100);
  const ask = (): Promise<unknown> =>
    w.harness.ask('gw.a.position.close', { positionId: 'p' }, { messageId: 'm1' });
  const [first, second, third] = [ask(), ask(), w.close('p')];
  const replies = await Promise.all([w.settled(first), second, third]);
  expect(replies).toMatchObject([{ outcome: 'closed' }, { outcome: 'closed' }, { pnl: '-2' }]);
  expect(w.sent()).toEqual(['1:2']);
  await w.killAndRestart();
  expect(await w.settled(ask())).toEqual(replies[0]);
  expect(w.sent()).toEqual(['1:2']);
});

test('an answer that could not wait says pending, and the same id tells the outcome later', async () => {
  const w = await LiveWorld.start({ script: { close: [lost], query: [lost] } });
  await w.open('p');
  w.quote(100);
  const ask = (): Promise<unknown> =>
    w.harness.ask('gw.a.position.close', { positionId: 'p' }, { messageId: 'm1' });
  const first = await w.settled(ask());
  expect(first).toMatchObject({ success: false, outcome: 'pending' });
  await w.run(500);
  expect(await w.settled(ask())).toMatchObject({ success: false, outcome: 'unknown' });
  w.play({});
  await w.run(20_000, 100);
  const { closeId } = first as { closeId: string };
  expect(await w.settled(ask())).toMatchObject({ closeId, success: true, outcome: 'closed' });
});
