// What leaves the core once it is durable: each act once and in order, whatever an act sets off.
import { describe, expect, test } from 'vitest';
import type { TurnEffects } from '#actors/core';
import { Outbox } from '#actors/outbox';
import { CloseoutError } from '#src/domain/errors';
import type { RuntimeEvent } from '#src/domain/events';
import { recordVersion, type JournalRecord } from '#src/domain/records';
import { memoryJournal } from '#src/journal/memory-journal';
import type { Journal } from '#src/ports/journal';
import { silentLogger } from '#src/ports/logger';

type WhenDurable = (error?: CloseoutError) => void;

function outboxOn(journal: Pick<Journal, 'append'>, said: string[]): Outbox {
  return new Outbox({
    journal: journal as Journal,
    durableN: 0,
    publish: (event) => void said.push(`publish ${event.id}`),
    onDurable: (n) => void said.push(`durable ${n}`),
    onFailure: (error) => void said.push(error.code),
    logger: silentLogger,
  });
}

/** Durable when the test says so. */
function held(): { append: Journal['append']; waiting: WhenDurable[] } {
  const waiting: WhenDurable[] = [];
  return { waiting, append: (_records, whenDurable) => void waiting.push(whenDurable) };
}

function recordOf(n: number): JournalRecord {
  const place = { n, v: recordVersion, partition: 0, epoch: 1, seq: n, ts: n };
  return {
    type: 'runtime.resumed',
    accountId: '_',
    body: { reason: 'test', by: 'test' },
    ...place,
  };
}

function turnOf(ns: readonly number[], ...acts: (() => void)[]): TurnEffects {
  return {
    records: ns.map(recordOf),
    events: ns.map((n) => ({ id: `e${n}` }) as unknown as RuntimeEvent),
    acts: acts.map((act) => ({ act, isSafeUnrecorded: false })),
  };
}

function safe(turn: TurnEffects): TurnEffects {
  return { ...turn, acts: turn.acts.map(({ act }) => ({ act, isSafeUnrecorded: true })) };
}

test('acts come after their records, before their events, and nothing before', () => {
  const said: string[] = [];
  const journal = held();
  const outbox = outboxOn(journal, said);
  outbox.deliver(turnOf([1, 2], () => said.push('act a')));
  outbox.deliver(turnOf([], () => said.push('act b')));
  outbox.deliver(turnOf([3], () => said.push('act c')));
  outbox.whenDurable(() => said.push('all'));
  expect(said).toEqual([]);
  expect(outbox.backlog).toBe(3);
  journal.waiting[0]?.();
  expect(said).toEqual(['act a', 'act b', 'publish e1', 'publish e2', 'durable 2']);
  journal.waiting[1]?.();
  expect(said.slice(5)).toEqual(['act c', 'publish e3', 'durable 3', 'all']);
  expect(outbox.backlog).toBe(0);
});

test('acts that follow nothing new are done at once', () => {
  const said: string[] = [];
  outboxOn(held(), said).deliver(turnOf([], () => said.push('act')));
  expect(said).toEqual(['act']);
});

test('an act that fails keeps none of the others', () => {
  const said: string[] = [];
  const journal = held();
  const outbox = outboxOn(journal, said);
  const fail = (): void => {
    throw new Error('no');
  };
  outbox.deliver(turnOf([1], fail, () => said.push('after it')));
  outbox.deliver(turnOf([2], () => said.push('act')));
  for (const whenDurable of journal.waiting) whenDurable();
  expect(said).toEqual(['after it', 'publish e1', 'durable 1', 'act', 'publish e2', 'durable 2']);
});

describe('an act that makes another turn is done once, and that turn after it', () => {
  test.each([
    { name: 'with records', ns: [2] },
    { name: 'without', ns: [] },
  ])('$name', async ({ ns }) => {
    const said: string[] = [];
    const journal = memoryJournal();
    await journal.open();
    const outbox = outboxOn(journal, said);
    const first = (): void => {
      said.push('first');
      if (said.length > 5) throw new Error('it goes round in circles');
      outbox.deliver(turnOf(ns, () => said.push('of the turn it made')));
    };
    outbox.deliver(turnOf([1], first, () => said.push('second')));
    expect(said.filter((one) => !/^(publish|durable)/.test(one))).toEqual([
      'first',
      'second',
      'of the turn it made',
    ]);
  });
});

describe('a journal that fails', () => {
  test('lets through what is safe without a record, and holds the rest, now and later', () => {
    const said: string[] = [];
    const journal = held();
    const outbox = outboxOn(journal, said);
    const full = new CloseoutError('journal_failed', 'the disk is full');
    outbox.deliver(safe(turnOf([1], () => said.push('safe'))));
    outbox.deliver(turnOf([2], () => said.push('unsafe')));
    outbox.whenDurable((failure) => said.push(`told ${failure?.code ?? ''}`));
    journal.waiting[0]?.(full);
    expect(said).toEqual(['told journal_failed', 'journal_failed', 'safe']);
    expect(outbox.held).toBe(1);
    journal.waiting[1]?.(full);
    outbox.deliver(safe(turnOf([3], () => said.push('safe later'))));
    outbox.deliver(turnOf([], () => said.push('unsafe later')));
    outbox.whenDurable((failure) => said.push(`told ${failure?.code ?? ''}`));
    expect(said.slice(3)).toEqual(['safe later', 'told journal_failed']);
    expect(outbox.held).toBe(2);
    expect(journal.waiting).toHaveLength(2);
  });

  test('by throwing is one that fails', () => {
    const said: string[] = [];
    const append = (): never => {
      throw new Error('EIO');
    };
    outboxOn({ append }, said).deliver(safe(turnOf([1], () => said.push('safe'))));
    expect(said).toEqual(['journal_failed', 'safe']);
  });
});
