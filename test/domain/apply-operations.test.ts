// State + record → state, of what surrounds closes: dead letters, drifts, bulks, routes, pauses.
import { expect, test } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import type { Drift } from '#src/domain/drift';
import { text } from '#src/domain/money';
import type { BulkProgress, DeadLetterEnd, Draft } from '#src/domain/records';
import { routeOf } from '#src/domain/route';
import { closedLettersMax, routeIn } from '#src/domain/state';
import {
  acknowledged,
  filledBy,
  gone,
  intended,
  letterAdded,
  letterCleared,
  liveStory,
  rejected,
  routed,
  unknown,
} from './close-drafts.ts';
import { closeFailed, positionTracked, Story } from './story.ts';

const intent = routed(liveStory().intent());
const { closeId } = intent;

test('a dead letter is listed since it was added, and names its close', () => {
  const story = liveStory().tell(intended(intent)).tellAt(77, letterAdded(closeId));
  expect([...story.state.deadLetters.values()]).toEqual([
    {
      closeId,
      positionId: 'p',
      accountId: 'a',
      reason: 'stop_loss',
      attempts: 3,
      lastError: 'no reply',
      since: 77,
      order: story.state.n,
      end: undefined,
    },
  ]);
  expect(story.position().deadLetter).toBe(closeId);
  expect(() => liveStory().tell(letterAdded(closeId, 'x'))).toThrow(
    new InvariantError('position x is in the state'),
  );
});

/** What happens after it was added → attempts and last error of it. */
test.each<[string, Draft[], number, string]>([
  ['nothing', [], 3, 'no reply'],
  ['another failure', [unknown(intent, 4, 'late')], 4, 'late'],
  ['another rejection', [rejected(intent, 4, 'market closed')], 4, 'market closed'],
  ['two more', [unknown(intent, 4, 'late'), rejected(intent, 5, 'no')], 5, 'no'],
  ['a failure of another order', [unknown({ ...intent, clientOrderId: 'x' }, 4)], 3, 'no reply'],
  ['an acknowledgement', [acknowledged(intent)], 3, 'no reply'],
  [
    'a retry by an operator',
    [
      {
        type: 'deadletter.retried',
        accountId: 'a',
        body: { closeId, positionId: 'p', reason: 'now', by: 'ops' },
      },
    ],
    3,
    'no reply',
  ],
])('a dead letter counts on: after %s', (_, drafts, attempts, lastError) => {
  const story = liveStory().tell(intended(intent), letterAdded(closeId), ...drafts);
  expect(story.state.deadLetters.get(closeId)).toMatchObject({ attempts, lastError });
});

test('a failure that says nothing keeps the last error that was told', () => {
  const draft = rejected(intent, 4);
  if (draft.type === 'close.rejected') delete draft.body.result.errorMessage;
  const story = liveStory().tell(intended(intent), letterAdded(closeId), draft);
  expect(story.state.deadLetters.get(closeId)).toMatchObject({
    attempts: 4,
    lastError: 'no reply',
  });
});

test.each<DeadLetterEnd>(['closed', 'discarded', 'superseded', 'untracked'])(
  'a dead letter that is over (%s) is off the list, and kept with how and when it ended',
  (how) => {
    const story = liveStory().tell(intended(intent), letterAdded(closeId));
    const body = { closeId, positionId: 'p', how };
    story.tellAt(99, { type: 'deadletter.cleared', accountId: 'a', body });
    expect(story.state.deadLetters.size).toBe(0);
    expect(story.state.closedLetters.get(closeId)).toMatchObject({ end: { how, ts: 99 } });
    expect(story.position().deadLetter).toBeUndefined();
  },
);

test('what is cleared late leaves the dead letter that took its place', () => {
  const story = liveStory().tell(
    intended(intent),
    letterAdded('close_1'),
    letterAdded('close_2'),
    letterCleared('close_1'),
  );
  expect(story.position().deadLetter).toBe('close_2');
  expect([...story.state.deadLetters.keys()]).toEqual(['close_2']);
  // One that is not known, or of a position that is not known any more, changes nothing else.
  story.tell(letterCleared('close_x'), letterCleared('close_2', 'x'));
  expect(story.state.deadLetters.size).toBe(0);
  expect([...story.state.closedLetters.keys()]).toEqual(['close_1', 'close_2']);
});

test('of the dead letters that are over the last 500 are kept', () => {
  expect(closedLettersMax).toBe(500);
  const story = liveStory().tell(intended(intent));
  for (let i = 0; i <= closedLettersMax; i++) {
    story.tell(letterAdded(`close_${i}`), letterCleared(`close_${i}`));
  }
  const { closedLetters, deadLetters } = story.state;
  expect([closedLetters.size, deadLetters.size]).toEqual([closedLettersMax, 0]);
  expect([closedLetters.has('close_0'), closedLetters.has('close_1')]).toEqual([false, true]);
  // One that ends twice is the latest of them, and pushes nothing out.
  story.tell(letterAdded('close_1'), letterCleared('close_1'));
  expect(closedLetters.size).toBe(closedLettersMax);
  expect([...closedLetters.keys()].at(-1)).toBe('close_1');
});

test('an alarm changes nothing but the count of records', () => {
  const story = liveStory();
  const before = structuredClone([...story.account().positions.keys()]);
  const n = story.state.n;
  const body = { open: 1, oldestSince: 5 };
  story.tell({ type: 'deadletter.alarmed', accountId: '_', body });
  expect(story.state.n).toBe(n + 1);
  expect([...story.account().positions.keys()]).toEqual(before);
  expect(story.state.eventSeq.get('_')).toBe(1);
});

const driftTold = (drift: Drift): Draft => ({
  type: 'drift.detected',
  accountId: 'a',
  body: { drift, policy: 'alarm', route: 'r' },
});
const driftOver = (drift: Drift): Draft => ({
  type: 'drift.cleared',
  accountId: 'a',
  body: { drift },
});
const less: Drift = { kind: 'quantity', positionId: 'p', ours: '10', theirs: '4' };
const even: Drift = { ...less, theirs: '2' };
const stop: Drift = { kind: 'stop', positionId: 'p', ours: '1', theirs: '2' };
const gonePast: Drift = { kind: 'unknown_there', positionId: 'p', ours: '10' };
const happened: Drift[] = [
  { kind: 'overfill', positionId: 'p', ours: '10', theirs: '12' },
  { kind: 'fill_of_closed', positionId: 'p', ours: '0', theirs: '1' },
  { kind: 'unexpected_fill', positionId: 'p', ours: '0', theirs: '1' },
];

test.each<[string, Draft[], Drift[]]>([
  ['one', [driftTold(less)], [less]],
  ['two', [driftTold(less), driftTold(stop)], [less, stop]],
  ['the same of other values', [driftTold(less), driftTold(even)], [even]],
  ['one that is over', [driftTold(less), driftTold(stop), driftOver(less)], [stop]],
  ['one that is over as it stood before', [driftTold(even), driftOver(less)], []],
  ['one that was never told is over', [driftTold(stop), driftOver(gonePast)], [stop]],
  ['what happened once', happened.map(driftTold), []],
])('drifts that stand: %s', (_, drafts, standing) => {
  const story = liveStory().tell(...drafts);
  const { drifts } = story.account();
  expect([...drifts.values()].map(({ drift }) => drift)).toEqual(standing);
});

test('a drift stands since it was told', () => {
  const story = liveStory().tellAt(50, driftTold(less));
  expect([...story.account().drifts.values()]).toEqual([{ drift: less, since: 50 }]);
});

test.each<[object, object]>([
  [{ remainingQuantity: '4' }, { remainingQuantity: '4', entryPrice: '2000', exits: {} }],
  [{ entryPrice: '2001.5' }, { remainingQuantity: '10', entryPrice: '2001.5', exits: {} }],
  [
    { exits: { stopLoss: '1900' } },
    { remainingQuantity: '10', entryPrice: '2000', exits: { stopLoss: '1900' } },
  ],
  [
    { remainingQuantity: '4', entryPrice: '1', exits: { takeProfit: '2' } },
    { remainingQuantity: '4', entryPrice: '1', exits: { takeProfit: '2' } },
  ],
  [{}, { remainingQuantity: '10', entryPrice: '2000', exits: {} }],
])('corrected by %j, a position is %j', (change, expected) => {
  const body = { positionId: 'p', ...change };
  const story = liveStory().tell({ type: 'position.corrected', accountId: 'a', body });
  const { remainingQuantity, entryPrice, exits, quantity } = story.position();
  const now = {
    remainingQuantity: text(remainingQuantity),
    entryPrice: text(entryPrice),
    exits,
  };
  expect(now).toEqual(expected);
  // As it was tracked, it was.
  expect(text(quantity)).toBe('10');
});

const bulk: BulkProgress = {
  bulkId: 'bulk_1',
  reason: 'flat',
  total: 4,
  closed: 1,
  failed: 0,
  pending: 3,
  pnl: '5',
};
const told = (progress: BulkProgress): Draft => ({
  type: 'bulk.progressed',
  accountId: 'a',
  body: { ...progress },
});

test('a bulk close counts the outcomes of its closes, and is over when nothing is pending', () => {
  const ids = ['p', 'q', 's', 't'];
  const story = liveStory().tell(
    ...ids.slice(1).map((positionId) => positionTracked({ positionId })),
  );
  const [ofP, ofQ, ofS, ofT] = ids.map((id) => routed(story.intent(id))) as [
    typeof intent,
    typeof intent,
    typeof intent,
    typeof intent,
  ];
  const inBulk = { bulkId: 'bulk_1' };
  story.tell(told(bulk));
  const now = () => story.state.bulks.get('bulk_1');
  expect(now()).toEqual({ ...bulk, accountId: 'a' });
  story.tell(filledBy({ ...ofP, ...inBulk }, { orderKey: 'o', filled: '10' }, ['-2.5', '0']));
  expect(now()).toMatchObject({ closed: 2, failed: 0, pending: 2, pnl: '2.5' });
  story.tell(closeFailed({ ...ofQ, ...inBulk }, 'no'));
  expect(now()).toMatchObject({ closed: 2, failed: 1, pending: 1, pnl: '2.5' });
  // Closes of no bulk, or of one that nobody is told about, are not counted.
  story.tell(gone(ofS), closeFailed({ ...ofQ, bulkId: 'bulk_2' }, 'no'));
  expect(now()).toMatchObject({ closed: 2, failed: 1, pending: 1 });
  // One without a price is a close all the same.
  story.tell(gone({ ...ofT, ...inBulk }));
  expect(now()).toMatchObject({ closed: 3, failed: 1, pending: 0, pnl: '2.5' });
  // The record of it says what it said: it is not counted on in the journal.
  const record = story.records.find(({ type }) => type === 'bulk.progressed');
  expect(record?.body).toEqual(bulk);
  story.tell(told({ ...bulk, closed: 3, failed: 1, pending: 0 }));
  expect(story.state.bulks.size).toBe(0);
});

test('a close of a bulk that was given up, and is filled late, is not counted twice', () => {
  const story = liveStory();
  const ofP = { ...routed(story.intent('p')), bulkId: 'bulk_1' };
  story.tell(told({ ...bulk, pending: 2 }), closeFailed(ofP, 'no'));
  expect(story.state.bulks.get('bulk_1')).toMatchObject({ closed: 1, failed: 1, pending: 1 });
  story.tell(filledBy(ofP, { orderKey: 'o', filled: '10' }, ['-2.5', '0']));
  expect(story.state.bulks.get('bulk_1')).toMatchObject({ closed: 2, failed: 0, pending: 1 });
});

test('a route that is put is used, and one that nothing names has the defaults', () => {
  const story = new Story();
  expect(routeIn(story.state, 'r')).toEqual(routeOf({ route: 'r' }));
  const route = routeOf({ route: 'r', burst: 5, reduceOnly: true });
  story.tell({ type: 'route.put', accountId: '_', body: { route } });
  expect(routeIn(story.state, 'r')).toBe(route);
  const again = routeOf({ route: 'r', timeoutMs: 9 });
  story.tell({ type: 'route.put', accountId: '_', body: { route: again } });
  expect(routeIn(story.state, 'r')).toBe(again);
  expect(story.state.routes.size).toBe(1);
});

test('the runtime is paused by whoever said so last, until it is resumed', () => {
  const paused = (reason: string): Draft => ({
    type: 'runtime.paused',
    accountId: '_',
    body: { reason, by: 'ops' },
  });
  const story = new Story();
  expect(story.state.pause).toBeUndefined();
  story.tell(paused('lunch'), paused('fire'));
  expect(story.state.pause).toEqual({ reason: 'fire', by: 'ops' });
  story.tell({ type: 'runtime.resumed', accountId: '_', body: { reason: 'over', by: 'ops' } });
  expect(story.state.pause).toBeUndefined();
});
