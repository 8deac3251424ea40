// What every ledger does, whatever it keeps its rows in.
import { sample, string } from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvariantError, type CloseoutError } from '#src/domain/errors';
import { ledgerRowOf, verifyChain, type LedgerRow } from '#src/domain/ledger-rows';
import type { RecordType } from '#src/domain/records';
import { placeRows } from '#src/ledger/placed-rows';
import type { JournalEntry } from '#src/ports/journal';
import type { Ledger, LedgerFilter } from '#src/ports/ledger';
import { drafts, recordOf } from '../domain/every-record.ts';
import * as make from './entries.ts';
import { Entries } from './entries.ts';
import { liveStory } from './live-story.ts';
import { marketStory, ruleStory, story } from './told-stories.ts';

export interface LedgerWorld {
  /** A ledger on the world's one place. */
  ledger(): Ledger;
  remove(): Promise<void>;
}

/** Rows of all pages of `limit`, and how many pages there were. */
export async function allRows(
  ledger: Ledger,
  filter: Partial<LedgerFilter> = {},
  limit = 1_000,
): Promise<{ rows: LedgerRow[]; pages: number }> {
  const rows: LedgerRow[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = await ledger.list({ ...filter, limit, cursor });
    rows.push(...page.items);
    cursor = page.nextCursor;
    pages++;
  } while (cursor !== undefined);
  return { rows, pages };
}

/** The error that a call fails with. */
export async function errorOf(call: Promise<unknown>): Promise<CloseoutError> {
  return await call.then(
    () => expect.fail('the call was to fail'),
    (error: unknown) => error as CloseoutError,
  );
}

const rowsOf = (entries: readonly JournalEntry[]): LedgerRow[] =>
  placeRows(entries, {}).placed.map(({ row }) => row);

export function describeLedger(name: string, makeWorld: () => Promise<LedgerWorld>): void {
  test(`${name} is asked to tell of every type of record that has a row`, () => {
    const told = new Set(
      [...story, ...liveStory, ...ruleStory, ...marketStory].map(({ type }) => type),
    );
    const types = Object.keys(drafts) as RecordType[];
    const withRow = types.filter((type) => ledgerRowOf(recordOf(type)) !== undefined);
    expect(withRow.filter((type) => !told.has(type))).toEqual([]);
  });

  describe(`${name}, like every ledger`, () => {
    let world: LedgerWorld;
    let ledger: Ledger;
    let entries: Entries;
    beforeEach(async () => {
      world = await makeWorld();
      ledger = world.ledger();
      entries = new Entries();
    });
    afterEach(async () => {
      await ledger.close();
      await world.remove();
    });

    test('is empty at first, and takes no call before it is open', async () => {
      for (const call of [ledger.cursor(), ledger.write([]), ledger.list({ limit: 1 })]) {
        expect(await errorOf(call)).toBeInstanceOf(InvariantError);
      }
      await ledger.open('dir-1');
      expect(await ledger.cursor()).toBe(0);
      expect(await ledger.list({ limit: 10 })).toEqual({ items: [] });
    });

    test('tells of rules that warn, are kept again, and are replaced', async () => {
      await ledger.open('dir-1');
      await ledger.write(entries.of([make.created('b'), ...ruleStory]));
      const { rows } = await allRows(ledger);
      expect(rows.map(({ eventType, metaData }) => [eventType, metaData])).toEqual([
        ['guard_warning', ruleStory[0]?.body],
        ['guard_restored', ruleStory[1]?.body],
        ['account_rules_replaced', ruleStory[2]?.body],
      ]);
    });

    test('tells of changes of markets, by symbol and condition', async () => {
      await ledger.open('dir-1');
      const all = entries.of(marketStory);
      await ledger.write(all);
      const rows = rowsOf(all);
      expect(rows.map(({ eventType }) => eventType)).toEqual([
        ...Array<string>(3).fill('market_warning'),
        'feed_switched',
        'market_cleared',
      ]);
      const cases: [Partial<LedgerFilter>, number[]][] = [
        [{ accountId: '_' }, [0, 1, 2, 3, 4]],
        [{ symbol: 'EURUSD' }, [0, 2, 3, 4]],
        [{ symbol: 'EURUSD', condition: 'spread' }, [0, 4]],
        [{ symbol: 'EURUSD', eventType: 'feed_switched' }, [3]],
        [{ symbol: 'XAUUSD', condition: 'gap' }, []],
        [{ symbol: 'nul\0' }, []],
      ];
      for (const [filter, places] of cases) {
        const wanted = places.map((place) => rows[place]);
        const { rows: found } = await allRows(ledger, filter);
        expect({ filter, found }).toEqual({ filter, found: wanted });
      }
    });

    test('tells of every outcome in the order of the journal', async () => {
      await ledger.open('dir-1');
      await ledger.write(entries.of(story));
      expect(await ledger.cursor()).toBe(story.length);
      const { rows } = await allRows(ledger);
      expect(rows.map((row) => [row.eventType, row.userId, row.status])).toEqual([
        ['position_closed', 'a', 0],
        ['position_close_pending', 'b', 1],
        ['account_adjusted', 'b', 0],
        ['position_close_failed', 'b', 2],
        ['position_untracked', 'a', 0],
        ['guard_breached', 'a', 0],
        ['position_closed', 'a', 0],
        ['account_halted', 'a', 0],
        ['account_resumed', 'a', 0],
        ['account_halted', 'b', 0],
        ['position_exits_moved', 'b', 0],
      ]);
    });

    test('tells of every step of closes that go to a provider, but not that one is meant', async () => {
      await ledger.open('dir-1');
      const all = entries.of(liveStory);
      await ledger.write(all);
      const { rows } = await allRows(ledger);
      expect(rows).toEqual(rowsOf(all));
      const stepsOf = async (filter: Partial<LedgerFilter>): Promise<string[]> =>
        (await allRows(ledger, filter)).rows.map((row) => `${row.eventType} ${row.status}`);
      expect(await stepsOf({ positionId: 'parts' })).toEqual([
        'position_close_pending 1',
        'position_close_pending 1',
        'position_partially_closed 0',
        'position_close_pending 1',
        'position_close_failed 2',
        'position_close_pending 1',
        'position_closed 0',
        'position_close_pending 1',
      ]);
      const { closeId } = rows.find(({ eventType }) => eventType === 'deadletter_added') ?? {};
      expect((await stepsOf({ closeId })).slice(3)).toEqual([
        'deadletter_added 2',
        'position_close_pending 1',
        'position_close_failed 2',
        'deadletter_retried 0',
        'position_close_pending 1',
        'position_closed 0',
        'deadletter_cleared 0',
        'position_close_amended 0',
      ]);
      expect(await stepsOf({ positionId: 'own' })).toEqual([
        'position_partially_closed 0',
        'drift_detected 1',
      ]);
    });

    test('gives back the rows as they were hashed, however they were batched', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      for (const [from, to] of [
        [0, 1],
        [1, 9],
        [9, 10],
        [10, all.length],
      ]) {
        await ledger.write(all.slice(from, to));
      }
      const { rows } = await allRows(ledger);
      expect(rows).toEqual(rowsOf(all));
      expect(rows.map((row) => 'closeId' in row)).toContain(false);
      expect(verifyChain(rows)).toBeUndefined();
    });

    test('passes over what it has: a batch again, and one that overlaps', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all.slice(0, 9));
      await ledger.write(all.slice(0, 9));
      await ledger.write(all.slice(3, 7));
      await ledger.write(all.slice(5));
      await ledger.write(all);
      await ledger.write([]);
      expect(await ledger.cursor()).toBe(all.length);
      expect((await allRows(ledger)).rows).toEqual(rowsOf(all));
    });

    test('refuses a hole, and writes nothing of the batch', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all.slice(0, 3));
      for (const holed of [all.slice(5), [...all.slice(3, 6), ...all.slice(7)]]) {
        const error = await errorOf(ledger.write(holed));
        expect(error).toMatchObject({ code: 'ledger_gap', retryable: false });
        expect(await ledger.cursor()).toBe(3);
        expect(await ledger.list({ limit: 10 })).toEqual({ items: [] });
      }
      await ledger.write(all.slice(3));
      expect((await allRows(ledger)).rows).toEqual(rowsOf(all));
    });

    test('finds rows by account, close, position, bulk and event type', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all);
      const rows = rowsOf(all);
      const closeId = rows[0]?.closeId;
      const cases: [Partial<LedgerFilter>, number[]][] = [
        [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
        [{ accountId: 'a' }, [0, 4, 5, 6, 7, 8]],
        [{ accountId: 'nobody' }, []],
        [{ closeId }, [0]],
        [{ positionId: 'p2' }, [1, 3, 10]],
        [{ positionId: 'p4' }, [4]],
        [{ bulkId: 'bulk_1' }, [1, 3]],
        [{ bulkId: 'bulk_1', eventType: 'position_close_failed' }, [3]],
        [{ eventType: 'account_halted' }, [7, 9]],
        [{ eventType: 'account_halted', accountId: 'b' }, [9]],
        [{ eventType: 'position_exits_moved' }, [10]],
        [{ accountId: 'b', positionId: 'p1' }, []],
        [{ closeId: "'; drop table x; --" }, []],
        [{ eventType: 'nul\0' }, []],
      ];
      for (const [filter, places] of cases) {
        const wanted = places.map((place) => rows[place]);
        const { rows: found } = await allRows(ledger, filter);
        expect({ filter, found }).toEqual({ filter, found: wanted });
      }
    });

    test('finds what belongs to a breach, what came before and behind a row, and the last first', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all);
      const rows = rowsOf(all);
      const idOf = (place: number): string | undefined => rows[place]?.id;
      const cases: [Partial<LedgerFilter>, number[]][] = [
        [{ breachId: 'breach_1' }, [5, 6, 7]],
        [{ breachId: 'breach_1', eventType: 'position_closed' }, [6]],
        [{ breachId: 'breach_1', accountId: 'b' }, []],
        [{ breachId: 'breach' }, []],
        [{ breachId: 'nul\0' }, []],
        [{ isNewestFirst: true }, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
        [{ accountId: 'a', isNewestFirst: true }, [8, 7, 6, 5, 4, 0]],
        [{ accountId: 'a', beforeId: idOf(5) }, [0, 4]],
        [{ accountId: 'a', beforeId: idOf(5), isNewestFirst: true }, [4, 0]],
        [{ accountId: 'b', behindId: idOf(5) }, [9, 10]],
        [{ behindId: idOf(2), beforeId: idOf(6) }, [3, 4, 5]],
        [{ behindId: idOf(6), beforeId: idOf(2) }, []],
        [{ beforeId: idOf(0) }, []],
        [{ behindId: idOf(10) }, []],
        [{ beforeId: 'rlog_0_99' }, []],
        [{ behindId: 'rlog_0_99' }, []],
        [{ behindId: 'nul\0' }, []],
      ];
      for (const [filter, places] of cases) {
        const wanted = places.map((place) => rows[place]);
        for (const limit of [1, 2, 1_000]) {
          const { rows: found } = await allRows(ledger, filter, limit);
          expect({ filter, limit, found }).toEqual({ filter, limit, found: wanted });
        }
      }
    });

    test('lists the same rows in pages of any size', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all);
      const rows = rowsOf(all);
      const ofA = rows.filter((row) => row.userId === 'a');
      for (const [limit, pagesOfAll, pagesOfA] of [
        [1, 11, 6],
        [3, 4, 2],
        [5, 3, 2],
        [6, 2, 1],
        [10, 2, 1],
        [11, 1, 1],
        [1_000, 1, 1],
      ] as const) {
        expect(await allRows(ledger, {}, limit)).toEqual({ rows, pages: pagesOfAll });
        const filter = { accountId: 'a' };
        expect(await allRows(ledger, filter, limit)).toEqual({ rows: ofA, pages: pagesOfA });
      }
    });

    test('goes on behind a cursor that is older than the last rows', async () => {
      await ledger.open('dir-1');
      const all = entries.of(story);
      await ledger.write(all.slice(0, 12));
      const first = await ledger.list({ limit: 4 });
      await ledger.write(all.slice(12));
      const rest = await ledger.list({ limit: 100, cursor: first.nextCursor });
      expect([...first.items, ...rest.items]).toEqual(rowsOf(all));
    });

    test('refuses a cursor that is not one of its own', async () => {
      await ledger.open('dir-1');
      const others = ['', 'x', 'bjE=x', '-1', "' or 1=1", btoa('n1;'), btoa('n01')];
      for (const cursor of others) {
        const error = await errorOf(ledger.list({ limit: 1, cursor }));
        expect({ cursor, code: error.code }).toEqual({ cursor, code: 'invalid_cursor' });
      }
    });

    test('belongs to the data directory that first opened it', async () => {
      await ledger.open('dir-1');
      await ledger.write(entries.of(story));
      await ledger.close();

      ledger = world.ledger();
      const error = await errorOf(ledger.open('dir-2'));
      expect(error).toMatchObject({ code: 'ledger_foreign', retryable: false });
      expect(error.message).toMatch(/dir-1.*dir-2/);

      await ledger.open('dir-1');
      expect(await ledger.cursor()).toBe(story.length);
    });

    test('keeps its rows and its chains over a restart', async () => {
      const all = entries.of(story);
      for (const [from, to] of [
        [0, 8],
        [8, all.length],
      ]) {
        await ledger.open('dir-1');
        await ledger.write(all.slice(from, to));
        await ledger.close();
        ledger = world.ledger();
      }
      await ledger.open('dir-1');
      expect(await ledger.cursor()).toBe(all.length);
      expect((await allRows(ledger)).rows).toEqual(rowsOf(all));
    });

    test('keeps any text, and any time to the millisecond', async () => {
      await ledger.open('dir-1');
      const texts = [
        ...["O'Hara", '\\', "\\'", '"', '?', '??', '\\?', '$1', ':a', '%s', '{}', 'null', '42'],
        ...['größer – 漢字 🙂', '\u0001\u001f\u007f', '\u2028', 'nul\0nul', '\\u0000', ' '],
        ...sample(string({ unit: 'binary', minLength: 1, maxLength: 64 }), 200),
      ];
      const times = [0, 1, 999, 1_000, 951_782_400_001, 4_102_444_800_999, 9_999_999_999_999];
      const all = [
        ...entries.of([make.created('a')]),
        ...texts.flatMap((reason) => entries.of([make.adjusted('a', '1', reason)])),
        ...times.flatMap((ts) => entries.of([make.adjusted('a', '1')], ts)),
      ];
      await ledger.write(all);
      const { rows } = await allRows(ledger);
      expect(rows).toEqual(rowsOf(all));
      expect(verifyChain(rows)).toBeUndefined();
      const ofText = rows.slice(0, texts.length).map((row) => row.metaData['reason']);
      expect(ofText).toEqual(texts.map((text) => text.replaceAll('\0', '\uFFFD')));
      const ofTime = rows.slice(texts.length).map((row) => Date.parse(row.createdAt));
      expect(ofTime).toEqual(times);
    });

    test('takes a batch of thousands', async () => {
      await ledger.open('dir-1');
      const all = entries.of(make.closedPositions(9, 150));
      await ledger.write(all);
      const { rows } = await allRows(ledger);
      expect(rows).toHaveLength(9 * 150);
      expect(rows).toEqual(rowsOf(all));
      expect(verifyChain(rows)).toBeUndefined();
    });
  });
}
