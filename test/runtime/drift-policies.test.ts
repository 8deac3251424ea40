// What is done about a difference: told (`alarm`), taken over (`adopt`), or closed (`close`).
import { describe, expect, test } from 'vitest';
import { decimal } from '#src/domain/money';
import type { BrokerPosition } from '#src/domain/provider';
import { answers, says, type LiveWorld } from './live-world.ts';
import {
  driftStory,
  lists,
  ordersAre,
  position,
  positionsAre,
  reconcile,
  standing,
  startReconciled,
  theirs,
} from './reconciliation-world.ts';
import { reports } from './reports-world.ts';

type Policy = 'alarm' | 'adopt' | 'close';
const policies: Policy[] = ['alarm', 'adopt', 'close'];

async function under(driftPolicy: Policy): Promise<LiveWorld> {
  const w = await startReconciled({ route: { driftPolicy } });
  await w.open('p', { exits: { stopLoss: 90, takeProfit: 110 } });
  return w;
}

/** A row of the provider, and the same there. */
function opened(w: LiveWorld, row: BrokerPosition): BrokerPosition {
  w.provider.open('a', row);
  return row;
}

/** `state remainingQuantity entryPrice` of every position, open and closed. */
async function all(w: LiveWorld): Promise<string[]> {
  const { items } = await w.ask('a.position.list', { state: 'all' });
  return (items as Record<string, string>[]).map(
    ({ positionId, side, state, remainingQuantity, entryPrice }) =>
      [positionId, side, state, remainingQuantity, entryPrice].join(' '),
  );
}

const untouched = 'p long guarded 2 100';

describe('alarm changes nothing, whatever it is', () => {
  const other = { ...theirs, ticket: 'q', positionId: 'q' };
  test.each<[string, object[]]>([
    ['unknown_there', []],
    ['unknown_here', [theirs, other]],
    ['side', [{ ...theirs, side: 'short' }]],
    ['quantity', [{ ...theirs, quantity: '1' }]],
    ['price', [{ ...theirs, entryPrice: '90' }]],
    ['symbol', [{ ...theirs, symbol: 'Y' }]],
  ])('%s', async (kind, rows) => {
    const w = await under('alarm');
    lists(w, ...rows);
    for (let i = 0; i < 3; i++) await reconcile(w);
    await w.run(1000);
    expect(await all(w)).toEqual([untouched]);
    expect(w.sent()).toEqual([]);
    expect((await driftStory(w)).map((line) => line.split(' ')[1])).toEqual([kind]);
    expect(w.balance()).toBe('1000');
  });
});

describe('unknown there', () => {
  test.each(['adopt', 'close'] as const)(
    '%s: it is closed here without an order, and its P&L is absent until it is told',
    async (policy) => {
      const w = await under(policy);
      w.provider.held.clear();
      await reconcile(w);
      expect(await all(w)).toEqual(['p long closed 0 100']);
      expect(w.sent()).toEqual([]);
      expect(await w.story()).toEqual(['drift_detected 1', 'position_closed 0']);
      const [, closed] = await w.rows();
      expect(closed?.metaData).toMatchObject({ closeReason: 'drift', quantity: '2' });
      expect(closed?.metaData).not.toHaveProperty('pnl');
      expect(w.balance()).toBe('1000');
      await reconcile(w);
      expect(standing(w)).toEqual([]);

      await reports(w, { order_id: 'p', ord_status: 'EXECUTED', avgpx: '97', cumqty: '2' });
      expect((await w.story()).at(-1)).toBe('position_close_amended 0 -6');
      expect(w.balance()).toBe('994');
    },
  );
});

describe('unknown here', () => {
  const q: BrokerPosition = { ...theirs, ticket: 7, positionId: 'q', quantity: '3', side: 'short' };

  test('adopt: it is tracked under its own id, guarded, and closed like every other', async () => {
    const w = await under('adopt');
    opened(w, q);
    await reconcile(w);
    expect(await position(w, 'q')).toMatchObject({
      ...{ positionId: 'q', ticket: 7, symbol: 'X', side: 'short', quantity: '3' },
      ...{ state: 'guarded', entryPrice: '100', openedAt: w.clock.now(), exits: {} },
    });
    expect(w.harness.eventNames('a').filter((name) => name === 'position.tracked')).toHaveLength(2);
    expect(await reconcile(w)).toMatchObject({ drifts: [] });
    expect(await driftStory(w)).toEqual(['+ unknown_here q - 3', '- unknown_here q - 3']);
    await w.close('q');
    expect(w.balance()).toBe('997');
    expect(w.provider.held.has('q')).toBe(false);
  });

  test('close: it is tracked, and closed at the provider', async () => {
    const w = await under('close');
    opened(w, q);
    await reconcile(w);
    await w.run(100);
    expect(await all(w)).toEqual([untouched, 'q short closed 0 100']);
    expect(w.sent('q')).toEqual(['1:3']);
    expect(w.sent('p')).toEqual([]);
    expect(w.balance()).toBe('997');
    await reconcile(w);
    expect(standing(w)).toEqual([]);
  });

  test.each(['adopt', 'close'] as const)(
    '%s: without an id of its own it has one here',
    async (policy) => {
      const w = await under(policy);
      const { positionId: _none, ...row } = q;
      lists(w, theirs, row);
      await reconcile(w);
      const { items } = await w.ask('a.position.list', { state: 'all' });
      expect(items).toMatchObject([{ positionId: 'p' }, { ticket: 7, quantity: '3' }]);
    },
  );

  test.each(['adopt', 'close'] as const)(
    '%s: an id that was used is not used again',
    async (policy) => {
      const w = await under(policy);
      await w.close('p');
      opened(w, { ...theirs, ticket: 'p2' });
      await reconcile(w);
      await w.run(100);
      const { items } = await w.ask('a.position.list', { state: 'all' });
      const [first, second] = items as Record<string, string>[];
      expect(first).toMatchObject({ positionId: 'p', state: 'closed' });
      expect(second).toMatchObject({ ticket: 'p2' });
      expect(second?.['positionId']).not.toBe('p');
    },
  );

  test.each(['adopt', 'close'] as const)(
    '%s: of a symbol that is no instrument it is alarmed, and told once',
    async (policy) => {
      const w = await under(policy);
      lists(w, theirs, { ...q, symbol: 'ZZZ' });
      for (let i = 0; i < 3; i++) await reconcile(w);
      expect(await all(w)).toEqual([untouched]);
      expect(standing(w)).toEqual(['unknown_here q - 3']);
      expect(await driftStory(w)).toEqual(['+ unknown_here q - 3']);
      await w.ask('_.instrument.put', { symbol: 'ZZZ', quoteCurrency: 'USD' });
      await reconcile(w);
      expect(await position(w, 'q')).toMatchObject({ symbol: 'ZZZ' });
    },
  );

  test.each(['adopt', 'close'] as const)(
    '%s: a row that contradicts one of ours is told, and no more',
    async (policy) => {
      const w = await under(policy);
      lists(w, theirs, { ...theirs, quantity: '5' }, { ...theirs, ticket: 'p-again' });
      await reconcile(w);
      await w.run(100);
      expect(await all(w)).toEqual([untouched]);
      expect(w.sent()).toEqual([]);
      expect(standing(w).every((line) => line.startsWith('unknown_here'))).toBe(true);
      expect(standing(w).length).toBeGreaterThan(0);
    },
  );

  test.each(['adopt', 'close'] as const)(
    '%s: a position of another account is its own',
    async (policy) => {
      const w = await startReconciled({
        route: { driftPolicy: policy },
        settings: {
          accounts: [
            { accountId: 'a', currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' },
            { accountId: 'b', currency: 'USD', balance: 1000, mode: 'LIVE', route: 'demo' },
          ],
        },
      });
      w.provider.balances.set('b', decimal(1000));
      await w.open('q', { accountId: 'b' });
      await reconcile(w, 'a');
      await reconcile(w, 'b');
      expect(w.stateOf('q')).toBe('guarded');
      expect(await driftStory(w)).toEqual([]);
    },
  );
});

describe('quantity', () => {
  test.each([
    { quantity: '0.5', name: 'less' },
    { quantity: '3.5', name: 'more' },
  ])('adopt takes over $name', async ({ quantity }) => {
    const w = await under('adopt');
    w.provider.held.set('p', { ...w.provider.held.get('p')!, quantity });
    await reconcile(w);
    expect(await position(w)).toMatchObject({ state: 'guarded', remainingQuantity: quantity });
    await reconcile(w);
    expect(standing(w)).toEqual([]);
    w.quote(89);
    await w.run(100);
    expect(w.sent()).toEqual([`1:${quantity}`]);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.balance()).toBe(String(1000 - Number(quantity)));
  });

  test('close closes what is there', async () => {
    const w = await under('close');
    w.provider.held.set('p', { ...w.provider.held.get('p')!, quantity: '0.5' });
    await reconcile(w);
    await w.run(100);
    expect(w.sent()).toEqual(['1:0.5']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.provider.held.size).toBe(0);
    const [, closed] = await w.rows();
    expect(closed?.metaData).toMatchObject({ closeReason: 'drift' });
  });

  test('what is taken over is so after a restart, and equity goes by it', async () => {
    const w = await under('adopt');
    lists(w, { ...theirs, quantity: '4', entryPrice: '99' });
    await reconcile(w);
    expect(await w.ask('a.account.get')).toMatchObject({ equity: '1004' });
    await w.killAndRestart();
    expect(await position(w)).toMatchObject({ remainingQuantity: '4', entryPrice: '99' });
  });
});

describe('side', () => {
  const short: BrokerPosition = { ...theirs, side: 'short' };

  test('adopt: ours is over without an order, theirs is guarded under another id', async () => {
    const w = await under('adopt');
    lists(w, short);
    await reconcile(w);
    const [first, second] = await all(w);
    expect(first).toBe('p long closed 0 100');
    expect(second).toMatch(/^\S+ short guarded 2 100$/);
    expect(w.sent()).toEqual([]);
    await reconcile(w);
    expect(standing(w)).toEqual([]);
  });

  test('close: theirs is closed on its own side', async () => {
    const w = await under('close');
    lists(w, short);
    await reconcile(w);
    await w.run(100);
    expect(w.provider.received).toMatchObject([{ ticket: 'p', side: 'short', quantity: '2' }]);
    expect(w.provider.received).toHaveLength(1);
  });
});

describe('price', () => {
  test.each([
    { policy: 'adopt' as const, entryPrice: '90' },
    { policy: 'close' as const, entryPrice: '100' },
  ])('$policy: the entry price is $entryPrice', async ({ policy, entryPrice }) => {
    const w = await under(policy);
    lists(w, { ...theirs, entryPrice: '90' });
    await reconcile(w);
    expect(await position(w)).toMatchObject({ entryPrice, state: 'guarded' });
    expect(w.sent()).toEqual([]);
  });
});

describe('stop and target', () => {
  async function bracketed(policy: Policy): Promise<LiveWorld> {
    const w = await startReconciled({ route: { driftPolicy: policy } });
    const exits = { stopLoss: 90, takeProfit: 110 };
    await w.open('p', { stopLossId: 'sl-1', takeProfitId: 'tp-1', exits });
    return w;
  }

  test('adopt moves the levels to where the orders stand, and they act there', async () => {
    const w = await bracketed('adopt');
    const orders = ordersAre(
      { orderId: 'sl-1', triggerPrice: '95' },
      { orderId: 'tp-1', price: '105' },
    );
    w.play({ orders: [orders] });
    await reconcile(w);
    expect(await position(w)).toMatchObject({ exits: { stopLoss: '95', takeProfit: '105' } });
    w.quote(94);
    await w.run(100);
    expect(w.sent()).toEqual(['1:2']);
  });

  test('adopt keeps a level that has no order there', async () => {
    const w = await bracketed('adopt');
    w.play({ orders: [ordersAre()] });
    await reconcile(w);
    expect(await position(w)).toMatchObject({ exits: { stopLoss: '90', takeProfit: '110' } });
    expect(standing(w)).toEqual(['stop p 90 -', 'target p 110 -']);
  });

  test('close leaves them', async () => {
    const w = await bracketed('close');
    w.play({ orders: [ordersAre({ orderId: 'sl-1', triggerPrice: '95' })] });
    await reconcile(w);
    expect(await position(w)).toMatchObject({ exits: { stopLoss: '90' }, state: 'guarded' });
  });
});

describe('balance', () => {
  test.each([
    { policy: 'alarm' as const, balance: '1000' },
    { policy: 'adopt' as const, balance: '1234.56' },
    { policy: 'close' as const, balance: '1000' },
  ])('$policy: the balance is $balance', async ({ policy, balance }) => {
    const w = await under(policy);
    w.play({ orders: [ordersAre()], account: [says({ currency: 'USD', balance: '1234.56' })] });
    await reconcile(w);
    await reconcile(w);
    expect(w.balance()).toBe(balance);
    expect(standing(w)).toEqual(policy === 'adopt' ? [] : ['balance 1000 1234.56']);
    const adjusted = (await w.rows()).filter((row) => row.eventType === 'account_adjusted');
    expect(adjusted.map((row) => row.metaData)).toMatchObject(
      policy === 'adopt' ? [{ amount: '234.56', reason: 'drift', by: 'reconciliation' }] : [],
    );
  });

  test.each(policies)(
    '%s: another currency is told, and nothing else is done about it',
    async (policy) => {
      const w = await under(policy);
      w.play({ orders: [ordersAre()], account: [says({ currency: 'EUR', balance: '5' })] });
      await reconcile(w);
      expect(w.balance()).toBe('1000');
      expect(standing(w)).toEqual(['currency USD EUR']);
    },
  );
});

test.each(policies)(
  '%s: another symbol is told, and nothing else is done about it',
  async (policy) => {
    const w = await under(policy);
    lists(w, { ...theirs, symbol: 'Y' });
    await reconcile(w);
    await w.run(100);
    expect(await all(w)).toEqual([untouched]);
    expect(w.sent()).toEqual([]);
  },
);

test.each(['adopt', 'close'] as const)(
  '%s: a position whose close is under way is left to its close',
  async (policy) => {
    const w = await under(policy);
    w.play({
      orders: [ordersAre()],
      close: [says({ status: 'pending' })],
      query: [says({ status: 'pending' })],
      positions: [positionsAre()],
    });
    void w.ask('a.position.close', { positionId: 'p' });
    await w.run(100);
    await reconcile(w);
    expect(w.stateOf('p')).toBe('closing pending');
    expect(await driftStory(w)).toEqual([]);
  },
);

test('the policy is that of the route as it is now', async () => {
  const w = await under('alarm');
  lists(w, { ...theirs, quantity: '1' });
  await reconcile(w);
  expect(await position(w)).toMatchObject({ remainingQuantity: '2' });
  await w.ask('_.route.put', { route: 'demo', driftPolicy: 'adopt' });
  await reconcile(w);
  expect(await position(w)).toMatchObject({ remainingQuantity: '1' });
  w.play({ positions: [answers] });
  expect(await driftStory(w)).toEqual(['+ quantity p 2 1']);
});
