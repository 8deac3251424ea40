// The state that records add up to and the machines that wrote them say the same, whatever
// happens: a restart makes the machines from that state.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawdownGuardValue } from '#actors/drawdown-guard.actor';
import { marketGuardValue } from '#actors/market-guard.actor';
import { drawdownGuardMachine, type DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import { marketGuardMachine } from '#machines/market-guard.machine';
import {
  conditions,
  guardOf,
  type Condition,
  type ConditionLevel,
} from '#src/domain/market-conditions';
import { decimal, text } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { judge, type RuleRecord } from '#src/domain/rules';
import { accountCreated, Story } from '../domain/story.ts';
import { Stepper } from './step.ts';

const ruleSets: RuleRecord[][] = [
  [{ id: 'peak', anchor: 'peakEquity', limitPct: '20' }],
  [
    { id: 'early', anchor: 'peakEquity', limitPct: '30', warningPct: '5' },
    { id: 'late', anchor: 'peakEquity', limitAmount: '3000' },
    { id: 'floor', anchor: 'fixed', floor: '6500', warningPct: '10' },
  ],
  [{ id: 'floor', anchor: 'fixed', floor: '8000' }],
];

class AccountGuard {
  readonly story: Story;
  readonly guard = new Stepper(drawdownGuardMachine, { accountId: 'a' });
  private breaches = 0;

  constructor(rules: RuleRecord[]) {
    this.story = new Story().tell(accountCreated({ rules }));
  }

  get account() {
    return this.story.account();
  }

  /** As the price feed judges an equity that is not quiet. */
  judge(equity: string): void {
    const { account } = this;
    if (account.halt?.by === 'breach') return;
    const exact = decimal(equity);
    const verdict = judge(account.rules, account.peak, exact, account.warned);
    const observed = text(exact);
    if (verdict.breach !== undefined) {
      this.tell({ type: 'rule.breached', finding: verdict.breach, observed });
      return;
    }
    const ruleIds = verdict.recovered;
    const isLast = ruleIds.length === account.warned.size && verdict.warnings.length === 0;
    if (ruleIds.length > 0) this.tell({ type: 'rules.recovered', ruleIds, observed, isLast });
    for (const finding of verdict.warnings) this.tell({ type: 'rule.warned', finding, observed });
    if (exact.gt(account.peak)) account.peak = exact;
  }

  /** As the commands do: only what is not halted is halted, only what has settled resumed. */
  command(type: 'account.halted' | 'account.resumed'): void {
    const { halt, state } = this.account;
    const isHalt = type === 'account.halted';
    if (isHalt ? halt !== undefined : halt === undefined || state === 'closing') return;
    const by = { reason: 'why', by: 'ops' };
    this.story.tell(
      isHalt
        ? { type, accountId: 'a', body: by }
        : { type: 'account.resumed', accountId: 'a', body: { ...by, equity: '10000' } },
    );
    this.guard.send({ type });
  }

  settle(): void {
    if (this.account.state === 'closing') this.tell({ type: 'closes.settled' });
  }

  private tell(event: DrawdownGuardEvent): void {
    for (const action of this.guard.send(event)) {
      const draft = this.draftOf(action, event);
      if (draft !== undefined) this.story.tell(draft);
    }
  }

  /** As the actor records. */
  private draftOf(action: string, event: DrawdownGuardEvent): Draft | undefined {
    const accountId = 'a';
    const observation = { observed: '0', floor: '0', anchorValue: '0' };
    if (action === 'recordWarning' && event.type === 'rule.warned') {
      const body = { ...observation, ruleId: event.finding.rule.id };
      return { type: 'rule.warned', accountId, body };
    }
    if (action === 'recordRecovery' && event.type === 'rules.recovered') {
      const body = { ruleIds: [...event.ruleIds], observed: event.observed };
      return { type: 'rule.recovered', accountId, body };
    }
    if (action === 'recordBreach' && event.type === 'rule.breached') {
      const breachId = `breach_${++this.breaches}`;
      const body = {
        ...observation,
        ruleId: event.finding.rule.id,
        breachId,
        reason: 'drawdown_critical',
      };
      return { type: 'rule.breached', accountId, body };
    }
    if (action === 'recordSettled') {
      const breachId = this.account.halt?.breachId as string;
      return { type: 'account.settled', accountId, body: { breachId } };
    }
    return undefined;
  }
}

type AccountStep = { equity: number } | 'halt' | 'resume' | 'settle';

const accountStep: fc.Arbitrary<AccountStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ equity: fc.integer({ min: 60, max: 110 }) }) },
  { weight: 1, arbitrary: fc.constantFrom('halt' as const, 'resume' as const, 'settle' as const) },
);

test('the state of an account is that of its guard, after every event', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.constantFrom(...ruleSets),
      fc.array(accountStep, { maxLength: 40 }),
      (rules, steps) => {
        const one = new AccountGuard(rules);
        for (const step of steps) {
          if (step === 'halt') one.command('account.halted');
          else if (step === 'resume') one.command('account.resumed');
          else if (step === 'settle') one.settle();
          else one.judge(String(step.equity * 100));
          expect(drawdownGuardValue(one.account)).toEqual(one.guard.snapshot.value);
          const { state, warned, halt } = one.account;
          expect(state === 'warning').toBe(halt === undefined && warned.size > 0);
          expect(state === 'halted' || state === 'closing').toBe(halt !== undefined);
          seen.add(JSON.stringify(one.guard.snapshot.value));
        }
        // The same records make the same state again.
        expect(drawdownGuardValue(new Story().tell(...one.story.records).account())).toEqual(
          one.guard.snapshot.value,
        );
      },
    ),
    { numRuns: 500 },
  );
  expect([...seen].sort()).toEqual([
    '"closing"',
    '"normal"',
    '"warning"',
    '{"halted":"byBreach"}',
    '{"halted":"byOperator"}',
  ]);
});

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
