// State + record of a close → state: every step of the way to a provider and back.
import { expect, test } from 'vitest';
import { nextIntent, type FillMark } from '#src/domain/closing';
import { InvariantError } from '#src/domain/errors';
import { decimal, text, zero } from '#src/domain/money';
import type { Draft } from '#src/domain/records';
import { closedPositionsMax, reportKeysMax } from '#src/domain/state';
import {
  acknowledged,
  amended,
  filledBy,
  gone,
  intended,
  liveStory,
  partlyFilled,
  rejected,
  routed,
  sent,
  unknown,
} from './close-drafts.ts';
import { closeFailed, closeFilled, positionTracked } from './story.ts';

const first = routed(liveStory().intent());
const second = nextIntent(first, { ...liveStory().position(), generation: 1 });
const mark = (filled: string, more: Partial<FillMark> = {}): FillMark => ({
  orderKey: first.clientOrderId,
  filled,
  ...more,
});
const firstMark = mark('10');
const paperIntent = liveStory().intent();

/** Drafts → state and phase, whether it was sent, failures, outcome of the last result. */
test.each<[string, Draft[], string, boolean, number, string?]>([
  ['nothing', [], 'guarded', false, 0],
  ['an intent', [intended(first)], 'closing sending', false, 0],
  ['an intent on paper', [intended(paperIntent)], 'closing waiting', false, 0],
  ['a record that it was sent', [intended(first), sent(first)], 'closing sending', true, 0],
  ['an acknowledgement', [intended(first), acknowledged(first)], 'closing pending', true, 0],
  ['no reply', [intended(first), unknown(first, 1)], 'closing unknown', true, 1],
  [
    'no reply, and then an acknowledgement',
    [intended(first), unknown(first, 1), acknowledged(first)],
    'closing pending',
    true,
    1,
  ],
  [
    'no reply, and the same order again',
    [intended(first), unknown(first, 1), sent(first, 2)],
    'closing sending',
    true,
    1,
  ],
  [
    'a rejection',
    [intended(first), sent(first), rejected(first, 1)],
    'closing rejected',
    true,
    1,
    'failed',
  ],
  [
    'a rejection, and the next generation',
    [intended(first), rejected(first, 1), intended(second)],
    'closing sending',
    false,
    1,
    'failed',
  ],
  [
    'the next generation, and what comes late of the one before',
    [intended(first), rejected(first, 1), intended(second), unknown(first, 7), rejected(first, 8)],
    'closing sending',
    false,
    1,
    'failed',
  ],
  [
    'an acknowledgement of another order',
    [intended(first), acknowledged(second)],
    'closing sending',
    false,
    0,
  ],
  [
    'what comes late of a close that was given up',
    [intended(first), closeFailed(first, 'no'), acknowledged(first), unknown(first, 9)],
    'guarded',
    false,
    0,
    'failed',
  ],
  [
    'two failures, given up, and a close anew',
    [intended(first), unknown(first, 2), closeFailed(first, 'no'), intended(second)],
    'closing sending',
    false,
    0,
    'failed',
  ],
  [
    'a part of it executed',
    [intended(first), acknowledged(first), partlyFilled(first, '4', mark('4'))],
    'closing pending',
    true,
    0,
    'closed',
  ],
  [
    'a part executed that nothing here asked for',
    [partlyFilled(first, '4', mark('4', { orderKey: 'sl' }))],
    'guarded',
    false,
    0,
    'closed',
  ],
  ['a fill', [intended(first), filledBy(first, firstMark)], 'closed', false, 0, 'closed'],
  ['nothing there any more', [intended(first), gone(first)], 'closed', false, 0, 'closed'],
])('after %s the position is %3$s', (_, drafts, where, wasSent, failures, outcome) => {
  const story = liveStory().tell(...drafts);
  const position = story.position();
  const [state, phase] = where.split(' ');
  expect(position).toMatchObject({ state, phase, wasSent, failures });
  expect(position.result?.outcome).toBe(outcome);
  expect(position.intent === undefined).toBe(phase === undefined);
  expect(story.account().closingCount).toBe(state === 'closing' ? 1 : 0);
});

test('sent again, a close is the same order in another attempt', () => {
  const story = liveStory().tell(intended(first), unknown(first), sent(first, 2));
  expect(story.position().intent).toEqual({ ...first, attempt: 2 });
  expect(story.position().generation).toBe(1);
});

test.each<[string, Draft[]]>([
  ['a close that is over', [intended(first), gone(first)]],
  ['a close that was given up', [intended(first), closeFailed(first, 'no')]],
  ['the generation before', [intended(first), rejected(first), intended(second)]],
])('that an order of %s was sent changes nothing', (_, drafts) => {
  const story = liveStory().tell(...drafts);
  const before = { ...story.position() };
  story.tell(sent(first, 2));
  expect(story.position()).toEqual(before);
});

test('a rejection keeps the reasons, and the next generation has them too', () => {
  const joined: Draft = {
    type: 'close.joined',
    accountId: 'a',
    body: { positionId: 'p', closeId: first.closeId, reason: 'stop_loss' },
  };
  const story = liveStory().tell(intended(first), joined, rejected(first), intended(second));
  expect(story.position()).toMatchObject({
    reasons: ['manual', 'stop_loss'],
    generation: 2,
    intent: { closeId: first.closeId, attempt: 2 },
  });
});

test('parts move the balance each with its own P&L, and the last one closes', () => {
  const story = liveStory().tell(intended(first));
  story.tell(partlyFilled(first, '4', mark('4'), ['-12.5', '0.5']));
  expect(text(story.position().remainingQuantity)).toBe('6');
  expect(text(story.account().balance)).toBe('9987.5');
  story.tell(partlyFilled(first, '1.5', mark('5.5'), ['2', '0.25']));
  expect(text(story.position().remainingQuantity)).toBe('4.5');
  story.tell(filledBy(first, mark('10'), ['3', '0.25']));
  const { fills, remainingQuantity, state } = story.position();
  expect([state, text(remainingQuantity)]).toEqual(['closed', '0']);
  expect([...fills]).toEqual([
    [
      first.clientOrderId,
      { filled: decimal('10'), untold: zero, pnl: decimal('-7.5'), commission: decimal('1') },
    ],
  ]);
  expect(text(story.account().balance)).toBe('9992.5');
});

test('fills are kept by order: what a stop at the provider filled is not what ours did', () => {
  const story = liveStory().tell(
    partlyFilled(first, '4', mark('4', { orderKey: 'sl' })),
    intended(second),
    partlyFilled(second, '1', mark('1', { orderKey: second.clientOrderId })),
  );
  const { fills, generation, remainingQuantity } = story.position();
  const filled = [...fills].map(([orderKey, fill]) => [orderKey, text(fill.filled)]);
  expect(filled).toEqual([
    ['sl', '4'],
    [second.clientOrderId, '1'],
  ]);
  expect([generation, text(remainingQuantity)]).toEqual([2, '5']);
});

test('a part of an older order does not turn the generation back', () => {
  const story = liveStory().tell(
    intended(first),
    rejected(first),
    intended(second),
    partlyFilled(first, '4', mark('4')),
  );
  expect(story.position()).toMatchObject({ generation: 2, intent: second });
});

test('a close that was known without its price moves the balance once it is told', () => {
  const story = liveStory().tell(intended(first), gone(first));
  expect(story.position().result).not.toHaveProperty('pnl');
  expect(text(story.account().balance)).toBe('10000');
  story.tell(amended(first, '-3.5', firstMark));
  expect(story.position()).toMatchObject({
    state: 'closed',
    result: { closedPrice: '2000', pnl: '-3.5' },
  });
  expect(text(story.account().balance)).toBe('9996.5');
  expect([...story.position().fills.keys()]).toEqual([first.clientOrderId]);
});

/** Drafts → how much was closed at a price that nobody has told yet. */
test.each<[string, Draft[], string]>([
  ['a close that is under way', [intended(first)], '0'],
  ['a fill with its price', [intended(first), filledBy(first, firstMark)], '0'],
  ['nothing there any more', [intended(first), gone(first)], '10'],
  [
    'a part with its price, and nothing there any more',
    [intended(first), partlyFilled(first, '4', mark('4')), gone({ ...first, quantity: '6' })],
    '6',
  ],
  ['then its price', [intended(first), gone(first), amended(first, '1', firstMark)], '0'],
  [
    'then the price of a part of it',
    [intended(first), gone(first), amended({ ...first, quantity: '7' }, '1', mark('7'))],
    '3',
  ],
  [
    'then the price of more than it',
    [intended(first), gone(first), amended({ ...first, quantity: '12' }, '1', mark('12'))],
    '0',
  ],
])('untold of %s: %3$s', (_, drafts, untold) => {
  expect(
    text(
      liveStory()
        .tell(...drafts)
        .position().untold,
    ),
  ).toBe(untold);
});

test('a fill without a rate books no P&L, and is told all the same', () => {
  const story = liveStory().tell(intended(first));
  const part = partlyFilled(first, '4', mark('4'));
  if (part.type === 'close.partially-filled') {
    delete part.body.result.pnl;
    delete part.body.result.commission;
  }
  story.tell(part);
  expect(text(story.account().balance)).toBe('10000');
  expect(story.position().fills.get(first.clientOrderId)).toEqual({
    filled: decimal(4),
    untold: zero,
    pnl: decimal(0),
    commission: decimal(0),
  });
});

test('what is learned of a close that nobody knows any more changes nothing', () => {
  const untracked: Draft = {
    type: 'position.untracked',
    accountId: 'a',
    body: { positionId: 'p', reason: 'x', by: 'y' },
  };
  const story = liveStory().tell(untracked, amended(first, '-3.5', firstMark));
  expect(story.state.positions.size).toBe(0);
  expect(text(story.account().balance)).toBe('10000');
});

test.each<[string, (positionId: string) => Draft]>([
  ['close.sent', (positionId) => sent({ ...first, positionId })],
  ['close.acknowledged', (positionId) => acknowledged({ ...first, positionId })],
  ['close.filled', (positionId) => gone({ ...first, positionId })],
])('%s of a position that is not there breaks an invariant', (_, draftOf) => {
  const message = 'position x is in the state';
  expect(() => liveStory().tell(draftOf('x'))).toThrow(new InvariantError(message));
});

test('a report that had an effect is known by its key, whichever record told of it', () => {
  const story = liveStory().tell(
    intended(first),
    partlyFilled(first, '4', mark('4', { reportKey: 'r/1' })),
    filledBy(first, mark('10', { reportKey: 'r/2' })),
    amended(first, '1', mark('10', { reportKey: 'r/3' })),
    {
      type: 'drift.detected',
      accountId: 'a',
      body: { drift: { kind: 'overfill' }, policy: 'alarm', route: 'r', reportKey: 'r/4' },
    },
  );
  expect([...story.state.reportKeys]).toEqual(['r/1', 'r/2', 'r/3', 'r/4']);
});

test('at the limit of reports the oldest is forgotten', () => {
  const story = liveStory().tell(intended(first));
  for (let i = 0; i < reportKeysMax; i++) story.state.reportKeys.add(`old/${i}`);
  story.tell(partlyFilled(first, '4', mark('4', { reportKey: 'new' })));
  const { reportKeys } = story.state;
  expect(reportKeys.size).toBe(reportKeysMax);
  expect([reportKeys.has('old/0'), reportKeys.has('old/1'), reportKeys.has('new')]).toEqual([
    false,
    true,
    true,
  ]);
  // One that is known already pushes nothing out.
  story.tell(partlyFilled(first, '1', mark('5', { reportKey: 'new' })));
  expect(reportKeys.size).toBe(reportKeysMax);
  expect(reportKeys.has('old/1')).toBe(true);
});

test('order ids stay known for as long as their position, and every generation of its close', () => {
  const links = { stopLossId: 'sl', takeProfitId: 'tp', closeOrderId: 'co' };
  const linked = liveStory().tell(
    positionTracked({ positionId: 'q', ...links }),
    positionTracked({ positionId: 's' }),
  );
  const ofQ = routed(linked.intent('q'));
  const thenOfQ = nextIntent(ofQ, { ...linked.position('q'), generation: 1 });
  linked.tell(
    intended(ofQ),
    rejected(ofQ),
    intended(thenOfQ),
    partlyFilled(thenOfQ, '0.4', { orderKey: 'sl', filled: '0.4' }),
    gone(thenOfQ),
  );
  const { state } = linked;
  expect([...state.orderLinks]).toEqual([
    ['r/sl', 'q'],
    ['r/tp', 'q'],
    ['r/co', 'q'],
  ]);
  expect([...state.clientOrders]).toEqual([
    [ofQ.clientOrderId, 'q'],
    [thenOfQ.clientOrderId, 'q'],
  ]);
  // Its ids are free again, and name the position that was tracked with them last.
  linked.tell(positionTracked({ positionId: 't', stopLossId: 'tp' }));
  expect(state.orderLinks.get('r/tp')).toBe('t');
  for (let i = 1; i < closedPositionsMax; i++) state.closedIds.add(`other-${i}`);
  expect(state.positions.has('q')).toBe(true);
  const ofS = linked.intent('s');
  linked.tell(closeFilled(ofS, '0'));
  expect(state.positions.has('q')).toBe(false);
  expect([...state.orderLinks]).toEqual([['r/tp', 't']]);
  expect(state.clientOrders.size).toBe(0);
  expect(state.usedPositionIds.has('q')).toBe(true);
});
