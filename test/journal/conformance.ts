// What every journal does, whatever it keeps its records in.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chainStart, hashOf } from '#src/domain/chain';
import { InvariantError } from '#src/domain/errors';
import type { CloseoutError } from '#src/domain/errors';
import type { JournalRecord } from '#src/domain/records';
import { journalBatchMax } from '#src/ports/journal';
import type { Journal, JournalEntry } from '#src/ports/journal';
import { recordOf, recordsOf } from './records.ts';

export interface JournalWorld {
  /** A journal of the world's one place: the first call, and each after a `close`, starts it. */
  journal(): Journal;
  remove(): void;
}

/** Appends and waits; the error is that of the callback. */
export function appended(journal: Journal, records: readonly JournalRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(records, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** All entries, page by page. */
export async function allEntries(journal: Journal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const page = await journal.read(entries.length, journalBatchMax);
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

export function describeJournal(name: string, makeWorld: () => JournalWorld): void {
  describe(`${name}, like every journal`, () => {
    let world: JournalWorld;
    let journal: Journal;
    beforeEach(() => {
      world = makeWorld();
      journal = world.journal();
    });
    afterEach(async () => {
      await journal.close();
      world.remove();
    });

    test('is empty at its first start', async () => {
      const opened = await journal.open();
      expect(opened).toEqual({ epoch: 1, directoryId: expect.stringMatching(/.+/), lastN: 0 });
      expect(await journal.read(0, 10)).toEqual([]);
    });

    test('counts its starts, knows its last record and keeps its name', async () => {
      const first = await journal.open();
      await appended(journal, recordsOf(1, 7));
      await journal.close();

      journal = world.journal();
      expect(await journal.open()).toEqual({ ...first, epoch: 2, lastN: 7 });
      await appended(journal, [recordOf(8, 2)]);
      await journal.close();

      journal = world.journal();
      expect(await journal.open()).toEqual({ ...first, epoch: 3, lastN: 8 });
    });

    test('reads back what was appended, in order, across starts', async () => {
      await journal.open();
      await appended(journal, recordsOf(1, 3));
      await appended(journal, [recordOf(4)]);
      await journal.close();
      journal = world.journal();
      await journal.open();
      await appended(journal, recordsOf(5, 20, 2));
      const records = (await journal.read(0, 100)).map((entry) => entry.record);
      expect(records).toEqual([...recordsOf(1, 4), ...recordsOf(5, 20, 2)]);
    });

    test.each([
      { after: 0, limit: 3, first: 1, last: 3 },
      { after: 3, limit: 3, first: 4, last: 6 },
      { after: 1_199, limit: 3, first: 1_200, last: 1_200 },
      { after: 1_200, limit: 3, first: 1_201, last: 1_200 },
      { after: 0, limit: 0, first: 1, last: 0 },
      { after: 0, limit: -1, first: 1, last: 0 },
      { after: 10, limit: 100_000, first: 11, last: 10 + journalBatchMax },
    ])('reads a page of $limit after $after', async ({ after, limit, first, last }) => {
      await journal.open();
      await appended(journal, recordsOf(1, 1_200));
      const page = await journal.read(after, limit);
      expect(page.map((entry) => entry.record)).toEqual(recordsOf(first, last));
    });

    test('chains the records of a partition, and those of each alone', async () => {
      await journal.open();
      await appended(journal, recordsOf(1, 30));
      await appended(journal, recordsOf(31, 60));
      const entries = await allEntries(journal);
      const heads = new Map<number, string>();
      for (const { record, prevHash, hash } of entries) {
        expect(prevHash).toBe(heads.get(record.partition) ?? chainStart);
        expect(hash).toBe(hashOf({ ...record, prevHash }));
        heads.set(record.partition, hash);
      }
      expect(entries).toHaveLength(60);
      expect(heads.size).toBeGreaterThan(5);
    });

    test('goes on with the chains after a start', async () => {
      await journal.open();
      await appended(journal, recordsOf(1, 24));
      await journal.close();
      journal = world.journal();
      await journal.open();
      await appended(journal, recordsOf(25, 36, 2));
      const entries = await allEntries(journal);
      const next = entries.find((entry) => entry.record.n === 25);
      const before = entries.filter(({ record }) => {
        return record.n < 25 && record.partition === next?.record.partition;
      });
      expect(next?.prevHash).toBe(before.at(-1)?.hash);
    });

    test('tells that records are durable once a call, in order of the calls', async () => {
      await journal.open();
      const told: number[] = [];
      let n = 0;
      for (let call = 0; call < 300; call++) {
        const size = [1, 3, 0, 40, 1][call % 5] ?? 1;
        const last = n + size;
        journal.append(recordsOf(n + 1, last), (error) => {
          expect(error).toBeUndefined();
          told.push(call);
        });
        n = last;
      }
      await journal.close();
      expect(told).toEqual(Array.from({ length: 300 }, (_, call) => call));
    });

    test('takes what a callback appends', async () => {
      await journal.open();
      const told: number[] = [];
      await new Promise<void>((resolve) => {
        const next = (n: number): void => {
          if (n > 50) return resolve();
          journal.append([recordOf(n)], () => {
            told.push(n);
            next(n + 1);
          });
        };
        next(1);
      });
      expect(told).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    });

    test('has read-your-durable-writes inside a callback', async () => {
      await journal.open();
      const page = await new Promise<JournalEntry[]>((resolve, reject) => {
        journal.append(recordsOf(1, 5), () => {
          journal.read(0, 10).then(resolve, reject);
        });
        journal.append(recordsOf(6, 6), () => {});
      });
      expect(page.slice(0, 5).map((entry) => entry.record)).toEqual(recordsOf(1, 5));
    });

    test('keeps a record as it was when it was appended', async () => {
      await journal.open();
      const record = recordOf(13);
      const changing = { ...record, n: 1, ts: 1 };
      const durable = appended(journal, [changing]);
      changing.ts = 2;
      await durable;
      expect((await journal.read(0, 1))[0]?.record.ts).toBe(1);
    });

    test.each([
      { what: 'a hole', records: [recordOf(2)] },
      { what: 'a hole within', records: [recordOf(1), recordOf(3)] },
      { what: 'a repeat', records: [recordOf(1), recordOf(1)] },
    ])('asserts that there is no $what in the numbers', async ({ records }) => {
      await journal.open();
      expect(() => journal.append(records, () => {})).toThrow(InvariantError);
      // Nothing of it was taken.
      await appended(journal, [recordOf(1)]);
      expect(await allEntries(journal)).toHaveLength(1);
    });

    test('keeps the value that was noted last, across starts', async () => {
      await journal.open();
      expect(await journal.notes('')).toEqual(new Map());
      journal.note('cursor', '41');
      journal.note('cursor', '42');
      journal.note('mark:b', '{"bid":"1"}');
      journal.note('mark:a', '');
      journal.note('mark%', 'no pattern');
      await journal.close();
      journal = world.journal();
      await journal.open();
      expect(await journal.notes('cursor')).toEqual(new Map([['cursor', '42']]));
      const marks = await journal.notes('mark:');
      expect([...marks]).toEqual([
        ['mark:a', ''],
        ['mark:b', '{"bid":"1"}'],
      ]);
      expect(await journal.notes('never')).toEqual(new Map());
    });

    test('makes a note durable with the next batch', async () => {
      await journal.open();
      journal.note('cursor', '5');
      await appended(journal, [recordOf(1)]);
      expect(await journal.notes('cursor')).toEqual(new Map([['cursor', '5']]));
    });

    test('never makes a note durable before what was appended before it', async () => {
      await journal.open();
      const records = 3_000;
      for (let n = 1; n <= records; n++) {
        journal.append([recordOf(n)], () => {});
        journal.note('upTo', String(n));
      }
      let upTo = 0;
      while (upTo < records) {
        // Asked first: what is durable by the time of the second answer is no less.
        upTo = Number((await journal.notes('upTo')).get('upTo') ?? 0);
        const found = await journal.read(Math.max(0, upTo - 1), 1);
        expect(found.length).toBeGreaterThanOrEqual(Math.sign(upTo));
      }
    }, 20_000);

    test('refuses an append before it is open and after it was closed', async () => {
      const before = appended(journal, [recordOf(1)]);
      await expect(before).rejects.toMatchObject({ code: 'journal_closed' });
      await journal.open();
      await appended(journal, [recordOf(1)]);
      await journal.close();
      const after = appended(journal, [recordOf(2)]);
      await expect(after).rejects.toMatchObject({ code: 'journal_closed' });
    });

    test('closes twice without harm, and without ever having been opened', async () => {
      await journal.close();
      journal = world.journal();
      expect((await journal.open()).epoch).toBe(1);
      await Promise.all([journal.close(), journal.close()]);
      await expect(journal.close()).resolves.toBeUndefined();
    });

    test('waits with its close for what was appended', async () => {
      await journal.open();
      const told: (CloseoutError | undefined)[] = [];
      journal.append(recordsOf(1, 2_000), (error) => told.push(error));
      await journal.close();
      expect(told).toEqual([undefined]);
      journal = world.journal();
      expect((await journal.open()).lastN).toBe(2_000);
    });
  });
}
