// Events of what the version before this one recorded keep their ids and numbers, so that one that is
// told again after the upgrade is known, and the next one follows the last.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishedNote, recover } from '#actors/recovery';
import type { Journal } from '#src/ports/journal';
import { sqliteJournal } from '#src/journal/sqlite-journal';
import { temporaryDirectory } from './live.ts';

/** As 2d1b44d told them: by account, in their order, the number of each its place. */
const told = {
  breached: [
    ...['25_2_0 position.tracked', '25_3_0 position.tracked', '25_4_0 guard.breached'],
    ...['25_4_1 entries.halted', '25_5_0 position.closed', '25_6_0 position.closed'],
    '25_7_0 account.halted',
  ],
  warned: [
    ...['8_2_0 position.tracked', '8_3_0 position.tracked', '8_4_0 position.tracked'],
    ...['8_5_0 position.tracked', '8_6_0 position.tracked', '8_7_0 position.amended'],
    ...['8_8_0 position.closed', '8_9_0 account.adjusted', '8_10_0 position.untracked'],
    ...['8_11_0 position.closed', '8_12_0 guard.warning', '8_13_0 position.tracked'],
  ],
  resumed: [
    ...['10_2_0 position.tracked', '10_3_0 position.tracked', '10_4_0 position.closed'],
    ...['10_5_0 guard.breached', '10_5_1 entries.halted', '10_6_0 position.closed'],
    ...['10_7_0 account.halted', '10_8_0 account.resumed', '10_8_1 entries.resumed'],
    ...['10_9_0 position.tracked', '10_10_0 position.tracked'],
  ],
  _: ['46_32_0 market.warning'],
};

test('events of a data directory of 2d1b44d keep their ids and numbers', async () => {
  const directory = await temporaryDirectory();
  const fixture = join(import.meta.dirname, '../fixtures/data-directory-v1/journal.sqlite');
  copyFileSync(fixture, join(directory, 'journal.sqlite'));
  const journal = sqliteJournal({ directory });
  const { lastN } = await journal.open();
  // As if none of them had left before the upgrade: all are told again.
  const untold: Pick<Journal, 'read' | 'notes'> = {
    read: (after, limit) => journal.read(after, limit),
    notes: async (prefix) => (prefix === publishedNote ? new Map() : await journal.notes(prefix)),
  };
  const { unpublished, state } = await recover(untold as Journal, lastN);
  await journal.close();
  for (const [accountId, events] of Object.entries(told)) {
    const own = unpublished.filter((event) => event.accountId === accountId);
    const shown = own.map(({ id, event }) => `${id.replace('evt_', '')} ${event}`);
    expect(shown).toEqual(events);
    expect(own.map(({ seq }) => seq)).toEqual(events.map((_one, i) => i + 1));
    expect(state.eventSeq.get(accountId)).toBe(events.length);
  }
  expect(unpublished).toHaveLength(Object.values(told).flat().length);
});
