import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { InvariantError } from '#src/domain/errors';
import type { CloseoutError } from '#src/domain/errors';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { journalBatchMax } from '#src/ports/journal';
import type { Journal } from '#src/ports/journal';
import { silentLogger } from '#src/ports/logger';
import { allEntries, appended, describeJournal } from './conformance.ts';
import { recordOf, recordsOf } from './records.ts';
import { temporaryDirectory } from './temporary.ts';
import type { TemporaryDirectory } from './temporary.ts';

describeJournal('sqlite journal', () => {
  const directory = temporaryDirectory();
  return {
    journal: () => sqliteJournal({ directory: directory.path }),
    remove: () => directory.remove(),
  };
});

let directory: TemporaryDirectory;
let journal: Journal;
beforeEach(() => {
  directory = temporaryDirectory();
  journal = sqliteJournal({ directory: directory.path });
});
afterEach(async () => {
  await journal.close();
  directory.remove();
});

/** Starts the journal of the directory again. */
async function reopened(): Promise<Journal> {
  await journal.close();
  journal = sqliteJournal({ directory: directory.path });
  await journal.open();
  return journal;
}

/** The worker thread that the journal starts when it is opened. */
async function openedWithWorker(): Promise<Worker> {
  let started: Worker | undefined;
  const catchIt = (worker: Worker): void => void (started = worker);
  process.once('worker', catchIt);
  await journal.open();
  process.off('worker', catchIt);
  if (started === undefined) throw new Error('the journal started no worker');
  return started;
}

describe('group commit', () => {
  interface Sent {
    type: string;
    texts: string[];
    commit: boolean;
  }

  /** What the journal sends to its worker, as the number of records of each message. */
  async function openedWithSpy(): Promise<{ sizes: () => number[]; commits: () => number }> {
    const worker = await openedWithWorker();
    const spy = vi.spyOn(worker, 'postMessage');
    const sent = (): Sent[] => {
      const messages = spy.mock.calls.map(([message]) => message as Sent);
      return messages.filter((message) => message.type === 'append');
    };
    const count = (text: string): number => (JSON.parse(text) as unknown[]).length;
    return {
      sizes: () => sent().map((m) => m.texts.reduce((sum, text) => sum + count(text), 0)),
      commits: () => sent().filter((m) => m.commit).length,
    };
  }

  test('appends of one turn, and those made while a batch is under way, go together', async () => {
    const { sizes } = await openedWithSpy();
    const first = appended(journal, [recordOf(1)]);
    const second = appended(journal, [recordOf(2)]);
    await Promise.resolve();
    const rest = recordsOf(3, 700).map((record) => appended(journal, [record]));
    await Promise.all([first, second, ...rest]);
    expect(sizes()).toEqual([2, journalBatchMax, 198]);
  });

  test('an append is never divided between two batches', async () => {
    const { sizes, commits } = await openedWithSpy();
    const all = [recordsOf(1, 300), recordsOf(301, 600), recordsOf(601, 800)];
    await Promise.all(all.map((records) => appended(journal, records)));
    expect(sizes()).toEqual([300, 500]);
    expect(commits()).toBe(2);
  });

  test('an append larger than a batch is one transaction in several messages', async () => {
    const { sizes, commits } = await openedWithSpy();
    const small = appended(journal, [recordOf(1)]);
    await appended(journal, recordsOf(2, 1_201));
    await small;
    expect(sizes()).toEqual([1, 500, 500, 200]);
    expect(commits()).toBe(2);
    expect(await allEntries(journal)).toHaveLength(1_201);
  });

  test('reads see nothing of a transaction that is not durable', async () => {
    await journal.open();
    await appended(journal, [recordOf(1)]);
    let isDurable = false;
    journal.append(recordsOf(2, 30_001), () => (isDurable = true));
    let reads = 0;
    for (; !isDurable; reads++) {
      const page = await journal.read(0, 10);
      // Asked before it was durable; the answer that has it comes after we were told.
      expect(isDurable || page.length === 1).toBe(true);
    }
    expect(reads).toBeGreaterThan(0);
    expect(await journal.read(30_000, 10)).toHaveLength(1);
  });
});

test('a note becomes durable within a second or so without any append', async () => {
  await journal.open();
  journal.note('cursor', '7');
  await vi.waitFor(async () => expect((await journal.notes('cursor')).get('cursor')).toBe('7'), {
    timeout: 10_000,
    interval: 50,
  });
});

test('a note of the turn of an append is durable with it, however large that is', async () => {
  await journal.open();
  const isDurable = appended(journal, recordsOf(1, 600));
  journal.note('peak', '1');
  await isDurable;
  expect((await journal.notes('peak')).get('peak')).toBe('1');
});

test('a callback that throws keeps nobody else from being told', async () => {
  const error = vi.fn();
  journal = sqliteJournal({ directory: directory.path, logger: { ...silentLogger, error } });
  await journal.open();
  journal.append([recordOf(1)], () => {
    throw new Error('a fault of the callback');
  });
  await appended(journal, [recordOf(2)]);
  expect(error).toHaveBeenCalledWith(
    { error: 'a fault of the callback' },
    'a callback of the journal failed',
  );
});

test('a record without canonical form is refused and leaves the journal whole', async () => {
  await journal.open();
  const record = recordOf(13);
  const broken = { ...record, n: 1, accountId: 'half a pair: \ud83d' };
  expect(() => journal.append([broken], () => {})).toThrow(InvariantError);
  await appended(journal, [{ ...record, n: 1, accountId: 'whole, escaped: \\ud83d 😀' }]);
  expect((await journal.read(0, 1))[0]?.record.accountId).toBe('whole, escaped: \\ud83d 😀');
});

describe('a journal that cannot be opened', () => {
  test('says so where there is no directory', async () => {
    journal = sqliteJournal({ directory: join(directory.path, 'missing') });
    await expect(journal.open()).rejects.toMatchObject({ code: 'journal_unavailable' });
    await journal.close();
  });

  test('says so where the directory is a file', async () => {
    journal = sqliteJournal({ directory: '/dev/null' });
    await expect(journal.open()).rejects.toMatchObject({ code: 'journal_unavailable' });
  });
});

describe('a disk that fails', () => {
  test('fails the batch and every append after it, and loses nothing that was told', async () => {
    journal = sqliteJournal({ directory: directory.path, pageCountMax: 60 });
    await journal.open();
    journal.note('cursor', '3');
    let durableN = 0;
    const told: number[] = [];
    const errors: CloseoutError[] = [];
    for (let n = 1; n <= 3_000; n++) {
      journal.append([recordOf(n)], (error) => {
        told.push(n);
        if (error !== undefined) errors.push(error);
        else durableN = n;
      });
    }
    const last = appended(journal, [recordOf(3_001)]);
    await expect(last).rejects.toMatchObject({
      code: 'journal_failed',
      message: expect.stringContaining('database or disk is full'),
    });
    // Told in order; from the first failure on, all of them.
    expect(told).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
    expect(errors).toHaveLength(3_000 - durableN);
    expect(errors.length).toBeGreaterThan(0);
    const later = appended(journal, [recordOf(3_002)]);
    await expect(later).rejects.toMatchObject({ code: 'journal_failed' });
    await expect(journal.read(0, 1)).rejects.toMatchObject({ code: 'journal_failed' });

    const after = await reopened();
    expect(durableN).toBeGreaterThan(0);
    const records = (await allEntries(after)).map((entry) => entry.record);
    expect(records).toEqual(recordsOf(1, durableN));
    await appended(after, [recordOf(durableN + 1)]);
  });

  test.each([
    { what: 'its last part is too much', records: 5_000, pageCountMax: 200 },
    { what: 'only its first part is too much', records: 505, pageCountMax: 40 },
  ])('leaves nothing of a large append when $what', async ({ records, pageCountMax }) => {
    await journal.open();
    await appended(journal, recordsOf(1, 10));
    await journal.close();
    journal = sqliteJournal({ directory: directory.path, pageCountMax });
    await journal.open();
    const large = appended(journal, recordsOf(11, 10 + records));
    await expect(large).rejects.toMatchObject({ code: 'journal_failed' });
    await reopened();
    expect(await allEntries(journal)).toHaveLength(10);
  });

  test('is logged once', async () => {
    const error = vi.fn();
    const logger = { ...silentLogger, error };
    journal = sqliteJournal({ directory: directory.path, pageCountMax: 60, logger });
    await journal.open();
    const refusal = { code: 'journal_failed' };
    await expect(appended(journal, recordsOf(1, 3_000))).rejects.toMatchObject(refusal);
    await expect(appended(journal, recordsOf(1, 3_000))).rejects.toMatchObject(refusal);
    expect(error).toHaveBeenCalledTimes(1);
  });
});

describe('a worker that ends', () => {
  test('fails what was appended, what was asked and all that comes later', async () => {
    const worker = await openedWithWorker();
    await appended(journal, recordsOf(1, 10));
    const told: string[] = [];
    const tellAs = (name: string) => (error?: CloseoutError) => {
      told.push(`${name} ${error?.code ?? 'durable'}`);
      if (name === 'queued') journal.append([recordOf(14)], tellAs('by a callback'));
    };
    void worker.terminate();
    journal.append([recordOf(11)], tellAs('sent'));
    await Promise.resolve();
    journal.append([recordOf(12)], tellAs('queued'));
    journal.append([recordOf(13)], tellAs('queued last'));
    await expect(journal.notes('cursor')).rejects.toMatchObject({ code: 'journal_failed' });
    await expect(appended(journal, [recordOf(15)])).rejects.toMatchObject({
      code: 'journal_failed',
      message: 'the journal has failed: its worker thread ended',
    });
    expect(told).toEqual([
      'sent journal_failed',
      'queued journal_failed',
      'queued last journal_failed',
      'by a callback journal_failed',
    ]);

    await reopened();
    expect(await allEntries(journal)).toHaveLength(10);
  });

  test('while the journal closes: those appended before are told before those refused', async () => {
    const worker = await openedWithWorker();
    const told: string[] = [];
    const tellAs = (name: string) => (error?: CloseoutError) => {
      told.push(`${name} ${error?.code ?? 'durable'}`);
    };
    void worker.terminate();
    journal.append([recordOf(1)], tellAs('before'));
    const closed = journal.close();
    journal.append([recordOf(2)], tellAs('after'));
    await closed;
    expect(told).toEqual(['before journal_failed', 'after journal_failed']);
  });
});

test('an append while the journal closes is refused in its turn', async () => {
  await journal.open();
  const told: string[] = [];
  journal.append([recordOf(1)], (error) => told.push(`before ${error?.code ?? 'durable'}`));
  const closed = journal.close();
  journal.append([recordOf(2)], (error) => told.push(`after ${error?.code ?? 'durable'}`));
  await closed;
  expect(told).toEqual(['before durable', 'after journal_closed']);
});

test(
  'a large journal is checked within seconds when it is opened',
  { timeout: 60_000 },
  async () => {
    await journal.open();
    await appended(journal, recordsOf(1, 100_000));
    await journal.close();
    const started = performance.now();
    journal = sqliteJournal({ directory: directory.path });
    expect((await journal.open()).lastN).toBe(100_000);
    expect(performance.now() - started).toBeLessThan(15_000);
  },
);

test('a commit is written ahead', async () => {
  await journal.open();
  await appended(journal, [recordOf(1)]);
  expect(statSync(join(directory.path, 'journal.sqlite-wal')).size).toBeGreaterThan(0);
});
