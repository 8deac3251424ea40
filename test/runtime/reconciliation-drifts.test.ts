// What reconciliation tells: each difference once, with both values, and that it is over.
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../support/fake-provider.ts';
import { answers, lost, says, unreachable, type LiveWorld, type Script } from './live-world.ts';
import {
  driftStory,
  lists,
  ordersAre,
  positionsAre,
  reconcile,
  standing,
  startReconciled,
  theirs,
  told,
} from './reconciliation-world.ts';

const orders = [ordersAre()];

interface Case {
  readonly drift: string;
  /** Another value of theirs, where it has one. */
  readonly changed?: { readonly script: Script; readonly drift: string };
  readonly script: Script;
}

const cases: Case[] = [
  { drift: 'unknown_there p 2 -', script: { positions: [positionsAre()], orders } },
  {
    drift: 'unknown_here q - 3',
    script: {
      positions: [positionsAre(theirs, { ...theirs, ticket: 'q', positionId: 'q', quantity: '3' })],
      orders,
    },
    changed: {
      drift: 'unknown_here q - 4',
      script: {
        positions: [
          positionsAre(theirs, { ...theirs, ticket: 'q', positionId: 'q', quantity: '4' }),
        ],
        orders,
      },
    },
  },
  {
    drift: 'quantity p 2 1.5',
    script: { positions: [positionsAre({ ...theirs, quantity: '1.50' })], orders },
    changed: {
      drift: 'quantity p 2 1',
      script: { positions: [positionsAre({ ...theirs, quantity: 1 })], orders },
    },
  },
  {
    drift: 'side p long short',
    script: { positions: [positionsAre({ ...theirs, side: 'short' })], orders },
  },
  {
    drift: 'price p 100 100.2',
    script: { positions: [positionsAre({ ...theirs, entryPrice: '100.2' })], orders },
    changed: {
      drift: 'price p 100 99',
      script: { positions: [positionsAre({ ...theirs, entryPrice: '99' })], orders },
    },
  },
  {
    drift: 'symbol p X Y',
    script: { positions: [positionsAre({ ...theirs, symbol: 'Y' })], orders },
  },
  {
    drift: 'stop p 90 89',
    script: { orders: [ordersAre({ orderId: 'sl-1', triggerPrice: '89' })] },
    changed: { drift: 'stop p 90 -', script: { orders: [ordersAre()] } },
  },
  {
    drift: 'target p 110 111',
    script: {
      orders: [
        ordersAre({ orderId: 'sl-1', triggerPrice: '90' }, { orderId: 'tp-1', price: '111' }),
      ],
    },
  },
  {
    drift: 'balance 1000 990.5',
    script: { account: [says({ currency: 'USD', balance: '990.50' })], orders },
    changed: {
      drift: 'balance 1000 0',
      script: { account: [says({ currency: 'USD', balance: 0 })], orders },
    },
  },
  {
    drift: 'currency USD EUR',
    script: { account: [says({ currency: 'EUR', balance: '1000' })], orders },
  },
];

/** All is as it is here. */
const same: Script = {
  orders: [ordersAre({ orderId: 'sl-1', triggerPrice: '90' }, { orderId: 'tp-1', price: '110' })],
};

async function world(drift: string): Promise<LiveWorld> {
  const w = await startReconciled();
  const hasLevels = /^(stop|target)/.test(drift);
  await w.open('p', {
    ...(hasLevels && {
      ...{ stopLossId: 'sl-1', takeProfitId: 'tp-1' },
      exits: { stopLoss: 90, takeProfit: 110 },
    }),
  });
  return w;
}

describe('each difference is told once as a row and an event, again when its values change, and when it is over', () => {
  test.each(cases)('$drift', async ({ drift, script, changed }) => {
    const w = await world(drift);
    w.play(script);
    const first = await reconcile(w);
    expect(told(first.drifts)).toContain(drift);
    expect(first).toMatchObject({ accountId: 'a', ranAt: w.clock.now(), complete: true });
    await reconcile(w);
    await w.killAndRestart();
    await reconcile(w);

    const rows = (await w.rows()).filter((row) => row.eventType === 'drift_detected');
    const [kind, ...values] = drift.split(' ');
    const own = rows.filter((row) => row.metaData['kind'] === kind);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({
      userId: 'a',
      status: 1,
      description: `Account a drift: ${kind}`,
    });
    const { ours = '-', theirs: other = '-', policy, route } = own[0]?.metaData ?? {};
    expect([ours, other]).toEqual(values.slice(-2));
    expect({ policy, route }).toEqual({ policy: 'alarm', route: 'demo' });

    // Where there is no other value of theirs, it is told no more.
    w.play(changed?.script ?? script);
    expect(told((await reconcile(w)).drifts)).toContain(changed?.drift ?? drift);
    await reconcile(w);
    w.play(same);
    expect((await reconcile(w)).drifts).toEqual([]);
    expect(standing(w)).toEqual([]);
    const story = (await driftStory(w)).filter((line) => line.split(' ')[1] === kind);
    const last = changed?.drift ?? drift;
    const again = changed === undefined ? [] : [`+ ${changed.drift}`];
    expect(story).toEqual([`+ ${drift}`, ...again, `- ${last}`]);
    expect(w.sent()).toEqual([]);
  });

  test('its event carries what the row does', async () => {
    const w = await world('quantity');
    lists(w, { ...theirs, quantity: '1' });
    await reconcile(w);
    const events = w.harness.events.filter(({ event }) => event === 'drift.detected');
    expect(events).toMatchObject([
      { accountId: 'a', kind: 'quantity', positionId: 'p', ours: '2', theirs: '1', ticket: 'p' },
    ]);
  });

  test.each([
    { name: 'entry prices a tenth of a percent apart', more: { entryPrice: '100.1' } },
    { name: 'a number as a number', more: { quantity: 2, entryPrice: 100 } },
  ])('$name are no difference', async ({ more }) => {
    const w = await world('');
    lists(w, { ...theirs, ...more });
    expect((await reconcile(w)).drifts).toEqual([]);
  });
});

describe('what was not told is not flat', () => {
  const missing: Record<string, Script> = {
    'a list that is not complete': {
      positions: [says({ complete: false, positions: [] })],
      orders,
    },
    'a list that does not say that it is complete': {
      positions: [says({ positions: [] })],
      orders,
    },
    'a list with a row that is none': {
      positions: [positionsAre({ ...theirs, ticket: -1 })],
      orders,
    },
    'no list': { positions: [says({ status: 'unsupported' })], orders },
    'no reply': { positions: [lost], orders },
    'a reply that is none': { positions: [says('nothing')], orders },
    'a failure': { positions: [{ kind: 'fail', executes: false }], orders },
    'nobody there': {
      positions: [unreachable],
      orders: [unreachable],
      account: [unreachable],
    },
  };
  test.each(Object.entries(missing))('%s', async (_name, script) => {
    const w = await world('');
    w.play(script);
    const answer = await reconcile(w);
    expect(answer.drifts).toEqual([]);
    expect(await driftStory(w)).toEqual([]);
    expect(w.stateOf('p')).toBe('guarded');
    // A close that is due meanwhile is sent.
    w.play({});
    await w.close('p');
    expect(w.sent()).toEqual(['1:2']);
  });

  test.each(Object.entries(missing))(
    '%s: nothing that stands is over by it',
    async (_name, script) => {
      const w = await world('');
      lists(w, { ...theirs, quantity: '1' });
      await reconcile(w);
      w.play(script);
      await reconcile(w);
      expect(standing(w)).toEqual(['quantity p 2 1']);
    },
  );

  test('a balance that was not told leaves its difference standing', async () => {
    const w = await world('');
    w.play({ account: [says({ currency: 'USD', balance: '1' })], orders });
    await reconcile(w);
    w.play({ account: [lost], orders });
    const answer = await reconcile(w);
    expect(answer).toMatchObject({ complete: false, error: expect.stringContaining('account') });
    expect(standing(w)).toEqual(['balance 1000 1']);
  });

  test('orders that were not told leave their difference standing, and positions are over', async () => {
    const w = await world('stop');
    w.play({
      positions: [positionsAre({ ...theirs, quantity: '1' })],
      orders: [ordersAre({ orderId: 'sl-1', triggerPrice: '89' })],
    });
    await reconcile(w);
    expect(standing(w)).toEqual(['quantity p 2 1', 'stop p 90 89', 'target p 110 -']);
    // The provider never tells all of its orders: that keeps no other difference standing.
    w.play({ orders: [says({ complete: false, orders: [] })] });
    await reconcile(w);
    expect(standing(w)).toEqual(['stop p 90 89', 'target p 110 -']);
  });

  test('a list that is not complete shows what is in it', async () => {
    const w = await world('');
    lists(w);
    await reconcile(w);
    expect(standing(w)).toEqual(['unknown_there p 2 -']);
    const row = { ...theirs, quantity: '1' };
    w.play({ positions: [says({ complete: false, positions: [row] })], orders });
    await reconcile(w);
    expect(standing(w)).toEqual(['quantity p 2 1']);
  });
});

describe('a provider that has not all calls', () => {
  test.each<[string, Script, boolean]>([
    ['orders and account unsupported', { orders: [says({ status: 'unsupported' })] }, true],
    ['nobody takes orders', { orders: [unreachable], account: [unreachable] }, true],
    ['nobody takes positions', { positions: [unreachable], orders }, false],
    ['positions unsupported', { positions: [says({ status: 'unsupported' })], orders }, false],
    ['not all positions', { positions: [says({ complete: false, positions: [] })], orders }, false],
    ['not all orders', { orders: [says({ complete: false, orders: [] })] }, false],
    ['orders fail', { orders: [{ kind: 'fail', executes: false }] }, false],
  ])('%s: complete is %j', async (_name, script, complete) => {
    const w = await world('');
    w.play({ ...script });
    expect(await reconcile(w)).toMatchObject({ complete, drifts: [] });
  });
});

describe('what changes while the provider is asked is not judged by its answer', () => {
  /** The provider answers late, with what it knew when it was asked, or with `says`. */
  const late = (ms: number): Behaviour => ({ kind: 'late', ms, executes: 'first' });

  async function asked(script: Script): Promise<{ w: LiveWorld; answer: Promise<unknown> }> {
    const w = await world('');
    w.play({ orders, ...script });
    const answer = w.ask('a.reconciliation.run');
    await w.run(100);
    return { w, answer };
  }

  test('a position that is tracked meanwhile is not missing there', async () => {
    const { w, answer } = await asked({ positions: [late(500)] });
    await w.open('q', { isThere: false });
    expect(await w.settled(answer)).toMatchObject({ accounts: [{ drifts: [] }] });
    expect(await driftStory(w)).toEqual([]);
  });

  test('a position that is closed meanwhile is not unknown here, and its P&L is no difference', async () => {
    const { w, answer } = await asked({ positions: [late(500)], account: [late(500)] });
    await w.close('p');
    expect(w.stateOf('p')).toBe('closed');
    expect(await w.settled(answer)).toMatchObject({ accounts: [{ drifts: [] }] });
    expect(await driftStory(w)).toEqual([]);
    expect((await reconcile(w)).drifts).toEqual([]);
  });

  test('a balance that an operator adjusts meanwhile is no difference', async () => {
    const { w, answer } = await asked({ account: [late(500)] });
    await w.settled(w.ask('a.account.adjust', { amount: 100, reason: 'deposit' }));
    expect(await w.settled(answer)).toMatchObject({ accounts: [{ drifts: [] }] });
    expect(await driftStory(w)).toEqual([]);
  });

  test('what stands of a position that is closing goes on standing', async () => {
    const w = await world('');
    lists(w, { ...theirs, side: 'short' });
    await reconcile(w);
    expect(standing(w)).toEqual(['side p long short']);
    void w.ask('a.position.close', { positionId: 'p', reason: 'risk' });
    await w.run(20);
    expect(w.stateOf('p')).toMatch(/^closing/);
    await reconcile(w);
    expect(standing(w)).toEqual(['side p long short']);
    await w.run(10_000);
    expect(w.sent()).toEqual([]);
  });

  test('a balance difference is not told anew because a close was under way in between', async () => {
    const w = await world('');
    w.play({
      account: [says({ currency: 'USD', balance: '1' })],
      orders,
      close: [lost],
      query: [lost],
    });
    await reconcile(w);
    void w.ask('a.position.close', { positionId: 'p' });
    await w.run(20);
    await reconcile(w);
    expect(standing(w)).toEqual(['balance 1000 1']);
    expect(await driftStory(w)).toEqual(['+ balance 1000 1']);
  });

  test('differences of a position that is closed are over', async () => {
    const w = await world('');
    lists(w, { ...theirs, entryPrice: '90' });
    await reconcile(w);
    w.play({ orders, positions: [answers] });
    await w.close('p');
    await reconcile(w);
    expect(standing(w)).toEqual([]);
  });
});
