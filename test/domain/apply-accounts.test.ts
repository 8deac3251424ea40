// What records of accounts and their rules change: anchors, warnings, breaches, graces, rules.
import { expect, test } from 'vitest';
import { text } from '#src/domain/money';
import type { Draft, RuleBreach } from '#src/domain/records';
import type { RuleAction, RuleRecord } from '#src/domain/rules';
import type { Account, AccountState } from '#src/domain/state';
import {
  accountCreated,
  closeFilled,
  gold,
  instrumentPut,
  positionTracked,
  Story,
} from './story.ts';

const accountId = 'a';
const by = { reason: 'why', by: 'ops' };

const peak: RuleRecord = { id: 'peak', anchor: 'peakEquity', limitPct: '20' };
const initial: RuleRecord = { id: 'initial', anchor: 'initialBalance', limitPct: '10' };
const balance: RuleRecord = { id: 'balance', anchor: 'dayStartBalance', limitPct: '5' };
const equity: RuleRecord = { id: 'equity', anchor: 'dayStartEquity', limitPct: '5' };
const higher: RuleRecord = { id: 'higher', anchor: 'dayStartHigher', limitPct: '5' };
const highest: RuleRecord = { id: 'highest', anchor: 'highestDayEndBalance', limitPct: '5' };
const fixed: RuleRecord = { id: 'fixed', anchor: 'fixed', floor: '8000' };
const margin: RuleRecord = {
  id: 'margin',
  anchor: 'marginLevel',
  limitPct: '50',
  action: 'reduce',
};
const days = [balance, equity, higher, highest];

const adjusted = (amount: string): Draft => ({
  type: 'account.adjusted',
  accountId,
  body: { amount, ...by },
});
const resumed = (at: string): Draft => ({
  type: 'account.resumed',
  accountId,
  body: { ...by, equity: at },
});
const rolled = (anchors: Record<string, string>, at = 77): Draft => ({
  type: 'day.rolled',
  accountId,
  body: { at, anchors },
});
const replaced = (rules: RuleRecord[], at = '10000', preset?: string): Draft => ({
  type: 'rules.replaced',
  accountId,
  body: { rules, by: 'ops', equity: at, ...(preset === undefined ? {} : { preset }) },
});
const warned = (ruleId: string): Draft => ({
  type: 'rule.warned',
  accountId,
  body: { ruleId, observed: '0', floor: '0', anchorValue: '0' },
});
const breached = (
  ruleId: string,
  action: RuleAction | undefined,
  more: Partial<RuleBreach> = {},
): Draft => {
  const observation = { ruleId, observed: '7', floor: '8', anchorValue: '9' };
  const stated = action === undefined ? {} : { action };
  const body = { ...observation, breachId: 'b', reason: 'drawdown_critical', ...stated, ...more };
  return { type: 'rule.breached', accountId, body };
};
const over =
  (type: 'rule.recovered' | 'rule.restored') =>
  (...ruleIds: string[]): Draft => ({ type, accountId, body: { ruleIds, observed: '9' } });
const recovered = over('rule.recovered');
const restored = over('rule.restored');
const halted: Draft = { type: 'account.halted', accountId, body: by };
const graceEnded: Draft = { type: 'grace.ended', accountId, body: { breachId: 'b' } };
const settled: Draft = { type: 'account.settled', accountId, body: { breachId: 'b' } };

function after(rules: RuleRecord[], ...drafts: Draft[]): Account {
  return new Story().tell(accountCreated({ rules }), ...drafts).account();
}

const anchorsOf = ({ anchors }: Account): string[] =>
  [...anchors].map(([id, { value, moved }]) => `${id} ${text(value)} ${moved.what}`);

/** A balance that is not the initial one: 100 were lost. */
function lost(): Draft[] {
  const story = new Story().tell(instrumentPut(gold), accountCreated(), positionTracked());
  return [instrumentPut(gold), positionTracked(), closeFilled(story.intent(), '-100')];
}

/** From a balance of 10,000: the anchors of days, and what moved them last. */
test.each<[string, RuleRecord[], Draft[], string[]]>([
  ['only the anchors of days are kept by rule', [peak, initial, fixed, margin], [], []],
  [
    'each begins with the balance',
    days,
    [],
    ['balance', 'equity', 'higher', 'highest'].map((id) => `${id} 10000 created`),
  ],
  [
    'a day moves those that it names',
    [balance, equity],
    [rolled({ equity: '9500.5' })],
    ['balance 10000 created', 'equity 9500.5 rollover'],
  ],
  [
    'an adjustment moves all of them by its amount',
    [balance, equity],
    [rolled({ equity: '9500.5' }), adjusted('-1000')],
    ['balance 9000 adjusted', 'equity 8500.5 adjusted'],
  ],
  [
    'a resume takes them anew, in profit',
    days,
    [...lost(), rolled({ highest: '12000' }), resumed('9950')],
    ['balance 9900', 'equity 9950', 'higher 9950', 'highest 9900'].map((one) => `${one} resumed`),
  ],
  [
    'and in loss',
    days,
    [...lost(), resumed('9850')],
    ['balance 9900', 'equity 9850', 'higher 9900', 'highest 9900'].map((one) => `${one} resumed`),
  ],
  [
    'other rules take theirs anew, unchanged ones keep them',
    [balance, highest],
    [
      ...lost(),
      rolled({ balance: '9990', highest: '12000' }),
      replaced([{ ...balance, limitPct: '6' }, { ...highest, limitPct: '5' }, equity], '9950'),
    ],
    ['balance 9900 rules', 'highest 12000 rollover', 'equity 9950 rules'],
  ],
  [
    'rules that are gone take theirs with them',
    days,
    [replaced([peak, higher])],
    ['higher 10000 created'],
  ],
])('%s', (_, rules, drafts, expected) => {
  expect(anchorsOf(after(rules, ...drafts))).toEqual(expected);
});

test('an anchor knows when it was moved: a day’s by its beginning, the others by the record', () => {
  const story = new Story().tellAt(5, accountCreated({ rules: [balance] }));
  const movedTs = (): number | undefined => story.account().anchors.get('balance')?.moved.ts;
  expect(movedTs()).toBe(5);
  expect(
    story
      .tellAt(90, rolled({ balance: '1' }, 77))
      .account()
      .anchors.get('balance'),
  ).toEqual({
    value: story.account().anchors.get('balance')?.value,
    moved: { what: 'rollover', ts: 77 },
    since: 77,
  });
  story.tellAt(91, adjusted('1'));
  expect(movedTs()).toBe(91);
  expect(story.account().initialMoved).toEqual({ what: 'adjusted', ts: 91 });
  expect(story.account().peakMoved).toEqual({ what: 'adjusted', ts: 91 });
  story.tellAt(92, resumed('9000'));
  expect(movedTs()).toBe(92);
  expect(story.account().peakMoved).toEqual({ what: 'resumed', ts: 92 });
  expect(story.account().initialMoved).toEqual({ what: 'adjusted', ts: 91 });
});

/** From a peak of 10,000. */
test.each<[string, Draft[], peak: string, initial: string, movedBy: string]>([
  ['a resume sets the peak to the equity', [resumed('9500.5')], '9500.5', '10000', 'resumed'],
  ['an adjustment moves both', [adjusted('-500')], '9500', '9500', 'adjusted'],
  [
    'rules: the equity, if nobody followed it',
    [replaced([peak], '12000')],
    '12000',
    '10000',
    'rules',
  ],
  ['never down', [replaced([peak], '9000')], '10000', '10000', 'created'],
])('%s', (_, drafts, peakAfter, initialAfter, movedBy) => {
  const account = after([], ...drafts);
  expect(text(account.peak)).toBe(peakAfter);
  expect(text(account.initialBalance)).toBe(initialAfter);
  expect(account.peakMoved.what).toBe(movedBy);
});

const haltsEntries: RuleRecord = { ...initial, id: 'halt', action: 'haltEntries' };
const warns: RuleRecord = { ...initial, id: 'warn', action: 'warn' };
const marginWarns: RuleRecord = { ...margin, id: 'warning', warningPct: '10' };
const rules = [peak, haltsEntries, warns, margin, marginWarns];

/** State, warnings told, breaches that stand. */
type Told = [AccountState, warned: string, breaches: string];

test.each<[string, Draft[], Told]>([
  ['a breach that warns', [breached('warn', 'warn')], ['warning', 'warn', 'warn:warn']],
  [
    'a breach that halts entries',
    [breached('halt', 'haltEntries')],
    ['warning', 'halt', 'halt:haltEntries'],
  ],
  ['a breach that reduces', [breached('margin', 'reduce')], ['normal', '', 'margin:reduce']],
  [
    'one that reduces and has a warning level',
    [breached('warning', 'reduce')],
    ['warning', 'warning', 'warning:reduce'],
  ],
  [
    'several of them, each as its own action says',
    [breached('margin', 'reduce', { also: ['halt', 'warn'] })],
    ['warning', 'halt warn', 'margin:reduce halt:haltEntries warn:warn'],
  ],
  [
    'a second one beside the first',
    [breached('warn', 'warn'), breached('halt', 'haltEntries')],
    ['warning', 'warn halt', 'warn:warn halt:haltEntries'],
  ],
  [
    'entries that are restored leave the warning',
    [breached('halt', 'haltEntries'), restored('halt')],
    ['warning', 'halt', ''],
  ],
  [
    'and then its recovery',
    [breached('halt', 'haltEntries'), restored('halt'), recovered('halt')],
    ['normal', '', ''],
  ],
  [
    'a recovery that comes first',
    [breached('halt', 'haltEntries'), recovered('halt'), restored('halt')],
    ['normal', '', ''],
  ],
  [
    'a breach that warned is over with its warning',
    [breached('warn', 'warn'), recovered('warn')],
    ['normal', '', ''],
  ],
  [
    'one of two recovered',
    [warned('peak'), breached('warn', 'warn'), recovered('warn')],
    ['warning', 'peak', ''],
  ],
  [
    'a margin that is restored',
    [breached('margin', 'reduce'), restored('margin')],
    ['normal', '', ''],
  ],
  [
    'a breach that closes makes no breach that stands, whatever came with it',
    [breached('peak', 'close', { also: ['halt'] })],
    ['closing', '', ''],
  ],
  ['as one before there were actions', [breached('peak', undefined)], ['closing', '', '']],
  ['with a grace it waits', [breached('peak', 'close', { graceUntil: 99 })], ['grace', '', '']],
  [
    'until that ends',
    [breached('peak', 'close', { graceUntil: 99 }), graceEnded],
    ['closing', '', ''],
  ],
  [
    'and its closes are settled',
    [breached('peak', 'close', { graceUntil: 99 }), graceEnded, settled],
    ['halted', '', ''],
  ],
  [
    'what stood before stays, until a resume',
    [breached('halt', 'haltEntries'), breached('peak', 'close')],
    ['closing', 'halt', 'halt:haltEntries'],
  ],
  [
    'which ends all',
    [breached('halt', 'haltEntries'), breached('peak', 'close'), settled, resumed('9000')],
    ['normal', '', ''],
  ],
  [
    'an operator’s halt stays one',
    [halted, breached('halt', 'haltEntries')],
    ['halted', 'halt', 'halt:haltEntries'],
  ],
  [
    'and stays one when the warning is over',
    [breached('warn', 'warn'), halted, recovered('warn')],
    ['halted', '', ''],
  ],
  // Rules that are replaced: unchanged ones go on, the others begin anew.
  [
    'unchanged rules go on',
    [warned('peak'), breached('halt', 'haltEntries'), replaced([haltsEntries, peak])],
    ['warning', 'peak halt', 'halt:haltEntries'],
  ],
  [
    'a changed one begins anew',
    [
      warned('peak'),
      breached('halt', 'haltEntries'),
      replaced([peak, { ...haltsEntries, limitPct: '11' }]),
    ],
    ['warning', 'peak', ''],
  ],
  [
    'as does one whose action is another',
    [breached('halt', 'haltEntries'), replaced([{ ...haltsEntries, action: 'warn' }])],
    ['normal', '', ''],
  ],
  ['without any nothing is left', [warned('peak'), replaced([])], ['normal', '', '']],
  [
    'a margin that is reduced is forgotten with its rule',
    [breached('margin', 'reduce'), replaced([])],
    ['normal', '', ''],
  ],
  ['other rules end no halt', [warned('peak'), halted, replaced([])], ['halted', '', '']],
  ['nor a grace', [breached('peak', 'close', { graceUntil: 99 }), replaced([])], ['grace', '', '']],
])('%s', (_, drafts, expected) => {
  const account = after(rules, ...drafts);
  const breaches = [...account.breaches].map(([id, { action }]) => `${id}:${action}`);
  expect([account.state, [...account.warned].join(' '), breaches.join(' ')]).toEqual(expected);
});

test('a breach that stands has its id, its action and its time', () => {
  const story = new Story().tell(accountCreated({ rules }));
  story.tellAt(5, breached('halt', 'haltEntries', { also: ['warn'] }));
  expect(story.account().breaches.get('halt')).toEqual({
    ...{ breachId: 'b', action: 'haltEntries', since: 5 },
  });
  expect(story.account().breaches.get('warn')).toEqual({ breachId: 'b', action: 'warn', since: 5 });
  expect(story.account().halt).toBeUndefined();
});

test('the halt of a grace says when it ends, also when it has ended', () => {
  const halt = { by: 'breach', breachId: 'b', ruleId: 'peak', observed: '7', floor: '8' } as const;
  const drafts = [breached('peak', 'close', { graceUntil: 99 }), graceEnded];
  for (const count of [1, 2]) {
    expect(after(rules, ...drafts.slice(0, count)).halt).toEqual({
      ...{ ...halt, reason: 'drawdown_critical', graceUntil: 99 },
    });
  }
  expect(after(rules, breached('peak', 'close')).halt).toEqual({
    ...{ ...halt, reason: 'drawdown_critical' },
  });
});

test('replaced rules are the account’s, with their preset or without one', () => {
  const account = after([peak], replaced([{ ...fixed, floor: '5' }, margin], '1', 'default'));
  expect(account.rules.map((rule) => rule.record)).toEqual([{ ...fixed, floor: '5' }, margin]);
  expect(account.preset).toBe('default');
  expect(after([peak], replaced([], '1', 'default'), replaced([peak])).preset).toBeUndefined();
});

test('what moves the equity, or what it is measured by, is noted by its record', () => {
  const story = new Story().tell(accountCreated({ rules: [balance] }));
  const changed: [Draft, boolean][] = [
    [adjusted('5'), true],
    [warned('balance'), false],
    [rolled({ balance: '1' }), false],
    [replaced([peak]), true],
    [breached('peak', 'close'), false],
    [settled, false],
    [resumed('1'), true],
  ];
  for (const [draft, isMoved] of changed) {
    story.tell(draft);
    expect([draft.type, story.account().changedN === story.state.n]).toEqual([draft.type, isMoved]);
  }
});
