// What a reconciliation has found and a due close: nothing is sent for what is not there, no more
// than is there, and never on the other side.
import { describe, expect, test } from 'vitest';
import type { LiveWorld } from './live-world.ts';
import { lists, reconcile, standing, startReconciled, theirs } from './reconciliation-world.ts';

interface Way {
  readonly name: string;
  readonly due: (w: LiveWorld) => Promise<void>;
}

const ways: Way[] = [
  {
    name: 'a stop',
    due: async (w) => {
      w.quote(99);
      await w.run(3000);
    },
  },
  {
    name: 'an operator',
    due: async (w) => void (await w.close('p')),
  },
  {
    name: 'a guard',
    due: async (w) => {
      const body = { positionId: 'p', guardType: 'market', triggerReason: 'gap' };
      await w.settled(w.ask('a.position.close-if-triggered', body));
    },
  },
  {
    name: 'everything at once',
    due: async (w) => void (await w.settled(w.ask('a.account.close-all', { reason: 'flat' }))),
  },
];

async function drifted(row: object | undefined, more: object = {}): Promise<LiveWorld> {
  const w = await startReconciled();
  await w.open('p', { exits: { stopLoss: 99.5 }, ...more });
  lists(w, ...(row === undefined ? [] : [row]));
  await reconcile(w);
  return w;
}

describe.each([
  { ids: 'by ticket', more: {}, row: theirs },
  { ids: 'without a ticket', more: { ticket: undefined }, row: { ...theirs, ticket: 77 } },
])('$ids', ({ more, row }) => {
  test.each(ways)(
    'gone there: $name closes it as a success, and nothing is sent',
    async ({ due }) => {
      const w = await drifted(undefined, more);
      w.provider.held.clear();
      await due(w);
      expect(w.stateOf('p')).toBe('closed');
      expect(w.sent()).toEqual([]);
      const [, closed] = await w.rows();
      expect(closed).toMatchObject({ eventType: 'position_closed', status: 0 });
      expect(closed?.metaData).not.toHaveProperty('pnl');
      expect(closed?.metaData).not.toHaveProperty('closedPrice');
      expect(w.balance()).toBe('1000');
    },
  );

  test.each(ways)('less there: $name sends no more than that', async ({ due }) => {
    const w = await drifted({ ...row, quantity: '0.75' }, more);
    w.provider.held.set('p', { ...w.provider.held.get('p')!, quantity: '0.75' });
    await due(w);
    expect(w.sent()).toEqual(['1:0.75']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.balance()).toBe('999.25');
  });

  test.each(ways)('more there: $name sends what is here', async ({ due }) => {
    const w = await drifted({ ...row, quantity: '3' }, more);
    await due(w);
    expect(w.sent()).toEqual(['1:2']);
  });

  test.each(ways)('on the other side there: $name never sends it', async ({ due }) => {
    const w = await drifted({ ...row, side: 'short' }, more);
    await due(w);
    await w.run(60_000, 500);
    expect(w.sent()).toEqual([]);
    expect(w.provider.calls).not.toContain('close');
    expect(w.stateOf('p')).not.toBe('closed');
  });
});

test('what is there again is sent, once that was seen', async () => {
  const w = await drifted(undefined);
  expect(standing(w)).toEqual(['unknown_there p 2 -']);
  lists(w, theirs);
  await reconcile(w);
  expect(standing(w)).toEqual([]);
  w.quote(99);
  await w.run(100);
  expect(w.sent()).toEqual(['1:2']);
});

test('on the right side again it is sent, once that was seen', async () => {
  const w = await drifted({ ...theirs, side: 'short' });
  w.quote(99);
  await w.run(60_000, 500);
  expect(w.sent()).toEqual([]);
  lists(w, theirs);
  await reconcile(w);
  expect(standing(w)).toEqual([]);
  await w.run(60_000, 500);
  expect(w.sent()).toHaveLength(1);
  expect(w.stateOf('p')).toBe('closed');
});
