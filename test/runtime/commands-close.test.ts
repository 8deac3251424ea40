// Closing: what is answered and when, once each, in which order, and what a bulk close makes of it.
import { beforeEach, describe, expect, test } from 'vitest';
import { closeAnswerMs } from '#src/commands/desk';
import type { BulkCloseResult, CloseResult } from '#src/domain/closing';
import { verifyChain } from '#src/domain/ledger-rows';
import { startTs, type CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { long, startWorld } from './world.ts';

let world: CoreHarness;
beforeEach(async () => {
  world = await startWorld();
});

type Body = Record<string, unknown>;

async function track(account: string, ...positions: Body[]): Promise<void> {
  for (const position of positions) {
    const reply = await world.ask(`gw.${account}.position.track`, { ...long, ...position });
    expect(refusalOf(reply)).toBe('ok');
  }
}

async function close(positionId: string, more: Body = {}): Promise<CloseResult> {
  const reply = await world.ask('gw.acc1.position.close', { positionId, ...more });
  return reply as unknown as CloseResult;
}

async function closeAll(body: Body, account = 'acc1'): Promise<BulkCloseResult> {
  const reply = await world.ask(`gw.${account}.account.close-all`, { reason: 'x', ...body });
  expect(refusalOf(reply)).toBe('ok');
  return reply as unknown as BulkCloseResult;
}

/** Whether an answer is there, once everything that needs no clock has happened. */
async function isAnswered(answer: Promise<unknown>): Promise<boolean> {
  const nothing = Symbol('nothing');
  for (let i = 0; i < 20; i++) await Promise.resolve();
  return (await Promise.race([answer, Promise.resolve(nothing)])) !== nothing;
}

function ids(results: readonly CloseResult[]): string {
  return results.map((result) => result.positionId).join(' ');
}

function closedEvents(): string {
  const closed = world.events.filter((event) => event.event === 'position.closed');
  return closed.map((event) => String(event['positionId'])).join(' ');
}

describe('position.close', () => {
  test('is filled at the book: a long at the bid, a short at the ask', async () => {
    await track('acc1', { positionId: 'l', ticket: 7 }, { positionId: 's', side: 'short' });
    world.quote('EURUSD', '1.0990', '1.0995');
    world.clock.advance(5);
    expect(await close('l')).toEqual({
      closeId: expect.stringMatching(/^close_[0-9a-f]{12,}$/),
      success: true,
      outcome: 'closed',
      positionId: 'l',
      accountId: 'acc1',
      ticket: 7,
      quantity: '0.1',
      closedPrice: '1.099',
      pnl: '-10',
      commission: '0',
      closeReason: 'manual',
      closeTimestamp: startTs + 5,
      attempts: 1,
      clientOrderId: expect.stringMatching(/_1$/),
    });
    expect(await close('s', { reason: 'my own' })).toMatchObject({
      closedPrice: '1.0995',
      pnl: '5',
      closeReason: 'my own',
    });
    expect(await world.ask('gw.acc1.account.get')).toMatchObject({ balance: '9995' });
    expect(await world.ask('gw.acc1.position.get', { positionId: 'l' })).toMatchObject({
      ...{ state: 'closed', remainingQuantity: '0', quantity: '0.1' },
      closeId: expect.stringMatching(/^close_/),
    });
  });

  test('commission is charged once, on the entry', async () => {
    const symbol = 'ES';
    await world.ask('op._.instrument.put', {
      ...{ symbol, quoteCurrency: 'USD', contractSize: 50, commissionRate: '0.0001' },
    });
    await track('acc1', { positionId: 'p1', symbol, quantity: 2, entryPrice: 5000 });
    world.quote(symbol, 5001, 5002);
    expect(await close('p1')).toMatchObject({ commission: '50', pnl: '50' });
  });

  test('twice is the same close', async () => {
    await track('acc1', { positionId: 'p1' });
    world.quote('EURUSD', 1.1, 1.1);
    const first = await close('p1');
    world.quote('EURUSD', 1.2, 1.2);
    expect(await close('p1', { reason: 'again' })).toEqual(first);
    expect(await close('p1', { price: 1.3 })).toEqual(first);
    const rows = await world.rows();
    expect(rows.map((row) => row.eventType)).toEqual(['position_closed']);
    expect(closedEvents()).toBe('p1');
  });

  test('without a quote is pending after 2,000 ms, and filled at the first one', async () => {
    await track('acc1', { positionId: 'p1' });
    const answer = close('p1');
    world.clock.advance(closeAnswerMs - 1);
    expect(await isAnswered(answer)).toBe(false);
    world.clock.advance(1);
    const pending = await answer;
    expect(pending).toMatchObject({ success: false, outcome: 'pending', closeTimestamp: startTs });
    expect(pending).not.toHaveProperty('closedPrice');
    const shown = await world.ask('gw.acc1.position.get', { positionId: 'p1' });
    expect(shown).toMatchObject({ state: 'closing', closeId: pending.closeId });
    world.quote('EURUSD', 1.2, 1.2);
    expect(await close('p1')).toMatchObject({
      ...{ success: true, outcome: 'closed', closedPrice: '1.2', closeId: pending.closeId },
      closeTimestamp: startTs + closeAnswerMs,
    });
    expect((await world.rows()).map((row) => [row.eventType, row.status])).toEqual([
      ['position_close_pending', 1],
      ['position_closed', 0],
    ]);
  });

  test('is answered as soon as the quote comes', async () => {
    await track('acc1', { positionId: 'p1' });
    const answers = [close('p1', { reason: 'first' }), close('p1', { reason: 'second' })];
    world.clock.advance(100);
    world.quote('EURUSD', 1.2, 1.2);
    const [first, second] = await Promise.all(answers);
    expect(first).toMatchObject({ outcome: 'closed', closeReason: 'first' });
    expect(second).toEqual(first);
    const rows = await world.rows();
    expect(rows.at(-1)?.metaData).toMatchObject({ reasons: ['first', 'second'] });
    expect(world.clock.pending).toBe(1);
  });

  test('waits for the conversion pair where that is what is missing', async () => {
    await track('acc1', { positionId: 'p1', symbol: 'USDJPY', entryPrice: 100 });
    const answer = world.ask('gw.acc1.position.close', { positionId: 'p1' });
    world.quote('USDJPY', 125, 125);
    expect(await answer).toMatchObject({ outcome: 'closed', pnl: '2000' });
    await track('eur1', { positionId: 'p2', symbol: 'USDJPY', entryPrice: 100 });
    const waiting = world.ask('gw.eur1.position.close', { positionId: 'p2' });
    world.quote('USDJPY', 150, 150);
    expect(await isAnswered(waiting)).toBe(false);
    world.quote('EURUSD', 1.25, 1.25);
    expect(await waiting).toMatchObject({ closedPrice: '150', pnl: '2666.6666666667' });
  });

  test('with a price records what happened already, needing no quote of the symbol', async () => {
    await track('acc1', { positionId: 'p1' }, { positionId: 'p2' });
    expect(await close('p1', { price: '1.2345' })).toMatchObject({
      ...{ outcome: 'closed', closedPrice: '1.2345', pnl: '1345' },
    });
    const pending = close('p2', { reason: 'first' });
    expect(await close('p2', { price: 1.2 })).toMatchObject({
      ...{ outcome: 'closed', closedPrice: '1.2', closeReason: 'first' },
    });
    expect(await pending).toMatchObject({ closedPrice: '1.2' });
  });

  test('with a price waits for a rate, and is then booked at its price', async () => {
    await track('eur1', { positionId: 'p1' });
    const answer = world.ask('gw.eur1.position.close', { positionId: 'p1', price: 1.2 });
    world.clock.advance(closeAnswerMs);
    expect(await answer).toMatchObject({ outcome: 'pending' });
    const again = await world.restart();
    again.quote('EURUSD', 1.25, 1.25);
    expect(await again.ask('gw.eur1.position.close', { positionId: 'p1' })).toMatchObject({
      ...{ closedPrice: '1.2', pnl: '800' },
    });
  });

  test('pending ones are filled in the order of their requests, after a restart too', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await track('acc1', ...names.map((positionId) => ({ positionId })));
    for (const positionId of ['d', 'b']) {
      const answer = close(positionId);
      world.clock.advance(closeAnswerMs);
      await answer;
    }
    const bulk = closeAll({
      positions: [{ positionId: 'e' }, { positionId: 'a' }],
      order: 'oldest-first',
    });
    world.clock.advance(closeAnswerMs);
    await bulk;
    await world.kill();
    world = await world.restart();
    world.events.length = 0;
    world.quote('EURUSD', 1.1, 1.1);
    expect(closedEvents()).toBe('d b a e');
  });
});

describe('position.close-if-triggered', () => {
  const ask = (body: Body, account = 'acc1'): Promise<Body> =>
    world.ask(`gw.${account}.position.close-if-triggered`, body);

  test.each([
    ['market', 'gap', 'market_gap'],
    ['drawdown', 'daily limit', 'drawdown_daily limit'],
    ['drawdown', 'x'.repeat(55), `drawdown_${'x'.repeat(55)}`],
  ])('%s, %s: closes with the reason %s', async (guardType, triggerReason, reason) => {
    await track('acc1', { positionId: 'p1' });
    world.quote('EURUSD', 1.1, 1.1);
    const reply = await ask({ positionId: 'p1', guardType, triggerReason });
    expect(reply).toMatchObject({ success: true, closeReason: reason });
  });

  test('finds no position that is closed, was never tracked, or is not any more', async () => {
    await track('acc1', { positionId: 'p1' }, { positionId: 'p2' });
    world.quote('EURUSD', 1.1, 1.1);
    await close('p1');
    await world.ask('gw.acc1.position.untrack', { positionId: 'p2', reason: 'x' });
    for (const positionId of ['p1', 'p2', 'never']) {
      const reply = await ask({ positionId, guardType: 'market', triggerReason: 'gap' });
      expect(reply).toMatchObject({
        ...{ success: false, outcome: 'failed', positionId, accountId: 'acc1' },
        errorMessage: 'Position not found',
      });
    }
    expect((await world.rows()).length).toBe(2);
  });
});

describe('account.close-all', () => {
  /** Unrealised at 1.2: b 1000, a 500, d 500, c -500; d is the oldest, c the largest. */
  const held = [
    { positionId: 'a', entryPrice: 1.15, ticket: 1 },
    { positionId: 'b', openedAt: startTs - 1 },
    { positionId: 'c', entryPrice: 1.25, ticket: '1' },
    { positionId: 'd', quantity: '0.05', openedAt: startTs - 2 },
  ];

  test.each([
    [undefined, 'c a d b'],
    ['worst-first', 'c a d b'],
    ['best-first', 'b a d c'],
    ['largest-first', 'c a b d'],
    ['oldest-first', 'd b a c'],
  ])('in the order %s', async (order, expected) => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll(order === undefined ? {} : { order });
    expect(ids(result.results)).toBe(expected);
    expect(closedEvents()).toBe(expected);
  });

  test('answers with every result and their sum', async () => {
    await track('acc1', ...held);
    await track('acc2', { positionId: 'other' });
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll({ reason: 'the end' });
    expect(result).toEqual({
      bulkId: expect.stringMatching(/^bulk_/),
      totalPositions: 4,
      successfulCloses: 4,
      failedCloses: 0,
      totalPnl: '1500',
      closeReason: 'the end',
      results: expect.any(Array),
    });
    for (const one of result.results) {
      expect(one).toMatchObject({ closeReason: 'the end', bulkId: result.bulkId, success: true });
    }
    expect(await world.ask('gw.acc2.account.get')).toMatchObject({ openPositions: 1 });
    const listed = await world.ask('gw._.ledger.list', { bulkId: result.bulkId });
    expect((listed['items'] as Body[]).length).toBe(4);
  });

  test.each<readonly [string, unknown[], string]>([
    ['by id', [{ positionId: 'b' }], 'b'],
    ['by ticket, in its type', [{ ticket: 1 }, { ticket: '1' }], 'c a'],
    ['by both', [{ positionId: 'a', ticket: 1 }], 'a'],
    ['the same one twice', [{ positionId: 'a' }, { ticket: 1 }], 'a'],
    ['with more keys', [{ positionId: 'd', note: 'x' }], 'd'],
    ['of another account', [{ positionId: 'other' }, { positionId: 'd' }], 'd'],
    ['that are not there', [{ positionId: 'nope' }, { ticket: 99 }], ''],
    [
      'that are malformed',
      [
        null,
        5,
        'a',
        [],
        {},
        { positionId: 5 },
        { ticket: -1 },
        { positionId: 'a b' },
        { ticket: 1 },
      ],
      'a',
    ],
    ['none at all', [], ''],
  ])('of entries %s', async (_, positions, expected) => {
    await track('acc1', ...held);
    await track('acc2', { positionId: 'other' });
    world.quote('EURUSD', 1.2, 1.2);
    const result = await closeAll({ positions });
    expect(ids(result.results)).toBe(expected);
    expect(result.totalPositions).toBe(positions.length);
    expect(result.failedCloses).toBe(0);
    expect(world.core.state.positions.get('other')?.state).toBe('guarded');
  });

  test('names closed ones too: their result is that of their close', async () => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const first = await close('a');
    const result = await closeAll({ positions: [{ positionId: 'a' }] });
    expect(result.results).toEqual([first]);
  });

  test('waits for what has no quote, and lists results as they were closed', async () => {
    await track('acc1', { positionId: 'gold', symbol: 'XAUUSD' }, { positionId: 'euro' });
    world.quote('EURUSD', 1.2, 1.2);
    const answer = closeAll({});
    world.clock.advance(closeAnswerMs);
    const pending = await answer;
    expect(pending).toMatchObject({ totalPositions: 2, successfulCloses: 1, failedCloses: 0 });
    expect(pending.results.map((one) => one.outcome).sort()).toEqual(['closed', 'pending']);
    world.quote('XAUUSD', 1300, 1300);
    const positions = [{ positionId: 'gold' }, { positionId: 'euro' }];
    const again = await closeAll({ positions });
    expect(ids(again.results)).toBe('euro gold');
    expect(again).toMatchObject({ successfulCloses: 2 });
    expect(again.results.map((one) => one.closeId).sort()).toEqual(
      pending.results.map((one) => one.closeId).sort(),
    );
  });

  test('one that fails stops no other, stays guarded, and may be closed again', async () => {
    await track('acc1', ...held);
    world.quote('EURUSD', 1.2, 1.2);
    const mend = poison('a');
    const result = await closeAll({});
    expect(result).toMatchObject({ totalPositions: 4, successfulCloses: 3, failedCloses: 1 });
    const failed = result.results.find((one) => one.positionId === 'a');
    expect(failed).toMatchObject({
      ...{ success: false, outcome: 'failed', errorMessage: 'poisoned' },
    });
    mend();
    expect(world.core.state.positions.get('a')?.state).toBe('guarded');
    expect(world.eventNames('acc1')).toContain('position.close-failed');
    const second = await close('a');
    expect(second).toMatchObject({ success: true, clientOrderId: expect.stringMatching(/_2$/) });
    expect(second.closeId).not.toBe(failed?.closeId);
    const rows = await world.rows();
    expect(rows.map((row) => row.status).sort()).toEqual([0, 0, 0, 0, 2]);
    expect(verifyChain(rows)).toBeUndefined();
  });

  test('a pending close that fails is tried again on the next quote, and stops no other', async () => {
    await track('acc1', ...held.map(({ positionId }) => ({ positionId })));
    const answer = closeAll({});
    const mend = poison('b');
    world.quote('EURUSD', 1.2, 1.2);
    expect(closedEvents()).toBe('a c d');
    mend();
    world.quote('EURUSD', 1.2, 1.2);
    expect((await answer).successfulCloses).toBe(4);
  });

  test('over the wire carries 500 results, failures first; in process all of them', async () => {
    const many = Array.from({ length: 600 }, (_, i) => ({ positionId: `p${i}`, quantity: 0.0001 }));
    await track('acc2', ...many);
    world.quote('EURUSD', 1.1, 1.1);
    const menders = ['p7', 'p550', 'p599'].map(poison);
    const wire = { replyBytesMax: 768 * 1024 };
    const body = { reason: 'x', order: 'oldest-first' };
    const cut = (await world.ask(
      'gw.acc2.account.close-all',
      body,
      wire,
    )) as unknown as BulkCloseResult;
    for (const mend of menders) mend();
    expect(cut).toMatchObject({ totalPositions: 600, successfulCloses: 597, failedCloses: 3 });
    expect(cut.truncated).toBe(true);
    expect(cut.results.length).toBe(500);
    expect(ids(cut.results.slice(0, 4))).toBe('p7 p550 p599 p0');
    expect(ids(cut.results.slice(-2))).toBe('p496 p497');
    const rest = await world.ask('gw.acc2.ledger.list', { bulkId: cut.bulkId, limit: 1000 });
    expect((rest['items'] as Body[]).length).toBe(600);
    const whole = await world.commands.account.closeAll('acc2', { reason: 'x', positions: many });
    expect((whole as unknown as BulkCloseResult).results.length).toBe(600);
    expect(whole).not.toHaveProperty('truncated');
  });
});

describe('events', () => {
  test('each account numbers its own from 1 without a hole, over a restart too', async () => {
    await track('acc1', { positionId: 'a' }, { positionId: 'b' });
    await track('acc2', { positionId: 'c' });
    world.quote('EURUSD', 1.1, 1.1);
    await close('a');
    await world.stop();
    const before = world.events;
    world = await world.restart();
    await track('acc1', { positionId: 'd' });
    await world.ask('gw.acc1.position.amend', { positionId: 'd', exits: { stopLoss: 1 } });
    const all = [...before, ...world.events];
    const own = all.filter((event) => event.accountId === 'acc1');
    expect(own.map((event) => [event.seq, event.event, event['positionId']])).toEqual([
      [1, 'position.tracked', 'a'],
      [2, 'position.tracked', 'b'],
      [3, 'position.closed', 'a'],
      [4, 'position.tracked', 'd'],
      [5, 'position.amended', 'd'],
    ]);
    expect(new Set(all.map((event) => event.id)).size).toBe(all.length);
    expect(all.find((event) => event.accountId === 'acc2')?.seq).toBe(1);
  });

  test('that may not have left before a kill come again, under the same ids', async () => {
    await track('acc1', { positionId: 'a' });
    world.clock.advance(1000);
    await isAnswered(Promise.resolve());
    await track('acc1', { positionId: 'b' });
    const before = world.events;
    await world.kill();
    const after = await world.restart();
    const repeated = after.events.map((event) => event.id);
    expect(repeated).toEqual(before.slice(-1).map((event) => event.id));
  });

  test('position.closed is the result of the close', async () => {
    await track('acc1', { positionId: 'a', ticket: 5 });
    world.quote('EURUSD', 1.1, 1.1);
    const result = await close('a');
    const event = world.events.at(-1);
    const place = { id: expect.any(String), seq: 2, event: 'position.closed', ts: startTs };
    expect(event).toEqual({ ...result, ...place });
  });
});

/** Makes every look at the price of a position throw; undone by what it returns. */
function poison(positionId: string): () => void {
  const position = world.core.state.positions.get(positionId);
  const fields = position as unknown as { conversion: unknown };
  const { conversion } = fields;
  Object.defineProperty(fields, 'conversion', {
    configurable: true,
    get: () => {
      throw new Error('poisoned');
    },
  });
  return () => {
    Object.defineProperty(fields, 'conversion', {
      ...{ value: conversion, configurable: true, writable: true, enumerable: true },
    });
  };
}
