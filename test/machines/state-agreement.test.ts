// The state that records add up to and the guard that wrote them say the same, whatever happens: a
// restart makes the guard from that state.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawdownGuardValue } from '#actors/drawdown-guard.actor';
import { drawdownGuardMachine, type DrawdownGuardEvent } from '#machines/drawdown-guard.machine';
import { judge } from '#src/domain/judge';
import { decimal } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { ruleOf, warnsByBreach, type RuleRecord } from '#src/domain/rules';
import { anyRules } from '../domain/any-rules.ts';
import { accountCreated, Story } from '../domain/story.ts';
import { Stepper } from './step.ts';

class AccountGuard {
  readonly story: Story;
  readonly guard = new Stepper(drawdownGuardMachine, { accountId: 'a' });
  private breaches = 0;
  private ts = 1_700_000_000_000;

  constructor(rules: RuleRecord[]) {
    this.story = new Story().tell(accountCreated({ balance: '100', rules }));
  }

  get account() {
    return this.story.account();
  }

  /** As an account is judged that is not quiet. */
  judge(equity: string, usedMargin: string): void {
    const { account } = this;
    if (account.halt?.by !== 'breach') {
      const observation = {
        ...{ equity: decimal(equity), balance: account.balance },
        usedMargin: decimal(usedMargin),
      };
      const verdict = judge(account.rules, account, observation, account);
      const { breach, also, recovered, restored, warnings, short } = verdict;
      const observed = equity;
      if (breach !== undefined) {
        const ids = [breach.rule.id, ...also];
        const warns = account.rules.some((rule) => warnsByBreach(rule) && ids.includes(rule.id));
        this.tell({ type: 'rule.breached', finding: breach, also, observed, warns });
        if (breach.rule.action === 'close') return;
      }
      if (restored.length > 0) this.tell({ type: 'rules.restored', ruleIds: restored, observed });
      for (const finding of warnings) this.tell({ type: 'rule.warned', finding, observed });
      if (recovered.length > 0) {
        const isLast = account.warned.size === recovered.length;
        this.tell({ type: 'rules.recovered', ruleIds: recovered, observed, isLast });
      }
      for (const finding of short) this.tell({ type: 'margin.short', finding });
    }
    if (decimal(equity).gt(account.peak)) account.peak = decimal(equity);
  }

  /** As the commands do: only what is not halted is halted, only what has settled resumed. */
  command(type: 'account.halted' | 'account.resumed'): void {
    const { halt, state } = this.account;
    const isHalt = type === 'account.halted';
    const isBusy = state === 'closing' || state === 'grace';
    if (isHalt ? halt !== undefined : halt === undefined || isBusy) return;
    const by = { reason: 'why', by: 'ops' };
    this.story.tell(
      isHalt
        ? { type, accountId: 'a', body: by }
        : { type: 'account.resumed', accountId: 'a', body: { ...by, equity: '100' } },
    );
    this.guard.send({ type });
  }

  replace(rules: RuleRecord[]): void {
    const body = { rules, by: 'ops', equity: '100' };
    this.story.tell({ type: 'rules.replaced', accountId: 'a', body });
    this.guard.send({ type: 'rules.replaced', isCalm: this.account.state === 'normal' });
  }

  endGrace(): void {
    if (this.account.state === 'grace') this.tell({ type: 'grace.ended' });
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
    if (action === 'recordRestored' && event.type === 'rules.restored') {
      const body = { ruleIds: [...event.ruleIds], observed: event.observed };
      return { type: 'rule.restored', accountId, body };
    }
    if (action === 'recordBreach' && event.type === 'rule.breached') {
      const { id: ruleId, action: does, graceMs } = event.finding.rule;
      const body = {
        ...{ ...observation, ruleId, breachId: `breach_${++this.breaches}` },
        ...{ reason: 'drawdown_critical', action: does, also: [...event.also] },
        ...(graceMs === 0 ? {} : { graceUntil: this.ts + graceMs }),
      };
      return { type: 'rule.breached', accountId, body };
    }
    const breachId = this.account.halt?.breachId as string;
    if (action === 'recordGraceEnd') return { type: 'grace.ended', accountId, body: { breachId } };
    if (action === 'recordSettled')
      return { type: 'account.settled', accountId, body: { breachId } };
    return undefined;
  }
}

type Step =
  | { equity: number; margin: number }
  | { rules: RuleRecord[]; keeps: boolean }
  | 'halt'
  | 'resume'
  | 'grace'
  | 'settle';

const recordsOf = (specs: Parameters<typeof ruleOf>[0][]): RuleRecord[] =>
  specs.map((spec) => ruleOf(spec).record);
const someRules = anyRules.map(recordsOf);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      equity: fc.integer({ min: 40, max: 125 }),
      margin: fc.constantFrom(0, 50, 80, 100),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...(['halt', 'resume', 'resume', 'grace', 'grace', 'settle', 'settle'] as const),
    ),
  },
  { weight: 1, arbitrary: fc.record({ rules: someRules, keeps: fc.boolean() }) },
);

function take(one: AccountGuard, step: Step): void {
  if (step === 'halt') one.command('account.halted');
  else if (step === 'resume') one.command('account.resumed');
  else if (step === 'settle') one.settle();
  else if (step === 'grace') one.endGrace();
  else if ('equity' in step) one.judge(String(step.equity), String(step.margin));
  else {
    const kept = step.keeps ? one.account.rules.map((rule) => rule.record).slice(1) : [];
    const taken = new Set(kept.map(({ id }) => id));
    one.replace([...kept, ...step.rules.filter(({ id }) => !taken.has(id))]);
  }
}

/** What must hold of every account, however it came there. */
function expectSound({ account }: AccountGuard): void {
  const { state, warned, halt, breaches, rules, anchors } = account;
  expect(state === 'warning').toBe(halt === undefined && warned.size > 0);
  const isStopped = state === 'halted' || state === 'closing' || state === 'grace';
  expect(isStopped).toBe(halt !== undefined);
  expect(state === 'grace').toBe(
    state !== 'closing' && halt?.by === 'breach' && state !== 'halted',
  );
  const ids = new Set(rules.map(({ id }) => id));
  for (const id of [...warned, ...breaches.keys(), ...anchors.keys()]) expect(ids).toContain(id);
  for (const [id, { action }] of breaches) {
    expect(action).not.toBe('close');
    expect(rules.find((rule) => rule.id === id)?.action).toBe(action);
  }
  expect([...anchors.keys()].sort()).toEqual(
    rules.flatMap(({ id, day }) => (day === undefined ? [] : [id])).sort(),
  );
}

test('the state of an account is that of its guard, after every event', () => {
  const seen = new Map<string, number>();
  const count = (word: string): void => void seen.set(word, (seen.get(word) ?? 0) + 1);
  fc.assert(
    fc.property(someRules, fc.array(anyStep, { maxLength: 40 }), (rules, steps) => {
      const one = new AccountGuard(rules);
      for (const step of steps) {
        take(one, step);
        expect(drawdownGuardValue(one.account)).toEqual(one.guard.snapshot.value);
        expectSound(one);
        count(JSON.stringify(one.guard.snapshot.value));
      }
      // The same records make the same state again.
      const again = new Story().tell(...one.story.records).account();
      expect(drawdownGuardValue(again)).toEqual(one.guard.snapshot.value);
      expect([again.warned, again.breaches, again.halt]).toEqual([
        one.account.warned,
        one.account.breaches,
        one.account.halt,
      ]);
      for (const { type } of one.story.records) count(type);
    }),
    { numRuns: 1500 },
  );
  const words = [
    ...['"normal"', '"warning"', '"grace"', '"closing"'],
    ...['{"halted":"byBreach"}', '{"halted":"byOperator"}'],
    ...['rule.warned', 'rule.recovered', 'rule.breached', 'rule.restored', 'rules.replaced'],
    ...['grace.ended', 'account.settled', 'account.resumed'],
  ];
  // All of it happened, or nothing was tested.
  for (const word of words) expect([word, (seen.get(word) ?? 0) > 20]).toEqual([word, true]);
});
