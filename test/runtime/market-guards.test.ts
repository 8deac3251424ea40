// Market guards at work: what they measure, what they close, and when it is over.
import { beforeEach, describe, expect, test } from 'vitest';
import { startTs } from '../support/core-harness.ts';
import {
  closes,
  newWorldForEachTest,
  restart,
  told,
  trackLots,
  world,
  type Body,
} from './acting.ts';

newWorldForEachTest();

describe('a market guard', () => {
  const guard = (body: Body): Promise<Body> =>
    world.ask('op._.guard.put', { symbol: 'EURUSD', ...body });
  const market = (): string[] => world.eventNames('_').filter((name) => name.startsWith('market.'));

  beforeEach(async () => {
    await trackLots('acc2', { positionId: 'a' }, { positionId: 'b', side: 'short' });
    await trackLots('acc2', { positionId: 'gold', symbol: 'XAUUSD' });
  });

  test('is off for a symbol that nobody named', async () => {
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', 2, 3);
    expect(await closes()).toEqual([]);
    expect(market()).toEqual([]);
  });

  test.each(['guard.put', 'guard.remove'])('is over, and told so, with %s', async (command) => {
    await guard({});
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', '1.06', '1.06');
    expect(market()).toEqual(['market.warning']);
    const gap = command === 'guard.put' ? { gap: { closeOn: 'never' } } : {};
    await world.ask(`op._.${command}`, { symbol: 'EURUSD', ...gap });
    expect(market()).toEqual(['market.warning', 'market.cleared']);
    expect(told('market.cleared')).toMatchObject([{ condition: 'gap', limit: '5' }]);
  });

  test('closes what is open in the symbol when its limit is reached, in tracking order', async () => {
    await guard({});
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', '1.0499', '1.0499');
    expect(market()).toEqual([]);
    world.quote('EURUSD', '1.1025', '1.1025');
    expect(await closes()).toEqual([
      ['a', 'market_gap', undefined],
      ['b', 'market_gap', undefined],
    ]);
    expect(told('market.warning')).toMatchObject([
      {
        accountId: '_',
        symbol: 'EURUSD',
        condition: 'gap',
        limit: '5',
        measured: expect.any(String),
      },
    ]);
    expect(world.core.state.positions.get('gold')?.state).toBe('guarded');
  });

  test.each([
    ['at the limit', 'warning', '1.05', ['market.warning'], 2],
    ['at the limit', 'critical', '1.05', ['market.warning'], 0],
    ['at twice the limit', 'critical', '1.1', ['market.critical'], 2],
    ['at twice the limit', 'never', '1.1', ['market.critical'], 0],
  ])('of a gap %s with closeOn %s', async (_, closeOn, price, events, count) => {
    await guard({ gap: { closeOn } });
    world.quote('EURUSD', 1, 1);
    world.quote('EURUSD', price, price);
    expect(market()).toEqual(events);
    expect((await closes()).length).toBe(count);
  });

  test.each([
    ['1.005', [], 0],
    ['1.00500001', ['market.warning'], 2],
    ['1.01', ['market.warning'], 2],
    ['1.0100001', ['market.critical'], 2],
  ])('of a spread from 1 to %s', async (ask, events, count) => {
    await guard({});
    world.quote('EURUSD', 1, ask);
    expect(market()).toEqual(events);
    expect((await closes()).length).toBe(count);
  });

  test('goes on closing while it holds, rises to critical, and clears 5 s after it held last', async () => {
    await guard({ gap: false });
    world.quote('EURUSD', 1, 1.006);
    await trackLots('acc2', { positionId: 'c' });
    world.quote('EURUSD', 1, 1.001);
    expect(world.core.state.positions.get('c')?.state).toBe('guarded');
    world.clock.advance(3000);
    world.quote('EURUSD', 1, 1.006);
    expect(world.core.state.positions.get('c')?.state).toBe('closed');
    world.quote('EURUSD', 1, 1.02);
    world.quote('EURUSD', 1, 1.006);
    expect(market()).toEqual(['market.warning', 'market.critical']);
    world.quote('EURUSD', 1, 1.001);
    world.clock.advance(4999);
    expect(market().length).toBe(2);
    world.clock.advance(1);
    expect(market()).toEqual(['market.warning', 'market.critical', 'market.cleared']);
    expect(told('market.cleared')[0]).toMatchObject({ ts: startTs + 8000, condition: 'spread' });
    world.quote('EURUSD', 1, 1.006);
    expect(market().at(-1)).toBe('market.warning');
  });

  test('is counted: its changes, and the closes that it asked for', async () => {
    await guard({});
    world.quote('EURUSD', 1, 1.006);
    world.quote('EURUSD', 1, 1.02);
    world.clock.advance(10_000);
    const counted = ['market_warnings', 'market_criticals', 'market_closes'] as const;
    expect(counted.map((name) => world.counter(name))).toEqual([1, 1, 2]);
  });

  test('clears after a restart as if it had held until then', async () => {
    await guard({});
    world.quote('EURUSD', 1, 1.006);
    world.clock.advance(2000);
    await restart();
    expect(await world.ask('op._.guard.status')).toMatchObject({
      guards: [{ spread: { state: 'warning', since: startTs } }],
    });
    world.clock.advance(4999);
    expect(market()).not.toContain('market.cleared');
    world.clock.advance(1);
    expect(market()).toContain('market.cleared');
  });

  test('that is replaced goes by its new limits, one that is removed by none', async () => {
    await guard({});
    await guard({ spread: { limit: 1 } });
    world.quote('EURUSD', 1, 1.006);
    expect(market()).toEqual([]);
    await world.ask('op._.guard.remove', { symbol: 'EURUSD' });
    world.quote('EURUSD', 1, 1.5);
    world.clock.advance(10_000);
    expect(market()).toEqual([]);
    expect(await closes()).toEqual([]);
    expect(world.core.deadlines.next).toBe(Infinity);
  });

  test('acts before exits, and exits before account guards', async () => {
    const exits = { stopLoss: '1.04' };
    await trackLots('acc1', { positionId: 'one', exits });
    await guard({ gap: { limit: 6 } });
    world.quote('EURUSD', 1.1, 1.1);
    world.quote('EURUSD', 1.03, 1.03);
    expect((await closes()).map((close) => close[1])).toEqual(
      ['a', 'b', 'one'].map(() => 'market_gap'),
    );
    await trackLots('acc1', { positionId: 'two', exits });
    world.quote('EURUSD', 1.02, 1.02);
    expect((await closes()).at(-1)).toEqual(['two', 'stop_loss', undefined]);
  });
});
