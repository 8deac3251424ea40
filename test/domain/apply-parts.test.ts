// State + record of the close of a part → state: what is under way, what waits behind it, and which
// rungs are done.
import { describe, expect, test } from 'vitest';
import { asLeft, goneResult, nextIntent, type CloseIntent } from '#src/domain/closing';
import { decimal, text } from '#src/domain/money';
import { partResult, unclaimedOf, unfilledOf, wholeOf } from '#src/domain/part-closes';
import type { Draft } from '#src/domain/records';
import { isLive, type Position } from '#src/domain/state';
import {
  amended,
  filledBy,
  gone,
  intended,
  liveStory,
  partlyFilled,
  queued,
  rejected,
  routed,
  unknown,
} from './close-drafts.ts';
import { closeFailed, type Story } from './story.ts';

/** The close of so much of the position as it stands in the story. */
function part(story: Story, quantity: string, more: Partial<CloseIntent> = {}): CloseIntent {
  return { ...routed(story.intent()), quantity, isPart: true, ...more };
}

const mark = ({ clientOrderId }: CloseIntent, filled: string) => ({
  orderKey: clientOrderId,
  filled,
});
const filled = (intent: CloseIntent, quantity: string, all = quantity): Draft =>
  partlyFilled(intent, quantity, mark(intent, all));

/** `state phase partLeft of what is left, and what waits`. */
function shown({ state, phase, partLeft, remainingQuantity, queued: waiting }: Position): string {
  const waits = waiting.map(({ quantity, isPart }) => (isPart ? quantity : 'all'));
  const left = partLeft === undefined ? '-' : text(partLeft);
  return [state, phase ?? '-', left, 'of', text(remainingQuantity), ...waits].join(' ');
}

describe('a part', () => {
  test('leaves the position guarded, from its intent to its last fill', () => {
    const story = liveStory();
    const position = story.position();
    const intent = part(story, '4');
    story.tell(intended(intent));
    expect(shown(position)).toBe('guarded sending 4 of 10');
    expect(story.account().closingCount).toBe(0);
    story.tell(filled(intent, '1'));
    expect(shown(position)).toBe('guarded sending 3 of 9');
    const next = nextIntent(intent, position);
    expect(next).toMatchObject({ quantity: '3', isPart: true, generation: 2, attempt: 2 });
    expect(next.closeId).toBe(intent.closeId);
    story.tell(intended(next));
    expect(shown(position)).toBe('guarded sending 3 of 9');
    story.tell(filled(next, '3'));
    expect(shown(position)).toBe('guarded - - of 6');
    expect(position.intent).toBeUndefined();
    const done = position.parts?.get(intent.closeId);
    expect(done && partResult(done)).toMatchObject({
      ...{ success: true, outcome: 'closed', quantity: '4', closedPrice: '2000', pnl: '2' },
      closeId: intent.closeId,
    });
  });

  test('on paper is intent and fill in one record', () => {
    const story = liveStory();
    const intent = part(story, '4');
    story.tell(filled(intent, '4'));
    expect(shown(story.position())).toBe('guarded - - of 6');
    expect(story.position().generation).toBe(1);
    expect(story.account().closingCount).toBe(0);
  });

  test('that has come to be all that is left is a close of all that', () => {
    const story = liveStory();
    const intent = part(story, '4');
    story.tell(intended(intent));
    story.tell(partlyFilled(story.intent(), '7', { orderKey: 'x', filled: '7' }));
    expect(shown(story.position())).toBe('guarded sending 4 of 3');
    const next = nextIntent(intent, story.position());
    expect(next.isPart).toBeUndefined();
    expect(next.quantity).toBe('3');
    story.tell(intended(next));
    expect(shown(story.position())).toBe('closing sending - of 3');
    expect(story.account().closingCount).toBe(1);
  });

  test('fills of others are none of it', () => {
    const story = liveStory();
    story.tell(intended(part(story, '4')));
    story.tell(partlyFilled(story.intent(), '2', { orderKey: 'sl', filled: '2' }));
    expect(shown(story.position())).toBe('guarded sending 4 of 8');
  });

  test('that is given up leaves nothing under way', () => {
    const story = liveStory();
    const intent = part(story, '4');
    story.tell(intended(intent), filled(intent, '1'), closeFailed(intent, 'no'));
    expect(shown(story.position())).toBe('guarded - - of 9');
    const given = story.position().parts?.get(intent.closeId);
    expect(given && [partResult(given)?.outcome, text(unfilledOf(given))]).toEqual(['failed', '3']);
    // It turns out to have been executed after all.
    story.tell(filled(intent, '3', '4'));
    expect(shown(story.position())).toBe('guarded - - of 6');
    expect(given && partResult(given)).toMatchObject({ outcome: 'closed', quantity: '4' });
  });

  test('at a price that is told later is worth what it says then', () => {
    const story = liveStory();
    const intent = part(story, '4');
    const result = { ...goneResult(intent, 5), quantity: '4' };
    const body = { intent, result, reasons: ['manual'], fill: mark(intent, '4') };
    story.tell(intended(intent), { type: 'close.partially-filled', accountId: 'a', body });
    const done = story.position().parts?.get(intent.closeId);
    expect(done && partResult(done)).toEqual(result);
    expect(text(story.position().untold)).toBe('4');
    story.tell(amended(intent, '8', mark(intent, '4')));
    expect(done && partResult(done)).toMatchObject({ closedPrice: '2000', pnl: '8' });
    expect(text(story.position().untold)).toBe('0');
  });
});

describe('what waits behind a part', () => {
  function withQueue(): {
    story: Story;
    first: CloseIntent;
    second: CloseIntent;
    all: CloseIntent;
  } {
    const story = liveStory();
    const first = part(story, '4');
    story.tell(intended(first));
    const second = part(story, '3', { reason: 'second' });
    story.tell(queued(second));
    const all = routed(story.intent('p', 'stop_loss'));
    return { story, first, second, all };
  }

  test('has a generation of its own, and is claimed', () => {
    const { story, second, all } = withQueue();
    expect([second.generation, all.generation]).toEqual([2, 3]);
    expect(shown(story.position())).toBe('guarded sending 4 of 10 3');
    expect(text(unclaimedOf(story.position()))).toBe('3');
    story.tell(queued(all));
    expect(shown(story.position())).toBe('closing sending 4 of 10 3 all');
    expect(text(unclaimedOf(story.position()))).toBe('0');
    expect(story.account().closingCount).toBe(1);
    expect(story.state.clientOrders.get(all.clientOrderId)).toBe('p');
  });

  test('begins with reasons and failures of its own, and those that joined it', () => {
    const { story, first, second, all } = withQueue();
    const position = story.position();
    const { closeId } = all;
    story.tell(queued(all), {
      type: 'close.joined',
      accountId: 'a',
      body: { positionId: 'p', closeId, reason: 'flat', bulkId: 'b' },
    });
    story.tell(unknown(first, 2));
    expect([position.reasons, position.isUrgent]).toEqual([['manual'], false]);
    expect(position.behind).toEqual({ reasons: ['stop_loss', 'flat'], isUrgent: true });
    story.tell(filled(first, '4'));
    expect(shown(position)).toBe('closing - - of 6 3 all');
    story.tell(intended(asLeft(second, position)));
    expect(shown(position)).toBe('closing sending 3 of 6 all');
    expect([position.reasons, position.isUrgent, position.failures]).toEqual([['second'], true, 0]);
    story.tell(filled(second, '3'));
    story.tell(intended(asLeft(all, position)));
    expect(shown(position)).toBe('closing sending - of 3');
    expect([position.reasons, position.isUrgent]).toEqual([['stop_loss', 'flat'], true]);
    expect([position.intent?.quantity, position.behind]).toEqual(['3', undefined]);
    story.tell(filledBy(all, mark(all, '3')));
    expect(story.account().closingCount).toBe(0);
  });

  test('is dropped where a close of all that is left passes it', () => {
    const { story, first, second, all } = withQueue();
    story.tell(queued(all), closeFailed(first, 'no'));
    expect(shown(story.position())).toBe('closing - - of 10 3 all');
    story.tell(intended(asLeft(all, story.position())));
    expect(shown(story.position())).toBe('closing sending - of 10');
    const dropped = story.position().parts?.get(second.closeId);
    expect(dropped && partResult(dropped)).toBeUndefined();
  });

  test('and where nothing is left', () => {
    const { story, first, all } = withQueue();
    story.tell(queued(all), gone(first));
    expect(shown(story.position())).toBe('closed - - of 0');
    expect(story.account().closingCount).toBe(0);
    expect(wholeOf(story.position())).toBeUndefined();
  });

  test('leaves the position guarded where it is given up, too', () => {
    const { story, first, second, all } = withQueue();
    story.tell(queued(all), closeFailed(first, 'no'), closeFailed(second, 'no'));
    expect(shown(story.position())).toBe('closing - - of 10 all');
    story.tell(closeFailed(all, 'no'));
    expect(shown(story.position())).toBe('guarded - - of 10');
    expect([story.account().closingCount, story.position().behind]).toEqual([0, undefined]);
  });

  test('a bulk close that waited is closed with it', () => {
    const { story, first, all } = withQueue();
    const bulk = { bulkId: 'b', reason: 'flat', total: 1, closed: 0, failed: 0, pending: 1 };
    story.tell(queued({ ...all, bulkId: 'b' }));
    story.tell({ type: 'bulk.progressed', accountId: 'a', body: { ...bulk, pnl: '0' } });
    story.tell(gone(first));
    expect(story.state.bulks.get('b')).toMatchObject({ closed: 1, pending: 0 });
  });
});

describe('rungs', () => {
  const ladder = [
    { price: '2010', fraction: '0.4' },
    { price: '2020', fraction: '0.3' },
  ];
  const laddered = (): Story => {
    const story = liveStory();
    const body = { positionId: 'p', exits: { ladder } };
    return story.tell({ type: 'position.amended', accountId: 'a', body });
  };
  const rungs = (story: Story) => story.position().progress.rungs ?? [];

  test.each<[string, (intent: CloseIntent) => Draft[], number[]]>([
    ['its intent', (rung) => [intended(rung)], [1]],
    ['waiting', (rung) => [queued(rung)], [1]],
    ['its fill on paper', (rung) => [filled(rung, '3')], [1]],
    ['its intent, and a fill', (rung) => [intended(rung), filled(rung, '3')], [1]],
    ['a rejection', (rung) => [intended(rung), rejected(rung)], [1]],
    ['being given up', (rung) => [intended(rung), closeFailed(rung, 'no')], []],
    ['being given up when it waits', (rung) => [queued(rung), closeFailed(rung, 'no')], []],
    [
      'being given up when some is filled',
      (rung) => [intended(rung), filled(rung, '1'), closeFailed(rung, 'no')],
      [],
    ],
    [
      'being given up in doubt',
      (rung) => {
        const { type, accountId, body } = closeFailed(rung, 'no');
        return [intended(rung), { type, accountId, body: { ...body, isInDoubt: true } } as Draft];
      },
      [1],
    ],
    [
      'being given up, and executed all the same',
      (rung) => [intended(rung), closeFailed(rung, 'no'), filled(rung, '3')],
      [1],
    ],
    [
      'being given up, and executed in part all the same',
      (rung) => [intended(rung), closeFailed(rung, 'no'), filled(rung, '1')],
      [],
    ],
  ])('after %s', (_name, drafts, done) => {
    const story = laddered();
    story.tell(...drafts(part(story, '3', { rung: 1 })));
    expect(rungs(story)).toEqual(done);
  });

  test('the last of them, which closes all that is left, is done and undone likewise', () => {
    const story = laddered();
    const all = routed({ ...story.intent('p', 'take_profit'), rung: 0 });
    story.tell(intended(all));
    expect(rungs(story)).toEqual([0]);
    story.tell(closeFailed(all, 'no'));
    expect(rungs(story)).toEqual([]);
  });

  test('what becomes of a close says nothing of another ladder', () => {
    const story = laddered();
    const rung = part(story, '3', { rung: 1 });
    const amend = (exits: object): Draft => ({
      type: 'position.amended',
      accountId: 'a',
      body: { positionId: 'p', exits },
    });
    story.tell(intended(rung), amend({ ladder: ladder.slice(0, 1) }), amend({ ladder }));
    expect(rungs(story)).toEqual([]);
    story.tell(filled(rung, '1'));
    expect(rungs(story)).toEqual([]);
    const again = part(story, '3', { rung: 1, closeId: 'close_again' });
    story.tell(filled(rung, '2', '3'), intended(again), closeFailed(rung, 'no'));
    expect(rungs(story)).toEqual([1]);
  });

  test('an amendment that leaves the ladder as it is leaves them, too', () => {
    const story = laddered();
    const rung = part(story, '3', { rung: 1 });
    const body = { positionId: 'p', exits: { stopLoss: '1', ladder } };
    story.tell(intended(rung), { type: 'position.amended', accountId: 'a', body });
    expect(rungs(story)).toEqual([1]);
    story.tell(closeFailed(rung, 'no'));
    expect(rungs(story)).toEqual([]);
  });
});

test('what was closed in parts is remembered within a bound', () => {
  const story = liveStory();
  expect(isLive(story.account())).toBe(true);
  const first = part(story, '0.01');
  story.tell(intended(first));
  for (let i = 0; i < 100; i++) {
    const one = part(story, '0.01');
    story.tell(filled(one, '0.01'));
  }
  const { parts, remainingQuantity } = story.position();
  expect(parts?.size).toBe(64);
  expect(parts?.has(first.closeId)).toBe(true);
  expect(remainingQuantity.eq(decimal('9'))).toBe(true);
});
