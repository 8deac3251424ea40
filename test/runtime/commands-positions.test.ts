// What commands of positions answer, and what they do.
import { beforeEach, describe, expect, test } from 'vitest';
import { replyBytesMax } from '#src/contracts/json';
import { startTs, type CoreHarness } from '../support/core-harness.ts';
import { refusalOf } from './refusals.ts';
import { long, startWorld } from './world.ts';

type Body = Record<string, unknown>;

describe('positions', () => {
  let world: CoreHarness;
  beforeEach(async () => {
    world = await startWorld();
  });

  const full = {
    positionId: 'p1',
    ticket: '007',
    symbol: 'EURUSD',
    side: 'short',
    quantity: 0.5,
    entryPrice: '1.10',
    openedAt: 1_700_000_000_000,
    exits: { stopLoss: 1.2, takeProfit: '1.0500' },
    stopLossId: 'order/1',
    takeProfitId: 'order/2',
    closeOrderId: 'order/3',
  };
  const shown = {
    ...full,
    accountId: 'acc1',
    quantity: '0.5',
    entryPrice: '1.1',
    exits: { stopLoss: '1.2', takeProfit: '1.05' },
    state: 'guarded',
    remainingQuantity: '0.5',
  };

  test('position.track answers with the position as it stands', async () => {
    const reply = await world.ask('gw.acc1.position.track', { accountId: 'acc1', ...full });
    expect(reply).toEqual(shown);
    expect(await world.ask('gw.acc1.position.get', { positionId: 'p1' })).toEqual(shown);
    expect(await world.ask('gw.acc1.position.list')).toEqual({ items: [shown] });
  });

  test('what is left out is made up: an id, the time, no exits, no ticket', async () => {
    const reply = await world.ask('gw.acc1.position.track', long);
    expect(reply).toEqual({
      ...{ ...long, accountId: 'acc1', state: 'guarded', remainingQuantity: '0.1' },
      positionId: expect.stringMatching(/^pos_[A-Za-z0-9]+$/),
      openedAt: startTs,
      exits: {},
    });
  });

  test.each([7001, '7001', 'T-1 a'])('the ticket %j is kept in its type', async (ticket) => {
    const reply = await world.ask('gw.acc1.position.track', { ...long, ticket });
    expect(reply['ticket']).toBe(ticket);
    expect(refusalOf(await world.ask('gw.acc1.position.track', { ...long, ticket }))).toBe(
      '409 ticket_exists',
    );
    const other = typeof ticket === 'number' ? String(ticket) : 7001;
    expect(refusalOf(await world.ask('gw.acc1.position.track', { ...long, ticket: other }))).toBe(
      'ok',
    );
    expect(refusalOf(await world.ask('gw.acc2.position.track', { ...long, ticket }))).toBe('ok');
  });

  test('a ticket and order ids are free again once the position is closed, its id never', async () => {
    await world.ask('gw.acc1.position.track', full);
    world.quote('EURUSD', 1.1, 1.1);
    await world.ask('gw.acc1.position.close', { positionId: 'p1' });
    expect(refusalOf(await world.ask('gw.acc1.position.track', full))).toBe('409 position_exists');
    const again = { ...full, positionId: 'p2' };
    expect(refusalOf(await world.ask('gw.acc1.position.track', again))).toBe('ok');
  });

  test('unrealised P&L is there from the first quote on, at the closing side', async () => {
    await world.ask('gw.acc1.position.track', full);
    world.quote('EURUSD', '1.0990', '1.0995');
    const reply = await world.ask('gw.acc1.position.get', { positionId: 'p1' });
    expect(reply).toEqual({ ...shown, unrealisedPnl: '25' });
  });

  test('a conversion through a pair, or across two, values a position', async () => {
    const yen = { symbol: 'USDJPY', side: 'long', quantity: '0.1', entryPrice: 100 };
    await world.ask('gw.acc1.position.track', { positionId: 'one', ...yen });
    await world.ask('gw.eur1.position.track', { positionId: 'two', ...yen });
    const pnl = async (account: string, positionId: string): Promise<unknown> =>
      (await world.ask(`gw.${account}.position.get`, { positionId }))['unrealisedPnl'];
    world.quote('USDJPY', 125, 125);
    expect(await pnl('acc1', 'one')).toBe('2000');
    expect(await pnl('eur1', 'two')).toBeUndefined();
    world.quote('EURUSD', 1.25, 1.25);
    expect(await pnl('eur1', 'two')).toBe('1600');
  });

  test('position.amend replaces the exits as a whole', async () => {
    await world.ask('gw.acc2.position.track', full);
    const exits = { takeProfit: '1.0' };
    const reply = await world.ask('gw.acc2.position.amend', { positionId: 'p1', exits });
    expect(reply).toEqual({ ...shown, accountId: 'acc2', exits: { takeProfit: '1' } });
    const none = await world.ask('gw.acc2.position.amend', { positionId: 'p1', exits: {} });
    expect(none['exits']).toEqual({});
    world.quote('EURUSD', 2, 2);
    expect(world.eventNames('acc2')).not.toContain('position.closed');
  });

  test('a level that is crossed already when it is set closes on the next quote', async () => {
    await world.ask('gw.acc2.position.track', full);
    world.quote('EURUSD', 1.15, 1.15);
    const exits = { stopLoss: 1.14 };
    const reply = await world.ask('gw.acc2.position.amend', { positionId: 'p1', exits });
    expect(reply['state']).toBe('guarded');
    world.quote('EURUSD', 1.16, 1.16);
    const closed = world.events.find((event) => event.event === 'position.closed');
    expect(closed).toMatchObject({ closedPrice: '1.16', triggerPrice: '1.14' });
  });

  test('position.untrack ends the guarding, and no order is sent', async () => {
    await world.ask('gw.acc1.position.track', full);
    const reply = await world.ask('gw.acc1.position.untrack', {
      positionId: 'p1',
      reason: 'moved',
    });
    expect(reply).toEqual({ ...shown, state: 'untracked' });
    world.quote('EURUSD', 2, 2);
    expect(await world.ask('gw.acc1.position.list', { state: 'all' })).toEqual({ items: [] });
    expect(world.eventNames('acc1')).toEqual(['position.tracked', 'position.untracked']);
    expect(await world.rows()).toMatchObject([{ eventType: 'position_untracked', status: 0 }]);
  });

  test('position.list tells open, closed and all, of an account or of every one', async () => {
    await world.ask('gw.acc1.position.track', { positionId: 'a', ...long });
    await world.ask('gw.acc2.position.track', { positionId: 'b', ...long });
    await world.ask('gw.acc1.position.track', { positionId: 'c', ...long, symbol: 'XAUUSD' });
    await world.ask('gw.acc1.position.track', { positionId: 'd', ...long });
    world.quote('EURUSD', 1.1, 1.1);
    await world.ask('gw.acc1.position.close', { positionId: 'a' });
    const closing = world.ask('gw.acc1.position.close', { positionId: 'c' });
    const ids = async (subject: string, body: object): Promise<string> => {
      const { items } = (await world.ask(`gw.${subject}.position.list`, body)) as { items: Body[] };
      return items.map((item) => String(item['positionId'])).join(' ');
    };
    expect(await ids('acc1', {})).toBe('c d');
    expect(await ids('acc1', { state: 'open' })).toBe('c d');
    expect(await ids('acc1', { state: 'closed' })).toBe('a');
    expect(await ids('acc1', { state: 'all' })).toBe('a c d');
    expect(await ids('acc1', { state: 'all', symbol: 'EURUSD' })).toBe('a d');
    expect(await ids('acc2', { state: 'all' })).toBe('b');
    expect(await ids('_', {})).toBe('b c d');
    expect(await ids('_', { state: 'all' })).toBe('a b c d');
    world.clock.advance(2000);
    await closing;
  });

  test('a list that leaves the process stops before it is too large, and goes on', async () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `p${i}`);
    const link = 'x'.repeat(60);
    for (const id of ids) {
      const links = { stopLossId: `${link}s${id}`, takeProfitId: `${link}t${id}` };
      await world.ask('gw.acc1.position.track', { positionId: id, ...long, ...trimmed(links) });
    }
    const bytes = 100_000;
    const options = { replyBytesMax: bytes };
    const seen: unknown[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      const body = { limit: 1000, ...(cursor === undefined ? {} : { cursor }) };
      const reply = await world.ask('gw.acc1.position.list', body, options);
      expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThanOrEqual(bytes);
      seen.push(...(reply['items'] as Body[]).map((item) => item['positionId']));
      cursor = reply['nextCursor'];
      pages++;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids);
    expect(pages).toBeGreaterThan(3);
    expect(replyBytesMax).toBe(768 * 1024);
  });
});

/** Order ids have 64 characters at the most. */
function trimmed(links: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(links).map(([key, id]) => [key, id.slice(-64)]));
}
