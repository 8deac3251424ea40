// Whether an account may enter, why not, and when that is told.
import { expect, test } from 'vitest';
import { entriesOf, pauseReasons } from '#src/domain/entries';
import type { Draft } from '#src/domain/records';
import type { RuleAction, RuleRecord } from '#src/domain/rules';
import { accountCreated, Story } from './story.ts';

const rules: RuleRecord[] = [
  { id: 'close', anchor: 'fixed', floor: '1' },
  { id: 'halt', anchor: 'fixed', floor: '2', action: 'haltEntries' },
  { id: 'warn', anchor: 'fixed', floor: '3', action: 'warn' },
  { id: 'margin', anchor: 'marginLevel', limitPct: '50', action: 'reduce' },
];
const accountId = 'a';
const by = { reason: 'lunch', by: 'ops' };
const halted: Draft = { type: 'account.halted', accountId, body: by };
const resumed: Draft = { type: 'account.resumed', accountId, body: { ...by, equity: '1' } };
const settled: Draft = { type: 'account.settled', accountId, body: { breachId: 'b' } };
const graceEnded: Draft = { type: 'grace.ended', accountId, body: { breachId: 'b' } };
const paused: Draft = { type: 'runtime.paused', accountId: '_', body: by };
const unpaused: Draft = { type: 'runtime.resumed', accountId: '_', body: by };
const replaced: Draft = {
  type: 'rules.replaced',
  accountId,
  body: { rules: [], by: 'ops', equity: '1' },
};
const breached = (ruleId: string, action: RuleAction, more: object = {}): Draft => {
  const observation = { ruleId, observed: '0', floor: '1', anchorValue: '1' };
  const body = { ...observation, breachId: 'b', reason: 'drawdown_critical', action, ...more };
  return { type: 'rule.breached', accountId, body };
};
const restored = (...ruleIds: string[]): Draft => ({
  type: 'rule.restored',
  accountId,
  body: { ruleIds, observed: '5' },
});
const recovered = (...ruleIds: string[]): Draft => ({
  type: 'rule.recovered',
  accountId,
  body: { ruleIds, observed: '5' },
});

const isPaused = 'the runtime is paused: lunch';
const byOperator = 'halted by an operator: lunch';

/** What the account may do in the end, and what was told of it: `+` may, `-` may not and why. */
test.each<[string, Draft[], reasons: string[], told: string[]]>([
  ['nothing', [], [], []],
  ['an operator’s halt', [halted], [byOperator], [`- ${byOperator}`]],
  ['a resume', [halted, resumed], [], [`- ${byOperator}`, '+ ']],
  [
    'a breach that closes',
    [breached('close', 'close')],
    ['rule close was breached'],
    ['- rule close was breached'],
  ],
  [
    'its end: it was told before',
    [breached('close', 'close', { graceUntil: 9 }), graceEnded, settled],
    ['rule close was breached'],
    ['- rule close was breached'],
  ],
  [
    'a breach after a halt is the reason from then on',
    [halted, breached('close', 'close')],
    ['rule close was breached'],
    [`- ${byOperator}`, '- rule close was breached'],
  ],
  ['a breach that warns', [breached('warn', 'warn')], [], []],
  [
    'a breach that halts entries',
    [breached('halt', 'haltEntries')],
    ['rule halt is breached'],
    ['- rule halt is breached'],
  ],
  [
    'its end',
    [breached('halt', 'haltEntries'), restored('halt'), recovered('halt')],
    [],
    ['- rule halt is breached', '+ '],
  ],
  [
    'a breach that reduces',
    [breached('margin', 'reduce')],
    ['rule margin is breached'],
    ['- rule margin is breached'],
  ],
  [
    'several by one quote, each as its own action says',
    [breached('margin', 'reduce', { also: ['halt', 'warn'] })],
    ['rule margin is breached', 'rule halt is breached'],
    ['- rule margin is breached; rule halt is breached'],
  ],
  [
    'one of them over',
    [breached('margin', 'reduce', { also: ['halt'] }), restored('margin')],
    ['rule halt is breached'],
    ['- rule margin is breached; rule halt is breached', '- rule halt is breached'],
  ],
  [
    'a halt beside a breach: both stand',
    [breached('halt', 'haltEntries'), halted],
    [byOperator, 'rule halt is breached'],
    ['- rule halt is breached', `- ${byOperator}; rule halt is breached`],
  ],
  [
    'a resume ends both',
    [breached('halt', 'haltEntries'), halted, resumed],
    [],
    ['- rule halt is breached', `- ${byOperator}; rule halt is breached`, '+ '],
  ],
  [
    'rules that are gone halt nothing',
    [breached('halt', 'haltEntries'), replaced],
    [],
    ['- rule halt is breached', '+ '],
  ],
  [
    'but what was halted stays so',
    [breached('close', 'close'), replaced],
    ['rule close was breached'],
    ['- rule close was breached'],
  ],
  ['a pause: the account’s own reasons are the same', [paused], [isPaused], []],
  ['a pause and a halt', [halted, paused], [isPaused, byOperator], [`- ${byOperator}`]],
  ['a pause that is over', [paused, halted, unpaused], [byOperator], [`- ${byOperator}`]],
])('after %s', (_, drafts, reasons, told) => {
  const story = new Story().tell(accountCreated({ rules }), ...drafts);
  expect(entriesOf(story.account(), story.state)).toEqual({
    allowed: reasons.length === 0,
    reasons,
  });
  const events = story.events.filter(
    (event) => event.accountId === accountId && event.event.startsWith('entries.'),
  );
  expect(
    events.map(({ event, allowed, reasons: why }) => {
      expect(event).toBe(allowed === true ? 'entries.resumed' : 'entries.halted');
      return `${allowed === true ? '+' : '-'} ${(why as string[]).join('; ')}`;
    }),
  ).toEqual(told);
});

test('a runtime that is not paused has no reason', () => {
  expect(pauseReasons(undefined)).toEqual([]);
  expect(pauseReasons(by)).toEqual([isPaused]);
});
