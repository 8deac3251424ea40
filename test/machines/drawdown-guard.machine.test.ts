// The guard of an account.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import { drawdownGuardMachine, type DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import { decimal } from '#src/domain/money';
import { levelsOf, ruleOf } from '#src/domain/rules';
import { stepOf } from './step.ts';

const rule = ruleOf({ id: 'r', anchor: 'peakEquity', limitPct: 20 });
const finding = { rule, levels: levelsOf(rule, decimal(10000)) };
const observed = '8000';

const events: Record<string, DrawdownGuardEvent> = {
  warned: { type: 'rule.warned', finding, observed },
  recoveredOne: { type: 'rules.recovered', ruleIds: ['r'], observed, isLast: false },
  recoveredLast: { type: 'rules.recovered', ruleIds: ['r'], observed, isLast: true },
  breached: { type: 'rule.breached', finding, observed },
  settled: { type: 'closes.settled' },
  halted: { type: 'account.halted' },
  resumed: { type: 'account.resumed' },
};

const byOperator = { halted: 'byOperator' };
const byBreach = { halted: 'byBreach' };

test('it starts normal', () => {
  const [snapshot, actions] = initialTransition(drawdownGuardMachine, { accountId: 'a' });
  expect(snapshot.value).toBe('normal');
  expect(snapshot.context).toEqual({ accountId: 'a' });
  expect(actions).toEqual([]);
});

test('it starts as an actor, and goes through a breach and back', () => {
  const actor = createActor(drawdownGuardMachine, { input: { accountId: 'a' } }).start();
  const values = ['warned', 'breached', 'settled', 'resumed'].map((name) => {
    actor.send(events[name] as DrawdownGuardEvent);
    return actor.getSnapshot().value;
  });
  expect(values).toEqual(['warning', 'closing', byBreach, 'normal']);
});

/** Every event in every state; what is not named leads nowhere. */
test.each<[StateValue, Record<string, [StateValue, string[]]>]>([
  [
    'normal',
    {
      warned: ['warning', ['recordWarning']],
      breached: ['closing', ['recordBreach', 'closeAll']],
      halted: [byOperator, []],
    },
  ],
  [
    'warning',
    {
      warned: ['warning', ['recordWarning']],
      recoveredOne: ['warning', ['recordRecovery']],
      recoveredLast: ['normal', ['recordRecovery']],
      breached: ['closing', ['recordBreach', 'closeAll']],
      halted: [byOperator, []],
    },
  ],
  ['closing', { settled: [byBreach, ['recordSettled']] }],
  [
    byOperator,
    {
      warned: [byOperator, ['recordWarning']],
      recoveredOne: [byOperator, ['recordRecovery']],
      recoveredLast: [byOperator, ['recordRecovery']],
      breached: ['closing', ['recordBreach', 'closeAll']],
      resumed: ['normal', []],
    },
  ],
  [byBreach, { resumed: ['normal', []] }],
])('from %j', (from, steps) => {
  for (const [name, event] of Object.entries(events)) {
    const { value, actions } = stepOf(drawdownGuardMachine, from, event, { accountId: 'a' });
    expect([name, value, actions]).toEqual([name, ...(steps[name] ?? [from, []])]);
  }
});
