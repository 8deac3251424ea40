// What a reconciliation has found is a reason to look again before a close, and never one to close
// less: the list may have lagged, and time has passed since.
import { describe, expect, test } from 'vitest';
import { answers, lost, says, unreachable, type LiveWorld } from './live-world.ts';
import { lists, ordersAre, reconcile, startReconciled, theirs } from './reconciliation-world.ts';

const stop = { exits: { stopLoss: 99.5 } };
const none = says({ complete: true, positions: [] });

/** A list that lagged, or that was mistaken: all of the position is open there. */
async function mistaken(...rows: object[]): Promise<LiveWorld> {
  const w = await startReconciled();
  await w.open('p', stop);
  lists(w, ...rows);
  await reconcile(w);
  return w;
}

describe.each([
  { name: 'nothing of it there', rows: [] },
  { name: 'less of it there', rows: [{ ...theirs, quantity: '0.5' }] },
])('a list once had $name', ({ rows }) => {
  test.each([
    { name: 'and now has all of it', positions: answers },
    { name: 'and cannot be had', positions: unreachable },
    { name: 'and does not come', positions: lost },
    { name: 'and is none', positions: says('what?') },
    { name: 'and is not complete', positions: says({ complete: false, positions: [] }) },
    { name: 'and is not there any more', positions: says({ status: 'unsupported' }) },
  ])('$name: all of it is closed', async ({ positions }) => {
    const w = await mistaken(...rows);
    w.play({ positions: [positions], orders: [ordersAre()] });
    w.quote(99);
    await w.run(4000);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.stateOf('p')).toBe('closed');
    expect(w.provider.held.size).toBe(0);
    expect(w.balance()).toBe('998');
  });

  test('it is asked again after a restart, too', async () => {
    const w = await mistaken(...rows);
    w.play({ positions: [unreachable], orders: [unreachable], account: [unreachable] });
    await w.run(60_000, 1000);
    await w.killAndRestart();
    w.play({});
    w.quote(99);
    await w.run(3000);
    expect(w.sent()).toEqual(['1:2']);
    expect(w.provider.held.size).toBe(0);
  });
});

test('the intent is on record before the list is asked for, and nothing is sent where it is gone', async () => {
  const w = await mistaken();
  w.provider.held.clear();
  w.play({ positions: [none], orders: [ordersAre()] });
  const before = w.provider.calls.length;
  w.quote(99);
  await w.run(1000);
  expect(w.provider.calls[before]).toBe('positions');
  expect(w.provider.calls).not.toContain('close');
  expect(w.stateOf('p')).toBe('closed');
  expect(w.sent()).toEqual([]);
  const kinds = w.journal.log.filter((type) => type.startsWith('close.'));
  expect(kinds).toEqual(['close.intended', 'close.filled']);
});

test('on the other side in the list that was asked for, it is not sent', async () => {
  const w = await mistaken();
  lists(w, { ...theirs, side: 'short' });
  w.quote(99);
  await w.run(20_000, 100);
  expect(w.sent()).toEqual([]);
  expect(w.stateOf('p')).toBe('closing sending');
});
