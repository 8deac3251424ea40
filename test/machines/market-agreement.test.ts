// The conditions that records add up to and the machine that found them say the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { marketGuardValue } from '#actors/market-guard.actor';
import { marketGuardMachine } from '#machines/market-guard.machine';
import {
  conditions,
  guardOf,
  type Condition,
  type ConditionLevel,
} from '#src/domain/market-conditions';
import { Story } from '../domain/story.ts';
import { Stepper } from './step.ts';

type MarketStep = { condition: Condition; level: ConditionLevel | 'clear' };

const marketStep: fc.Arbitrary<MarketStep> = fc.record({
  condition: fc.constantFrom(...conditions),
  level: fc.constantFrom('warning' as const, 'critical' as const, 'clear' as const),
});

test('the conditions of a market are those of its guard, after every event', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(marketStep, { maxLength: 30 }), (steps) => {
      const guard = guardOf({ symbol: 'S' });
      const story = new Story().tell({ type: 'guard.put', accountId: '_', body: { guard } });
      const machine = new Stepper(marketGuardMachine, { symbol: 'S' });
      for (const { condition, level } of steps) {
        const actions = machine.send(
          level === 'clear'
            ? { type: `${condition}.cleared` }
            : { type: `${condition}.held`, level, measured: '6' },
        );
        const limit = '5';
        if (actions.includes('recordChange')) {
          const body = { symbol: 'S', condition, level, limit };
          story.tell({ type: 'market.changed', accountId: '_', body });
        }
        const held = story.state.guards.get('S');
        const value = held && marketGuardValue(held);
        expect(machine.snapshot.value).toEqual(value);
        seen.add(JSON.stringify(value));
      }
    }),
    { numRuns: 300 },
  );
  expect(seen.size).toBe(9);
});
