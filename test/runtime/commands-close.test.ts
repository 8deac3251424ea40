// Closing one position: what is answered and when, once each; and the events of it all.
import { describe, expect, test } from 'vitest';
import { closeAnswerMs } from '#src/commands/desk';
import { startTs } from '../support/core-harness.ts';
import {
  close,
  closeAll,
  closedIds,
  killAndRestart,
  newWorldForEachTest,
  restart,
  settled,
  track,
  world,
  type Body,
} from './acting.ts';

newWorldForEachTest();

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
    expect(closedIds()).toBe('p1');
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
    const { pending } = world.clock;
    const answers = [close('p1', { reason: 'first' }), close('p1', { reason: 'second' })];
    world.clock.advance(100);
    world.quote('EURUSD', 1.2, 1.2);
    const [first, second] = await Promise.all(answers);
    expect(first).toMatchObject({ outcome: 'closed', closeReason: 'first' });
    expect(second).toEqual(first);
    const rows = await world.rows();
    expect(rows.at(-1)?.metaData).toMatchObject({ reasons: ['first', 'second'] });
    expect(world.clock.pending).toBe(pending);
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
    await killAndRestart();
    world.events.length = 0;
    world.quote('EURUSD', 1.1, 1.1);
    expect(closedIds()).toBe('d b a e');
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

describe('events', () => {
  test('each account numbers its own from 1 without a hole, over a restart too', async () => {
    await track('acc1', { positionId: 'a' }, { positionId: 'b' });
    await track('acc2', { positionId: 'c' });
    world.quote('EURUSD', 1.1, 1.1);
    await close('a');
    const before = world.events;
    await restart();
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
    await settled();
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

/** Whether an answer is there, once everything that needs no clock has happened. */
async function isAnswered(answer: Promise<unknown>): Promise<boolean> {
  const nothing = Symbol('nothing');
  await settled();
  return (await Promise.race([answer, Promise.resolve(nothing)])) !== nothing;
}
