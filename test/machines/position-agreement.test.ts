// The state that the records of a position add up to and its machine say the same, whatever happens
// on the way of its close: a restart makes the machine from that state.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StateValue } from 'xstate';
import { positionMachine, type PositionEvent } from '#machines/position.machine';
import { asLeft, nextIntent, type CloseIntent } from '#src/domain/closing';
import type { Exits } from '#src/domain/exits';
import { clientOrderIdOf } from '#src/domain/ids';
import { Decimal, text, zero } from '#src/domain/money';
import { unclaimedOf, wholeOf } from '#src/domain/part-closes';
import type { Draft } from '#src/domain/records';
import type { Position } from '#src/domain/state';
import {
  acknowledged,
  filledBy,
  gone,
  intended,
  liveStory,
  partlyFilled,
  queued,
  rejected,
  routed,
  sent,
  unknown,
} from '../domain/close-drafts.ts';
import { closeFailed, Story } from '../domain/story.ts';
import { Stepper } from './step.ts';

/** What the core tells the actor of a record, once that is applied. */
function eventsOf(draft: Draft, after: Position): PositionEvent[] {
  switch (draft.type) {
    case 'close.intended': {
      const { route, isPart = false } = draft.body.intent;
      return [{ type: draft.type, isSent: route !== undefined, isPart }];
    }
    case 'close.queued':
      if (draft.body.intent.isPart === true) return [];
      return [{ type: draft.type, phase: after.phase ?? 'waiting' }];
    case 'close.partially-filled':
      return after.intent === undefined ? [{ type: 'part.closed' }] : [];
    case 'close.failed':
      return [{ type: draft.type, isGuarded: after.state === 'guarded' }];
    case 'close.sent':
    case 'close.acknowledged':
    case 'close.unknown':
    case 'close.rejected':
    case 'close.filled':
    case 'position.untracked':
    case 'position.amended':
      return [{ type: draft.type }];
    default:
      return [];
  }
}

const names = [
  'intend on paper',
  'intend',
  'intend a part on paper',
  'intend a part',
  'queue a part',
  'queue',
  'next',
  'again',
  'sent',
  'acknowledge',
  'unknown',
  'reject',
  'part',
  'part by itself',
  'correct',
  'fill',
  'gone',
  'fail',
  'untrack',
] as const;
type Name = (typeof names)[number];
type Step = { cross: true } | { amend: Exits } | { name: Name; at: number };

const ends: readonly Name[] = ['fill', 'gone', 'untrack'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ cross: fc.constant(true as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ amend: fc.constantFrom({}, { stopLoss: '1' }, { takeProfit: '2' }) }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      name: fc.constantFrom(...names.filter((name) => !ends.includes(name))),
      at: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constantFrom(...ends), at: fc.constant(1) }) },
);

/** The record of a step, where the closer or an operator would write it; else none. */
function draftOf(story: Story, one: Exclude<Step, { cross: unknown }>): Draft | undefined {
  const position = story.position();
  const accountId = 'a';
  const positionId = 'p';
  if ('amend' in one) {
    return { type: 'position.amended', accountId, body: { positionId, exits: one.amend } };
  }
  const { name, at } = one;
  const isUnderWay = position.intent !== undefined;
  const isFree = position.state === 'guarded' && !isUnderWay && position.queued.length === 0;
  const intent = position.intent ?? routed(story.intent());
  const isSent = isUnderWay && intent.route !== undefined;
  const partOf = (whole: CloseIntent): CloseIntent => ({
    ...whole,
    quantity: String(at),
    isPart: true,
  });
  const free = unclaimedOf(position);
  const filled = position.fills.get(intent.clientOrderId)?.filled ?? zero;
  const left = position.remainingQuantity;
  switch (name) {
    case 'intend on paper':
      return isFree ? intended(story.intent()) : undefined;
    case 'intend':
      return isFree ? intended(intent) : undefined;
    case 'intend a part on paper':
      return isFree && left.gt(at) ? intended(partOf(story.intent())) : undefined;
    case 'intend a part':
      return isFree && left.gt(at) ? intended(partOf(intent)) : undefined;
    case 'queue a part':
      return isUnderWay && free.gte(at) ? queued(partOf(routed(story.intent()))) : undefined;
    case 'queue':
      if (intent.isPart !== true || position.state !== 'guarded') return undefined;
      return queued(routed(story.intent()));
    case 'next': {
      const [first] = position.queued;
      return isUnderWay || first === undefined ? undefined : intended(asLeft(first, position));
    }
    case 'again':
      return isSent ? intended(nextIntent(intent, position)) : undefined;
    case 'sent':
      return isSent ? sent(intent, at) : undefined;
    case 'acknowledge':
      return isSent ? acknowledged(intent) : undefined;
    case 'unknown':
      return isSent ? unknown(intent, position.failures + 1) : undefined;
    case 'reject':
      return isSent ? rejected(intent, position.failures + 1) : undefined;
    case 'part': {
      const mark = { orderKey: intent.clientOrderId, filled: text(filled.plus(at)) };
      return isSent && left.gt(at) ? partlyFilled(intent, String(at), mark) : undefined;
    }
    case 'part by itself': {
      const before = position.fills.get('sl')?.filled ?? zero;
      const mark = { orderKey: 'sl', filled: text(before.plus(at)) };
      return left.gt(at) ? partlyFilled(intent, String(at), mark) : undefined;
    }
    case 'correct': {
      const body = { positionId, remainingQuantity: text(Decimal.max(1, left.minus(at))) };
      return { type: 'position.corrected', accountId, body };
    }
    case 'fill':
      return filledBy(intent, { orderKey: intent.clientOrderId, filled: '10' });
    case 'gone':
      return gone(intent);
    case 'fail':
      return isUnderWay ? closeFailed(intent, 'no') : undefined;
    case 'untrack':
      return { type: 'position.untracked', accountId, body: { positionId, reason: 'x', by: 'y' } };
  }
}

/** Where the machine of a position stands; between a close and the next one where the former stood. */
function valueOf({ state, phase, intent }: Position, before: StateValue): StateValue {
  const isBetween = intent === undefined && typeof before === 'object' && 'closing' in before;
  if (state === 'closing') return isBetween ? before : { closing: phase ?? 'waiting' };
  if (state !== 'guarded') return state;
  return { guarded: intent === undefined ? 'whole' : { reducing: phase ?? 'waiting' } };
}

const isOver = ({ state }: Position): boolean => state === 'closed' || state === 'untracked';

test('the state of a position is that of its machine, after every event', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const story = liveStory();
      const position = story.position();
      const machine = new Stepper(positionMachine, { positionId: 'p' });
      const ours = new Set<string>();
      let generation = 0;
      for (const one of steps) {
        if (isOver(position)) break;
        if ('cross' in one) {
          machine.send({ type: 'levels.crossed', reached: { closes: [], moves: undefined } });
        } else {
          const draft = draftOf(story, one);
          if (draft === undefined) continue;
          story.tell(draft);
          if (draft.type === 'close.intended' || draft.type === 'close.queued') {
            ours.add(draft.body.intent.clientOrderId);
          }
          for (const event of eventsOf(draft, position)) machine.send(event);
        }
        // It never turns back: an id of an order is used once.
        expect(position.generation).toBeGreaterThanOrEqual(generation);
        generation = position.generation;
        const { state, phase, intent } = position;
        const isClosing = state === 'closing';
        const { value } = machine.snapshot;
        expect(value).toEqual(valueOf(position, value));
        expect(machine.snapshot.context).toEqual({ positionId: 'p' });
        // Nothing is known any more of one that is untracked.
        const isKnown = state !== 'untracked';
        const says = [phase !== undefined, position.partLeft !== undefined, isClosing];
        const isPart = intent?.isPart === true;
        const means = [intent !== undefined, isPart, wholeOf(position) !== undefined];
        expect(isKnown ? says : []).toEqual(isKnown ? means : []);
        expect(story.account().closingCount).toBe(isClosing ? 1 : 0);
        // Reports of our orders find it, until nothing is known of it.
        const known = state === 'untracked' ? [] : [...ours].map((id) => [id, 'p']);
        expect([...story.state.clientOrders]).toEqual(known);
        const key = JSON.stringify(machine.snapshot.value);
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      // The same records make the same state again: that of a restart.
      expect(new Story().tell(...story.records).state).toEqual(story.state);
    }),
    { numRuns: 1000 },
  );
  const phases = ['pending', 'rejected', 'sending', 'unknown', 'waiting'];
  expect([...seen.keys()].sort()).toEqual([
    '"closed"',
    '"untracked"',
    ...phases.map((phase) => `{"closing":"${phase}"}`),
    '{"guarded":"whole"}',
    ...phases.map((phase) => `{"guarded":{"reducing":"${phase}"}}`),
  ]);
});

test('each generation has an id of its own, and an attempt of the close it belongs to', () => {
  const close = routed(liveStory().intent());
  const story = liveStory().tell(intended(close));
  for (let generation = 2; generation < 6; generation++) {
    const { intent } = story.position();
    if (intent === undefined) throw new Error('a close is under way');
    story.tell(rejected(intent), intended(nextIntent(intent, story.position())));
    expect(story.position().intent).toMatchObject({
      generation,
      attempt: generation,
      closeId: close.closeId,
      clientOrderId: clientOrderIdOf('a', 'p', generation),
    });
  }
});
