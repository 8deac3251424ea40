// State + record → state.
import { expect, test } from 'vitest';
import { accountOf, positionOf } from '#src/domain/apply';
import { InvariantError } from '#src/domain/errors';
import { partitionOf } from '#src/domain/ids';
import { text } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { closedPositionsMax, emptyState, isOpen, storedRepliesMax } from '#src/domain/state';
import type { AccountState, Halt } from '#src/domain/state';
import {
  accountCreated,
  closeFailed,
  closeFilled,
  gold,
  guardedStory,
  instrumentPut,
  positionTracked,
  Story,
} from './story.ts';

const observed = { observed: '8000', floor: '8000', anchorValue: '10000' };
const warned = (ruleId: string): Draft => ({
  type: 'rule.warned',
  accountId: 'a',
  body: { ruleId, ...observed },
});
const recovered = (...ruleIds: string[]): Draft => ({
  type: 'rule.recovered',
  accountId: 'a',
  body: { ruleIds, observed: '9900' },
});
const breached: Draft = {
  type: 'rule.breached',
  accountId: 'a',
  body: { ruleId: 'r', ...observed, breachId: 'breach_1', reason: 'drawdown_critical' },
};
const settled: Draft = { type: 'account.settled', accountId: 'a', body: { breachId: 'breach_1' } };
const halted: Draft = {
  type: 'account.halted',
  accountId: 'a',
  body: { reason: 'lunch', by: 'ops' },
};
const resumed: Draft = {
  type: 'account.resumed',
  accountId: 'a',
  body: { reason: 'back', by: 'ops', equity: '9500.5' },
};
const adjusted = (amount: string): Draft => ({
  type: 'account.adjusted',
  accountId: 'a',
  body: { amount, reason: 'deposit', by: 'ops' },
});

test('an account begins with its balance as every anchor, in the order of creation', () => {
  const story = new Story().tell(
    accountCreated({ preset: 'default', rules: [{ id: 'r', anchor: 'fixed', floor: '1' }] }),
    accountCreated({ accountId: 'b' }),
  );
  const account = story.account();
  expect([account.balance, account.initialBalance, account.peak].map(text)).toEqual([
    '10000',
    '10000',
    '10000',
  ]);
  expect(account).toMatchObject({ order: 0, state: 'normal', halt: undefined, preset: 'default' });
  expect(account.rules.map((rule) => rule.id)).toEqual(['r']);
  expect(story.account('b').order).toBe(1);
});

test.each<[string, Draft[], string, string, string]>([
  ['a deposit', [adjusted('500.25')], '10500.25', '10500.25', '10500.25'],
  ['a withdrawal', [adjusted('-500')], '9500', '9500', '9500'],
  ['a resume', [halted, resumed], '10000', '10000', '9500.5'],
])('%s moves balance, initial balance and peak', (_, drafts, balance, initial, peak) => {
  const account = new Story().tell(accountCreated(), ...drafts).account();
  expect([account.balance, account.initialBalance, account.peak].map(text)).toEqual([
    balance,
    initial,
    peak,
  ]);
});

const breachHalt: Halt = {
  by: 'breach',
  reason: 'drawdown_critical',
  breachId: 'breach_1',
  ruleId: 'r',
  observed: '8000',
  floor: '8000',
};
const operatorHalt: Halt = { by: 'operator', reason: 'lunch' };

test.each<[string, Draft[], AccountState, Halt | undefined, string[]]>([
  ['nothing', [], 'normal', undefined, []],
  ['a warning', [warned('r')], 'warning', undefined, ['r']],
  ['two warnings', [warned('r'), warned('s')], 'warning', undefined, ['r', 's']],
  ['one of two recovered', [warned('r'), warned('s'), recovered('r')], 'warning', undefined, ['s']],
  ['both recovered', [warned('r'), warned('s'), recovered('r', 's')], 'normal', undefined, []],
  ['a breach', [breached], 'closing', breachHalt, []],
  ['a breach after a warning', [warned('r'), breached], 'closing', breachHalt, ['r']],
  ['a breach, settled', [breached, settled], 'halted', breachHalt, []],
  ['a breach, resumed', [warned('r'), breached, settled, resumed], 'normal', undefined, []],
  ['an operator', [halted], 'halted', operatorHalt, []],
  ['an operator, and a warning', [halted, warned('r')], 'halted', operatorHalt, ['r']],
  [
    'an operator, and a recovery',
    [warned('r'), halted, recovered('r')],
    'halted',
    operatorHalt,
    [],
  ],
  ['an operator, and a breach', [halted, breached], 'closing', breachHalt, []],
  ['an operator, resumed', [warned('r'), halted, resumed], 'normal', undefined, []],
])('after %s the account is %2$s', (_, drafts, state, halt, warnedIds) => {
  const account = new Story().tell(accountCreated(), ...drafts).account();
  expect(account.state).toBe(state);
  expect(account.halt).toEqual(halt);
  expect([...account.warned]).toEqual(warnedIds);
});

test('a tracked position has its terms, its place and its links', () => {
  const story = new Story().tell(
    instrumentPut(gold),
    instrumentPut({ symbol: 'EURUSD', quoteCurrency: 'USD' }),
    accountCreated({ currency: 'EUR' }),
    positionTracked({ ticket: 17, stopLossId: 'sl', takeProfitId: 'tp', closeOrderId: 'co' }),
    positionTracked({ positionId: 'q', side: 'short', exits: { stopLoss: '2100' } }),
  );
  const { state } = story;
  expect(story.position()).toMatchObject({
    ticket: 17,
    order: 0,
    state: 'guarded',
    generation: 0,
    conversion: [{ symbol: 'EURUSD', divides: true }],
  });
  expect(story.position('q')).toMatchObject({
    order: 1,
    side: 'short',
    exits: { stopLoss: '2100' },
  });
  expect(text(story.position().remainingQuantity)).toBe('1');
  expect(story.position().instrument.contractSize.toNumber()).toBe(100);
  expect([...story.account().positions.keys()]).toEqual(['p', 'q']);
  expect(Object.fromEntries(state.orderLinks)).toEqual({ '/sl': 'p', '/tp': 'p', '/co': 'p' });
  expect([...story.account().tickets]).toEqual([[17, 'p']]);
  expect([...state.usedPositionIds]).toEqual(['p', 'q']);
});

test('an instrument that is put later leaves the terms of open positions as they were', () => {
  const story = guardedStory().tell(instrumentPut({ ...gold, contractSize: '1' }));
  expect(story.position().instrument.contractSize.toNumber()).toBe(100);
  expect(story.state.instruments.get('XAUUSD')?.contractSize.toNumber()).toBe(1);
});

test('all but its terms is of the open positions at once, and of no other symbol', () => {
  const silver = { ...gold, symbol: 'XAGUSD', marginRate: '0.2' };
  const raised = { ...gold, marginRate: '0.5', tickSize: '0.01' };
  const story = guardedStory().tell(
    instrumentPut(silver),
    positionTracked({ positionId: 's', symbol: 'XAGUSD' }),
    instrumentPut(raised),
    positionTracked({ positionId: 'q' }),
  );
  const ratesOf = (): string[] =>
    ['p', 's', 'q'].map((id) => text(story.position(id).instrument.marginRate));
  expect(ratesOf()).toEqual(['0.5', '0.2', '0.5']);
  expect(story.position().instrument.spec).toMatchObject(raised);
  expect([...story.state.instruments.keys()]).toEqual(['XAUUSD', 'XAGUSD']);
  const { marginRate: _, ...without } = raised;
  story.tell(instrumentPut(without));
  expect(ratesOf()).toEqual(['0', '0.2', '0']);
  expect(story.state.instruments.get('XAUUSD')?.spec).not.toHaveProperty('marginRate');
});

test('an amendment replaces the exits as a whole', () => {
  const story = guardedStory();
  const amend = (exits: object): Draft => ({
    type: 'position.amended',
    accountId: 'a',
    body: { positionId: 'p', exits },
  });
  story.tell(amend({ stopLoss: '1900', takeProfit: '2100' }), amend({ takeProfit: '2200' }));
  expect(story.position().exits).toEqual({ takeProfit: '2200' });
});

test('an untracked position is gone, and its id stays used', () => {
  const story = new Story().tell(
    instrumentPut(gold),
    accountCreated(),
    positionTracked({ ticket: '17', stopLossId: 'sl' }),
  );
  const position = story.position();
  const body = { positionId: 'p', reason: 'moved', by: 'ops' };
  story.tell({ type: 'position.untracked', accountId: 'a', body });
  expect(position.state).toBe('untracked');
  expect(isOpen(position)).toBe(false);
  expect(story.state.positions.size + story.account().positions.size).toBe(0);
  expect(story.state.orderLinks.size + story.account().tickets.size).toBe(0);
  expect(story.state.usedPositionIds.has('p')).toBe(true);
});

test('an intent makes the position closing, and later reasons join it once each', () => {
  const story = guardedStory();
  const intent = story.intent();
  const joined = (reason: string): Draft => ({
    type: 'close.joined',
    accountId: 'a',
    body: { positionId: 'p', closeId: intent.closeId, reason },
  });
  story.tell({ type: 'close.intended', accountId: 'a', body: { intent } });
  story.tell(joined('stop_loss'), joined('manual'), joined('stop_loss'));
  expect(story.position()).toMatchObject({
    state: 'closing',
    generation: 1,
    intent,
    reasons: ['manual', 'stop_loss'],
  });
  expect(isOpen(story.position())).toBe(true);
  expect(story.account().closingCount).toBe(1);
});

test.each([[true], [false]])(
  'a fill books the P&L and ends the position (intended before: %j)',
  (isIntended) => {
    const story = new Story().tell(
      instrumentPut(gold),
      accountCreated(),
      positionTracked({ stopLossId: 'sl' }),
    );
    const intent = story.intent();
    if (isIntended) story.tell({ type: 'close.intended', accountId: 'a', body: { intent } });
    story.tell(closeFilled(intent, '-12.5', ['manual', 'stop_loss']));
    const position = story.position();
    expect(position).toMatchObject({
      state: 'closed',
      generation: 1,
      intent: undefined,
      reasons: ['manual', 'stop_loss'],
      result: { outcome: 'closed', pnl: '-12.5' },
    });
    expect(text(position.remainingQuantity)).toBe('0');
    expect(text(story.account().balance)).toBe('9987.5');
    expect(story.account().closingCount).toBe(0);
    expect(story.account().positions.size).toBe(0);
    // Its provider may still report what its orders did.
    expect([...story.state.orderLinks]).toEqual([['/sl', 'p']]);
    expect([...story.state.closedIds]).toEqual(['p']);
  },
);

test('a fill whose P&L is not known leaves the balance', () => {
  const story = guardedStory();
  const fill = closeFilled(story.intent(), '0');
  if (fill.type === 'close.filled') delete fill.body.result.pnl;
  story.tell(fill);
  expect(story.position().state).toBe('closed');
  expect(text(story.account().balance)).toBe('10000');
});

test.each([[true], [false]])(
  'a failed close guards the position again (intended before: %j)',
  (isIntended) => {
    const story = guardedStory();
    const intent = story.intent();
    if (isIntended) story.tell({ type: 'close.intended', accountId: 'a', body: { intent } });
    story.tell(closeFailed(intent, 'no'));
    expect(story.position()).toMatchObject({
      state: 'guarded',
      generation: 1,
      intent: undefined,
      result: { outcome: 'failed' },
    });
    expect(story.account().closingCount).toBe(0);
    expect(story.intent().generation).toBe(2);
  },
);

const answered = (messageId: string, expiresTs: number, client = 'c'): Draft => ({
  type: 'command.answered',
  accountId: '_',
  body: { client, messageId, requestHash: 'h', reply: {}, expiresTs },
});

test('a stored reply is kept per client until it expires, and replaced by a later one', () => {
  const story = new Story();
  story
    .tellAt(0, answered('1', 100))
    .tellAt(1, answered('1', 101, 'd'))
    .tellAt(2, answered('2', 102));
  expect([...story.state.replies.keys()]).toEqual(['c/1', 'd/1', 'c/2']);
  story.tellAt(3, answered('1', 103));
  expect([...story.state.replies.keys()]).toEqual(['d/1', 'c/2', 'c/1']);
  // At 101 what expires then is over; what expires later is not.
  story.tellAt(101, answered('3', 201));
  expect([...story.state.replies.keys()]).toEqual(['c/2', 'c/1', 'c/3']);
});

test('at the limit of stored replies the oldest is forgotten', () => {
  const story = new Story();
  for (let i = 0; i < storedRepliesMax; i++) {
    const reply = { client: 'c', messageId: `old-${i}`, requestHash: 'h', expiresTs: 1e15 };
    story.state.replies.set(`c/old-${i}`, reply);
  }
  story.tell(answered('new', 1e15));
  expect(story.state.replies.size).toBe(storedRepliesMax);
  expect(story.state.replies.has('c/old-0')).toBe(false);
  expect(story.state.replies.has('c/old-1')).toBe(true);
  expect(story.state.replies.has('c/new')).toBe(true);
});

test('beyond the limit of closed positions the first closed one is forgotten, its id stays used', () => {
  const story = guardedStory().tell(
    positionTracked({ positionId: 'q' }),
    positionTracked({ positionId: 'r' }),
  );
  story.tell(closeFilled(story.intent(), '0'));
  for (let i = 2; i < closedPositionsMax; i++) story.state.closedIds.add(`other-${i}`);
  story.tell(closeFilled(story.intent('q'), '0'));
  expect([...story.state.positions.keys()]).toEqual(['p', 'q', 'r']);
  story.tell(closeFilled(story.intent('r'), '0'));
  expect([...story.state.positions.keys()]).toEqual(['q', 'r']);
  expect(story.state.closedIds.size).toBe(closedPositionsMax);
  expect(story.state.usedPositionIds.has('p')).toBe(true);
});

test('every record is counted, as a whole and in its partition', () => {
  const story = guardedStory();
  const { state } = story;
  expect(state.n).toBe(3);
  expect(state.partitionSeq[partitionOf('_')]).toBe(1);
  expect(state.partitionSeq[partitionOf('a')]).toBe(2);
  expect(state.partitionSeq.filter((seq) => seq > 0)).toHaveLength(2);
});

test('the same records make the same state', () => {
  const story = guardedStory().tell(warned('r'), adjusted('5'));
  story.tell(closeFilled(story.intent(), '1.5'));
  const again = new Story().tell(...story.records);
  expect(again.state).toEqual(story.state);
});

test.each<[string, () => unknown, string]>([
  ['an account', () => accountOf(emptyState(), 'x'), 'account x is in the state'],
  ['a position', () => positionOf(emptyState(), 'x'), 'position x is in the state'],
  [
    'an instrument',
    () => new Story().tell(accountCreated(), positionTracked()),
    'XAUUSD is an instrument',
  ],
  [
    'a conversion',
    () =>
      new Story().tell(instrumentPut(gold), accountCreated({ currency: 'EUR' }), positionTracked()),
    'XAUUSD converts to EUR',
  ],
])('a record that needs %s which is not there breaks an invariant', (_, act, message) => {
  expect(act).toThrow(new InvariantError(message));
});
