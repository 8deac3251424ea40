// What leaves the core once it is durable: each act once and in order, whatever an act sets off.
import { expect, test } from 'vitest';
import type { TurnEffects } from '#actors/core';
import { Outbox } from '#actors/outbox';
import { recordVersion, type JournalRecord } from '#src/domain/records';
import { memoryJournal } from '#src/journal/memory-journal';
import { silentLogger } from '#src/ports/logger';

function recordOf(n: number): JournalRecord {
  const place = { n, v: recordVersion, partition: 0, epoch: 1, seq: n, ts: n };
  return { type: 'runtime.resumed', accountId: '_', body: { reason: 'test', by: 'test' }, ...place };
}

function turnOf(n: number, ...acts: (() => void)[]): TurnEffects {
  return {
    records: [recordOf(n)],
    events: [],
    acts: acts.map((act) => ({ act, isSafeUnrecorded: false })),
  };
}

test('an act that makes another turn durable is done once, and that turn after it', async () => {
  const journal = memoryJournal();
  await journal.open();
  const outbox = new Outbox({
    journal,
    durableN: 0,
    publish: () => {},
    onDurable: () => {},
    onFailure: (error) => {
      throw error;
    },
    logger: silentLogger,
  });
  const done: string[] = [];
  const first = (): void => {
    done.push('first');
    if (done.length > 5) throw new Error('it goes round in circles');
    if (done.length === 1) outbox.deliver(turnOf(2, () => done.push('of the turn it made')));
  };
  outbox.deliver(turnOf(1, first, () => done.push('second')));
  expect(done).toEqual(['first', 'second', 'of the turn it made']);
});
