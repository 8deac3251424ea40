// The guard of a market: two conditions side by side.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import { marketGuardMachine, type MarketGuardEvent } from '#machines/market-guard.machine';
import { conditions, type Condition, type ConditionLevel } from '#src/domain/market-conditions';
import { stepOf } from './step.ts';

const input = { symbol: 'S' };
const watching = (gap: string, spread: string) => ({ watching: { gap, spread } });
const held = (condition: Condition, level: ConditionLevel): MarketGuardEvent => ({
  type: `${condition}.held`,
  level,
  measured: '6',
});

test('it starts calm', () => {
  const [snapshot, actions] = initialTransition(marketGuardMachine, input);
  expect(snapshot.value).toEqual(watching('calm', 'calm'));
  expect(snapshot.context).toEqual(input);
  expect(actions).toEqual([]);
});

test('it starts as an actor, and ends when it is removed', () => {
  const actor = createActor(marketGuardMachine, { input }).start();
  actor.send(held('gap', 'warning'));
  actor.send(held('spread', 'critical'));
  expect(actor.getSnapshot().value).toEqual(watching('warning', 'critical'));
  actor.send({ type: 'guard.removed' });
  expect(actor.getSnapshot().status).toBe('done');
});

const both = ['recordChange', 'closePositions'];

test.each(conditions)(
  '%s rises, stays critical until it has cleared, and closes whenever it holds',
  (condition) => {
    const other = condition === 'gap' ? 'spread' : 'gap';
    const valueOf = (level: string): StateValue => ({
      watching: { [condition]: level, [other]: 'warning' },
    });
    const table: [string, MarketGuardEvent, string, string[]][] = [
      ['calm', held(condition, 'warning'), 'warning', both],
      ['calm', held(condition, 'critical'), 'critical', both],
      ['calm', { type: `${condition}.cleared` }, 'calm', []],
      ['warning', held(condition, 'warning'), 'warning', ['closePositions']],
      ['warning', held(condition, 'critical'), 'critical', both],
      ['warning', { type: `${condition}.cleared` }, 'calm', ['recordChange']],
      ['critical', held(condition, 'warning'), 'critical', ['closePositions']],
      ['critical', held(condition, 'critical'), 'critical', ['closePositions']],
      ['critical', { type: `${condition}.cleared` }, 'calm', ['recordChange']],
    ];
    for (const [from, event, to, actions] of table) {
      const step = stepOf(marketGuardMachine, valueOf(from), event, input);
      expect([from, event, step]).toEqual([
        from,
        event,
        { value: valueOf(to), actions, isDone: false },
      ]);
    }
  },
);

test.each([
  ['calm', 'calm'],
  ['warning', 'critical'],
])('a guard that is removed while %s / %s hears nothing more', (gap, spread) => {
  const removed = stepOf(
    marketGuardMachine,
    watching(gap, spread),
    { type: 'guard.removed' },
    input,
  );
  expect(removed).toEqual({ value: 'removed', actions: [], isDone: true });
  expect(stepOf(marketGuardMachine, 'removed', held('gap', 'critical'), input).actions).toEqual([]);
});
