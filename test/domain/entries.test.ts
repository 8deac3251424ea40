// Whether an account may enter, why not, and when that is told.
import { expect, test } from 'vitest';
import { entriesOf, pauseReasons, symbolEntriesOf } from '#src/domain/entries';
import { guardOf, type GuardSpec } from '#src/domain/market-conditions';
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

const symbol = 'XAUUSD';
const put = (given: Omit<GuardSpec, 'symbol'> = {}): Draft => ({
  type: 'guard.put',
  accountId: '_',
  body: { guard: guardOf({ symbol, ...given }) },
});
const unguarded: Draft = { type: 'guard.removed', accountId: '_', body: { symbol } };
type Changed = Extract<Draft, { type: 'market.changed' }>['body'];
const changed = (
  condition: Changed['condition'],
  level: Changed['level'],
  side?: Changed['side'],
): Draft => ({
  type: 'market.changed',
  accountId: '_',
  body: { symbol, condition, level, limit: '1', ...(side === undefined ? {} : { side }) },
});
const market = (isOpen: boolean): Draft => ({
  type: 'session.changed',
  accountId: '_',
  body: { symbol, isOpen },
});

const isClosed = 'the market is closed';
const isWide = 'spread is at its limit';
const hasGap = 'gap is at its limit';

/** Whether anybody may enter in a symbol, and what was told of it. */
test.each<[string, Draft[], reasons: string[], told: string[]]>([
  ['nothing', [], [], []],
  ['a guard', [put()], [], []],
  ['a condition', [put(), changed('spread', 'warning')], [isWide], [`- ${isWide}`]],
  [
    'its end',
    [put(), changed('spread', 'warning'), changed('spread', 'clear')],
    [],
    [`- ${isWide}`, '+ '],
  ],
  [
    'one that is critical now: entries are halted already',
    [put(), changed('spread', 'warning'), changed('spread', 'critical')],
    [isWide],
    [`- ${isWide}`],
  ],
  [
    'a warning where entries are halted when it is critical',
    [put({ spread: { haltEntriesOn: 'critical' } }), changed('spread', 'warning')],
    [],
    [],
  ],
  [
    '… which it is then, and then is not',
    [
      put({ spread: { haltEntriesOn: 'critical' } }),
      ...[
        changed('spread', 'warning'),
        changed('spread', 'critical'),
        changed('spread', 'warning'),
      ],
    ],
    [],
    [`- ${isWide}`, '+ '],
  ],
  [
    'one that never halts entries',
    [put({ spread: { haltEntriesOn: 'never' } }), changed('spread', 'critical')],
    [],
    [],
  ],
  [
    'a second one, and the end of the first',
    [
      ...[put(), changed('spread', 'warning'), changed('gap', 'critical')],
      changed('spread', 'clear'),
    ],
    [hasGap],
    [`- ${isWide}`, `- ${isWide}; ${hasGap}`, `- ${hasGap}`],
  ],
  [
    'liquidity: of which side it is, is said',
    [put(), changed('liquidity', 'warning', 'long'), changed('liquidity', 'warning', 'short')],
    ['liquidity for longs is at its limit', 'liquidity for shorts is at its limit'],
    [
      '- liquidity for longs is at its limit',
      '- liquidity for longs is at its limit; liquidity for shorts is at its limit',
    ],
  ],
  [
    'a guard that is gone, its conditions with it',
    [put(), changed('spread', 'warning'), changed('spread', 'clear'), unguarded],
    [],
    [`- ${isWide}`, '+ '],
  ],
  [
    'a guard that is gone and did not say that they are over',
    [put(), changed('spread', 'warning'), unguarded],
    [],
    [`- ${isWide}`, '+ '],
  ],
  ['the same guard again', [put(), changed('spread', 'warning'), put()], [isWide], [`- ${isWide}`]],
  ['a market that has closed', [market(false)], [isClosed], [`- ${isClosed}`]],
  ['one that has opened', [market(false), market(true)], [], [`- ${isClosed}`, '+ ']],
  [
    'a condition in a closed market, which is first',
    [put(), changed('spread', 'warning'), market(false)],
    [isClosed, isWide],
    [`- ${isWide}`, `- ${isClosed}; ${isWide}`],
  ],
])('in a symbol, after %s', (_, drafts, reasons, told) => {
  const story = new Story().tell(accountCreated({ rules }), ...drafts);
  const allowed = reasons.length === 0;
  expect(symbolEntriesOf(story.state, symbol)).toEqual({ allowed, reasons });
  expect(symbolEntriesOf(story.state, 'EURUSD')).toEqual({ allowed: true, reasons: [] });
  // Entries of accounts are another matter.
  expect(entriesOf(story.account(), story.state)).toEqual({ allowed: true, reasons: [] });
  const events = story.events.filter(({ event }) => event.startsWith('entries.'));
  expect(
    events.map((event) => {
      expect(event).toMatchObject({ accountId: '_', symbol });
      expect(event.event).toBe(event['allowed'] === true ? 'entries.resumed' : 'entries.halted');
      return `${event['allowed'] === true ? '+' : '-'} ${(event['reasons'] as string[]).join('; ')}`;
    }),
  ).toEqual(told);
});
