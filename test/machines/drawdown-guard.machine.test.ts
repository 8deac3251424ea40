// The guard of an account.
import { expect, test } from 'vitest';
import { createActor, initialTransition, type StateValue } from 'xstate';
import { drawdownGuardMachine, type DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import type { RuleFinding } from '#src/domain/judge';
import { decimal } from '#src/domain/money';
import { levelsOf } from '#src/domain/rule-levels';
import { ruleOf, type RuleSpec } from '#src/domain/rules';
import { stepOf } from './step.ts';

const standing = { peak: decimal(100), initialBalance: decimal(100), anchors: new Map() };

function findingOf(given: Partial<RuleSpec>): RuleFinding {
  const rule = ruleOf({ id: 'r', anchor: 'peakEquity', limitPct: 20, ...given });
  return { rule, levels: levelsOf(rule, standing) };
}

function breached(given: Partial<RuleSpec>, warns = true): DrawdownGuardEvent {
  return { type: 'rule.breached', finding: findingOf(given), also: [], observed: '80', warns };
}

const margin = { anchor: 'marginLevel', action: 'reduce' } as const;
const told = { ruleIds: ['r'], observed: '80' };

const events: Record<string, DrawdownGuardEvent> = {
  warned: { type: 'rule.warned', finding: findingOf({}), observed: '80' },
  recoveredOne: { type: 'rules.recovered', ...told, isLast: false },
  recoveredLast: { type: 'rules.recovered', ...told, isLast: true },
  restored: { type: 'rules.restored', ...told },
  closes: breached({}),
  closesLater: breached({ graceSeconds: 5 }),
  haltsEntries: breached({ action: 'haltEntries' }),
  warns: breached({ action: 'warn' }),
  reduces: breached(margin, false),
  reducesAndWarns: breached(margin),
  short: { type: 'margin.short', finding: findingOf(margin) },
  graceEnded: { type: 'grace.ended' },
  settled: { type: 'closes.settled' },
  halted: { type: 'account.halted' },
  resumed: { type: 'account.resumed' },
  rulesCalm: { type: 'rules.replaced', isCalm: true },
  rulesNotCalm: { type: 'rules.replaced', isCalm: false },
};

const byOperator = { halted: 'byOperator' };
const byBreach = { halted: 'byBreach' };

test('it starts normal', () => {
  const [snapshot, actions] = initialTransition(drawdownGuardMachine, { accountId: 'a' });
  expect(snapshot.value).toBe('normal');
  expect(snapshot.context).toEqual({ accountId: 'a' });
  expect(actions).toEqual([]);
});

test.each<[string[], StateValue[]]>([
  [
    ['warned', 'closes', 'settled', 'resumed'],
    ['warning', 'closing', byBreach, 'normal'],
  ],
  [
    ['closesLater', 'graceEnded', 'settled', 'resumed'],
    ['grace', 'closing', byBreach, 'normal'],
  ],
  [
    ['haltsEntries', 'restored', 'recoveredLast', 'reduces', 'short'],
    ['warning', 'warning', 'normal', 'normal', 'normal'],
  ],
  [
    ['halted', 'warns', 'closes', 'settled', 'resumed'],
    [byOperator, byOperator, 'closing', byBreach, 'normal'],
  ],
])('as an actor it goes by %j through %j', (names, expected) => {
  const actor = createActor(drawdownGuardMachine, { input: { accountId: 'a' } }).start();
  const values = names.map((name) => {
    actor.send(events[name] as DrawdownGuardEvent);
    return actor.getSnapshot().value;
  });
  expect(values).toEqual(expected);
});

type Steps = Record<string, [StateValue, string[]]>;

/** What rules find where only a breach that closes leaves the state. */
function foundIn(state: StateValue): Steps {
  return {
    warned: [state, ['recordWarning']],
    recoveredOne: [state, ['recordRecovery']],
    recoveredLast: [state, ['recordRecovery']],
    restored: [state, ['recordRestored']],
    closes: ['closing', ['recordBreach', 'closeAll', 'cancelOrders']],
    closesLater: ['grace', ['recordBreach', 'awaitGrace']],
    haltsEntries: [state, ['recordBreach']],
    warns: [state, ['recordBreach']],
    reduces: [state, ['recordBreach']],
    reducesAndWarns: [state, ['recordBreach']],
    short: [state, ['reduce']],
  };
}

/** Every event in every state; what is not named leads nowhere. */
test.each<[StateValue, Steps]>([
  [
    'normal',
    {
      ...foundIn('normal'),
      warned: ['warning', ['recordWarning']],
      haltsEntries: ['warning', ['recordBreach']],
      warns: ['warning', ['recordBreach']],
      reducesAndWarns: ['warning', ['recordBreach']],
      halted: [byOperator, []],
    },
  ],
  [
    'warning',
    {
      ...foundIn('warning'),
      recoveredLast: ['normal', ['recordRecovery']],
      rulesCalm: ['normal', []],
      halted: [byOperator, []],
    },
  ],
  ['grace', { graceEnded: ['closing', ['recordGraceEnd', 'closeAll', 'cancelOrders']] }],
  ['closing', { settled: [byBreach, ['recordSettled']] }],
  [byOperator, { ...foundIn(byOperator), resumed: ['normal', []] }],
  [byBreach, { resumed: ['normal', []] }],
])('from %j', (from, steps) => {
  for (const [name, event] of Object.entries(events)) {
    const { value, actions } = stepOf(drawdownGuardMachine, from, event, { accountId: 'a' });
    expect([name, value, actions]).toEqual([name, ...(steps[name] ?? [from, []])]);
  }
});
